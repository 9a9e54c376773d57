"""`viapublica traffic`: counts, speeds and headways across lines, occupancy of zones, and tracks per camera."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from pipeline.app.open_traffic import OpenTrafficRequest, export_open_traffic
from pipeline.app.queries import EventQueries
from pipeline.app.questions import (
    LineFigure,
    LineFigures,
    Speeds,
    Traffic,
    TrafficCount,
    TrafficSpeed,
    ZoneFigure,
    ZoneFigures,
)
from pipeline.cli.common.console import out, say
from pipeline.cli.common.option_groups import with_option_groups
from pipeline.cli.common.store_options import loaded_config
from pipeline.cli.query.options import QueryOptions
from pipeline.cli.query.output import AnswerTable
from pipeline.cli.query.traffic_options import Breakdown, OpenDataOptions, Place, breakdown, interval_ms
from pipeline.domain.language import Language
from pipeline.domain.plural import counted
from pipeline.domain.times import UtcOffset, utc_offsets

_KM_H: Final = 3.6


@with_option_groups
def traffic(
    by: Annotated[
        str,
        typer.Option(
            "--by",
            help="What to keep apart, with commas: camera, line or zone; direction (of a line); class.",
        ),
    ] = "camera,class",
    every: Annotated[str, typer.Option("--every", help="Length of time to sum over: 1m, 5m, 15m, 1h, 6h, 1d.")] = "1h",
    speeds: Annotated[
        bool,
        typer.Option("--speeds", help="Of cameras: mean, median and 85th percentile of speeds instead of counts."),
    ] = False,
    *,
    open_data: OpenDataOptions,
    query: QueryOptions,
) -> None:
    """Count traffic at lines, in zones or per camera, by direction, class and time.

    Lines give crossings, speeds and headways, zones give occupancy, queue, density and level of service; both are drawn
    in the configuration (`areas` of a camera). Cameras give the tracks that began. Speeds and densities need the
    camera's calibration. Hours and days are those of --zone.

    Example: [bold]viapublica traffic --by line,direction,class --every 15m --from today --camera av-paulista-900[/]

    Example: [bold]viapublica traffic --by zone --every 15m --from today --parquet zones.parquet[/]

    --open-data writes crossings of lines for everyone: CSV and Parquet with dictionary, license and checksums, without
    counts below 10 and what would reveal them; of sensitive places counts only.

    Example: [bold]viapublica traffic --by line,direction,class --every 1h --from 30d --open-data flows-2026-11[/]

    Example: [bold]viapublica traffic --speeds --every 1d --from 7d --csv speeds.csv[/]
    """
    apart, every_ms = breakdown(by, speeds=speeds), interval_ms(every)
    offsets = utc_offsets(query.scope()["start_ms"], query.scope()["end_ms"], query.time_zone())
    if open_data.folder is not None:
        open_data.check(apart, others=bool(query.as_json or query.csv or query.xlsx or query.parquet))
        question = LineFigures(every_ms=every_ms, utc_offsets=offsets, **query.scope())
        _publish(query, open_data.folder, open_data, question, every)
        return
    query.output()
    with query.open() as store:
        asked = _Asked(query, store, every, every_ms, offsets, apart)
        if apart.place is Place.LINE:
            asked.lines()
        elif apart.place is Place.ZONE:
            asked.zones()
        elif speeds:
            asked.speeds()
        else:
            asked.tracks()


def _publish(query: QueryOptions, folder: Path, options: OpenDataOptions, question: LineFigures, every: str) -> None:
    """Write the flows for everyone."""
    request = OpenTrafficRequest(
        folder=folder, question=question, every=every, license=options.license_, least=options.least
    )
    config = loaded_config(query.config)
    with query.open() as store:
        summary = export_open_traffic(config, store, request)
    rows = ", ".join(f"{count:,} {name}" for name, count in summary.rows.items())
    withheld = counted(summary.withheld_cells, "interval")
    say(out, f"{folder}: {rows}\nLeft out, because few passed: classes in {withheld} of a line and direction")


class _Asked:
    """One question of the command and its table."""

    def __init__(
        self,
        query: QueryOptions,
        store: EventQueries,
        every: str,
        every_ms: int,
        offsets: tuple[UtcOffset, ...],
        apart: Breakdown,
    ) -> None:
        self._query = query
        self._store = store
        self._every = every
        self._every_ms = every_ms
        self._offsets = offsets
        self._apart = apart
        self._zone = query.time_zone()

    @property
    def _language(self) -> Language:
        return self._query.language

    def _title(self, what: str) -> str:
        return self._language.text(what, every=self._every)

    def _time(self, start_ms: int) -> str:
        return self._language.time(start_ms, self._zone)

    def lines(self) -> None:
        """Crossings of lines."""
        apart = self._apart
        question = LineFigures(
            every_ms=self._every_ms,
            utc_offsets=self._offsets,
            by_direction=apart.direction,
            by_class=apart.by_class,
            **self._query.scope(),
        )
        answer = self._store.ask(question)
        table = AnswerTable(
            [LineFigure],
            [
                *("start", "camera", "line"),
                *(["direction"] if apart.direction else []),
                *(["class"] if apart.by_class else []),
                *("count", "km/h", "85% km/h", "headway s", "seen"),
            ],
            lambda row: [
                *(self._time(row.start_ms), answer.camera_label(row.camera_id), row.line),
                *([row.direction] if apart.direction else []),
                *([row.label] if apart.by_class else []),
                *(row.count, _km_h(row.mean_m_s), _km_h(row.p85_m_s), _shown(row.headway_s), _percent(row.seen)),
            ],
        )
        self._query.output().show(self._title("Traffic across lines every {every}"), answer, answer.value, table)

    def zones(self) -> None:
        """Occupancy of zones."""
        apart = self._apart
        question = ZoneFigures(
            every_ms=self._every_ms, utc_offsets=self._offsets, by_class=apart.by_class, **self._query.scope()
        )
        answer = self._store.ask(question)
        table = AnswerTable(
            [ZoneFigure],
            [
                *("start", "camera", "zone"),
                *(["class"] if apart.by_class else []),
                *("occupancy", "most", "queue", "longest queue", "per km", "per m²"),
                *([] if apart.by_class else ["level"]),
                "seen",
            ],
            lambda row: [
                *(self._time(row.start_ms), answer.camera_label(row.camera_id), row.zone),
                *([row.label] if apart.by_class else []),
                *(row.occupancy, row.occupancy_max, row.queue, row.queue_max),
                *(_shown(row.density_km), _shown(row.density_m2)),
                *([] if apart.by_class else [row.level]),
                _percent(row.seen),
            ],
        )
        self._query.output().show(self._title("Zones every {every}"), answer, answer.value, table)

    def tracks(self) -> None:
        """Tracks that began, per camera and class."""
        question = Traffic(every_ms=self._every_ms, utc_offsets=self._offsets, **self._query.scope())
        answer = self._store.ask(question)
        table = AnswerTable(
            [TrafficCount],
            ["start", "camera", "class", "count"],
            lambda row: (self._time(row.start_ms), answer.camera_label(row.camera_id), row.label, row.count),
        )
        self._query.output().show(self._title("Traffic every {every}"), answer, answer.value, table)

    def speeds(self) -> None:
        """Speeds of tracks, per camera and class."""
        question = Speeds(every_ms=self._every_ms, utc_offsets=self._offsets, **self._query.scope())
        answer = self._store.ask(question)
        table = AnswerTable(
            [TrafficSpeed],
            ["start", "camera", "class", "tracks", "unit", "mean", "median", "85%"],
            lambda row: (
                *(self._time(row.start_ms), answer.camera_label(row.camera_id), row.label, row.tracks),
                *(row.unit, row.mean, row.median, row.p85),
            ),
        )
        self._query.output().show(self._title("Speeds every {every}"), answer, answer.value, table)


def _shown(value: float | None) -> float | str:
    return "" if value is None else value


def _km_h(speed_m_s: float | None) -> float | str:
    return "" if speed_m_s is None else round(speed_m_s * _KM_H)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"
