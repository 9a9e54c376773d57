"""What the questions' commands share: options, the store they ask, and where its cameras are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TypedDict

import typer

from pipeline.cli.common.times import parse_range
from pipeline.config import load_config
from pipeline.domain.plate import normalize
from pipeline.domain.route import Place
from pipeline.errors import ConfigError, ViapublicaError
from pipeline.store.connect import connect_store
from pipeline.store.questions import EventQueries
from pipeline.store.settings import ChdbSettings, StoreSettings

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
ParquetOption = Annotated[str | None, typer.Option("--parquet", help="Parquet to this file.")]


class Scope(TypedDict):
    """The fields of questions about a time range and some cameras."""

    start_ms: int | None
    end_ms: int | None
    camera_ids: tuple[str, ...]


def scope_of(start: str | None, end: str | None, camera: list[str] | None) -> Scope:
    """--from, --to and --camera as fields of a question.

    Raises:
        ViapublicaError: a time is not understood, or the end does not lie after the start.
    """
    start_ms, end_ms = parse_range(start, end)
    return {"start_ms": start_ms, "end_ms": end_ms, "camera_ids": tuple(camera or ())}


def check_plate(plate: str, where: str = "") -> str:
    """The plate, when it can be one.

    Raises:
        ViapublicaError: it has no letter or digit.
    """
    if not normalize(plate):
        raise ViapublicaError(f"{where}plate {plate!r}", "has no letter or digit", "Write it like ABC1D23 or ABC-1234")
    return plate


@contextmanager
def opened_store(config: Path | None, data: Path | None) -> Iterator[EventQueries]:
    """The event store that --config or --data names.

    Raises:
        ConfigError: neither does, or the configuration has none.
        StoreError: nobody can answer.
    """
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


def camera_places(config: Path | None) -> dict[str, Place | None]:
    """Where the cameras of the configuration are, by id; None for those without latitude and longitude.

    Nothing when there is no configuration: a store's folder may be all that somebody has.

    Raises:
        ConfigError: the configuration is none.
    """
    path = config or _DEFAULT
    if config is None and not path.is_file():
        return {}
    return {
        camera.id: None
        if camera.latitude is None or camera.longitude is None
        else Place(camera.latitude, camera.longitude)
        for camera in load_config(path, for_queries=True).cameras
    }


_DEFAULT = Path("viapublica.yaml")


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
    path = config or _DEFAULT
    if config is None and not path.is_file():
        raise ConfigError(
            "data folder",
            "which one is not said and ./viapublica.yaml does not exist",
            "Give --config FILE (or VIAPUBLICA_CONFIG), or --data FOLDER of an embedded store",
        )
    return path
