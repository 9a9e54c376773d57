"""Where and when plates were seen, for routes and clones."""

from __future__ import annotations

from typing import Any

import msgspec

from pipeline.domain.plate import plate_key
from pipeline.domain.route import Seen, Trail
from pipeline.store.answers.sql_fragments import Rows, check_plate, in_range, where
from pipeline.store.backends.database import bind
from pipeline.store.questions import TrailPage, Trails, check_between

_WEEK_MS = 7 * 86_400_000
_MOST_READS = 1_000_000


def trails(rows: Rows, question: Trails) -> TrailPage:
    """The answer to `Trails`. One plate is a point read; all plates are read range by range of the sorting key.

    Raises:
        StoreError: no plate in the text, a senseless number, or the database failed.
    """
    check_between("reads", question.reads, 1, _MOST_READS)
    scope = in_range(question.start_ms, question.end_ms, question.camera_ids)
    if question.plate:
        check_plate(question.plate)
        return TrailPage(trails=_select(rows, [bind("plate_key = {key}", {"key": plate_key(question.plate)}), *scope]))
    conditions = [bind("plate_key > {after}", {"after": question.after}), *scope]
    last = rows(
        f"SELECT plate_key FROM plate_reads {where(conditions)}"  # noqa: S608 - values were bound
        f"ORDER BY plate_key LIMIT {question.reads:d}, 1"
    )
    if last:
        conditions.append(bind("plate_key <= {last}", {"last": last[0]["plate_key"]}))
    found = _select(rows, conditions, f"HAVING {_moved(question.within_ms)} ")
    return TrailPage(trails=found, after=last[0]["plate_key"] if last else None)


def _select(rows: Rows, conditions: list[str], having: str = "") -> list[Trail]:
    found = rows(
        "SELECT plate_key, groupUniqArray((ts_ms, camera_id, plate, toString(event_id))) AS seen "  # noqa: S608
        f"FROM plate_reads {where(conditions)}GROUP BY plate_key {having}ORDER BY plate_key"
    )
    return [_trail(row) for row in found]


def _moved(within_ms: int | None) -> str:
    """SQL condition that a plate changed the camera, within a time or at all."""
    if within_ms is None:
        return "uniqExact(camera_id) > 1"
    check_between("within_ms", within_ms, 0, _WEEK_MS)
    # Whoever gets from one camera to another within a time changes the camera in one step within that time.
    seen = "arraySort(groupUniqArray((ts_ms, camera_id)))"
    step = "(a, b) -> tupleElement(a, 2) != tupleElement(b, 2) AND tupleElement(b, 1) - tupleElement(a, 1) <= "
    return f"uniqExact(camera_id) > 1 AND arrayExists({step}{within_ms:d}, arrayPopBack({seen}), arrayPopFront({seen}))"


def _trail(row: dict[str, Any]) -> Trail:
    # The same event may have been written twice with another version: its sightings then lie side by side.
    seen = {one.event_id: one for one in msgspec.convert(row["seen"], list[Seen])}
    return Trail(plate_key=row["plate_key"], seen=sorted(seen.values(), key=lambda one: (one.ts_ms, one.camera_id)))
