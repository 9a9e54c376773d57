"""`viapublica retention` and `erase`: what is kept how long, and what has to go before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer

from pipeline.app.erasure.erase import Erasure, Finding, open_erasure
from pipeline.cli.common.console import err, print_json, print_table, tell
from pipeline.cli.common.times import parse_range
from pipeline.cli.query.options import ConfigOption, DataOption, FromOption, ToOption, data_folder
from pipeline.config import load_config
from pipeline.config.settings import Config
from pipeline.errors import ViapublicaError
from pipeline.sink.settings import SinkSettings
from pipeline.store.backends.database import EventDatabase
from pipeline.store.backends.open_database import target_of
from pipeline.store.erasure_selection import Selection
from pipeline.store.retention import StoredDay, drop_due, open_for_maintenance, stored_days
from pipeline.store.retention_settings import RetentionSettings
from pipeline.store.schema.tables import TABLES
from pipeline.store.settings import ChdbSettings, StoreSettings

retention_app = typer.Typer(
    help="Days that events are kept: show what is stored and due, apply drops what is due.", no_args_is_help=True
)

JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]


@retention_app.command("show")
def show(config: ConfigOption = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Per table: days kept, the oldest day, rows and bytes of each day, and which days are due.

    Example: [bold]viapublica retention show --config configs/demo.yaml[/]
    """
    settings, stores, folder = _stores(config, data)
    reports = []
    for store in stores:
        with _opened(store, folder) as database:
            days = [] if database is None else stored_days(database, settings)
        reports.append(_shown(target_of(store, folder), days, settings))
        if not as_json:
            _print_days(reports[-1]["store"], days, settings)
    if as_json:
        print_json(reports)


