"""`viapublica plates`, `events`, `cameras`: questions to the event store, also while `run` writes to it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

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
    ToOption,
    check_plate,
    opened_store,
    scope_of,
)
from pipeline.cli.query.output import Output
from pipeline.domain.event_kinds import spec_of
from pipeline.domain.events import Event, Kind, PlateReadEvent
from pipeline.errors import ViapublicaError
from pipeline.store.questions import CameraSummary, Events, Plates
from pipeline.store.schema.tables import TABLES

_READ_COLUMNS = ["time", "plate", "layout", "confidence", "votes", "vehicle", "camera", "track", "frame"]


def plates(
    plate: Annotated[
        list[str] | None,
        typer.Argument(help="Plates, old or Mercosul form; with --like also * and ?.", metavar="PLATE"),
    ] = None,
    config: ConfigOption = None,
    data: DataOption = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="A list of further plates, one per line; - is standard input.")
    ] = None,
    start: FromOption = None,
    end: ToOption = None,
    camera: CameraOption = None,
    like: Annotated[bool, typer.Option("--like", help="Plates are patterns: * any characters, ? one.")] = False,
    errors: Annotated[int, typer.Option("--errors", help="1: also reads with one wrong character.")] = 0,
    limit: LimitOption = 100,
    offset: OffsetOption = 0,
    as_json: JsonOption = False,
    csv: CsvOption = None,
    parquet: ParquetOption = None,
) -> None:
    """Find the reads of plates, newest first. ABC1234 and its converted form ABC1C34 are one vehicle.

    Example: [bold]viapublica plates ABC1C34 --from 7d --camera av-paulista-900[/]

    Example: [bold]viapublica plates --file wanted.txt --errors 1 --parquet hits.parquet[/]

    Example: [bold]viapublica plates 'ABC*' --like --json[/]
    """
    output = Output.chosen(as_json, csv, parquet)
    _check_errors(errors, like)
    wanted = [*(plate or ()), *(() if file is None else _listed(file, like))]
    if not wanted:
        raise ViapublicaError("plates", "none is given", "Write viapublica plates ABC1D23, or --file LIST")
    for text in plate or ():
        _check(text, like)
    question = Plates(
        plates=tuple(wanted), like=like, errors=errors, **scope_of(start, end, camera), limit=limit, offset=offset
    )
    with opened_store(config, data) as store:
        reads = store.ask(question)
    title = f"Reads of {', '.join(wanted) if len(wanted) <= 5 else f'{len(wanted)} plates'}"
    output.show(title, reads, [PlateReadEvent], _READ_COLUMNS, _read_row)


def events(
    config: ConfigOption = None,
    data: DataOption = None,
    kind: Annotated[Kind | None, typer.Option("--kind", help="Only this kind.")] = None,
    start: FromOption = None,
    end: ToOption = None,
    camera: CameraOption = None,
    limit: LimitOption = 50,
    offset: OffsetOption = 0,
    as_json: JsonOption = False,
    csv: CsvOption = None,
    parquet: ParquetOption = None,
) -> None:
    """List events, newest first.

    Example: [bold]viapublica events --kind count --from today[/]
    """
    output = Output.chosen(as_json, csv, parquet)
    question = Events(kind=kind, **scope_of(start, end, camera), limit=limit, offset=offset)
    with opened_store(config, data) as store:
        found = store.ask(question)
    kinds: list[Any] = [of.event for of in TABLES.values()] if kind is None else [TABLES[kind].event]
    columns = ["time", "camera", "kind", "what"]
    output.show("Events", found, kinds, columns, lambda e: (show_time(e.ts_ms), e.camera_id, _kind(e), _what(e)))


def cameras(
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
    csv: CsvOption = None,
    parquet: ParquetOption = None,
) -> None:
    """List the cameras that have sent events: last seen, counts per kind, last state.

    Example: [bold]viapublica cameras --json[/]
    """
    output = Output.chosen(as_json, csv, parquet)
    with opened_store(config, data) as store:
        found = store.cameras()
    columns = ["camera", "last seen", "state", *(kind.value for kind in Kind)]
    output.show(
        "Cameras",
        found,
        [CameraSummary],
        columns,
        lambda c: (c.camera_id, show_time(c.last_seen_ms), c.state or "-", *(c.events.get(kind, 0) for kind in Kind)),
    )


def _kind(event: Event) -> str:
    return str(event.__struct_config__.tag)


def _what(event: Event) -> str:
    values = ((name, getattr(event, name)) for name in spec_of(event).shown)
    return ", ".join(f"{name} {value}" for name, value in values if value not in (None, ""))


def _read_row(read: PlateReadEvent) -> Sequence[Any]:
    return (
        show_time(read.ts_ms),
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
            f"--errors {errors}", "is not possible", "Write --errors 1, or --like with ? for each unknown character"
        )
    if errors and like:
        raise ViapublicaError(
            "--errors --like", "cannot be combined", "Put ? into the pattern for a character that may be wrong"
        )


def _check(plate: str, like: bool, where: str = "") -> None:
    if not (like and set(plate) & set("*?")):
        check_plate(plate, where)


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
            _check(plate, like, f"{file}:{number}: ")
            yield plate
