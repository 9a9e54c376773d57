"""`viapublica release build|verify|uncover|confirm`: the file itself, made only for what was approved."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import pipeline.cli.release.certificate_command  # noqa: F401  registers its command
from pipeline.cli.common.console import out, print_json, say
from pipeline.cli.common.signals import clean_exit_on_signals
from pipeline.cli.media.commands import ModelOption, ModelsOption
from pipeline.cli.release.app import (
    DEFAULT_REGISTER,
    ByOption,
    JsonOption,
    NumberArgument,
    RegisterOption,
    opened,
    person,
)
from pipeline.cli.release.output import place_of
from pipeline.cli.release.register_commands import app  # those of the register, which come first in the help

__all__ = ["app"]

_CERTIFICATE = "VIAPUBLICA_CERTIFICATE"
_KEY = "VIAPUBLICA_KEY"


@app.command()
def build(
    number: NumberArgument,
    source: Annotated[
        Path | None,
        typer.Option(help="The original, where a file was asked for; it has to be that very file.", show_default=False),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="Configuration: recordings and privacy masks of the camera asked for.", show_default=False),
    ] = None,
    folder: Annotated[Path, typer.Option("--out", "-o", help="Folder for the clip and its page.")] = Path("releases"),
    certificate: Annotated[
        Path | None,
        typer.Option(
            help="Certificate of the institution (PEM, with its chain).", envvar=_CERTIFICATE, show_default=False
        ),
    ] = None,
    key: Annotated[
        Path | None, typer.Option(help="Private key of the certificate (PEM).", envvar=_KEY, show_default=False)
    ] = None,
    regions: Annotated[
        Path | None,
        typer.Option(help="File of places that are covered besides; see docs/how-to/anonymize.md.", show_default=False),
    ] = None,
    windscreens: Annotated[bool, typer.Option("--windscreens", help="Cover the windscreens of vehicles too.")] = False,
    eyes: Annotated[
        list[str] | None,
        typer.Option("--eyes", help="Model card of a detector that checks besides ours; may be repeated."),
    ] = None,
    model: ModelOption = None,
    models: ModelsOption = None,
    register: RegisterOption = DEFAULT_REGISTER,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the clip of an approved disclosure: covered, checked by others, attacked, signed and entered.

    The clip and its page appear in the folder together, named after the number, or not at all.

    Example: [bold]viapublica release build 2026/000123 --source street.mp4 --certificate c.pem --key k.pem[/]
    """
    from pipeline.app.release.build_release import Build, carry_out

    with clean_exit_on_signals(), opened(register) as book:
        carry_out(
            Build(
                number=number,
                source=source,
                config=config,
                folder=folder,
                certificate=certificate,
                key=key,
                regions=regions,
                windscreens=windscreens,
                eyes=tuple(eyes or ()),
                model=model,
                models=models,
                by=person(by),
                as_json=as_json,
            ),
            book,
        )


@app.command()
def verify(
    clip: Annotated[Path, typer.Argument(help="A clip that was given away, or is to be.", show_default=False)],
    trust: Annotated[
        Path | None, typer.Option("--trust", help="Authorities you trust (PEM).", show_default=False)
    ] = None,
    register: RegisterOption = DEFAULT_REGISTER,
    as_json: JsonOption = False,
) -> None:
    """Check a clip as its receiver would, and look it up in the register.

    Exit status 0 when it is signed, unchanged, holds nothing but images, and was built for a disclosure here.

    Example: [bold]viapublica release verify releases/2026-000123.mp4[/]
    """
    from pipeline.cli.release.verify_command import examine, tell_examined
    from pipeline.domain.disclosure import Role

    examined = examine(clip, trust)
    with opened(register) as book:
        numbers = [match.disclosure.number for match in book.find_by_hash(examined.sha256) if match.role is Role.BUILT]
    if as_json:
        print_json(examined.as_json() | {"disclosures": numbers})
    else:
        tell_examined(examined)
        if numbers:
            say(out, ("registered ", "bold green"), f"built for disclosure {', '.join(numbers)}")
        else:
            say(out, ("not registered ", "bold red"), "this very file was never built for a disclosure here")
    if not (examined.good and numbers):
        raise typer.Exit(1)


@app.command()
def uncover(
    number: NumberArgument,
    regions: Annotated[
        Path, typer.Option(help="File whose 'uncover' places are to stay as they are; see docs/how-to/anonymize.md.")
    ],
    register: RegisterOption = DEFAULT_REGISTER,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask that places stay uncovered although somebody seems to be there; a second person has to confirm each.

    Example: [bold]viapublica release uncover 2026/000123 --regions statue.yaml --by ana[/]
    """
    from pipeline.anonymize.manual_regions import as_rows, read_regions
    from pipeline.errors import ReleaseError

    places = read_regions(regions).uncover
    if not places:
        raise ReleaseError(str(regions), "names nothing under 'uncover'", "Write uncover: [{from, to, box, why}]")
    with opened(register) as book:
        asked = [
            book.ask_uncover(number, row, place.why, person(by))
            for row, place in zip(as_rows(places), places, strict=True)
        ]
    if as_json:
        print_json([{"uncovering_id": one.uncovering_id, "reason": one.reason} for one in asked])
        return
    for one in asked:
        say(
            out,
            ("asked ", "bold"),
            f"{one.reason}, {place_of(one.region)}; a second person confirms with: "
            f"viapublica release confirm {number} {one.uncovering_id}",
        )


@app.command()
def confirm(
    number: NumberArgument,
    uncovering: Annotated[int, typer.Argument(help="Number that `release uncover` gave.", min=1, show_default=False)],
    register: RegisterOption = DEFAULT_REGISTER,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Confirm, as the second person, that a place stays uncovered.

    Example: [bold]viapublica release confirm 2026/000123 1 --by bruno[/]
    """
    with opened(register) as book:
        done = book.confirm_uncover(number, uncovering, person(by))
    if as_json:
        print_json({"uncovering_id": done.uncovering_id, "confirmed_by": done.confirmed_by, "reason": done.reason})
    else:
        who = f"asked by {done.asked_by}, confirmed by {done.confirmed_by}"
        say(out, ("confirmed ", "bold"), f"{done.reason}, {place_of(done.region)} ({who})")
