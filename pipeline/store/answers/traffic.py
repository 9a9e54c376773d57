"""How many passed a camera, and how fast."""

from __future__ import annotations

from typing import Final

import msgspec

from pipeline.store.answers.sql_fragments import Page, Rows, in_range, where
from pipeline.store.questions import Speeds, Traffic, TrafficCount, TrafficSpeed, check_between

_DAY_MS: Final = 86_400_000

# The newest version of each event, once. By groups, not by LIMIT 1 BY: nothing needs to be sorted.
_COUNTS: Final = (
    "SELECT {slot} AS start_ms, camera AS camera_id, word AS label, toInt64(sum(tracks)) AS count FROM ("
    "SELECT any(camera_id) AS camera, any(label) AS word, argMax(ts_ms, schema_version) AS at_ms, "
    "argMax(count, schema_version) AS tracks FROM counts {where}GROUP BY event_id"
    ") GROUP BY start_ms, camera_id, label ORDER BY start_ms DESC, camera_id, label LIMIT {offset:d}, {limit:d}"
)
_SPEEDS: Final = (
    "SELECT {slot} AS start_ms, camera AS camera_id, word AS label, measure AS unit, toInt64(count()) AS tracks, "
    "round(avg(speed), 3) AS mean, round(quantileExact(0.5)(speed), 3) AS median, "
    "round(quantileExact(0.85)(speed), 3) AS p85 FROM ("
    "SELECT any(camera_id) AS camera, any(label) AS word, argMax(ts_ms, schema_version) AS at_ms, "
    "argMax(isNull(speed_m_s) ? 'px/s' : 'm/s', schema_version) AS measure, "
    "argMax(toFloat64(ifNull(speed_m_s, speed_px_s)), schema_version) AS speed FROM tracks {where}GROUP BY event_id"
    ") GROUP BY start_ms, camera_id, label, unit "
    "ORDER BY start_ms DESC, camera_id, label, unit LIMIT {offset:d}, {limit:d}"
)


def traffic(rows: Rows, question: Traffic) -> list[TrafficCount]:
    """The answer to `Traffic`.

    Raises:
        StoreError: a senseless page or offset, or the database failed.
    """
    return msgspec.convert(rows(_sql(_COUNTS, question)), list[TrafficCount])


def speeds(rows: Rows, question: Speeds) -> list[TrafficSpeed]:
    """The answer to `Speeds`. Median and 85th percentile are speeds that occurred.

    Raises:
        StoreError: a senseless page or offset, or the database failed.
    """
    return msgspec.convert(rows(_sql(_SPEEDS, question)), list[TrafficSpeed])


def _sql(template: str, question: Traffic | Speeds) -> str:
    check_between("utc_offset_ms", question.utc_offset_ms, -_DAY_MS, _DAY_MS)
    page = Page.checked(question.limit, question.offset)
    length, ahead = question.by.ms, question.utc_offset_ms
    return template.format(
        slot=f"toInt64(intDiv(at_ms + {ahead:d}, {length:d}) * {length:d} - {ahead:d})",
        where=where(in_range(question.start_ms, question.end_ms, question.camera_ids)),
        offset=page.offset,
        limit=page.limit,
    )
