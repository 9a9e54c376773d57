"""`viapublica plates`, `events`, `cameras`: queries on the event store, also while a run writes to it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Annotated, Any, Final, get_args

import typer

from pipeline.app.queries import Cameras, CameraSummary, Events, Plates
from pipeline.cli.common.option_groups import with_option_groups
from pipeline.cli.query.options import QueryOptions, StoreOptions
from pipeline.domain.event_kinds import spec_of
from pipeline.domain.events import Event, Kind, PlateReadEvent
from pipeline.domain.plate import check_plate
from pipeline.domain.times import format_time
from pipeline.errors import StoreError, ViapublicaError

_READ_COLUMNS = ["time", "plate", "layout", "confidence", "votes", "vehicle", "camera", "track", "frame"]
_EVENT_TYPES: Final = {kind.__struct_config__.tag: kind for kind in get_args(Event)}


@with_option_groups
def plates(
    plate: Annotated[
        list[str] | None,
        typer.Argument(help="Plates, old or Mercosul form; with --like also * and ?.", metavar="PLATE"),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="A list of further plates, one per line; - is standard input.")
    ] = None,
    like: Annotated[bool, typer.Option("--like", help="Plates are patterns: * any characters, ? one.")] = False,
    errors: Annotated[int, typer.Option("--errors", help="1: also reads with one wrong character.")] = 0,
    *,
    query: QueryOptions,
) -> None:
    """Find the reads of plates, newest first. ABC1234 and its converted form ABC1C34 are one vehicle.

    Example: [bold]viapublica plates ABC1C34 --from 7d --camera av-paulista-900[/]

    Example: [bold]viapublica plates --file wanted.txt --errors 1 --parquet hits.parquet[/]

    Example: [bold]viapublica plates 'ABC*' --like --json[/]
    """
    output, zone = query.output(), query.time_zone()
    _check_errors(errors, like)
    wanted = [*(plate or ()), *(() if file is None else _listed(file, like))]
    if not wanted:
        raise ViapublicaError("plates", "none is given", "Write viapublica plates ABC1D23, or --file LIST")
    for text in plate or ():
        _check(text, like)
    question = Plates(plates=tuple(wanted), like=like, errors=errors, **query.scope())
    with query.open() as store:
        reads = store.ask(question)
    title = f"Reads of {', '.join(wanted) if len(wanted) <= 5 else f'{len(wanted)} plates'}"
    output.show(title, reads, [PlateReadEvent], _READ_COLUMNS, lambda read: _read_row(read, zone))


@with_option_groups
def events(
    kind: Annotated[Kind | None, typer.Option("--kind", help="Only this kind.")] = None, *, query: QueryOptions
) -> None:
    """List events, newest first.

    Example: [bold]viapublica events --kind count --from today[/]
    """
    output, zone = query.output(), query.time_zone()
    question = Events(kind=kind, **query.scope())
    with query.open() as store:
        found = store.ask(question)
    output.show(
        "Events",
        found,
        list(_EVENT_TYPES.values()) if kind is None else [_EVENT_TYPES[kind.value]],
        ["time", "camera", "kind", "details"],
        lambda event: (format_time(event.ts_ms, zone), event.camera_id, _kind(event), _details(event)),
    )


@with_option_groups
def cameras(*, options: StoreOptions) -> None:
    """List the cameras that sent events: last seen, state, counts per kind.

    Example: [bold]viapublica cameras --json[/]
    """
    output, zone = options.output(), options.time_zone()
    with options.open() as store:
        found = store.ask(Cameras())
    output.show(
        "Cameras",
        found,
        [CameraSummary],
        ["camera", "last seen", "state", *(kind.value for kind in Kind)],
        lambda row: (
            row.camera_id,
            format_time(row.last_seen_ms, zone),
            row.state or "-",
            *(row.events.get(kind, 0) for kind in Kind),
        ),
    )


def _kind(event: Event) -> str:
    return str(event.__struct_config__.tag)


def _details(event: Event) -> str:
    values = ((name, getattr(event, name)) for name in spec_of(event).shown)
    return ", ".join(f"{name} {value}" for name, value in values if value not in (None, ""))


def _read_row(read: PlateReadEvent, zone: tzinfo | None) -> Sequence[Any]:
    return (
        format_time(read.ts_ms, zone),
        read.plate,
        read.layout.value,
        read.confidence,
        read.votes,
        read.vehicle or "-",
        read.camera_id,
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


def _check(plate: str, like: bool) -> None:
    if not (like and set(plate) & set("*?")):
        check_plate(plate)


def _listed(file: Path, like: bool) -> Iterator[str]:
    """The plates of a list: one per line; blank lines and those that begin with # are skipped."""
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ViapublicaError(
            f"--file {file}", f"cannot be read ({why})", "Name a text file, one plate per line"
        ) from error
    for number, line in enumerate(text.splitlines(), 1):
        plate = line.strip()
        if plate and not plate.startswith("#"):
            try:
                _check(plate, like)
            except StoreError as error:
                raise StoreError(f"{file}:{number}: {error.subject}", error.problem, error.fix) from None
            yield plate
