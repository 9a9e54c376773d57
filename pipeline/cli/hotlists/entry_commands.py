"""`viapublica hotlist add`, `import`, `list`, `export`, `remove` and `check`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli.common.console import err, out, print_json, print_table, say
from pipeline.cli.common.option_groups import with_option_groups
from pipeline.cli.common.plate_input import AnyPlateOption, given_plate
from pipeline.cli.common.store_options import zone_of
from pipeline.cli.hotlists.app import ListOption, ListOptions, app
from pipeline.domain.events import Severity
from pipeline.domain.plural import counted

if TYPE_CHECKING:
    from pipeline.app.hotlists.hot_list_service import ListDefaults, ListEntry, ListsState, ReplacedList

__all__ = ["app"]

EntryArgument = Annotated[
    list[int], typer.Argument(metavar="ENTRY...", help="Number of the entry.", show_default=False)
]


@dataclass(frozen=True, slots=True, kw_only=True)
class FactsOptions:
    """What an entry states beside its plate; of an import, where a line does not state it."""

    name: Annotated[str, typer.Option("--list", help="Name of the list: stolen.", metavar="NAME")] = ""
    authority: Annotated[str, typer.Option("--authority", help="Body that searches for the vehicle.")] = ""
    reason: Annotated[str, typer.Option("--reason", help="Why it is searched for.")] = ""
    until: Annotated[
        str, typer.Option("--until", help="When the entry ends by itself, at most 180 days: 2027-01-31.")
    ] = ""
    begin: Annotated[str, typer.Option("--from", help="When it begins: like --until.")] = "now"
    severity: Annotated[Severity, typer.Option("--severity", help="Of the alerts.")] = Severity.WARNING
    seen_by: Annotated[
        list[str] | None,
        typer.Option(
            "--seen-by",
            help="Login, or institution, that sees the hits; may be repeated.  [default: you]",
            show_default=False,
        ),
    ] = None
    any_plate: AnyPlateOption = False

    def defaults(self, options: ListOptions) -> ListDefaults:
        """The same, for entries."""
        from pipeline.app.hotlists.hot_list_service import ListDefaults

        return ListDefaults(
            list_name=self.name,
            authority=self.authority,
            case_number=options.requester().case,
            reason=self.reason,
            until=self.until,
            begin=self.begin,
            severity=self.severity,
            viewers=tuple(self.seen_by or ()),
            any_plate=self.any_plate,
            zone=zone_of(options.zone, options.config, options.data),
        )


@app.command("add")
@with_option_groups
def add(
    plate: Annotated[str, typer.Argument(help="Plate; @FILE or - reads it.", callback=given_plate, show_default=False)],
    *,
    facts: FactsOptions,
    options: ListOptions,
) -> None:
    """Search for a plate, in both forms of a converted one; prints the number of the entry.

    Where people are registered, a second person approves first: viapublica approvals ask plate-list --case NUMBER.

    Example: [bold]viapublica hotlist add ABC1C34 --list stolen --authority "3ª Delegacia" --case IP-12/2026
    --purpose criminal-investigation --reason "vehicle stolen on 2026-11-28" --until 2027-01-31 --seen-by carla[/]
    """
    with options.opened(create=True) as service:
        made = service.add(facts.defaults(options).entry({"plate": plate}))
    if options.as_json:
        print_json(_json(made))
        return
    typer.echo(made.entry_id)
    say(err, f"on {made.list_name} until {options.time(made.validity.until_ms)}")


@app.command("import")
@with_option_groups
def import_(
    file: Annotated[Path, typer.Argument(help="CSV with a heading.", exists=True, dir_okay=False, show_default=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the file, and enter nothing.")] = False,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="End your entries on the list that the file does not have; needs --list."),
    ] = False,
    *,
    facts: FactsOptions,
    options: ListOptions,
) -> None:
    """Enter the plates of a CSV file, all or none; lines that are wrong, double or expired are named with their number.

    Columns: plate; optional: list, authority, case, reason, severity, from, until, seen_by (separated by blanks).
    Options stand for columns and cells that are missing.

    Example: [bold]viapublica hotlist import stolen.csv --list stolen --authority "Polícia Civil" --case OF-90/2026
    --purpose criminal-investigation --reason "reported stolen" --until 2027-01-31 --seen-by pcmg --dry-run[/]
    """
    with options.opened(create=not dry_run) as service:
        if replace:
            replaced = service.replace_list(file, facts.defaults(options), dry_run=dry_run)
            _show_replaced(replaced, options, dry_run=dry_run)
            return
        number = service.import_list(file, facts.defaults(options), dry_run=dry_run)
    if options.as_json:
        print_json({"entries": number, "dry_run": dry_run})
        return
    say(out, f"{counted(number, 'plate')} {'could be entered' if dry_run else 'entered'}")


def _show_replaced(replaced: ReplacedList, options: ListOptions, *, dry_run: bool) -> None:
    if options.as_json:
        print_json({**asdict(replaced), "dry_run": dry_run})
        return
    words = "would be entered, {} ended, {} retained" if dry_run else "entered, {} ended, {} retained"
    say(out, f"{counted(replaced.entered, 'plate')} {words.format(replaced.ended, replaced.retained)}")


@app.command("list")
@with_option_groups
def list_(
    name: ListOption = "",
    plate: Annotated[
        str | None, typer.Option("--plate", help="Only this plate; @FILE or - reads it.", callback=given_plate)
    ] = None,
    ended: Annotated[bool, typer.Option("--ended", help="Also entries that have ended.")] = False,
    *,
    options: ListOptions,
) -> None:
    """List the entries that you made, or whose hits you see. With --json one object per line.

    Example: [bold]viapublica hotlist list --list stolen --purpose criminal-investigation --case IP-12/2026[/]
    """
    with options.opened() as service:
        found = service.entries(name, plate or "", ended=ended)
    if options.as_json:
        for one in found:
            print_json(_json(one))
        return
    rows = [
        (
            one.entry_id,
            one.list_name,
            one.plate or "(removed)",
            one.authority,
            one.case_number,
            one.severity.value,
            options.time(one.end_of()),
            " ".join(one.viewers),
            one.entered_by,
        )
        for one in found
    ]
    headings = ["entry", "list", "plate", "authority", "case", "severity", "until", "seen by", "entered by"]
    print_table("Entries", headings, rows, "Entries of others that do not name you are not shown.")


@app.command("export")
@with_option_groups
def export(
    target: Annotated[str, typer.Argument(metavar="FILE", help="CSV file; - is standard output.", show_default=False)],
    name: ListOption = "",
    *,
    options: ListOptions,
) -> None:
    """Write the entries of `list` as CSV, as `import` reads them.

    Example: [bold]viapublica hotlist export stolen.csv --list stolen --purpose requisition --case IP-12/2026[/]
    """
    with options.opened() as service:
        number = service.export(target, name)
    say(err, f"{counted(number, 'plate')} written")


@app.command("remove")
@with_option_groups
def remove(
    entries: EntryArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why the search ends: found.", show_default=False)],
    *,
    options: ListOptions,
) -> None:
    """End entries before their time; a run stops searching within two seconds. It needs no second person.

    Example: [bold]viapublica hotlist remove 12 --reason "vehicle found" --purpose requisition --case IP-12/2026[/]
    """
    with options.opened() as service:
        ended = service.end(entries, reason)
    if options.as_json:
        for one in ended:
            print_json(_json(one))
        return
    say(out, f"ended: {', '.join(str(one.entry_id) for one in ended)}")


@app.command("check")
@with_option_groups
def check(*, options: ListOptions) -> None:
    """Show how many plates are searched for, and the threshold of matches with the false alarms that it leaves.

    Example: [bold]viapublica hotlist check --config configs/city.yaml[/]
    """
    with options.opened() as service:
        state = service.state()
    if options.as_json:
        print_json(asdict(state))
        return
    print_table("Hot-lists", ["", ""], _state_rows(state))
    if not state.threshold.within:
        say(
            err,
            ("warning", "bold yellow"),
            ": more false alarms are expected than hotlists.false_alarms_per_day accepts: shorten lists or raise it",
        )


def _state_rows(state: ListsState) -> list[tuple[str, Any]]:
    return [
        *((f"entries of {name}", number) for name, number in state.entries.items()),
        ("different vehicles", state.plates),
        ("entries that end within 7 days", state.ending),
        ("entries that have not begun", state.not_begun),
        ("entries that have ended", state.ended),
        ("reads per day (hotlists.reads_per_day)", f"{state.reads_per_day:,}"),
        ("false alarms per day, accepted", f"{state.accepted_per_day:g}"),
        ("false alarms per day, expected", f"{state.threshold.false_alarms_per_day:.2g}"),
        ("least probability of a match", f"{state.threshold.probability:g}"),
    ]


def _json(entry: ListEntry) -> dict[str, Any]:
    return asdict(entry)
