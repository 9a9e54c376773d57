"""Stored times, interruptions of cameras, and reads that an answer leaves out."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from pipeline.domain.events import ENGINE_ID, AlertRule
from pipeline.domain.plate import keys_near, plate_key
from pipeline.domain.times import HOUR_MS
from pipeline.policy.event_texts import bounded_detail
from pipeline.store.answers.interruptions import interruptions
from pipeline.store.answers.plates import matches_pattern, matching
from pipeline.store.answers.recorded_videos import recorded_videos
from pipeline.store.answers.sql_fragments import Rows, in_range, in_statements, is_one_of, sure, where
from pipeline.store.backends.database import DatabaseError
from pipeline.store.coverage_questions import (
    ActiveCameras,
    Coverage,
    CoverageOf,
    LossAlert,
    LossAlertsOf,
    LostData,
    LostDataOf,
    PlatesNotSeen,
    UncertainReads,
)
from pipeline.store.damaged_parts import CANNOT_LIST, DAMAGE_RULE, PARTS_QUERY, DamagedPart, day_of_partition
from pipeline.store.schema.tables import TABLES

# Of tables without a condition the newest servers know this without reading them.
_FIRST: Final = "SELECT toInt64(count()) AS n, toInt64(toUInt32(min(ts))) AS first_s FROM {table}"
_CAMERAS: Final = "SELECT DISTINCT camera_id FROM {table} {where}"
_ALERTED: Final = (
    f"SELECT DISTINCT subject, detail FROM alerts WHERE camera_id = '{ENGINE_ID}' AND rule = '{DAMAGE_RULE}'"  # noqa: S608
)
_LOSS_ALERTS: Final = (
    "SELECT camera_id, rule, max(ts_ms) AS newest_ms, argMax(detail, ts_ms) AS newest_detail, "
    "toInt64(uniqExact(event_id)) AS alerts FROM alerts {where}GROUP BY camera_id, rule"
)
_LOSSES: Final = (
    AlertRule.EVENTS_LOST.value,
    AlertRule.EVENTS_REFUSED.value,
    AlertRule.EVENTS_REFUSED_BY_POLICY.value,
    AlertRule.CLOCK_WRONG.value,
    AlertRule.SCENE_CONFLICT.value,
)
"""Rules of the alerts after which events are missing from answers; lost video is known by the cameras' states."""
_ALERTED_WITHIN_MS: Final = 600_000
"""An alert is written this long after the first events that it is about, at most."""
_REPEATED_MS: Final = HOUR_MS
"""An alert of a condition that lasts is repeated after this time."""
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
    found, more = interruptions(rows, question)
    return Coverage(first_ms=min(stored, default=None), interruptions=found, more_interruptions=more)


def active_cameras(rows: Rows, question: ActiveCameras) -> list[str]:
    """The answer to `ActiveCameras`.

    Raises:
        StoreError: the database failed.
    """
    conditions = where(in_range(question.start_ms, question.end_ms, question.camera_ids))
    tables = (table.name for table in TABLES.values())
    found = {row["camera_id"] for table in tables for row in rows(_CAMERAS.format(table=table, where=conditions))}
    start_ms = question.start_ms or 0
    for camera_id, videos in recorded_videos(rows, question.camera_ids, question.end_ms).items():
        if any(video.end_state and video.end_ms > start_ms for video in videos):
            found.add(camera_id)
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


def loss_alerts(rows: Rows, question: LossAlertsOf) -> list[LossAlert]:
    """The answer to `LossAlertsOf`.

    Raises:
        StoreError: the database failed.
    """
    start_ms = None if question.start_ms is None else question.start_ms - _REPEATED_MS
    end_ms = None if question.end_ms is None else question.end_ms + _ALERTED_WITHIN_MS
    named = (*question.camera_ids, ENGINE_ID) if question.camera_ids else ()
    conditions = [is_one_of("rule", _LOSSES), *in_range(start_ms, end_ms, named)]
    found = [
        LossAlert(
            camera_id=row["camera_id"],
            rule=row["rule"],
            ts_ms=int(row["newest_ms"]),
            detail=bounded_detail(row["newest_detail"], row["camera_id"]),
            alerts=int(row["alerts"]),
        )
        for row in rows(_LOSS_ALERTS.format(where=where(conditions)))
    ]
    return sorted(found, key=lambda one: (one.ts_ms, one.camera_id, one.rule))


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