@retention_app.command("apply")
def apply(
    config: ConfigOption = None,
    data: DataOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be dropped, drop nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Drop the days that are due, as a run does every hour.

    Example: [bold]viapublica retention apply --dry-run --config configs/demo.yaml[/]
    """
    settings, stores, folder = _stores(config, data)
    reports = []
    for store in stores:
        with _opened(store, folder) as database:
            if database is None:
                days = []
            elif dry_run:
                days = [day for day in stored_days(database, settings) if day.due]
            else:
                days = drop_due(database, settings)
        target = target_of(store, folder)
        reports.append({"store": target, "dropped": not dry_run, "days": [_plain(day) for day in days]})
        if as_json:
            continue
        if days:
            rows = [(day.table, day.day.isoformat(), day.rows, round(day.size / 1e6, 1)) for day in days]
            print_table(
                f"{'To be dropped' if dry_run else 'Dropped'}: {target}", ["table", "day (UTC)", "rows", "MB"], rows
            )
        else:
            tell(err, f"{target}: nothing is due")
    if as_json:
        print_json(reports)


def erase(
    plate: Annotated[str | None, typer.Option("--plate", help="This vehicle, in both forms of its plate.")] = None,
    camera: Annotated[list[str] | None, typer.Option("--camera", help="Only at this camera; may be repeated.")] = None,
    start: FromOption = None,
    end: ToOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, erase nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    patience_s: Annotated[
        float, typer.Option("--patience", min=1, help="Seconds that one deletion in a database may take.")
    ] = 3600,
    as_json: JsonOption = False,
) -> None:
    """Erase one vehicle, or one place and time, from all tables, spools and files of this machine, and prove it.

    The run must be stopped. Status 1 if anything is left.

    Example: [bold]viapublica erase --plate ABC1D23 --dry-run[/]

    Example: [bold]viapublica erase --camera av-brasil-900 --from 2026-11-22T08:00-03:00 --to 2026-11-22T09:00-03:00[/]
    """
    if as_json and not (yes or dry_run):
        raise ViapublicaError("erase --json", "cannot ask whether to erase", "Add --yes, or --dry-run")
    start_ms, end_ms = parse_range(start, end)
    selection = Selection.of(plate, camera or (), start_ms, end_ms)
    stores, sinks, folder = _everything(config, data)
    with open_erasure(selection, stores, sinks, folder, patience_s=patience_s) as erasure:
        found = erasure.look()
        total = sum(finding.events for finding in found)
        if not as_json:
            _print_findings(found, "To be erased", erasure.not_covered)
        if not dry_run and (yes or not total or typer.confirm(f"Erase {total} events for good?", err=True)):
            with err.status("erasing") as status:
                found = erasure.carry_out(lambda doing: status.update(f"erasing: {doing}"))
            if not as_json:
                _print_findings(found, "Erased", [])
                tell(err, f"{total} events erased; counted again: 0 left")
        elif not dry_run:
            tell(err, "nothing was erased")
            raise typer.Exit(1)
    if as_json:
        _print_erasure(found, erasure, dry_run)


def _print_erasure(found: Sequence[Finding], erasure: Erasure, dry_run: bool) -> None:
    places = [asdict(finding) for finding in found]
    print_json({"erased": not dry_run, "places": places, "not_covered": erasure.not_covered})


def _print_findings(found: Sequence[Finding], title: str, not_covered: Sequence[str]) -> None:
    rows = [
        (
            finding.kind,
            finding.name,
            finding.events,
            "" if finding.left is None else f"{finding.left} left",
            finding.where,
        )
        for finding in found
    ]
    note = "\n".join(f"Not covered: {what}" for what in not_covered)
    print_table(title, ["kind", "name", "events", "proof", "where"], rows, note)


def _shown(target: str, days: Sequence[StoredDay], settings: RetentionSettings) -> dict[str, object]:
    by_table = {name: list(group) for name, group in groupby(days, key=lambda day: day.table)}
    return {
        "store": target,
        "tables": [
            {
                "table": table.name,
                "keep_days": settings.days(table),
                "oldest": min((day.day.isoformat() for day in by_table.get(table.name, [])), default=None),
                "days": [{**_plain(day), "due": day.due} for day in by_table.get(table.name, [])],
            }
            for table in TABLES.values()
        ],
    }


def _plain(day: StoredDay) -> dict[str, object]:
    return {"table": day.table, "day": day.day.isoformat(), "rows": day.rows, "bytes": day.size}


def _print_days(target: object, days: Sequence[StoredDay], settings: RetentionSettings) -> None:
    kept = {table.name: settings.days(table) for table in TABLES.values()}
    rows = [
        (day.table, day.day.isoformat(), day.rows, round(day.size / 1e6, 1), "due" if day.due else "") for day in days
    ]
    print_table(
        f"Days stored: {target}",
        ["table", "day (UTC)", "rows", "MB", ""],
        rows,
        "Kept: " + ", ".join(f"{name} {'for ever' if days is None else f'{days} days'}" for name, days in kept.items()),
    )


@contextmanager
def _opened(store: StoreSettings, folder: Path) -> Iterator[EventDatabase | None]:
    database = open_for_maintenance(store, folder)
    try:
        yield database
    finally:
        if database is not None:
            database.close()


def _stores(config: Path | None, data: Path | None) -> tuple[RetentionSettings, Sequence[StoreSettings], Path]:
    """Days to keep, the event stores, the data folder."""
    if data is not None:
        return RetentionSettings(), [ChdbSettings()], data
    loaded = _loaded(config)
    return loaded.retention, loaded.event_stores, loaded.data_dir


def _everything(config: Path | None, data: Path | None) -> tuple[Sequence[StoreSettings], Sequence[SinkSettings], Path]:
    """The event stores, all sinks as far as they are known, the data folder."""
    if data is not None:
        return [ChdbSettings()], (), data
    loaded = _loaded(config)
    return loaded.event_stores, loaded.sinks, loaded.data_dir


def _loaded(config: Path | None) -> Config:
    data_folder(config, None)  # says what is missing when nothing was named
    return load_config(config or Path("viapublica.yaml"), for_queries=True)
