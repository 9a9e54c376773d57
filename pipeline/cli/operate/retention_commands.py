"""`viapublica retention` and `erase`: the days that events are stored, and what is erased before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Annotated

import typer

from pipeline.app.erasure.erase import ErasedPlace, Erasure, Selection, open_erasure
from pipeline.app.retention import RetentionReport, StoredDay, drop_due_days, due_days, retention_reports
from pipeline.cli.common.console import err, print_json, print_table, say
from pipeline.cli.common.store_options import (
    ConfigOption,
    DataOption,
    FromOption,
    ToOption,
    ZoneOption,
    stores_of,
)
from pipeline.domain.times import find_zone, format_time, parse_range
from pipeline.errors import ViapublicaError

retention_app = typer.Typer(
    help="Days that events are stored: show what is stored and due, apply drops what is due.\n\n"
    "Example: [bold]viapublica store retention show --config configs/demo.yaml[/]",
    no_args_is_help=True,
)

JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]


@retention_app.command("show")
def show(config: ConfigOption = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Show, per table, the days of retention, the rows and bytes of each stored day (UTC), and which days are due.

    Example: [bold]viapublica store retention show --config configs/demo.yaml[/]
    """
    reports = []
    for report in retention_reports(stores_of(config, data)):
        reports.append(report)
        if not as_json:
            _print_days(report)
    if as_json:
        print_json([_shown(report) for report in reports])


@retention_app.command("apply")
def apply(
    config: ConfigOption = None,
    data: DataOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be dropped; drop nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Drop the days that are due, as a run does every hour.

    Example: [bold]viapublica store retention apply --dry-run --config configs/demo.yaml[/]
    """
    stores = stores_of(config, data)
    reports = []
    for report in due_days(stores) if dry_run else drop_due_days(stores):
        reports.append(report)
        if as_json:
            continue
        if report.days:
            title = f"{'To be dropped' if dry_run else 'Dropped'}: {report.store}"
            rows = [(day.table, day.day.isoformat(), day.rows, round(day.size / 1e6, 1)) for day in report.days]
            print_table(title, ["table", "day (UTC)", "rows", "MB"], rows)
        else:
            say(err, f"{report.store}: nothing is due")
    if as_json:
        print_json(
            [
                {"store": report.store, "dropped": not dry_run, "days": [_plain(day) for day in report.days]}
                for report in reports
            ]
        )


def erase(
    plate: Annotated[str | None, typer.Option("--plate", help="This vehicle, in both forms of its plate.")] = None,
    camera: Annotated[list[str] | None, typer.Option("--camera", help="Only at this camera; may be repeated.")] = None,
    start: FromOption = None,
    end: ToOption = None,
    zone: ZoneOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be erased; erase nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    timeout_s: Annotated[
        float, typer.Option("--timeout", min=1, help="Most seconds for one deletion in a database.")
    ] = 3600,
    as_json: JsonOption = False,
) -> None:
    """Erase the data of a vehicle, or of a place and time; count what is left.

    The run must be stopped. Exits with status 1 if anything is left, also if a hold preserves it.

    Example: [bold]viapublica erase --plate ABC1D23 --dry-run[/]

    Example: [bold]viapublica erase --camera av-brasil-900 --from 2026-11-22T08:00-03:00 --to 2026-11-22T09:00-03:00[/]
    """
    if as_json and not (yes or dry_run):
        raise ViapublicaError("erase --json", "cannot ask whether to erase", "Add --yes, or --dry-run")
    place = find_zone(zone)
    start_ms, end_ms = parse_range(start, end, place)
    selection = Selection.of(plate, camera or (), start_ms, end_ms)
    if start_ms is not None or end_ms is not None:
        times = (format_time(at_ms, place) if at_ms is not None else "open" for at_ms in (start_ms, end_ms))
        say(err, f"time range: {' to '.join(times)}")
    with open_erasure(selection, stores_of(config, data), timeout_s=timeout_s) as erasure:
        found = _previewed_and_erased(erasure, dry_run=dry_run, yes=yes, as_json=as_json)
    if as_json:
        places = [asdict(one) for one in found]
        print_json(
            {"erased": not dry_run, "places": places, "held": erasure.held, "out_of_reach": erasure.out_of_reach}
        )
    if erasure.held and not dry_run:
        raise ViapublicaError(
            "erase", f"holds preserve some recorded video: {'; '.join(erasure.held)}", "All else is erased"
        )


def _previewed_and_erased(erasure: Erasure, *, dry_run: bool, yes: bool, as_json: bool) -> list[ErasedPlace]:
    found = erasure.preview()
    total = sum(place.events for place in found)
    if not as_json:
        _print_places(found, "To be erased", erasure)
    if dry_run:
        return found
    if not yes and total and not typer.confirm(f"Erase {_numbers(found)} for good?", err=True):
        say(err, "nothing was erased")
        raise typer.Exit(1)
    with err.status("erasing") as status:
        found = erasure.erase(lambda doing: status.update(f"erasing: {doing}"))
    if not as_json:
        _print_places(found, "Erased")
        say(err, f"{_numbers(found)} erased; counted again: 0 left")
    return found


def _numbers(found: Sequence[ErasedPlace]) -> str:
    """``5 events``, or ``5 events, 3 files of video and 2 previews``."""
    of_kind = Counter[str]()
    for place in found:
        of_kind[place.kind] += place.events
    video, previews = of_kind.pop("video", 0), of_kind.pop("preview", 0)
    files = [f"{video} files of video"] * bool(video) + [f"{previews} previews"] * bool(previews)
    return " and ".join([f"{sum(of_kind.values())} events", *files])


def _print_places(found: Sequence[ErasedPlace], title: str, erasure: Erasure | None = None) -> None:
    rows = [
        (place.kind, place.name, place.events, "" if place.left is None else f"{place.left} left", place.where)
        for place in found
    ]
    notes = [] if erasure is None else [f"Held: {what}" for what in erasure.held]
    notes += [] if erasure is None else [f"Out of reach: {what}" for what in erasure.out_of_reach]
    print_table(title, ["kind", "name", "number", "proof", "where"], rows, "\n".join(notes))


def _shown(report: RetentionReport) -> Mapping[str, object]:
    by_table = {name: list(group) for name, group in groupby(report.days, key=lambda day: day.table)}
    return {
        "store": report.store,
        "tables": [
            {
                "table": table,
                "keep_days": keep_days,
                "oldest": min((day.day.isoformat() for day in by_table.get(table, [])), default=None),
                "days": [{**_plain(day), "due": day.due} for day in by_table.get(table, [])],
            }
            for table, keep_days in report.keep_days.items()
        ],
    }


def _plain(day: StoredDay) -> dict[str, object]:
    return {"table": day.table, "day": day.day.isoformat(), "rows": day.rows, "bytes": day.size}


def _print_days(report: RetentionReport) -> None:
    rows = [
        (day.table, day.day.isoformat(), day.rows, round(day.size / 1e6, 1), "due" if day.due else "")
        for day in report.days
    ]
    retained = (f"{table} {'no limit' if days is None else f'{days} days'}" for table, days in report.keep_days.items())
    print_table(
        f"Days stored: {report.store}",
        ["table", "day (UTC)", "rows", "MB", ""],
        rows,
        f"Retention: {', '.join(retained)}",
    )
