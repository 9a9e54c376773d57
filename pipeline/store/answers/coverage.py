"""Stored times, interruptions of cameras, and reads that an answer leaves out."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Final

from pipeline.domain.events import ENGINE_ID
from pipeline.domain.plate import keys_near, plate_key
from pipeline.domain.ports import SourceState
from pipeline.store.answers.plates import matches_pattern, matching
from pipeline.store.answers.sql_fragments import Rows, in_range, in_statements, is_one_of, sure, where
from pipeline.store.backends.database import DatabaseError
from pipeline.store.coverage_questions import (
    ActiveCameras,
    Coverage,
    CoverageOf,
    Interruption,
    LostData,
    LostDataOf,
    PlatesNotSeen,
    UncertainReads,
)
from pipeline.store.damaged_parts import CANNOT_LIST, DAMAGE_RULE, PARTS_QUERY, DamagedPart, day_of_partition
from pipeline.store.schema.tables import TABLES

_MOST_STATES: Final = 50_000
"""Changes of state that are read; a city of 1,000 cameras has some 10,000 in a week."""
_HEALTHY: Final = frozenset({SourceState.STREAMING.value})

# Of tables without a condition the newest servers know this without reading them.
_FIRST: Final = "SELECT toInt64(count()) AS n, toInt64(toUInt32(min(ts))) AS first_s FROM {table}"
_STATES: Final = "SELECT camera_id, ts_ms, state, detail FROM health {where}ORDER BY ts_ms, event_id LIMIT {limit:d}"
_STATES_BEFORE: Final = (
    "SELECT camera_id, ts_ms, state, detail FROM health {where}ORDER BY ts_ms DESC, event_id LIMIT 1 BY camera_id"
)
_CAMERAS: Final = "SELECT DISTINCT camera_id FROM {table} {where}"
_ALERTED: Final = (
    f"SELECT DISTINCT subject, detail FROM alerts WHERE camera_id = '{ENGINE_ID}' AND rule = '{DAMAGE_RULE}'"  # noqa: S608
)
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_UNCERTAIN: Final = "SELECT toInt64(uniqExact(event_id)) AS reads FROM plate_reads {where}"
_SEEN_KEYS: Final = "SELECT DISTINCT plate_key FROM plate_reads {where}"
_SEEN_PATTERNS: Final = "SELECT {columns} FROM plate_reads {where}"


def coverage(rows: Rows, question: CoverageOf) -> Coverage:
    """The answer to `CoverageOf`.

    Raises:
        StoreError: the database failed.
    """
    firsts = [rows(_FIRST.format(table=TABLES[kind].name))[0] for kind in question.kinds]
    stored = [int(row["first_s"]) * 1000 for row in firsts if row["n"]]
    changes = _changes(rows, question)
    return Coverage(
        first_ms=min(stored, default=None),
        interruptions=_interruptions(changes, question),
        more_interruptions=len(changes) >= _MOST_STATES,
    )


def active_cameras(rows: Rows, question: ActiveCameras) -> list[str]:
    """The answer to `ActiveCameras`.

    Raises:
        StoreError: the database failed.
    """
    conditions = where(in_range(question.start_ms, question.end_ms, question.camera_ids))
    tables = (table.name for table in TABLES.values())
    found = {row["camera_id"] for table in tables for row in rows(_CAMERAS.format(table=table, where=conditions))}
    return sorted(found)


def uncertain_reads(rows: Rows, question: UncertainReads) -> int:
    """The answer to `UncertainReads`.

    Raises:
        StoreError: a senseless question, or the database failed.
    """
    asked = question.of
    less = [f"NOT ({condition})" for condition in sure(asked.min_confidence)]
    if not less:
        return 0
    scope = [*in_range(asked.start_ms, asked.end_ms, asked.camera_ids), *less]
    if not asked.plates:
        return int(rows(_UNCERTAIN.format(where=where(scope)))[0]["reads"])
    conditions = matching(asked)
    return sum(int(rows(_UNCERTAIN.format(where=where([one, *scope])))[0]["reads"]) for one in conditions)


def plates_not_seen(rows: Rows, question: PlatesNotSeen) -> list[str]:
    """The answer to `PlatesNotSeen`.

    Raises:
        StoreError: a senseless question, or the database failed.
    """
    asked = question.of
    scope = [*in_range(asked.start_ms, asked.end_ms, asked.camera_ids), *sure(asked.min_confidence)]
    if asked.like:
        seen = [f"toUInt8(max({matches_pattern(plate)})) AS p{n:d}" for n, plate in enumerate(asked.plates)]
        row = rows(_SEEN_PATTERNS.format(columns=", ".join(seen), where=where(scope)))[0]
        return [plate for n, plate in enumerate(asked.plates) if not row[f"p{n}"]]
    keys_of = {plate: keys_near(plate) if asked.errors else {plate_key(plate)} for plate in asked.plates}
    wanted = sorted(set().union(*keys_of.values()))
    found: set[str] = set()
    for group in in_statements(wanted):
        conditions = where([is_one_of("plate_key", group), *scope])
        found.update(row["plate_key"] for row in rows(_SEEN_KEYS.format(where=conditions)))
    return [plate for plate, keys in keys_of.items() if not keys & found]


def lost_data(rows: Rows, question: LostDataOf) -> list[LostData]:
    """The answer to `LostDataOf`.

    From the alerts, which outlive the damaged parts, and from the parts, of which no alert may be written yet.

    Raises:
        StoreError: the database failed.
    """
    lost = {(row["subject"], match[0] if (match := _DAY.search(row["detail"])) else "") for row in rows(_ALERTED)}
    try:
        parts = rows(PARTS_QUERY)
    except DatabaseError as error:
        if error.code not in CANNOT_LIST:
            raise
        parts = []
    for row in parts:
        part = DamagedPart(row["table"], row["name"], day_of_partition(row["partition_id"]), 0, row["reason"])
        if part.lost_rows:
            lost.add((part.table, "" if part.day is None else part.day.isoformat()))
    tables = {TABLES[kind].name for kind in question.kinds}
    span = question.start_ms, question.end_ms
    return [
        LostData(table=table, day=day)
        for table, day in sorted(lost)
        if table in tables and DamagedPart(table, "", date.fromisoformat(day) if day else None, 0, "").overlaps(*span)
    ]


def _changes(rows: Rows, question: CoverageOf) -> list[dict[str, Any]]:
    """States of the cameras in the range, and the last one of each before it, oldest first."""
    found = []
    if question.start_ms is not None:
        before = in_range(None, question.start_ms, question.camera_ids)
        found = rows(_STATES_BEFORE.format(where=where(before)))
        found.sort(key=lambda row: int(row["ts_ms"]))
    within = in_range(question.start_ms, question.end_ms, question.camera_ids)
    return found + rows(_STATES.format(where=where(within), limit=_MOST_STATES))


def _interruptions(changes: list[dict[str, Any]], question: CoverageOf) -> list[Interruption]:
    found: list[Interruption] = []
    open_since: dict[str, dict[str, Any]] = {}
    for change in changes:
        camera_id, ts_ms = change["camera_id"], int(change["ts_ms"])
        begun = open_since.get(camera_id)
        if begun is not None and (change["state"] in _HEALTHY or change["state"] != begun["state"]):
            found.append(_interruption(open_since.pop(camera_id), ts_ms, question))
        if change["state"] not in _HEALTHY:
            open_since.setdefault(camera_id, change)
    found += [_interruption(change, question.end_ms, question) for change in open_since.values()]
    found.sort(key=lambda one: (one.start_ms, one.camera_id))
    return found


def _interruption(begun: dict[str, Any], end_ms: int | None, question: CoverageOf) -> Interruption:
    return Interruption(
        camera_id=begun["camera_id"],
        state=begun["state"],
        detail=begun["detail"],
        start_ms=max(int(begun["ts_ms"]), question.start_ms or 0),
        end_ms=end_ms,
    )
