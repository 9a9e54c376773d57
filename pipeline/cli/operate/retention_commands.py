"""`viapublica retention`: what is stored and due, disposal of what is due, and its reports."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from pipeline.app.retention import RetentionReport, StoredDay, drop_due_days, due_days, retention_reports
from pipeline.cli.common.console import err, out, print_json, print_table, say
from pipeline.cli.common.key_password import KeyPasswordFileOption, key_password
from pipeline.cli.common.store_options import ConfigOption, DataOption, stores_of
from pipeline.domain.plural import counted
from pipeline.errors import StoreError

app = typer.Typer(
    help="Retention: show what is stored and due, run a disposal, report disposals.\n\n"
    "Example: [bold]viapublica retention show --config configs/demo.yaml[/]",
    no_args_is_help=True,
)

JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]


@app.command("show")
def show(config: ConfigOption = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Show, per table, the days of retention, the rows and bytes of each stored day (UTC), and which days are due.

    Example: [bold]viapublica retention show --config configs/demo.yaml[/]
    """
    reports = []
    for report in retention_reports(stores_of(config, data)):
        reports.append(report)
        if not as_json:
            _print_days(report)
    if as_json:
        print_json([_shown(report) for report in reports])


@app.command("run")
def run(
    config: ConfigOption = None,
    data: DataOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be dropped; drop nothing.")] = False,
    trust_clock: Annotated[
        bool, typer.Option("--trust-clock", help="The clock is right: drop what it says is due, though it has jumped.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Dispose of the events that are due, as a run does every hour. For recorded video see viapublica camera prune.

    Each disposal gets a number. A clock that has jumped is not trusted: what is due because of it stays, and the
    status is 1.

    Example: [bold]viapublica retention run --dry-run --config configs/demo.yaml[/]
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


@app.command("report")
def report(
    about: Annotated[str, typer.Argument(metavar="MONTH|NUMBER", help="2026-11, or D2026/000001.", show_default=False)],
    folder: Annotated[Path, typer.Option("--out", "-o", help="Folder for the files.")] = Path(),
    certificate: Annotated[
        Path | None, typer.Option(help="Certificate that signs the report (PEM).", envvar="VIAPUBLICA_CERTIFICATE")
    ] = None,
    key: Annotated[
        Path | None, typer.Option(help="Private key of the certificate (PEM).", envvar="VIAPUBLICA_KEY")
    ] = None,
    key_password_file: KeyPasswordFileOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the report of disposals of a month, or of one number: PDF/A in Portuguese, JSON, signature.

    Every disposal, also those that a run made by itself, is compared with the audit; the status is 1 if one differs.

    Example: [bold]viapublica retention report 2026-11 --out reports --config configs/demo.yaml[/]
    """
    from pipeline.app.erasure.proof import document_signer
    from pipeline.app.rights.disposals import write_disposal_report

    sign, _ = document_signer(certificate, key, key_password(key_password_file))
    done = write_disposal_report(stores_of(config, data), about, folder, sign)
    if as_json:
        print_json(
            {
                "disposals": [msgspec.to_builtins(one) for one in done.disposals],
                "differing": list(done.differing),
                "files": list(map(str, done.files)),
            }
        )
    else:
        say(out, ("written ", "bold"), f"{', '.join(map(str, done.files))}: {counted(len(done.disposals), 'disposal')}")
    if done.differing:
        raise StoreError(
            f"disposals {', '.join(done.differing)}", "are not as the audit has them", "Find out who changed the log"
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
