"""Counts of what passed a camera, and speeds, per minute, hour or day of a time zone."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import msgspec

from pipeline.domain.times import UtcOffset
from pipeline.store.answers.sql_fragments import Page, Rows, in_range, where
from pipeline.store.questions import Interval, Speeds, Traffic, TrafficCount, TrafficSpeed, check_between

_DAY_MS: Final = 86_400_000
_FEW_OFFSETS: Final = 4
"""With more changes of the clocks than these, the database is asked first from when to when there is traffic."""
_MOST_OFFSETS: Final = 2_000
_END_MS: Final = 2**32 * 1000

_EXTENT: Final = "SELECT toInt64(count()) AS n, min(ts_ms) AS first_ms, max(ts_ms) AS last_ms FROM {table} {where}"
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
    offsets = _checked(question.utc_offsets)
    if len(offsets) > _FEW_OFFSETS:
        extent = rows(_EXTENT.format(table=table, where=conditions))[0]
        if not extent["n"]:
            return []
        offsets = _within(offsets, int(extent["first_ms"]), int(extent["last_ms"]))
    sql = template.format(slot=_slot(question.by, offsets), where=conditions, offset=page.offset, limit=page.limit)
    return [{"start_ms": _slot_start_ms(question.by, row.pop("slot"), offsets), **row} for row in rows(sql)]


def _checked(offsets: Sequence[UtcOffset]) -> Sequence[UtcOffset]:
    check_between("utc_offsets", len(offsets), 0, _MOST_OFFSETS)
    for offset in offsets:
        check_between("utc_offsets", offset.from_ms, 0, _END_MS)
        check_between("utc_offsets", offset.offset_ms, -_DAY_MS, _DAY_MS)
    return sorted(offsets) or [UtcOffset(0, 0)]


def _within(offsets: Sequence[UtcOffset], first_ms: int, last_ms: int) -> Sequence[UtcOffset]:
    """The offsets that hold at any time between two, and two days before, where the first day begins."""
    begin = max(0, bisect_right(offsets, first_ms - 2 * _DAY_MS, key=lambda offset: offset.from_ms) - 1)
    return offsets[begin : max(begin + 1, bisect_right(offsets, last_ms, key=lambda offset: offset.from_ms))]


def _slot(by: Interval, offsets: Sequence[UtcOffset]) -> str:
    """SQL for the slot of `at_ms`: the number of its local day, or when its hour or minute begins.

    Hours are identified by their beginning, because the hour before the clocks are set back occurs twice; days by their
    number, because they have 23 or 25 hours then.
    """
    offset = f"{offsets[-1].offset_ms:d}"
    if len(offsets) > 1:
        cases = [f"at_ms < {after.from_ms:d}, {before.offset_ms:d}" for before, after in pairwise(offsets)]
        offset = f"multiIf({', '.join(cases)}, {offset})"
    number = f"intDiv(at_ms + {offset}, {by.ms:d})"
    return f"toInt64({number})" if by is Interval.DAY else f"toInt64({number} * {by.ms:d} - {offset})"


def _slot_start_ms(by: Interval, slot: int, offsets: Sequence[UtcOffset]) -> int:
    """The beginning of a slot: of a day, the first moment whose local time is not before its midnight."""
    if by is not Interval.DAY:
        return slot
    midnight_ms = slot * _DAY_MS
    ends = [after.from_ms for after in offsets[1:]]
    for offset, end_ms in zip(offsets, [*ends, _END_MS], strict=True):
        start_ms = midnight_ms - offset.offset_ms
        if start_ms < end_ms:
            return start_ms if offset is offsets[0] else max(start_ms, offset.from_ms)
    return midnight_ms - offsets[-1].offset_ms
