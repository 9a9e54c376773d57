"""`viapublica release list`, `show`, `find`, `sheet` and `journal`: what the register knows."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.cli.common.console import err, out, print_json, say
from pipeline.cli.common.output_files import check_target, output_file
from pipeline.cli.release.app import (
    DEFAULT_REGISTER,
    JsonOption,
    NumberArgument,
    RegisterOption,
    ZoneOption,
    opened,
)
from pipeline.cli.release.output import as_plain, tell_all, tell_journal, tell_list
from pipeline.cli.release.request_commands import app  # those commands come first in the help
from pipeline.domain.disclosure import NUMBER_EXAMPLE, Disclosure, DisclosureState, read_number
from pipeline.domain.times import find_zone
from pipeline.errors import ReleaseError

__all__ = ["app"]

_SHA256 = re.compile(r"[0-9A-Fa-f]{64}")


@app.command("list")
def list_(
    month: Annotated[
        str | None, typer.Option("--month", help="Only what was asked, decided, built or delivered in it: 2026-11.")
    ] = None,
    state: Annotated[DisclosureState | None, typer.Option("--state", help="Only these.")] = None,
    register: RegisterOption = DEFAULT_REGISTER,
    zone: ZoneOption = None,
    as_json: JsonOption = False,
) -> None:
    """All disclosures, by number. With --json one object per line.

    Example: [bold]viapublica release list --month 2026-11 --state requested[/]
    """
    with opened(register, zone) as book:
        found = book.list(state, month)
    if as_json:
        for one in found:
            print_json(as_plain(one))
    else:
        tell_list(found, find_zone(zone))


@app.command("show")
def show(
    number: NumberArgument,
    register: RegisterOption = DEFAULT_REGISTER,
    zone: ZoneOption = None,
    as_json: JsonOption = False,
) -> None:
    """All that is known of one disclosure, with every change ever made to it.

    Example: [bold]viapublica release show 2026/000123[/]
    """
    with opened(register, zone) as book:
        found, entries = book.get(number), book.journal(number)
    if as_json:
        print_json({**as_plain(found), "journal": [asdict(entry) for entry in entries]})
    else:
        tell_all(found, entries, find_zone(zone))


@app.command("find")
def find(
    what: Annotated[
        str,
        typer.Argument(
            metavar="WHAT", help="The number on an image, a file, or the SHA-256 of one.", show_default=False
        ),
    ],
    register: RegisterOption = DEFAULT_REGISTER,
    as_json: JsonOption = False,
) -> None:
    """Which disclosure an image or file belongs to. With --json one object per line; status 1 when to none.

    Example: [bold]viapublica release find 2026/000123[/]

    Example: [bold]viapublica release find clip-from-the-internet.mp4[/]
    """
    with opened(register) as book:
        if _is_number(what):
            found: list[tuple[str, Disclosure]] = [("number", book.get(what))]
        else:
            found = [(match.role.value, match.disclosure) for match in book.find_by_hash(_digest_of(what))]
    if not found:
        raise ReleaseError(
            what,
            "no disclosure of this register knows it",
            "It left elsewhere, or was changed since: look for the number on the image",
        )
    for role, one in found:
        if as_json:
            print_json({"found_as": role, **as_plain(one)})
        else:
            say(out, (one.number, "bold"), f"  {_ROLES[role]}; {one.state.value}; {one.request.recipient}")


@app.command("sheet")
def sheet(
    month: Annotated[str, typer.Argument(metavar="MONTH", help="Such as 2026-11.", show_default=False)],
    target: Annotated[
        str | None,
        typer.Option("--out", "-o", help="File to write.  [default: disclosures-MONTH.xlsx]", show_default=False),
    ] = None,
    institution: Annotated[
        str,
        typer.Option(
            envvar="VIAPUBLICA_INSTITUTION",
            help="Whose register it is.  [default: those of the marks]",
            show_default=False,
        ),
    ] = "",
    register: RegisterOption = DEFAULT_REGISTER,
    zone: ZoneOption = None,
    as_json: JsonOption = False,
) -> None:
    """The month's sheet (XLSX) with the columns of decree 18.743/2014 art. 9; an empty month says that there were none.

    Example: [bold]viapublica release sheet 2026-11 --out sheet.xlsx --zone America/Sao_Paulo[/]
    """
    month = month.strip()
    path = target or f"disclosures-{month}.xlsx"
    if Path(path).suffix.lower() != ".xlsx":
        raise ReleaseError(f"--out {path}", "is no name of a spreadsheet", "Let it end with .xlsx")
    with opened(register, zone) as book:
        found, entries, broken = book.list(month=month), book.journal(), book.check_journal()
    check_target("--out", path)
    from pipeline.domain.clock import SystemClock
    from pipeline.governance.monthly_sheet import SheetHead, month_sheet

    names = sorted({one.request.mark.institution for one in found} - {""})
    head = SheetHead(
        institution=institution or ", ".join(names),
        month=month,
        made_ms=SystemClock().wall_ms(),
        zone=find_zone(zone),
        journal=(len(entries), entries[-1].hash if entries else ""),
    )
    with output_file("--out", path, "wb") as stream:
        stream.write(month_sheet(found, head))
    if broken is not None:
        say(err, ("broken:", "bold red"), " the journal does not hold; see viapublica release journal --check")
    if as_json:
        print_json({"file": path, "month": month, "disclosures": len(found)})
    else:
        say(out, ("written ", "bold"), f"{path}: {len(found)} disclosure{'' if len(found) == 1 else 's'}")


@app.command("journal")
def journal(
    number: Annotated[
        str | None, typer.Argument(metavar="[NUMBER]", help="Only of this one.", show_default=False)
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Check the chain of hashes; status 1 when broken.")] = False,
    register: RegisterOption = DEFAULT_REGISTER,
    zone: ZoneOption = None,
    as_json: JsonOption = False,
) -> None:
    """Every change of the register: who, when, what. With --json one object per line.

    Example: [bold]viapublica release journal --check[/]
    """
    with opened(register, zone) as book:
        broken = book.check_journal() if check else None
        entries = book.journal(None if check else number) if broken is None else ()
        subject = book.subject
    if not check:
        if as_json:
            for entry in entries:
                print_json(asdict(entry))
        else:
            tell_journal(entries, find_zone(zone))
        return
    last = entries[-1].hash if entries else ""
    if as_json:
        result: dict[str, Any] = {"good": broken is None, "entries": len(entries), "last_hash": last}
        print_json(result | {"broken": None if broken is None else asdict(broken)})
    elif broken is None:
        say(out, ("holds", "bold green"), f": entry {len(entries)} is the last, its hash {last or 'none'}")
        say(err, "note the hash elsewhere: it shows later that nothing before it was taken away")
    if broken is not None:
        if as_json:
            raise typer.Exit(1)
        raise ReleaseError(
            f"journal of {subject}",
            f"entry {broken.seq} ({broken.number}): {broken.problem}",
            "Somebody changed the register past the program: compare it with a backup",
        )


_ROLES = {
    "number": "is in the register",
    "built": "a file built for it",
    "source": "the original that was asked for",
    "declaration": "the recipient's declaration",
}


def _is_number(what: str) -> bool:
    try:
        read_number(what)
    except ReleaseError:
        return False
    return True


def _digest_of(what: str) -> str:
    if _SHA256.fullmatch(what.strip()):
        return what
    if not Path(what).exists():
        raise ReleaseError(
            what,
            "is neither a number, nor a SHA-256, nor a file that is there",
            f"Write {NUMBER_EXAMPLE}, name the file, or its 64 hexadecimal digits",
        )
    from pipeline.governance.declarations import file_digest

    return file_digest(Path(what))[0]
