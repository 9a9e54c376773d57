"""`viapublica plates`, `events`, `cameras`: queries on the event store, also while a run writes to it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Annotated, Any, Final, get_args

import typer

from pipeline.app.queries import SURE, Answer, Cameras, CameraSummary, Events, Plates
from pipeline.cli.common.option_groups import with_option_groups
from pipeline.cli.common.plate_input import AnyPlateOption, given_plates
from pipeline.cli.query.options import ConfidenceOption, QueryOptions, StoreOptions
from pipeline.cli.query.output import AnswerTable
from pipeline.domain.event_kinds import spec_of
from pipeline.domain.events import Event, Kind, PlateReadEvent
from pipeline.domain.listed_vehicles import ListedVehicles
from pipeline.domain.plate import check_question
from pipeline.domain.plate_list import read_plate_list
from pipeline.domain.times import format_time
from pipeline.errors import ViapublicaError

_READ_COLUMNS = ["time", "plate", "layout", "confidence", "votes", "vehicle", "camera", "track", "frame"]
_EVENT_TYPES: Final = {kind.__struct_config__.tag: kind for kind in get_args(Event)}


@with_option_groups
def plates(
    plate: Annotated[
        list[str] | None,
        typer.Argument(
            help="Plates, old or Mercosul form; with --like also * and ?; @FILE or - reads one.",
            metavar="PLATE",
            callback=given_plates,
        ),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file",
            help="A list of further plates: one per line, or XLSX or CSV with a column placa; - is standard input.",
        ),
    ] = None,
    like: Annotated[bool, typer.Option("--like", help="Plates are patterns: * any characters, ? one.")] = False,
    errors: Annotated[int, typer.Option("--errors", help="1: also reads with one wrong character.")] = 0,
    min_confidence: ConfidenceOption = SURE,
    any_plate: AnyPlateOption = False,
    *,
    query: QueryOptions,
) -> None:
    """Find the reads of plates, newest first. ABC1234 and its converted form ABC1C34 are one vehicle.

    Ends with status 3 when nothing is found, and 4 when nothing is found but the answer may be incomplete. Of several
    plates it names those that were not seen.

    Example: [bold]viapublica plates ABC1C34 --from 7d --camera av-paulista-900[/]

    Example: [bold]viapublica plates --file wanted.txt --errors 1 --parquet hits.parquet[/]

    Example: [bold]viapublica plates 'ABC*' --like --json[/]
    """
    output, zone = query.output(), query.time_zone()
    _check_errors(errors, like)
    wanted = [check_question(text, like=like, any_plate=any_plate) for text in plate or ()]
    listed = ListedVehicles()
    if file is not None:
        listed = read_plate_list(_content(file), str(file), like=like, any_plate=any_plate, errors=errors)
        wanted += listed.plates
    if not wanted:
        raise ViapublicaError("plates", "none is given", "Write viapublica plates ABC1D23, or --file LIST")
    question = Plates(plates=tuple(wanted), like=like, errors=errors, min_confidence=min_confidence, **query.scope())
    with query.open() as store:
        answer = store.ask(question)
    title = f"Reads of {', '.join(wanted) if len(wanted) <= 5 else f'{len(wanted)} plates'}"
    table = AnswerTable(
        [PlateReadEvent],
        [*_READ_COLUMNS, *listed.columns],
        lambda read: (*_read_row(read, answer, zone), *listed.about(read.plate, read.plate_key).values()),
        listed.columns,
        lambda read: listed.about(read.plate, read.plate_key),
    )
    output.show(title, answer, answer.value, table)


@with_option_groups
def events(
    kind: Annotated[Kind | None, typer.Option("--kind", help="Only this kind.")] = None,
    min_confidence: ConfidenceOption = SURE,
    *,
    query: QueryOptions,
) -> None:
    """List events, newest first.

    Example: [bold]viapublica events --kind count --from today[/]
    """
    output, zone = query.output(), query.time_zone()
    question = Events(kind=kind, min_confidence=min_confidence, **query.scope())
    with query.open() as store:
        answer = store.ask(question)
    table = AnswerTable(
        list(_EVENT_TYPES.values()) if kind is None else [_EVENT_TYPES[kind.value]],
        ["time", "camera", "kind", "details"],
        lambda event: (
            format_time(event.ts_ms, zone),
            answer.camera_label(event.camera_id),
            _kind(event),
            _details(event),
        ),
    )
    output.show("Events", answer, answer.value, table)


@with_option_groups
def cameras(*, options: StoreOptions) -> None:
    """List the cameras that sent events: last seen, state, counts per kind.

    Example: [bold]viapublica cameras --json[/]
    """
    output, zone = options.output(), options.time_zone()
    with options.open() as store:
        answer = store.ask(Cameras())
    table = AnswerTable(
        [CameraSummary],
        ["camera", "last seen", "state", *(kind.value for kind in Kind)],
        lambda row: (
            answer.camera_label(row.camera_id),
            format_time(row.last_seen_ms, zone),
            row.state or "-",
            *(row.events.get(kind, 0) for kind in Kind),
        ),
    )
    output.show("Cameras", answer, answer.value, table)


def _kind(event: Event) -> str:
    return str(event.__struct_config__.tag)


def _details(event: Event) -> str:
    values = ((name, getattr(event, name)) for name in spec_of(event).shown)
    return ", ".join(f"{name} {value}" for name, value in values if value not in (None, ""))


def _read_row(read: PlateReadEvent, answer: Answer[Any], zone: tzinfo | None) -> Sequence[Any]:
    return (
        format_time(read.ts_ms, zone),
        read.plate,
        read.layout.value,
        read.confidence,
        read.votes,
        read.vehicle or "-",
        answer.camera_label(read.camera_id),
        read.track_id,
        read.frame,
    )


def _check_errors(errors: int, like: bool) -> None:
    if errors not in {0, 1}:
        raise ViapublicaError(
            f"--errors {errors}", "is not supported", "Write --errors 1, or --like with ? for each unknown character"
        )
    if errors and like:
        raise ViapublicaError(
            "--errors --like", "cannot be combined", "Put ? into the pattern for a character that may be wrong"
        )


def _content(file: Path) -> bytes:
    """The bytes of a list.

    Raises:
        ViapublicaError: it cannot be read.
    """
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise ViapublicaError(
            f"--file {file}", f"cannot be read ({error.strerror})", "Name a text, CSV or XLSX file of plates"
        ) from error
