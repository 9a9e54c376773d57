"""`viapublica convoy`, `route`, `clones`: what reads of plates say about journeys."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any

import typer

from pipeline.cli.common.console import err, say
from pipeline.cli.common.times import show_time
from pipeline.cli.query.options import (
    CameraOption,
    ConfigOption,
    CsvOption,
    DataOption,
    FromOption,
    JsonOption,
    LimitOption,
    OffsetOption,
    ParquetOption,
    Scope,
    ToOption,
    camera_places,
    check_plate,
    opened_store,
    scope_of,
)
from pipeline.cli.query.output import Output
from pipeline.domain.plate import plate_key
from pipeline.domain.route import Leg, Limits, Place, Trail, impossible_legs, legs, longest_drive_s
from pipeline.errors import ViapublicaError
from pipeline.store.questions import Companion, Convoy, EventQueries, Plates, Trails

PlateArgument = Annotated[str, typer.Argument(help="Plate, old or Mercosul form.")]

_LEG_COLUMNS = ["from", "at", "to", "at ", "seconds", "meters", "km/h"]
_DAY_MS = 86_400_000
_NAMED = 20
"""Cameras that a note names; of more it says how many."""


def convoy(
    plate: PlateArgument,
    config: ConfigOption = None,
    data: DataOption = None,
    within: Annotated[
        float, typer.Option("--within", min=0.001, max=3600, help="Seconds between the two at a camera, at most.")
    ] = 10,
    meetings: Annotated[
        int, typer.Option("--meetings", min=1, max=1_000_000, help="How often they met, at least.")
    ] = 2,
    apart: Annotated[
        float,
        typer.Option("--apart", min=0, max=86_400, help="Seconds after which they meet at the same camera again."),
    ] = 300,
    start: FromOption = None,
    end: ToOption = None,
    camera: CameraOption = None,
    limit: LimitOption = 100,
    offset: OffsetOption = 0,
    as_json: JsonOption = False,
    csv: CsvOption = None,
    parquet: ParquetOption = None,
) -> None:
    """Find plates that travel with a plate, those that met it most often first.

    Two plates meet when a camera reads both within --within seconds. The share is that of the plate's passages.

    Example: [bold]viapublica convoy ABC1C34 --within 15 --meetings 3 --from 7d[/]
    """
    output = Output.chosen(as_json, csv, parquet)
    question = Convoy(
        plate=check_plate(plate),
        within_ms=round(within * 1000),
        meetings=meetings,
        apart_ms=round(apart * 1000),
        **scope_of(start, end, camera),
        limit=limit,
        offset=offset,
    )
    with opened_store(config, data) as store:
        found = store.ask(question)
    columns = ["plate", "meetings", "share", "cameras", "first", "last"]
    output.show(
        f"Seen with {plate}",
        found,
        [Companion],
        columns,
        lambda c: (c.plate, c.meetings, c.share, c.cameras, show_time(c.first_ts_ms), show_time(c.last_ts_ms)),
    )


def route(
    plate: PlateArgument,
    config: ConfigOption = None,
    data: DataOption = None,
    start: FromOption = None,
    end: ToOption = None,
    camera: CameraOption = None,
    limit: LimitOption = 100,
    offset: OffsetOption = 0,
    as_json: JsonOption = False,
    csv: CsvOption = None,
    parquet: ParquetOption = None,
) -> None:
    """Follow a plate over cameras, with distance and speed of each leg.

    The newest legs, in order of time.

    Distances are as the crow flies; they need latitude and longitude of the cameras in the configuration.

    Example: [bold]viapublica route ABC1C34 --from today --config city.yaml[/]
    """
    output = Output.chosen(as_json, csv, parquet)
    question = Plates(
        plates=(check_plate(plate),), **scope_of(start, end, camera), limit=min(limit + 1, 100_000), offset=offset
    )
    places = _known(camera_places(config))
    with opened_store(config, data) as store:
        reads = store.ask(question)
    _note_missing((read.camera_id for read in reads), places, "legs to and from there have no distance")
    if len(reads) == 1:
        say(err, f"one read only, by {reads[0].camera_id} at {show_time(reads[0].ts_ms)}: no leg")
    output.show(f"Route of {plate}", legs(plate_key(plate), reads, places), [Leg], _LEG_COLUMNS, _leg_row)


def clones(
    plate: Annotated[str | None, typer.Argument(help="Only this plate; else all.")] = None,
    config: ConfigOption = None,
    data: DataOption = None,
    max_speed: Annotated[
        float, typer.Option("--max-speed", min=1, max=2000, help="No vehicle is faster, km/h as the crow flies.")
    ] = 180,
    min_distance: Annotated[
        float,
        typer.Option("--min-distance", min=0, help="Cameras no further apart may see one vehicle at once, meters."),
    ] = 300,
    clock_error: Annotated[
        float, typer.Option("--clock-error", min=0, max=86_400, help="How far clocks may lie apart, seconds.")
    ] = 5,
    start: FromOption = None,
    end: ToOption = None,
    camera: CameraOption = None,
    limit: LimitOption = 100,
    offset: OffsetOption = 0,
    as_json: JsonOption = False,
    csv: CsvOption = None,
    parquet: ParquetOption = None,
) -> None:
    """Find plates read at two places faster than a vehicle can drive.

    Two vehicles may bear the plate, or one read is wrong: look at both. Without a plate the last 24 hours are searched
    unless --from says otherwise. Cameras need latitude and longitude in the configuration.

    Example: [bold]viapublica clones --from 24h --config city.yaml[/]

    Example: [bold]viapublica clones ABC1C34 --max-speed 140 --config city.yaml[/]
    """
    output = Output.chosen(as_json, csv, parquet)
    scope = scope_of(start, end, camera)
    if plate is not None:
        check_plate(plate)
    elif scope["start_ms"] is None:
        until_ms = scope["end_ms"] if scope["end_ms"] is not None else time.time_ns() // 1_000_000
        scope["start_ms"] = until_ms - _DAY_MS
        say(err, f"all plates since {show_time(until_ms - _DAY_MS)}; --from searches further back")
    cameras = camera_places(config)
    places = _known(cameras)
    if not places:
        raise ViapublicaError(
            "clones",
            f"no camera of {config or 'viapublica.yaml'} has coordinates, so nothing can be said about speeds",
            "Give latitude and longitude to the cameras there, or another file by --config",
        )
    limits = Limits(max_speed, min_distance, clock_error)
    found: list[Leg] = []
    # Of one plate only its own cameras matter; of all, any of the configuration.
    seen_by = {camera_id for camera_id in cameras if plate is None and camera_id in (camera or cameras)}
    with opened_store(config, data) as store:
        for trail in _trails(store, plate, scope, places, limits):
            seen_by.update(one.camera_id for one in trail.seen)
            found += impossible_legs(trail, places, limits)
    _note_missing(seen_by, places, "what they saw is not compared")
    found.sort(key=lambda leg: (-leg.to_ts_ms, leg.plate_key))
    output.show(
        "Possible clones",
        found[offset : offset + limit],
        [Leg],
        ["plate", *_LEG_COLUMNS],
        lambda leg: (leg.plate_key, *_leg_row(leg)),
    )


def _trails(
    store: EventQueries, plate: str | None, scope: Scope, places: Mapping[str, Place], limits: Limits
) -> Iterator[Trail]:
    if plate is not None:
        yield from store.ask(Trails(plate=plate, **scope)).trails
        return
    # What lies further apart in time than the longest drive is no clone, wherever it was: the store leaves it out.
    within_ms = min(round(longest_drive_s(list(places.values()), limits) * 1000) + 1, 7 * _DAY_MS)
    after: str | None = ""
    while after is not None:
        page = store.ask(Trails(within_ms=within_ms, after=after, **scope))
        yield from page.trails
        after = page.after


def _known(cameras: Mapping[str, Place | None]) -> dict[str, Place]:
    return {camera_id: place for camera_id, place in cameras.items() if place is not None}


def _leg_row(leg: Leg) -> tuple[Any, ...]:
    return (
        leg.from_camera_id,
        show_time(leg.from_ts_ms),
        leg.to_camera_id,
        show_time(leg.to_ts_ms),
        leg.seconds,
        "?" if leg.distance_m is None else round(leg.distance_m),
        _speed(leg),
    )


def _speed(leg: Leg) -> Any:
    if leg.speed_km_h is not None:
        return leg.speed_km_h
    return "?" if leg.distance_m is None else "-" if not leg.distance_m else "at once"


def _note_missing(camera_ids: Iterable[str], places: Mapping[str, Place], so: str) -> None:
    missing = sorted({camera_id for camera_id in camera_ids if camera_id not in places})
    if missing:
        more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        say(
            err,
            f"note: the configuration has no latitude and longitude of {', '.join(missing[:_NAMED])}{more}; {so}",
        )
