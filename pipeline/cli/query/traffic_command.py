"""`viapublica traffic`: how many passed the cameras, and how fast."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

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
    opened_store,
    scope_of,
)
from pipeline.cli.query.output import Output
from pipeline.store.questions import Interval, Speeds, Traffic, TrafficCount, TrafficSpeed


def traffic(
    config: ConfigOption = None,
    data: DataOption = None,
    by: Annotated[Interval, typer.Option("--by", help="Length of time to add up over.")] = Interval.HOUR,
    speeds: Annotated[
        bool, typer.Option("--speeds", help="Mean, median and 85th percentile of speeds instead of counts.")
    ] = False,
    start: FromOption = None,
    end: ToOption = None,
    camera: CameraOption = None,
    limit: LimitOption = 100,
    offset: OffsetOption = 0,
    as_json: JsonOption = False,
    csv: CsvOption = None,
    parquet: ParquetOption = None,
) -> None:
    """Count traffic by class and by minute, hour or day; or show its speeds.

    Counts belong to the minute in which a track began, speeds to the one in which it ended. Speeds are in m/s where the
    camera is calibrated, else in pixels per second. Hours and days are those of this machine's clock.

    Example: [bold]viapublica traffic --by hour --from today --camera av-paulista-900[/]

    Example: [bold]viapublica traffic --speeds --by day --from 7d --csv speeds.csv[/]
    """
    output = Output.chosen(as_json, csv, parquet)
    scope = scope_of(start, end, camera)
    offset_of_zone = datetime.now().astimezone().utcoffset()
    ahead_ms = round(offset_of_zone.total_seconds() * 1000) if offset_of_zone is not None else 0
    with opened_store(config, data) as store:
        if not speeds:
            counts = store.ask(Traffic(by=by, utc_offset_ms=ahead_ms, **scope, limit=limit, offset=offset))
            output.show(
                f"Traffic by {by.value}",
                counts,
                [TrafficCount],
                [by.value, "camera", "class", "count"],
                lambda t: (show_time(t.start_ms), t.camera_id, t.label, t.count),
            )
            return
        measured = store.ask(Speeds(by=by, utc_offset_ms=ahead_ms, **scope, limit=limit, offset=offset))
    output.show(
        f"Speeds by {by.value}",
        measured,
        [TrafficSpeed],
        [by.value, "camera", "class", "tracks", "unit", "mean", "median", "85 %"],
        lambda s: (show_time(s.start_ms), s.camera_id, s.label, s.tracks, s.unit, s.mean, s.median, s.p85),
    )
