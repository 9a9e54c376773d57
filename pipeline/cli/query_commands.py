"""`viapublica plates`, `events`, `cameras`: questions to the event store, also while `run` writes to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from pipeline.cli.console import csv_writer, err, print_json, print_table, tell
from pipeline.cli.times import parse_range, show_time
from pipeline.config import load_config
from pipeline.domain.events import Event, Kind
from pipeline.domain.plate import normalise
from pipeline.errors import ConfigError, ViapublicaError
from pipeline.sink.connect import connect_store
from pipeline.sink.queries import EventQueries
from pipeline.sink.settings import ChdbSettings, StoreSettings

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", envvar="VIAPUBLICA_CONFIG", help="Configuration whose event store is asked."),
]
DataOption = Annotated[
    Path | None, typer.Option("--data", envvar="VIAPUBLICA_DATA_DIR", help="Data folder of an embedded store.")
]
FromOption = Annotated[str | None, typer.Option("--from", help="Not before: 2026-11-22T08:00-03:00, today, 2h (ago).")]
ToOption = Annotated[str | None, typer.Option("--to", help="Before: like --from.")]
CameraOption = Annotated[list[str] | None, typer.Option("--camera", help="Only this camera; may be repeated.")]
LimitOption = Annotated[int, typer.Option("--limit", min=1, max=100_000, help="Rows at most.")]
OffsetOption = Annotated[int, typer.Option("--offset", min=0, help="Rows to skip, for paging.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object per line.")]
CsvOption = Annotated[str | None, typer.Option("--csv", help="CSV to this file; - is standard output.")]


def plates(
    plate: Annotated[str, typer.Argument(help="Plate, old or Mercosul form; with --like also * and ?.")],
    config: ConfigOption = None,
    data: DataOption = None,
    start: FromOption = None,
    end: ToOption = None,
    camera: CameraOption = None,
    like: Annotated[bool, typer.Option("--like", help="The plate is a pattern: * any characters, ? one.")] = False,
    limit: LimitOption = 100,
    offset: OffsetOption = 0,
    as_json: JsonOption = False,
    csv: CsvOption = None,
) -> None:
    """Find the reads of a plate, newest first. ABC1234 and its converted form ABC1C34 are one vehicle.

    Example: [bold]viapublica plates ABC1C34 --from 7d --camera av-paulista-900[/]

    Example: [bold]viapublica plates 'ABC*' --like --json[/]
    """
    if not like and not normalise(plate):
        raise ViapublicaError(f"plate {plate!r}", "has no letter or digit", "Write it like ABC1D23 or ABC-1234")
    start_ms, end_ms = parse_range(start, end)
    with _store(config, data) as store:
        reads = store.plates(
            plate,
            start_ms=start_ms,
            end_ms=end_ms,
            camera_ids=tuple(camera or ()),
            like=like,
            limit=limit,
            offset=offset,
        )
    columns = ["time", "plate", "layout", "confidence", "votes", "vehicle", "camera", "track", "frame"]
    rows = [
        (
            show_time(r.ts_ms),
            r.plate,
            r.layout.value,
            r.confidence,
            r.votes,
            r.vehicle or "-",
            r.camera_id,
            r.track_id,
            r.frame,
        )
        for r in reads
    ]
    _show(f"Reads of {plate}", columns, rows, reads, as_json, csv)


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
) -> None:
    """List events, newest first.

    Example: [bold]viapublica events --kind count --from today[/]
    """
    start_ms, end_ms = parse_range(start, end)
    with _store(config, data) as store:
        found = store.events(
            kind,
            camera_ids=tuple(camera or ()),
            start_ms=start_ms,
            end_ms=end_ms,
            limit=limit,
            offset=offset,
        )
    columns = ["time", "camera", "kind", "what"]
    rows = [(show_time(e.ts_ms), e.camera_id, _kind(e), _what(e)) for e in found]
    _show("Events", columns, rows, found, as_json, csv)


def cameras(
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
    csv: CsvOption = None,
) -> None:
    """List the cameras that have sent events: last seen, counts per kind, last state.

    Example: [bold]viapublica cameras --json[/]
    """
    with _store(config, data) as store:
        found = store.cameras()
    kinds = [kind.value for kind in Kind]
    columns = ["camera", "last seen", "state", *kinds]
    rows = [
        (c.camera_id, show_time(c.last_seen_ms), c.state or "-", *(c.events.get(kind, 0) for kind in Kind))
        for c in found
    ]
    _show("Cameras", columns, rows, found, as_json, csv)


@contextmanager
def _store(config: Path | None, data: Path | None) -> Iterator[EventQueries]:
    settings, folder = _where(config, data)
    store = connect_store(settings, folder)
    try:
        yield store
    finally:
        store.close()


def data_folder(config: Path | None, data: Path | None) -> Path:
    """The data folder that --config or --data names.

    Raises:
        ConfigError: neither does, or the configuration is none.
    """
    return data if data is not None else load_config(_configuration(config), for_queries=True).data_dir


def _where(config: Path | None, data: Path | None) -> tuple[StoreSettings, Path]:
    if data is not None:
        return ChdbSettings(), data
    path = _configuration(config)
    settings = load_config(path, for_queries=True)
    if settings.event_store is not None:
        return settings.event_store, settings.data_dir
    raise ConfigError(
        str(path), "has no event store", "Add a sink of type chdb or clickhouse, or name one under `store`"
    )


def _configuration(config: Path | None) -> Path:
    path = config or Path("viapublica.yaml")
    if config is None and not path.is_file():
        raise ConfigError(
            "event store",
            "which one is not said and ./viapublica.yaml does not exist",
            "Give --config FILE (or VIAPUBLICA_CONFIG), or --data FOLDER of an embedded store",
        )
    return path


def _kind(event: Event) -> str:
    return str(event.__struct_config__.tag)


_SHOWN: Mapping[str, Sequence[str]] = {
    "plate_read": ("plate", "layout", "confidence", "votes", "vehicle"),
    "track": ("label", "track_id", "frames", "path_px", "speed_px_s", "speed_m_s"),
    "count": ("label", "count"),
    "alert": ("rule", "severity", "subject", "detail"),
    "health": ("state", "detail"),
}


def _what(event: Event) -> str:
    values = ((name, getattr(event, name)) for name in _SHOWN[_kind(event)])
    return ", ".join(f"{name} {value}" for name, value in values if value not in (None, ""))


def _show(
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    found: Sequence[msgspec.Struct],
    as_json: bool,
    csv: str | None,
) -> None:
    """One of: JSON lines with every field, CSV with every field, or a table for people."""
    if as_json:
        for item in found:
            print_json(msgspec.to_builtins(item))
    elif csv is not None:
        plain = [msgspec.to_builtins(item) for item in found]
        names = list(dict.fromkeys(name for item in plain for name in item)) or list(columns)
        with csv_writer(csv, names) as writer:
            writer.writerows([item.get(name, "") for name in names] for item in plain)
    elif rows:
        print_table(title, columns, rows)
    else:
        tell(err, "nothing found")
