"""`viapublica init`: five questions that make institution, sector, administrators, retention and register."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common.confirmation import confirmed
from pipeline.cli.common.console import err, out, print_json, say
from pipeline.cli.common.option_groups import with_option_groups
from pipeline.cli.common.registry_options import RegistryOptions
from pipeline.domain.account import InstitutionKind
from pipeline.domain.camera import suggested_camera_id
from pipeline.domain.people import NewPerson, RegisteredInstitution, Sector, Validity
from pipeline.domain.plural import counted
from pipeline.domain.requester import Requester
from pipeline.domain.times import DAY_MS
from pipeline.errors import ConfigError

if TYPE_CHECKING:
    from pipeline.app.people.installation import FirstSetUp, Installed

_EXAMPLE = "ana.souza, Ana Souza, 529.982.247-25, ana"


@with_option_groups
def init(
    institution: Annotated[
        str, typer.Option("--institution", help="1. Name of the general administration.", show_default=False)
    ] = "",
    sector: Annotated[str, typer.Option("--sector", help="2. Name of its first sector.", show_default=False)] = "",
    administrator: Annotated[
        list[str] | None,
        typer.Option(
            "--administrator",
            help="3. An administrator: login, name, document, user of the operating system. Give it twice.",
            show_default=False,
        ),
    ] = None,
    retention: Annotated[
        int | None, typer.Option("--retention", help="4. Days that data is retained.  [default: 7]", show_default=False)
    ] = None,
    until: Annotated[
        str, typer.Option("--until", help="End of registration, training and term of the two; by default in a year.")
    ] = "",
    yes: Annotated[
        bool, typer.Option("--yes", help="Both administrators are trained and have signed the term; do not ask.")
    ] = False,
    *,
    options: RegistryOptions,
) -> None:
    """Set up people: institution, sector, two administrators, retention, register.

    Asks five questions; options answer them beforehand, and --register the last one.

    Before it the program works in evaluation mode, without accounts. There are two
    administrators because no one approves their own request; both must be trained and have signed the term of secrecy
    and confidentiality (decree 18.743/2014 art. 5 §4, §5).

    Example: [bold]viapublica init --institution "Prefeitura de Vila Nova" --sector "Guarda Municipal"
    --administrator "ana.souza, Ana Souza, 529.982.247-25, ana"
    --administrator "bia.lima, Bia Lima, 111.444.777-35, bia" --retention 7 --yes[/]
    """
    from pipeline.app.people.installation import set_up

    name = institution or _asked("--institution", "1. general administration (name)")
    part = sector or _asked("--sector", "2. its first sector (name)")
    given = list(administrator or ())
    while len(given) < 2:
        given.append(_asked("--administrator", f"3. administrator {len(given) + 1} of 2 ({_EXAMPLE})"))
    days = retention
    if days is None:
        days = typer.prompt("4. days that data is retained", default=7, type=int, err=True) if _at_terminal() else 7
    say(err, f"5. register: {options.where}")
    answers = _answers(name, part, given, days, options.period(until) if until else _year(options))
    if not confirmed("are both trained, and have both signed the term of secrecy and confidentiality?", yes=yes):
        raise typer.Exit(1)
    _show(set_up(options.where, options.stores, Requester.of_process(), answers), answers, as_json=options.as_json)


def _answers(name: str, part: str, administrators: list[str], days: int, period: Validity) -> FirstSetUp:
    from pipeline.app.people.installation import FirstSetUp

    body = RegisteredInstitution(
        institution_id=_id("--institution", name), name=name, kind=InstitutionKind.PUBLIC, central=True
    )
    unit = Sector(institution_id=body.institution_id, sector_id=_id("--sector", part), name=part, retention_days=days)
    persons = tuple(_administrator(text, unit, period) for text in administrators)
    return FirstSetUp(institution=body, sector=unit, administrators=persons, validity=period)


def _show(made: Installed, answers: FirstSetUp, *, as_json: bool) -> None:
    body, unit = answers.institution, answers.sector
    codes = [(one.login, code) for one, code in zip(made.administrators, made.invitations, strict=True)]
    if as_json:
        print_json(
            {
                "institution": body.institution_id,
                "sector": unit.sector_id,
                "retention_days": unit.retention_days,
                "register": made.register,
                "audit": made.audit,
                "invitations": [{"login": login, "invitation": code} for login, code in codes],
            }
        )
        return
    say(out, f"institution  {body.institution_id} ({body.name})")
    say(out, f"sector       {unit.sector_id} ({unit.name}), retention of {counted(unit.retention_days, 'day')}")
    say(out, f"register     {made.register}")
    say(out, f"audit        {made.audit}")
    for login, code in codes:
        say(out, f"invitation   {login}: {code}")
    say(err, "next, each administrator within three days, as their own user: viapublica people activate LOGIN")
    say(err, "then: viapublica people add, viapublica institutions add, viapublica camera register")
    say(err, f"in the configuration: a retention of at most {counted(unit.retention_days, 'day')}")
    say(err, "and hand the auditor's key over: viapublica audit key FILE")


def _at_terminal() -> bool:
    return sys.stdin.isatty()


def _asked(option: str, question: str) -> str:
    if not _at_terminal():
        raise ConfigError(option, "is missing, and there is no terminal to ask at", "Give it")
    return str(typer.prompt(question, err=True))


def _id(option: str, name: str) -> str:
    found = suggested_camera_id(name).lower()
    if not found:
        raise ConfigError(f"{option} {name!r}", "has no letter or digit to make an id of", "Give another name")
    return found


def _administrator(text: str, unit: Sector, period: Validity) -> NewPerson:
    parts = [part.strip() for part in text.split(",")]
    if len(parts) not in {3, 4}:
        raise ConfigError(
            f"--administrator {text!r}", "is not login, name, document and system user", f'Such as "{_EXAMPLE}"'
        )
    return NewPerson(
        login=parts[0],
        name=parts[1],
        document=parts[2],
        institution=unit.institution_id,
        sector=unit.sector_id,
        validity=period,
        system_user=parts[3] if len(parts) == 4 else "",
    )


def _year(options: RegistryOptions) -> Validity:
    now_ms = options.time_ms("0s")
    return Validity(now_ms, now_ms + 365 * DAY_MS)
