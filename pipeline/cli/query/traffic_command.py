"""`viapublica traffic`: counts and speeds of what passed the cameras."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.app.queries import Interval, Speeds, Traffic, TrafficCount, TrafficSpeed
from pipeline.cli.common.option_groups import with_option_groups
from pipeline.cli.query.options import QueryOptions
from pipeline.cli.query.output import AnswerTable
from pipeline.domain.times import utc_offsets


@with_option_groups
def traffic(
    by: Annotated[Interval, typer.Option("--by", help="Length of time to sum over.")] = Interval.HOUR,
    speeds: Annotated[
        bool, typer.Option("--speeds", help="Mean, median and 85th percentile of speeds instead of counts.")
    ] = False,
    *,
    query: QueryOptions,
) -> None:
    """Count traffic by class and by minute, hour or day; or show its speeds.

    Counts belong to the minute in which a track began, speeds to the one in which it ended. Speeds are in m/s where the
    camera is calibrated, else in pixels per second. Hours and days are those of --zone.

    Example: [bold]viapublica traffic --by hour --from today --camera av-paulista-900[/]

    Example: [bold]viapublica traffic --speeds --by day --from 7d --csv speeds.csv[/]
    """
    output, zone, scope, language = query.output(), query.time_zone(), query.scope(), query.language
    offsets = utc_offsets(scope["start_ms"], scope["end_ms"], zone)
    with query.open() as store:
        if not speeds:
            counts = store.ask(Traffic(by=by, utc_offsets=offsets, **scope))
            table = AnswerTable(
                [TrafficCount],
                [by.value, "camera", "class", "count"],
                lambda row: (
                    language.time(row.start_ms, zone),
                    counts.camera_label(row.camera_id),
                    row.label,
                    row.count,
                ),
            )
            output.show(language.text(f"Traffic by {by.value}"), counts, counts.value, table)
            return
        measured = store.ask(Speeds(by=by, utc_offsets=offsets, **scope))
    speed_table = AnswerTable(
        [TrafficSpeed],
        [by.value, "camera", "class", "tracks", "unit", "mean", "median", "85%"],
        lambda row: (
            language.time(row.start_ms, zone),
            measured.camera_label(row.camera_id),
            row.label,
            row.tracks,
            row.unit,
            row.mean,
            row.median,
            row.p85,
        ),
    )
    output.show(language.text(f"Speeds by {by.value}"), measured, measured.value, speed_table)
