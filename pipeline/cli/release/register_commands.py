"""`viapublica release list`, `show`, `find`, `sheet` and `journal`: queries on the register."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common.console import err, out, print_json, say
from pipeline.cli.common.register_options import RegisterConfigOption, RegisterOption
from pipeline.cli.common.store_options import configured_institution, zone_of
from pipeline.cli.release.app import (
    JsonOption,
    NumberArgument,
    ZoneOption,
    opened,
)
from pipeline.cli.release.output import as_plain, show_disclosure, show_journal, show_list
from pipeline.cli.release.request_commands import app  # those commands come first in the help
from pipeline.domain.disclosure import DisclosureState
from pipeline.domain.plural import counted
from pipeline.errors import ReleaseError

if TYPE_CHECKING:
    from pipeline.app.release.register_service import JournalCheck

__all__ = ["app"]

_FOUND_AS = {
    "number": "is in the register",
    "built": "a file built for it",
    "source": "the requested original",
    "declaration": "the recipient's declaration or requisition",
}


@app.command("list")
def list_(
    month: Annotated[
        str | None,
        typer.Option("--month", help="Only disclosures requested, decided, built or delivered in it: 2026-11."),
    ] = None,
    state: Annotated[DisclosureState | None, typer.Option("--state", help="Only this state.")] = None,
    register: RegisterOption = None,
    config: RegisterConfigOption = None,
    zone: ZoneOption = None,
    as_json: JsonOption = False,
) -> None:
    """List disclosures by number. With --json one object per line.

    Example: [bold]viapublica release list --month 2026-11 --state requested[/]
    """
    with opened(register, config, zone) as entries:
        found = entries.list(state, month)
    if as_json:
        for one in found:
            print_json(as_plain(one))
    else:
        show_list(found, zone_of(zone, config))


@app.command("show")
def show(
    number: NumberArgument,
    register: RegisterOption = None,
    config: RegisterConfigOption = None,
    zone: ZoneOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show all facts of one disclosure, with every change ever made to it.

    Example: [bold]viapublica release show 2026/000123[/]
    """
    with opened(register, config, zone) as entries:
        found, changes = entries.get(number), entries.journal(number)
        images = entries.exemption_images_of(found)
    if as_json:
        shown = {"exemption_images": {number: str(path) for number, path in images.items()}}
        print_json({**as_plain(found), **shown, "journal": [asdict(entry) for entry in changes]})
    else:
        show_disclosure(found, changes, zone_of(zone, config), images)


@app.command("find")
def find(
    subject: Annotated[
        str,
        typer.Argument(metavar="SUBJECT", help="Number on an image, a file, or its SHA-256.", show_default=False),
    ],
    register: RegisterOption = None,
    config: RegisterConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find the disclosure of an image or file. With --json one object per line; exits with status 1 if none matches.

    Example: [bold]viapublica release find 2026/000123[/]

    Example: [bold]viapublica release find clip-from-the-internet.mp4[/]
    """
    from pipeline.app.release.register_service import find_disclosures

    with opened(register, config) as entries:
        found = find_disclosures(entries, subject)
    for one in found:
        disclosure = one.disclosure
        if as_json:
            print_json({"found_as": one.found_as, **as_plain(disclosure)})
        else:
            facts = f"{_FOUND_AS[one.found_as]}; {disclosure.state.value}; {disclosure.request.recipient}"
            say(out, (disclosure.number, "bold"), f"  {facts}")


@app.command("sheet")
def sheet(
    month: Annotated[str, typer.Argument(metavar="MONTH", help="Such as 2026-11.", show_default=False)],
    target: Annotated[
        str | None,
        typer.Option("--out", "-o", help="File to write.  [default: disclosures-MONTH.xlsx]", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
    institution: Annotated[
        str,
        typer.Option(
            envvar="VIAPUBLICA_INSTITUTION",
            help="Institution of the register.  [default: of the configuration, else of the overlays]",
            show_default=False,
        ),
    ] = "",
    register: RegisterOption = None,
    config: RegisterConfigOption = None,
    zone: ZoneOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the monthly sheet of disclosures (XLSX), also for a month without any. It cites `local_law` of --config.

    The sheet of a month that is not over is marked as partial.

    Example: [bold]viapublica release sheet 2026-11 --out sheet.xlsx --zone America/Sao_Paulo[/]
    """
    from pipeline.app.release.register_service import write_sheet

    configured = configured_institution(config)
    of_register = replace(configured, name=institution or configured.name)
    with opened(register, config, zone) as entries:
        written = write_sheet(entries, month, target, of_register, replace=force)
    if not written.journal_intact:
        say(err, ("broken:", "bold red"), " the journal has been changed; see viapublica release journal --check")
    if as_json:
        counts = {"disclosures": written.disclosures, "month_over": written.month_over}
        print_json({"file": written.file, "month": written.month, **counts})
    else:
        if not written.month_over:
            say(err, f"{written.month} is not over: the sheet is partial, and says so")
        say(out, ("written ", "bold"), f"{written.file}: {counted(written.disclosures, 'disclosure')}")


@app.command("journal")
def journal(
    number: Annotated[
        str | None, typer.Argument(metavar="[NUMBER]", help="Only of this disclosure.", show_default=False)
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Check the hash chain; exits with status 1 if it is broken.")
    ] = False,
    register: RegisterOption = None,
    config: RegisterConfigOption = None,
    zone: ZoneOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show every change of the register: person, time, action. With --json one object per line.

    Example: [bold]viapublica release journal --check[/]
    """
    from pipeline.app.release.register_service import check_journal

    with opened(register, config, zone) as entries:
        if check:
            _show_check(check_journal(entries), as_json)
            return
        changes = entries.journal(number)
    if as_json:
        for entry in changes:
            print_json(asdict(entry))
    else:
        show_journal(changes, zone_of(zone, config))


def _show_check(checked: JournalCheck, as_json: bool) -> None:
    broken = checked.broken
    if as_json:
        result = {"good": broken is None, "entries": len(checked.entries), "last_hash": checked.last_hash}
        print_json(result | {"broken": None if broken is None else asdict(broken)})
        if broken is not None:
            raise typer.Exit(1)
        return
    if broken is not None:
        raise ReleaseError(
            f"journal of {checked.subject}",
            f"entry {broken.seq} ({broken.number}): {broken.problem}",
            "The register was changed by another program: compare it with a backup",
        )
    last = checked.last_hash or "none"
    say(out, ("intact", "bold green"), f": entry {len(checked.entries)} is the last, its hash {last}")
    say(err, "store the hash elsewhere: it proves later that no earlier entry was removed")
