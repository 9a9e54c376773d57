"""`viapublica store retention`: the days that events are stored, and dropping those that are due."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Annotated

import typer

from pipeline.app.retention import RetentionReport, StoredDay, drop_due_days, due_days, retention_reports
from pipeline.cli.common.console import err, print_json, print_table, say
from pipeline.cli.common.store_options import ConfigOption, DataOption, stores_of
from pipeline.domain.plural import counted
from pipeline.errors import StoreError

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
    trust_clock: Annotated[
        bool, typer.Option("--trust-clock", help="The clock is right: drop what it says is due, though it has jumped.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Drop the days that are due, as a run does every hour.

    A clock that has jumped is not trusted: what is due because of it stays, and the status is 1.

    Example: [bold]viapublica store retention apply --dry-run --config configs/demo.yaml[/]
    """
    stores = stores_of(config, data)
    reports = []
    for report in due_days(stores) if dry_run else drop_due_days(stores, trust_clock=trust_clock):
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
                | ({"held": report.held.figures()} if report.held else {})
                for report in reports
            ]
        )
    for report in reports:
        if report.held is not None:
            held = report.held.figures()
            days = counted(len({day.day for day in report.held.days}), "day")
            stored_rows = counted(sum(day.rows for day in report.held.days), "row")
            raise StoreError(
                report.store,
                f"{days} with {stored_rows} would be dropped because the clock says {held['clock']} "
                f"(the last trusted time is {held['trusted']}), so they were not",
                report.held.fix,
            )


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
        (day.table, day.day.isoformat(), day.rows, round(day.size / 1e6, 1), "due" if day.due else "stored")
        for day in report.days
    ]
    retained = (
        f"{table} {'no limit' if days is None else counted(days, 'day')}" for table, days in report.keep_days.items()
    )
    print_table(
        f"Days stored: {report.store}",
        ["table", "day (UTC)", "rows", "MB", "state"],
        rows,
        f"Retention: {', '.join(retained)}",
    )
