"""`viapublica export`: a dataset of tracks and counts for research."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Final

import typer

from pipeline.app.export_dataset import DatasetRequest, DatasetSummary, export_dataset, spdx_license
from pipeline.cli.common.console import err, out, print_json, say
from pipeline.cli.common.store_options import ConfigOption, FromOption, ToOption, ZoneOption, loaded_config, zone_of
from pipeline.cli.query.options import CameraOption
from pipeline.domain.plural import counted
from pipeline.domain.requester import Requester
from pipeline.domain.times import parse_range
from pipeline.errors import ViapublicaError


def export(
    folder: Annotated[Path, typer.Argument(help="New folder for the dataset.")],
    config: ConfigOption = None,
    start: FromOption = None,
    end: ToOption = None,
    camera: CameraOption = None,
    zone: ZoneOption = None,
    license_: Annotated[str, typer.Option("--license", help="License of the data, an SPDX identifier.")] = "CC-BY-4.0",
    title: Annotated[str, typer.Option("--title", help="Title of the dataset.")] = "",
    least: Annotated[
        int,
        typer.Option("--min-cell", min=1, help="Withhold classes with fewer vehicles in an hour at a camera."),
    ] = 5,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV tables instead of Parquet.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The summary as JSON.")] = False,
) -> None:
    """Write a dataset for research: tracks with points, counts, terms, checksums.

    The folder holds tables, a dictionary of their columns, a readme, a citation, a manifest and checksums.
    Plates, images and tracks of persons are never part of it; persons are only counted. Points are in meters as well
    where the camera is calibrated.

    Example: [bold]viapublica export flows-2026-11 --config city.yaml --from 2026-11-01 --to 2026-12-01[/]

    Example: [bold]viapublica export square --from 7d --camera praca-se --csv --min-cell 10[/]
    """
    loaded = loaded_config(config)
    start_ms, end_ms = parse_range(start, end, zone_of(zone, config))
    if start_ms is None:
        raise ViapublicaError("--from", "is missing", "Give the start of the time range, such as --from 7d")
    spdx = spdx_license(license_)
    if not spdx:
        say(err, ("warning:", "bold yellow"), f" --license {license_} is not in the SPDX list, as CC-BY-4.0 is")
    request = DatasetRequest(
        folder=folder,
        start_ms=start_ms,
        end_ms=int(time.time() * 1000) if end_ms is None else end_ms,
        camera_ids=tuple(camera or ()),
        license=spdx or license_,
        title=title,
        least=least,
        as_csv=as_csv,
    )
    summary = export_dataset(loaded, request, Requester.of_process(), _DayProgress())
    if as_json:
        print_json(_as_json(summary))
    else:
        say(out, _sentences(summary))


_QUIET_S: Final = 5.0


class _DayProgress:
    """Says how far a long export is."""

    def __init__(self) -> None:
        self._said_s = time.monotonic()

    def __call__(self, done: int, days: int) -> None:
        if time.monotonic() - self._said_s >= _QUIET_S:
            say(err, f"{done} of {counted(days, 'day')}")
            self._said_s = time.monotonic()


def _as_json(summary: DatasetSummary) -> dict[str, object]:
    withheld = {"tracks_at_most": summary.withheld_tracks, "cells_at_most": summary.withheld_cells}
    return {"folder": str(summary.folder), "rows": summary.rows, "withheld": withheld}


def _sentences(summary: DatasetSummary) -> str:
    rows = ", ".join(f"{count:,} {name}" for name, count in summary.rows.items())
    return (
        f"{summary.folder}: {rows}\nWithheld, because too few vehicles of a class passed a camera in an hour: at most "
        f"{summary.withheld_tracks:,} tracks, of at most {summary.withheld_cells:,} such hours"
    )
