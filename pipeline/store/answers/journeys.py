"""Routes of vehicles and possible clones, computed from their reads and the coordinates of cameras."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from pipeline.domain.plate import check_plate, plate_key
from pipeline.domain.route import (
    GeoPoint,
    Leg,
    ReadSummary,
    VehicleReads,
    impossible_legs,
    legs,
    longest_drive_s,
)
from pipeline.domain.times import DAY_MS
from pipeline.store.answers.plates import plates
from pipeline.store.answers.sql_fragments import Page, Rows
from pipeline.store.answers.vehicle_reads import reads_by_vehicle
from pipeline.store.questions import (
    MOST_ROWS,
    Clones,
    ClonesAnswer,
    Plates,
    ReadsByVehicle,
    Route,
    RouteAnswer,
    check_between,
)

_WEEK_MS: Final = 7 * DAY_MS
_READS_PER_PAGE: Final = 50_000
"""Reads in memory at a time; few, because this may run in the process that also watches the cameras."""


def route(rows: Rows, question: Route) -> RouteAnswer:
    """The answer to `Route`.

    Raises:
        StoreError: no plate in the text, a senseless page, or the database failed.
    """
    check_plate(question.plate)
    page = Page.checked(question.limit, question.offset)
    newest = Plates(
        plates=(question.plate,),
        start_ms=question.start_ms,
        end_ms=question.end_ms,
        camera_ids=question.camera_ids,
        min_confidence=question.min_confidence,
        limit=min(page.limit + 1, MOST_ROWS),  # n legs lie between n + 1 reads
        offset=page.offset,
    )
    reads = [ReadSummary(read.ts_ms, read.camera_id, read.plate, read.event_id) for read in plates(rows, newest)]
    return RouteAnswer(
        legs=legs(plate_key(question.plate), reads, question.locations),
        only_read=reads[0] if len(reads) == 1 else None,
        unlocated=tuple(sorted({read.camera_id for read in reads} - set(question.locations))),
    )


def clones(rows: Rows, question: Clones) -> ClonesAnswer:
    """The answer to `Clones`. Of one plate its own cameras without coordinates are named, of all plates any.

    Raises:
        StoreError: no plate in the text, a senseless number or page, or the database failed.
    """
    if question.plate:
        check_plate(question.plate)
    check_between("speed_km_h", question.limits.speed_km_h, 1, 2000)
    page = Page.checked(question.limit, question.offset)
    locations = {camera_id: point for camera_id, point in question.locations.items() if point is not None}
    known = set(question.locations)
    cameras = set() if question.plate else known & set(question.camera_ids or known)

    def impossible() -> Iterator[Leg]:
        for vehicle in _vehicles(rows, question, locations):
            cameras.update(read.camera_id for read in vehicle.reads)
            yield from impossible_legs(vehicle, locations, question.limits)

    newest = heapq.nsmallest(page.limit + page.offset, impossible(), key=lambda leg: (-leg.to_ts_ms, leg.plate_key))
    return ClonesAnswer(legs=page.of(newest), unlocated=tuple(sorted(cameras - set(locations))))


def _vehicles(rows: Rows, question: Clones, locations: Mapping[str, GeoPoint]) -> Iterator[VehicleReads]:
    asked = ReadsByVehicle(
        plate=question.plate,
        start_ms=question.start_ms,
        end_ms=question.end_ms,
        camera_ids=question.camera_ids,
        min_confidence=question.min_confidence,
        within_ms=_longest_drive_ms(question, locations),
        reads=_READS_PER_PAGE,
    )
    after: str | None = ""
    while after is not None:
        page = reads_by_vehicle(rows, msgspec.structs.replace(asked, after=after))
        yield from page.vehicles
        after = page.after


def _longest_drive_ms(question: Clones, locations: Mapping[str, GeoPoint]) -> int:
    # Reads further apart in time than the longest drive are no clone, wherever they are: the database leaves them out.
    return min(round(longest_drive_s(list(locations.values()), question.limits) * 1000) + 1, _WEEK_MS)
