"""`viapublica convoy`, `route`, `clones`: journeys of vehicles, from the reads of their plates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import Annotated, Any

import typer

from pipeline.app.questions import SURE, Answer, Clones, Companion, Convoy, Route
from pipeline.cli.common.console import err, say
from pipeline.cli.common.default_config import has_config
from pipeline.cli.common.option_groups import with_option_groups
from pipeline.cli.common.plate_input import AnyPlateOption, given_plate
from pipeline.cli.common.store_options import loaded_config
from pipeline.cli.query.options import QueryOptions, ServedQueryOptions, SureConfidenceOption
from pipeline.cli.query.output import AnswerTable
from pipeline.domain.language import Language
from pipeline.domain.plate import check_question
from pipeline.domain.route import DrivingLimits, GeoPoint, Leg, without_standing

PlateArgument = Annotated[
    str, typer.Argument(help="Plate, old or Mercosul form; @FILE or - reads it.", callback=given_plate)
]

_LEG_COLUMNS = ["from", "at", "to", "at ", "seconds", "meters", "km/h"]
_MOST_NAMED = 20
"""Cameras that a note names; of the others it says the number."""


@with_option_groups
def convoy(
    plate: PlateArgument,
    within: Annotated[
        float, typer.Option("--within", min=0.001, max=3600, help="Most seconds between the two at a camera.")
    ] = 10,
    meetings: Annotated[int, typer.Option("--meetings", min=1, max=1_000_000, help="Least number of meetings.")] = 2,
    apart: Annotated[
        float,
        typer.Option("--apart", min=0, max=86_400, help="Seconds after which they meet at the same camera again."),
    ] = 300,
    min_confidence: SureConfidenceOption = SURE,
    any_plate: AnyPlateOption = False,
    *,
    query: QueryOptions,
) -> None:
    """Find plates that travel with a plate, those that met it most often first.

    Two plates meet when a camera reads both within --within seconds. The share is that of the plate's passages.

    Example: [bold]viapublica convoy ABC1C34 --within 15 --meetings 3 --from 7d[/]
    """
    output, zone, language = query.output(), query.time_zone(), query.language
    question = Convoy(
        plate=check_question(plate, any_plate=any_plate),
        min_confidence=min_confidence,
        within_ms=round(within * 1000),
        meetings=meetings,
        apart_ms=round(apart * 1000),
        **query.scope(),
    )
    with query.open() as store:
        answer = store.ask(question)
    table = AnswerTable(
        [Companion],
        ["plate", "meetings", "share", "cameras", "first", "last"],
        lambda row: (
            row.plate,
            row.meetings,
            row.share,
            row.cameras,
            language.time(row.first_ts_ms, zone),
            language.time(row.last_ts_ms, zone),
        ),
    )
    output.show(language.text("Seen with {plate}", plate=plate), answer, answer.value, table)


@with_option_groups
def route(
    plate: PlateArgument,
    min_confidence: SureConfidenceOption = SURE,
    any_plate: AnyPlateOption = False,
    *,
    query: ServedQueryOptions,
) -> None:
    """Follow a plate over cameras, with distance and speed of each leg.

    Distances are as the crow flies; they need latitude and longitude of the cameras in the configuration.

    Example: [bold]viapublica route ABC1C34 --from today --config city.yaml[/]
    """
    output, zone = query.output(), query.time_zone()
    question = Route(
        plate=check_question(plate, any_plate=any_plate),
        min_confidence=min_confidence,
        locations={} if query.server is not None else _known_locations(query),
        **query.scope(),
    )
    answer = query.ask(question)
    found, language, nothing = answer.value, query.language, ""
    _note_unlocated(found.unlocated, "legs to and from there have no distance", language)
    if (read := found.only_read) is not None:
        camera, at = answer.camera_label(read.camera_id), language.time(read.ts_ms, zone)
        nothing = language.text("only one read, by {camera} at {time}: no leg", camera=camera, time=at)
    table = AnswerTable([Leg], _LEG_COLUMNS, lambda leg: _leg_row(leg, answer, zone, language))
    output.show(language.text("Route of {plate}", plate=plate), answer, without_standing(found.legs), table, nothing)


@with_option_groups
def clones(
    plate: Annotated[
        str | None, typer.Argument(help="Only this plate, @FILE or -; else all.", callback=given_plate)
    ] = None,
    max_speed: Annotated[
        float, typer.Option("--max-speed", min=1, max=2000, help="Highest possible speed, km/h as the crow flies.")
    ] = 180,
    min_distance: Annotated[
        float,
        typer.Option("--min-distance", min=0, help="Cameras no further apart may see one vehicle at once, meters."),
    ] = 300,
    clock_error: Annotated[
        float,
        typer.Option("--clock-error", min=0, max=86_400, help="Largest difference between cameras' clocks, seconds."),
    ] = 5,
    min_confidence: SureConfidenceOption = SURE,
    any_plate: AnyPlateOption = False,
    *,
    query: QueryOptions,
) -> None:
    """Find plates read at two places faster than a vehicle can drive.

    Two vehicles may bear the plate, or one read is wrong: compare both. Without a plate the last 24 hours are searched
    unless --from is given. Cameras need latitude and longitude in the configuration.

    Example: [bold]viapublica clones --from 24h --config city.yaml[/]

    Example: [bold]viapublica clones ABC1C34 --max-speed 140 --config city.yaml[/]
    """
    from pipeline.app.journeys import bounded_clones  # here and below: the configuration takes long to import

    output, zone = query.output(), query.time_zone()
    asked = Clones(
        plate="" if plate is None else check_question(plate, any_plate=any_plate),
        min_confidence=min_confidence,
        locations=_locations(query),
        limits=DrivingLimits(max_speed, min_distance, clock_error),
        **query.scope(),
    )
    question, language = bounded_clones(asked), query.language
    if question.start_ms is not None and question.start_ms != asked.start_ms:
        since = language.time(question.start_ms, zone)
        say(err, language.text("all plates since {time}; --from searches further back", time=since))
    with query.open() as store:
        answer = store.ask(question)
    _note_unlocated(answer.value.unlocated, "their reads are not compared", language)
    table = AnswerTable(
        [Leg], ["plate", *_LEG_COLUMNS], lambda leg: (_plates_of(leg), *_leg_row(leg, answer, zone, language))
    )
    output.show(language.text("Possible clones"), answer, answer.value.legs, table)


def _locations(query: QueryOptions) -> dict[str, GeoPoint | None]:
    """Coordinates of the configuration's cameras; none where only a data folder is known."""
    from pipeline.app.journeys import camera_locations

    return camera_locations(loaded_config(query.config).cameras) if has_config(query.config) else {}


