"""Convoys: the plates that travel with a plate."""

from __future__ import annotations

from typing import Final

from pipeline.domain.plate import check_plate, plate_key
from pipeline.domain.times import DAY_MS, HOUR_MS
from pipeline.store.answers.sql_fragments import Page, Rows, in_range, sure, where
from pipeline.store.backends.database import bind
from pipeline.store.questions import Companion, Convoy, check_between

_TARGETS: Final = "SELECT DISTINCT camera_id, ts_ms AS target_ms FROM plate_reads {targets}"

# Time is cut into slots of `within`: what lies within reach of a read lies in its slot or in one beside it. The sets
# let few rows through, the join compares those.
_NEAR: Final = (
    "SELECT camera_id, ts_ms AS target_ms, intDiv(ts_ms, {within:d}) + arrayJoin([-1, 0, 1]) AS slot "
    "FROM plate_reads {targets}"
)
_NEAR_SLOT: Final = "intDiv(ts_ms, {within:d}) IN (SELECT slot FROM ({near}))"
_NEAR_CAMERA: Final = "(camera_id, intDiv(ts_ms, {within:d})) IN (SELECT camera_id, slot FROM ({near}))"
_OTHERS: Final = (
    "SELECT plate_key, plate, camera_id, ts_ms AS other_ms, intDiv(ts_ms, {within:d}) AS slot FROM plate_reads {others}"
)
_MEETINGS: Final = (
    "SELECT plate_key, argMax(plate, other_ms) AS last_plate, groupUniqArray((camera_id, target_ms)) AS met "
    "FROM ({others}) AS others ALL INNER JOIN ({near}) AS near USING (camera_id, slot) "
    "WHERE abs(other_ms - target_ms) <= {within:d} "
    "GROUP BY plate_key HAVING uniqExact(camera_id, target_ms) >= {meetings:d}"
)


def convoy(rows: Rows, question: Convoy) -> list[Companion]:
    """The answer to `Convoy`.

    Raises:
        StoreError: no plate in the text, a senseless number or page, or the database failed.
    """
    check_plate(question.plate)
    check_between("within_ms", question.within_ms, 1, HOUR_MS)
    check_between("meetings", question.meetings, 1, 1_000_000)
    check_between("apart_ms", question.apart_ms, 0, DAY_MS)
    page = Page.checked(question.limit, question.offset)
    key = plate_key(question.plate)
    scope = in_range(question.start_ms, question.end_ms, question.camera_ids)
    targets = where([bind("plate_key = {key}", {"key": key}), *scope, *sure(question.min_confidence)])
    reads = [(row["camera_id"], row["target_ms"]) for row in rows(_TARGETS.format(targets=targets))]
    passages = _passages(reads, question.apart_ms)
    most = len(set(passages.values()))
    if most < question.meetings:
        return []
    found = []
    for row in rows(_meetings(question, key, targets, [ts_ms for _, ts_ms in reads])):
        # A read that came in after `passages` were asked for is none of them.
        met = {passages[place] for place in map(tuple, row["met"]) if place in passages}
        if len(met) >= question.meetings:
            found.append(_companion(row["plate_key"], row["last_plate"], met, most))
    found.sort(key=lambda companion: (-companion.meetings, -companion.cameras, companion.plate_key))
    return page.of(found)


def _meetings(question: Convoy, key: str, targets: str, times: list[int]) -> str:
    """SQL for the reads of `targets` (a WHERE clause) that each other plate met."""
    within = question.within_ms
    near = _NEAR.format(within=within, targets=targets)
    others = [
        bind("plate_key != {key}", {"key": key}),
        *in_range(min(times) - within, max(times) + within + 1),
        *sure(question.min_confidence),
        _NEAR_SLOT.format(within=within, near=near),
        _NEAR_CAMERA.format(within=within, near=near),
    ]
    return _MEETINGS.format(
        others=_OTHERS.format(within=within, others=where(others)),
        near=near,
        within=within,
        meetings=question.meetings,
    )


def _passages(reads: list[tuple[str, int]], apart_ms: int) -> dict[tuple[str, int], tuple[str, int]]:
    """The passage that each read belongs to, named by its first read.

    At one camera a read less than `apart_ms` after the one before it belongs to the same passage.
    """
    found: dict[tuple[str, int], tuple[str, int]] = {}
    before: tuple[str, int] | None = None
    for camera_id, ts_ms in sorted(reads):
        same = before is not None and before[0] == camera_id and ts_ms - before[1] < apart_ms
        found[camera_id, ts_ms] = found[before] if before is not None and same else (camera_id, ts_ms)
        before = camera_id, ts_ms
    return found


def _companion(key: str, plate: str, met: set[tuple[str, int]], passages: int) -> Companion:
    times = [ts_ms for _, ts_ms in met]
    return Companion(
        plate=plate,
        plate_key=key,
        meetings=len(met),
        share=round(len(met) / passages, 4),
        cameras=len({camera_id for camera_id, _ in met}),
        first_ts_ms=min(times),
        last_ts_ms=max(times),
    )
