"""Plans as tables, in English and in Portuguese."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.domain.language import ENGLISH, Language
from pipeline.domain.locale import Locale
from pipeline.planning.plan import Plan, PlanRow
from pipeline.planning.portuguese_texts import PORTUGUESE
from pipeline.planning.prices import EXAMPLE
from pipeline.planning.ranges import Range
from pipeline.planning.statements import short

_LABELS: Final[Mapping[str, str]] = {
    "cameras_per_node": "cameras that one machine carries",
    "nodes": "machines",
    "gpus": "GPUs",
    "network_from_cameras": "network, from the cameras",
    "network_per_node": "network, into one machine",
    "recording_disk": "disk for recorded video",
    "recording_disk_per_node": "disk for recorded video, one machine",
    "events_peak": "events in the busiest hour",
    "event_store": "event store",
    "kafka_ingesters": "Kafka ingesters",
    "kafka_partitions": "Kafka partitions of a topic",
    "kafka_disk": "disk of the Kafka brokers",
    "cost_node": "cost of machines",
    "cost_gpu": "cost of GPUs",
    "cost_recording_tb": "cost of disks for recorded video",
    "cost_store_tb": "cost of disks for events",
    "cost_network_mbit": "cost of the network",
    "cost_camera": "cost of camera links",
    "cost_fixed": "fixed cost",
    "cost_node_watts": "cost of energy, machines",
    "cost_gpu_watts": "cost of energy, GPUs",
    "cost_month": "cost of a month",
    "cost_camera_month": "cost of a camera and month",
}
_SMALLER: Final[Mapping[str, tuple[str, float]]] = {"TB": ("GB", 1000.0)}
"""Unit for values below 1, and how many of it are one."""


_MEASURED: Final = re.compile(r"\bcores\b|\bruns over\b|\brendered traffic\b|\ba given video\b")


@dataclass(frozen=True, slots=True)
class PlanTable:
    """A plan as text.

    Attributes:
        title, columns, rows: of the table.
        notes: what was assumed and what is not included, each with its label.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[tuple[str, str]]


def plan_language(locale: Locale | None) -> Language:
    """The language of a plan."""
    return PORTUGUESE if locale is Locale.PT_BR else ENGLISH


def plan_table(plan: Plan, language: Language) -> PlanTable:
    """The plan as a table and its notes."""
    title = language.text(
        "Plan for {cameras} cameras on {device}",
        cameras=short(plan.cameras, language),
        device=_measured(plan.device, language),
    )
    notes = [(language.text("assumption"), statement.in_words(language)) for statement in plan.assumptions]
    if plan.made_up_prices:
        text = language.text("made up, as the file says (made_up: true): replace them by your own")
        notes.append((language.text("prices"), text))
    if plan.missing_prices is None:
        text = language.text("no cost: give prices with --prices FILE, see {example}", example=EXAMPLE)
        notes.append((language.text("not included"), text))
    elif plan.missing_prices:
        names = ", ".join(plan.missing_prices)
        notes.append((language.text("not included"), language.text("the prices lack {names}", names=names)))
    columns = [language.text(column) for column in ("what", "typical", "range", "", "from")]
    return PlanTable(title, columns, [_row(row, language) for row in plan.rows], notes)


def _row(row: PlanRow, language: Language) -> list[str]:
    value, unit = _in_unit(row)
    exact = value.low == value.high
    low, typical, high = (short(number, language, exact=exact) for number in value)
    spread = language.text("{low} to {high}", low=low, high=high)
    return [
        language.text(_LABELS[row.key]),
        typical,
        "" if exact else spread,
        unit,
        _measured(row.basis.in_words(language), language),
    ]


def _measured(text: str, language: Language) -> str:
    """A text with the words that the file of measured devices has in English."""
    return _MEASURED.sub(lambda found: language.text(found[0]), text)


def _in_unit(row: PlanRow) -> tuple[Range, str]:
    """Value and unit, such as GB below one TB."""
    if row.unit in _SMALLER and row.value.typical < 1:
        unit, factor = _SMALLER[row.unit]
        return row.value.times(factor), unit
    return row.value, row.unit
