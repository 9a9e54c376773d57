"""Tracks that began at a camera, and speeds, per interval of a time zone."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from pipeline.store.answers.sql_fragments import Page, Rows, in_range, where
from pipeline.store.answers.time_slots import TimeSlots
from pipeline.store.traffic_questions import Speeds, Traffic, TrafficCount, TrafficSpeed

# Each event once. By groups, not by LIMIT 1 BY: nothing needs to be sorted. Reports of one minute and class of a
# session differ in the number at the end of their ids. Where two have the same number, a video was analyzed twice, or a
# foreign producer contradicts: the larger one counts, so that none can take away what another one counted.
_COUNTS: Final = (
    "SELECT {slot} AS slot, camera AS camera_id, word AS label, toInt64(sum(passed)) AS count FROM ("
    "SELECT camera_id AS camera, label AS word, ts_ms AS at_ms, max(count) AS passed FROM counts {where}"
    "GROUP BY camera_id, label, ts_ms, stream_id, substring(toString(event_id), 33)"
    ") GROUP BY slot, camera_id, label ORDER BY slot DESC, camera_id, label LIMIT {offset:d}, {limit:d}"
)
_SPEEDS: Final = (
    "SELECT {slot} AS slot, camera AS camera_id, word AS label, measure AS unit, toInt64(count()) AS tracks, "
    "round(avg(speed), 3) AS mean, round(quantileExact(0.5)(speed), 3) AS median, "
    "round(quantileExact(0.85)(speed), 3) AS p85 FROM ("
    "SELECT any(camera_id) AS camera, any(label) AS word, argMax(ts_ms, schema_version) AS at_ms, "
    "argMax(isNull(speed_m_s) ? 'px/s' : 'm/s', schema_version) AS measure, "
    "argMax(toFloat64(ifNull(speed_m_s, speed_px_s)), schema_version) AS speed FROM tracks {where}GROUP BY event_id"
    ") GROUP BY slot, camera_id, label, unit "
    "ORDER BY slot DESC, camera_id, label, unit LIMIT {offset:d}, {limit:d}"
)


def traffic(rows: Rows, question: Traffic) -> list[TrafficCount]:
    """The answer to `Traffic`.

    Raises:
        StoreError: a senseless page or offset, or the database failed.
    """
    return msgspec.convert(_summed(rows, _COUNTS, "counts", question), list[TrafficCount])


def speeds(rows: Rows, question: Speeds) -> list[TrafficSpeed]:
    """The answer to `Speeds`. Median and 85th percentile are speeds that occurred.

    Raises:
        StoreError: a senseless page or offset, or the database failed.
    """
    return msgspec.convert(_summed(rows, _SPEEDS, "tracks", question), list[TrafficSpeed])


def _summed(rows: Rows, template: str, table: str, question: Traffic | Speeds) -> list[dict[str, Any]]:
    page = Page.checked(question.limit, question.offset)
    conditions = where(in_range(question.start_ms, question.end_ms, question.camera_ids))
    slots = TimeSlots.checked(question.every_ms, question.utc_offsets).of_table(rows, table, conditions)
    if slots is None:
        return []
    sql = template.format(slot=slots.sql(), where=conditions, offset=page.offset, limit=page.limit)
    return [slots.dated(row) for row in rows(sql)]
