"""`viapublica release request`, `declare`, `approve`, `refuse` and `deliver`: what is entered and decided."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common.console import err, say
from pipeline.cli.release.app import (
    DEFAULT_REGISTER,
    ByOption,
    JsonOption,
    NumberArgument,
    RegisterOption,
    ZoneOption,
    app,
    opened,
    person,
)
from pipeline.cli.release.output import tell_changed
from pipeline.domain.disclosure import Content, LegalBasis, MarkWords, ReleaseLook, Request
from pipeline.domain.times import find_zone, parse_range

if TYPE_CHECKING:
    from pipeline.record.holds import Holds

__all__ = ["app"]


@app.command("request")
def request(
    recipient: Annotated[str, typer.Option(help="Who asks and would get it.", show_default=False)],
    basis: Annotated[LegalBasis, typer.Option(help="Why the recipient may have it.", show_default=False)],
    purpose: Annotated[str, typer.Option(help="What it is for, in words.", show_default=False)],
    camera: Annotated[str, typer.Option(help="The camera asked for, with --from and --to.")] = "",
    start: Annotated[
        str | None, typer.Option("--from", help="From: 2026-11-22T08:00-03:00, or local time in --zone.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="Before: like --from.")] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="Configuration that records the camera: the video asked for is held from now on."),
    ] = None,
    file: Annotated[Path | None, typer.Option(help="The file asked for, in place of a camera.")] = None,
    document: Annotated[str, typer.Option(help="The recipient's CPF, CNPJ, or the number of the case.")] = "",
    declaration: Annotated[Path | None, typer.Option(help="The recipient's signed declaration (PDF, scan).")] = None,
    look: Annotated[
        ReleaseLook, typer.Option(help="What is to stand where a person, face or plate was.")
    ] = ReleaseLook.FILL,
    institution: Annotated[str, typer.Option(help="To be burnt in: who gives it away.")] = "",
    place: Annotated[str, typer.Option(help="To be burnt in: the camera, as it may be called outside.")] = "",
    date: Annotated[str, typer.Option("--date", help="To be burnt in: the date, as it may be told.")] = "",
    by: ByOption = None,
    register: RegisterOption = DEFAULT_REGISTER,
    zone: ZoneOption = None,
    as_json: JsonOption = False,
) -> None:
    """Enter what somebody outside asks for. It gets its number at once; nothing leaves before another person approves.

    Example: [bold]viapublica release request --recipient "12ª Vara Criminal" --basis judiciary --purpose "prova"
    --camera av-brasil-900 --from 2026-11-22T08:00-03:00 --to 2026-11-22T08:30-03:00 --declaration signed.pdf[/]
    """
    begin_ms, end_ms = parse_range(start, end, find_zone(zone))
    from pipeline.governance.declarations import file_digest, shown_name

    digest = "" if file is None else file_digest(file)[0]
    name = "" if file is None else shown_name(file)
    wanted = Request(
        requested_by=person(by),
        recipient=recipient,
        basis=basis,
        purpose=purpose,
        content=Content(camera, begin_ms, end_ms, name, digest),
        recipient_document=document,
        look=look.value,
        mark=MarkWords(institution, place, date),
    )
    keeper = None if config is None else _keeper(config)  # before anything is entered
    with opened(register, zone, create=True) as book:
        entered = book.request(wanted, declaration)
    tell_changed(entered, as_json)
    if begin_ms is None or end_ms is None or file is not None:
        return
    if keeper is None:
        say(err, "recorded video goes after some days: name --config to have it held, or use viapublica segments hold")
        return
    held = keeper.hold(camera, begin_ms, end_ms, f"disclosure {entered.number}", person(by))
    say(err, f"held: {held}; when it is delivered or refused: viapublica segments free {held}")


def _keeper(config: Path) -> Holds:
    from pipeline.app.release.recorded_source import recording  # here: a configuration takes long to import
    from pipeline.observe import logs
    from pipeline.record.holds import Holds

    logs.configure("warning", "auto")
    return Holds(recording(config).folder)


@app.command("declare")
def declare(
    number: NumberArgument,
    file: Annotated[Path, typer.Argument(help="The signed declaration (PDF, scan).", show_default=False)],
    by: ByOption = None,
    register: RegisterOption = DEFAULT_REGISTER,
    as_json: JsonOption = False,
) -> None:
    """Keep the declaration that the recipient signed (decree 18.743/2014 art. 10 §3): a copy stays with the register.

    Example: [bold]viapublica release declare 2026/000123 signed.pdf[/]
    """
    with opened(register) as book:
        tell_changed(book.declare(number, file, person(by)), as_json)


@app.command("approve")
def approve(
    number: NumberArgument,
    by: ByOption = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; may be left out.")] = "",
    register: RegisterOption = DEFAULT_REGISTER,
    as_json: JsonOption = False,
) -> None:
    """Let files be made for it. Who entered the request cannot, and nobody can without the recipient's declaration.

    Example: [bold]viapublica release approve 2026/000123 --by "Beatriz Lima"[/]
    """
    with opened(register) as book:
        tell_changed(book.approve(number, person(by), reason), as_json)


@app.command("refuse")
def refuse(
    number: NumberArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why: a refusal needs reasons.")] = "",
    by: ByOption = None,
    register: RegisterOption = DEFAULT_REGISTER,
    as_json: JsonOption = False,
) -> None:
    """Say no, with reasons; the register keeps refusals too.

    Example: [bold]viapublica release refuse 2026/000123 --reason "the period is longer than the purpose needs"[/]
    """
    with opened(register) as book:
        tell_changed(book.refuse(number, person(by), reason), as_json)


@app.command("deliver")
def deliver(
    number: NumberArgument,
    by: ByOption = None,
    register: RegisterOption = DEFAULT_REGISTER,
    as_json: JsonOption = False,
) -> None:
    """Note that the newest file was handed over.

    Example: [bold]viapublica release deliver 2026/000123[/]
    """
    with opened(register) as book:
        tell_changed(book.delivered(number, person(by)), as_json)
