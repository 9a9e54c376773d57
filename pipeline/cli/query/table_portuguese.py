"""Portuguese headings and cells of the tables that answers print on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from pipeline.cli.query.portuguese_texts import HEADINGS, VALUES

_HEADINGS: Final = {
    "asked plate": HEADINGS["asked_plate"],
    "camera": "câmera",
    "track": "trajeto",
    "details": "detalhes",
    "last seen": HEADINGS["last_seen"],
    "first": HEADINGS["first_time"],
    "last": HEADINGS["last_time"],
    "at": "em",
    "meters": "metros",
    "class": HEADINGS["label"],
    "85%": HEADINGS["p85"],
    "duplicate of": "duplicada de",
    "accepted by": "recebida por",
    "85% km/h": "percentil 85 km/h",
    "headway s": "intervalo s",
    "most": "máximo",
    "longest queue": HEADINGS["queue_max"],
    "per km": "por km",
    "per m²": "por m²",
    "level": "nível",
}
"""Beside those of files."""
_VALUES: Final = {**VALUES, "class": VALUES["label"]}


def heading(column: str) -> str:
    """The heading of a column of a table; one of a list that the user gave stays as it is."""
    name = column.strip()
    return _HEADINGS.get(name) or HEADINGS.get(name) or VALUES["kind"].get(name, column)


def rows_in_portuguese(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[list[Any]]:
    """The rows with the program's own words translated, and numbers with decimal commas."""
    names = [column.strip() for column in columns]
    return [[_cell(name, cell) for name, cell in zip(names, row, strict=True)] for row in rows]


def detail(name: str, value: Any) -> str:
    """One of the details of an event: ``classe carro``."""
    return f"{HEADINGS.get(name, name)} {_cell(name, value)}"


def _cell(name: str, cell: Any) -> Any:
    if isinstance(cell, float):
        return str(cell).replace(".", ",")
    return _VALUES.get(name, {}).get(cell, cell) if isinstance(cell, str) else cell