def _known_locations(query: QueryOptions) -> dict[str, GeoPoint]:
    """The same, without cameras that have none."""
    from pipeline.app.journeys import known_locations

    return known_locations(_locations(query))


def _plates_of(leg: Leg) -> str:
    """The plates as they were read at both places: a key may be a form that was read at neither."""
    return " / ".join(dict.fromkeys((leg.from_plate, leg.to_plate)))


def _leg_row(leg: Leg, answer: Answer[Any], zone: tzinfo | None, language: Language) -> tuple[Any, ...]:
    return (
        answer.camera_label(leg.from_camera_id),
        language.time(leg.from_ts_ms, zone),
        language.text("{reads} there, to", reads=language.counted(leg.reads, "read"))
        if leg.is_standing
        else answer.camera_label(leg.to_camera_id),
        language.time(leg.to_ts_ms, zone),
        leg.seconds,
        "?" if leg.distance_m is None else round(leg.distance_m),
        _speed(leg, language),
    )


def _speed(leg: Leg, language: Language) -> Any:
    if leg.speed_km_h is not None:
        return leg.speed_km_h
    return "?" if leg.distance_m is None else "-" if not leg.distance_m else language.text("at once")


def _note_unlocated(camera_ids: Sequence[str], consequence: str, language: Language) -> None:
    if camera_ids:
        rest = len(camera_ids) - _MOST_NAMED
        names = ", ".join(camera_ids[:_MOST_NAMED])
        text = language.text(
            "the configuration has no latitude and longitude of {cameras}; {consequence}",
            cameras=language.text("{names} and {number} more", names=names, number=rest) if rest > 0 else names,
            consequence=language.text(consequence),
        )
        say(err, f"{language.text('note')}: {text}")
