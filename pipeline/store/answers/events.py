"""Events as they were stored, their number, and a summary of each camera."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from pipeline.domain.alert_figures import Figure
from pipeline.domain.events import ENGINE_ID, LIFE_SIGN, AlertEvent, AlertRule, Event, Kind
from pipeline.store.answers.sql_fragments import Page, Rows, in_range, select_newest, sure
from pipeline.store.questions import Cameras, CameraSummary, Count, Events, ListedPlateAlerts
from pipeline.store.schema.tables import TABLES, Table

_COUNT: Final = "SELECT toInt64(uniqExact(event_id)) AS events FROM {table}"
_PER_CAMERA: Final = (
    "SELECT camera_id, toInt64(uniqExact(event_id)) AS events, max(ts_ms) AS last_ms FROM {table} GROUP BY camera_id"
)
_LAST_STATES: Final = (
    "SELECT camera_id, max(ts_ms) AS since_ms, argMax(state, ts_ms) AS last_state, "  # noqa: S608 - a constant
    f"argMax(detail, ts_ms) AS last_detail FROM health WHERE detail != '{LIFE_SIGN}' GROUP BY camera_id"
)


def events(rows: Rows, question: Events) -> list[Event]:
    """The answer to `Events`.

    Raises:
        StoreError: a senseless page, or the database failed.
    """
    page = Page.checked(question.limit, question.offset)
    scopes = {kind: in_range(question.start_ms, question.end_ms, question.camera_ids) for kind in TABLES}
    scopes[Kind.PLATE_READ] += sure(question.min_confidence)
    scopes[Kind.ALERT].append(f"rule != '{AlertRule.LISTED_PLATE.value}'")
    if question.kind is not None:
        return _events(rows, TABLES[question.kind], scopes[question.kind], page)
    # Each kind could fill the whole page, so each is asked for all up to its end.
    found = [event for kind, table in TABLES.items() for event in _events(rows, table, scopes[kind], page.up_to())]
    found.sort(key=lambda event: (-event.ts_ms, event.event_id))
    return page.of(found)


def listed_plate_alerts(rows: Rows, question: ListedPlateAlerts) -> list[AlertEvent]:
    """The answer to `ListedPlateAlerts`.

    Raises:
        StoreError: a senseless page, or the database failed.
    """
    page = Page.checked(question.limit, question.offset)
    scope = in_range(question.start_ms, question.end_ms, question.camera_ids)
    scope.append(f"rule = '{AlertRule.LISTED_PLATE.value}'")
    if question.entries:
        numbers = ", ".join(f"{entry:d}" for entry in question.entries)
        scope.append(f"toUInt64OrZero(extract(figures, '{Figure.ENTRY.value}=([0-9]+)')) IN ({numbers})")
    return [msgspec.convert(row, AlertEvent) for row in select_newest(rows, TABLES[Kind.ALERT], scope, page)]


def cameras(rows: Rows, _question: Cameras) -> list[CameraSummary]:
    """The answer to `Cameras`.

    Raises:
        StoreError: the database failed.
    """
    counts: dict[str, dict[Kind, int]] = {}
    last_ms: dict[str, int] = {}
    for kind, table in TABLES.items():
        for row in rows(_PER_CAMERA.format(table=table.name)):
            camera_id = row["camera_id"]
            counts.setdefault(camera_id, dict.fromkeys(Kind, 0))[kind] = int(row["events"])
            last_ms[camera_id] = max(last_ms.get(camera_id, 0), int(row["last_ms"]))
    states = {row["camera_id"]: row for row in rows(_LAST_STATES)}
    return [
        _summary(camera_id, last_ms[camera_id], counts[camera_id], states.get(camera_id))
        for camera_id in sorted(counts.keys() - {ENGINE_ID})
    ]


def count(rows: Rows, question: Count) -> int:
    """The answer to `Count`.

    Raises:
        StoreError: the database failed.
    """
    return int(rows(_COUNT.format(table=TABLES[question.kind].name))[0]["events"])


def _events(rows: Rows, table: Table, scope: list[str], page: Page) -> list[Event]:
    return [msgspec.convert(row, table.event) for row in select_newest(rows, table, scope, page)]


def _summary(camera_id: str, last_seen_ms: int, events: dict[Kind, int], state: dict[str, Any] | None) -> CameraSummary:
    return CameraSummary(
        camera_id=camera_id,
        last_seen_ms=last_seen_ms,
        events=events,
        state=state["last_state"] if state else "",
        detail=state["last_detail"] if state else "",
        state_since_ms=int(state["since_ms"]) if state else None,
    )
