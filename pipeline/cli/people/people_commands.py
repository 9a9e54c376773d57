"""`viapublica people`: registration, training, terms, roles, shifts, leaving, invitations and emergency access."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.common.confirmation import confirmed
from pipeline.cli.common.console import err, print_json, say
from pipeline.cli.common.option_groups import with_option_groups
from pipeline.cli.common.plate_input import given_plate
from pipeline.cli.common.registry_options import RegistryOptions, SinceOption, UntilOption
from pipeline.cli.people.output import show_people, show_person
from pipeline.domain.directory_identity import DirectoryIdentity
from pipeline.domain.people import NewPerson
from pipeline.domain.plate import check_plate
from pipeline.domain.plural import counted
from pipeline.domain.purpose import Purpose
from pipeline.domain.query_use import Shift
from pipeline.domain.role import Role

app = typer.Typer(
    help="People: add, train, term, role, shift, directory, invite, leave, import.\n\n"
    "Accounts are personal. A change needs an administrator with a valid training, a signed term and a one-time code; "
    "no one changes their own. Each is in the audit.\n\nExample: [bold]viapublica people list[/]",
    no_args_is_help=True,
)

LoginArgument = Annotated[str, typer.Argument(metavar="LOGIN", help="Login of the person.", show_default=False)]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
ContractOption = Annotated[str, typer.Option("--contract", help="Of a contractor: end of the contract (art. 5 §6).")]


@app.command("add")
@with_option_groups
def add(
    login: LoginArgument,
    name: Annotated[str, typer.Option("--name", help="Name of the person.", show_default=False)],
    document: Annotated[
        str, typer.Option("--document", help="CPF, or number of the staff record.", show_default=False)
    ],
    body: Annotated[
        str, typer.Option("--body", help="Institution and sector: ceic/central.", metavar="INSTITUTION/SECTOR")
    ],
    until: UntilOption,
    contract: ContractOption = "",
    system_user: Annotated[
        str, typer.Option("--system-user", help="User of the operating system that only this person works as.")
    ] = "",
    *,
    options: RegistryOptions,
) -> None:
    """Register a person of your sector, or of a body without an administration of its own (art. 5 §1, §2).

    Example: [bold]viapublica people add ana.souza --name "Ana Souza" --document 529.982.247-25 --body ceic/central
    --until 2027-12-31[/]
    """
    institution, _, sector = body.partition("/")
    person = NewPerson(
        login=login,
        name=name,
        document=document,
        institution=institution,
        sector=sector,
        validity=options.period(until),
        contract_until_ms=options.time_ms(contract) if contract else None,
        system_user=system_user,
    )
    with options.people() as office:
        (registered,) = office.register([person])
    show_person(registered, options, "registered")


@app.command("list")
@with_option_groups
def list_people(*, options: RegistryOptions) -> None:
    """List the people that you administer, those who left included.

    Example: [bold]viapublica people list --json[/]
    """
    with options.people() as office:
        show_people(office.people(), options)


@app.command("show")
@with_option_groups
def show(login: LoginArgument, *, options: RegistryOptions) -> None:
    """Show a person, and what is missing before they may work.

    Example: [bold]viapublica people show ana.souza[/]
    """
    with options.people() as office:
        show_person(office.person(login), options)


@app.command("train")
@with_option_groups
def train(login: LoginArgument, until: UntilOption, since: SinceOption = "", *, options: RegistryOptions) -> None:
    """Record a training on technology and ethics, with its validity (art. 5 §4).

    Example: [bold]viapublica people train ana.souza --from 2026-11-30 --until 2027-11-30[/]
    """
    with options.people() as office:
        show_person(office.train(login, options.period(until, since)), options, "training recorded")


@app.command("term")
@with_option_groups
def term(login: LoginArgument, until: UntilOption, since: SinceOption = "", *, options: RegistryOptions) -> None:
    """Record a signed term of secrecy and confidentiality, with its validity (art. 5 §5).

    Example: [bold]viapublica people term ana.souza --until 2027-11-30[/]
    """
    with options.people() as office:
        show_person(office.sign_term(login, options.period(until, since)), options, "term recorded")


@app.command("renew")
@with_option_groups
def renew(login: LoginArgument, until: UntilOption, contract: ContractOption = "", *, options: RegistryOptions) -> None:
    """Extend a registration, and the contract of a contractor.

    Example: [bold]viapublica people renew ana.souza --until 2028-12-31[/]
    """
    contract_ms = options.time_ms(contract) if contract else None
    with options.people() as office:
        show_person(office.renew(login, options.period(until), contract_ms), options, "renewed")


@app.command("role")
@with_option_groups
def role(
    login: LoginArgument,
    role: Annotated[Role, typer.Argument(help="Role.", show_default=False)],
    until: UntilOption = "",
    since: SinceOption = "",
    revoke: Annotated[bool, typer.Option("--revoke", help="Withdraw the role at once.")] = False,
    *,
    options: RegistryOptions,
) -> None:
    """Grant a role until a date, or withdraw it.

    Example: [bold]viapublica people role ana.souza operator --until 2027-11-30[/]

    Example: [bold]viapublica people role ana.souza operator --revoke[/]
    """
    if not until and not revoke:
        raise typer.BadParameter("give the end of the role (--until DATE), or --revoke")
    with options.people() as office:
        changed = office.revoke(login, role) if revoke else office.grant(login, role, options.period(until, since))
    show_person(changed, options, f"{role.value} {'withdrawn' if revoke else 'granted'}")


@app.command("shift")
@with_option_groups
def shift(
    login: LoginArgument,
    days: Annotated[str, typer.Option("--days", help="Such as mon-fri, or sat,sun.")] = "mon-fri",
    hours: Annotated[str, typer.Option("--hours", help="Such as 06:00-14:00, or 22:00-06:00.")] = "",
    remove: Annotated[bool, typer.Option("--remove", help="The person has no shift any more.")] = False,
    *,
    options: RegistryOptions,
) -> None:
    """Enter the shift of a person: searches outside it are shown to auditors (audit anomalies), and not refused.

    Example: [bold]viapublica people shift ana.souza --days mon-fri --hours 06:00-14:00[/]
    """
    if not hours and not remove:
        raise typer.BadParameter("give the hours (--hours 06:00-14:00), or --remove")
    wanted = None if remove else Shift.parse(days, hours)
    with options.people() as office:
        office.set_shift(login, wanted)
    if options.as_json:
        print_json({"login": login, "shift": None if wanted is None else str(wanted)})
    else:
        say(err, f"shift of {login}: {wanted or 'none'}")


@app.command("vehicle")
@with_option_groups
def vehicle(
    login: LoginArgument,
    plate: Annotated[
        str,
        typer.Argument(help="@FILE reads it from a file, - from standard input.", callback=given_plate),
    ] = "-",
    remove: Annotated[bool, typer.Option("--remove", help="It is theirs no more, as after its sale.")] = False,
    *,
    options: RegistryOptions,
) -> None:
    """Enter a person's own vehicle: searches for it by them are refused, and those by colleagues shown to auditors.

    Only a keyed hash of the plate is stored (decree 18.743/2014 art. 16).

    Example: [bold]viapublica people vehicle ana.souza @plate.txt[/]
    """
    checked = check_plate(plate)
    with options.people() as office:
        if remove:
            office.remove_vehicle(login, checked)
        else:
            office.add_vehicle(login, checked)
    if options.as_json:
        print_json({"login": login, "vehicle": "removed" if remove else "entered"})
    else:
        say(err, f"vehicle of {login} {'removed' if remove else 'entered'}")


@app.command("directory")
@with_option_groups
def directory(
    login: LoginArgument,
    issuer: Annotated[str, typer.Option("--issuer", help="Address of the directory, as in server.directories.")] = "",
    subject: Annotated[
        str, typer.Option("--subject", help="Identifier of the person in it: the claim sub, not an e-mail address.")
    ] = "",
    remove: Annotated[bool, typer.Option("--remove", help="The person logs in by password alone again.")] = False,
    *,
    options: RegistryOptions,
) -> None:
    """Let a registered person log in by the directory of their institution (OpenID Connect).

    The directory replaces the password, and nothing else: the one-time code is still asked for, and roles are those of
    the register (art. 5).

    Example: [bold]viapublica people directory ana.souza --issuer https://id.city.example --subject 248289761001[/]
    """
    if (not issuer or not subject) and not remove:
        raise typer.BadParameter("give --issuer and --subject, or --remove")
    with options.people() as office:
        if remove:
            changed = office.disconnect_directory(login)
        else:
            changed = office.connect_directory(login, DirectoryIdentity(issuer, subject))
    show_person(changed, options, "directory removed" if remove else "directory connected")


@app.command("leave")
@with_option_groups
def leave(login: LoginArgument, yes: YesOption = False, *, options: RegistryOptions) -> None:
    """Close the account of a person who left the function, with roles and sessions, at once (art. 5 §7).

    Example: [bold]viapublica people leave ana.souza --yes[/]
    """
    if not confirmed(f"{login} left, and the account is closed now?", yes=yes):
        raise typer.Exit(1)
    with options.people() as office:
        show_person(office.leave(login), options, "account closed")


@app.command("suspend")
@with_option_groups
def suspend(
    login: LoginArgument,
    reason: Annotated[str, typer.Option("--reason", help="Reason; required.", show_default=False)],
    *,
    options: RegistryOptions,
) -> None:
    """Suspend an account, with its sessions, at once; an invitation opens it again (art. 7).

    Example: [bold]viapublica people suspend ana.souza --reason "inquiry 12/2026"[/]
    """
    with options.people() as office:
        show_person(office.suspend(login, reason), options, "suspended")


@app.command("invite")
@with_option_groups
def invite(login: LoginArgument, *, options: RegistryOptions) -> None:
    """Print a code with which a person sets password and second factor; also after one was lost.

    It can be used once, within three days; sessions of the account end.

    Example: [bold]viapublica people invite ana.souza[/]
    """
    with options.people() as office:
        typer.echo(office.invite(login))
    say(err, f"hand it over in person; it is used within three days: viapublica people activate {login}")


@app.command("activate")
@with_option_groups
def activate(login: LoginArgument, *, options: RegistryOptions) -> None:
    """Set your password and second factor with the code of your invitation.

    Asks for the code and the password, and shows an address (otpauth://) for an authenticator app.

    Example: [bold]viapublica people activate ana.souza[/]
    """
    from pipeline.app.people.activation import begin_activation, finish_activation

    invitation = typer.prompt("invitation", err=True)
    with options.opened(with_code=False) as registry:
        secret, address = begin_activation(registry, login, invitation)
        say(err, "add this account to your authenticator app:")
        typer.echo(address)
        password = typer.prompt("new password", hide_input=True, confirmation_prompt=True, err=True)
        code = typer.prompt("code that the app shows", err=True)
        person = finish_activation(registry, login, invitation, password=password, secret=secret, code=code)
    show_person(person, options, "active")


@app.command("import")
@with_option_groups
def import_people(
    file: Annotated[Path, typer.Argument(help="CSV file with a heading.", show_default=False)],
    until: UntilOption,
    *,
    options: RegistryOptions,
) -> None:
    """Register the people of a CSV file, all or none: duplicates and mistakes are named by line.

    Columns: login, name, document, institution, sector; optional: until, contract, system_user. UTF-8, commas or
    semicolons.

    Example: [bold]viapublica people import people.csv --until 2027-12-31[/]
    """
    with options.people() as office:
        imported = office.import_people(file, options.time_ms(until))
        show_people(imported, options)
    say(err, f"registered: {counted(len(imported), 'person') if len(imported) == 1 else f'{len(imported)} people'}")


@app.command("emergency")
@with_option_groups
def emergency(
    minutes: Annotated[int, typer.Option("--minutes", help="How long, up to 480.", show_default=False)],
    purpose: Annotated[
        Purpose, typer.Option("--purpose", help="crisis, violence-prevention or criminal-investigation.")
    ],
    reason: Annotated[str, typer.Option("--reason", help="Reason; required.", show_default=False)],
    *,
    options: RegistryOptions,
) -> None:
    """Ask for emergency access for yourself. A second person opens it within the hour: people open-emergency.

    Example: [bold]viapublica people emergency --minutes 60 --purpose crisis --reason "flood, north zone"[/]
    """
    with options.people() as office:
        asked = office.request_emergency(minutes, purpose, reason)
    if not options.show_json(asked):
        typer.echo(asked.emergency_id)
        say(err, f"a second person opens it: viapublica people open-emergency {asked.emergency_id}")


@app.command("open-emergency")
@with_option_groups
def open_emergency(
    emergency_id: Annotated[int, typer.Argument(metavar="ID", help="Number of the request.", show_default=False)],
    *,
    options: RegistryOptions,
) -> None:
    """Open emergency access that another person asked for, as the second person.

    Example: [bold]viapublica people open-emergency 3[/]
    """
    with options.people() as office:
        opened = office.open_emergency(emergency_id)
    if not options.show_json(opened):
        say(err, f"open for {opened.login} until {options.date(opened.until_ms)}")
