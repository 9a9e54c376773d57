"""Reads of vehicles in the order of time, of one vehicle or of all that changed the camera."""

from __future__ import annotations

from typing import Any

import msgspec

from pipeline.domain.plate import check_plate, plate_key
from pipeline.domain.route import ReadSummary, VehicleReads
from pipeline.domain.times import DAY_MS
from pipeline.store.answers.sql_fragments import Rows, in_range, sure, where
from pipeline.store.backends.database import bind
from pipeline.store.questions import ReadsByVehicle, VehicleReadsPage, check_between

_WEEK_MS = 7 * DAY_MS
_MOST_READS = 1_000_000


def reads_by_vehicle(rows: Rows, question: ReadsByVehicle) -> VehicleReadsPage:
    """The answer to `ReadsByVehicle`. One plate is a point read; all are read range by range of the sorting key.

    Raises:
        StoreError: no plate in the text, a senseless number, or the database failed.
    """
    check_between("reads", question.reads, 1, _MOST_READS)
    scope = [
        *in_range(question.start_ms, question.end_ms, question.camera_ids),
        *sure(question.min_confidence),
    ]
    if question.plate:
        check_plate(question.plate)
        own = bind("plate_key = {key}", {"key": plate_key(question.plate)})
        return VehicleReadsPage(vehicles=_select(rows, [own, *scope]))
    conditions = [bind("plate_key > {after}", {"after": question.after}), *scope]
    last = rows(
        f"SELECT plate_key FROM plate_reads {where(conditions)}"  # noqa: S608 - values were bound
        f"ORDER BY plate_key LIMIT {question.reads:d}, 1"
    )
    if last:
        conditions.append(bind("plate_key <= {last}", {"last": last[0]["plate_key"]}))
    found = _select(rows, conditions, f"HAVING {_moved(question.within_ms)} ")
    return VehicleReadsPage(vehicles=found, after=last[0]["plate_key"] if last else None)


def _select(rows: Rows, conditions: list[str], having: str = "") -> list[VehicleReads]:
    found = rows(
        "SELECT plate_key, groupUniqArray((ts_ms, camera_id, plate, toString(event_id))) AS reads "  # noqa: S608
        f"FROM plate_reads {where(conditions)}GROUP BY plate_key {having}ORDER BY plate_key"
    )
    return [_vehicle(row) for row in found]


def _moved(within_ms: int | None) -> str:
    """SQL condition that a vehicle changed the camera, within a time or at all."""
    if within_ms is None:
        return "uniqExact(camera_id) > 1"
    check_between("within_ms", within_ms, 0, _WEEK_MS)
    # A vehicle that gets from one camera to another within a time changes the camera in one step within that time.
    reads = "arraySort(groupUniqArray((ts_ms, camera_id)))"
    step = "(a, b) -> tupleElement(a, 2) != tupleElement(b, 2) AND tupleElement(b, 1) - tupleElement(a, 1) <= "
    return (
        f"uniqExact(camera_id) > 1 AND arrayExists({step}{within_ms:d}, arrayPopBack({reads}), arrayPopFront({reads}))"
    )


def _vehicle(row: dict[str, Any]) -> VehicleReads:
    # An event that was written twice with another version comes twice.
    reads = {read.event_id: read for read in msgspec.convert(row["reads"], list[ReadSummary])}
    return VehicleReads(
        plate_key=row["plate_key"], reads=sorted(reads.values(), key=lambda read: (read.ts_ms, read.camera_id))
    )
