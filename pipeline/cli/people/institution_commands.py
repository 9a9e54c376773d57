"""`viapublica institutions`: bodies, their sectors, and agreements on sharing between them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from pipeline.cli.common.console import err, print_json, print_table, say
from pipeline.cli.common.option_groups import with_option_groups
from pipeline.cli.common.registry_options import RegistryOptions, SinceOption, UntilOption
from pipeline.domain.account import InstitutionKind
from pipeline.domain.operation import Operation
from pipeline.domain.people import RegisteredInstitution, Sector
from pipeline.domain.purpose import Purpose
from pipeline.domain.sharing_agreement import NewAgreement, SharingAgreement

app = typer.Typer(
    help="Institutions, sectors and agreements: add, add-sector, list, share, agreements.\n\n"
    "The general administration registers them, and figures in every agreement (decree art. 4).\n\n"
    "Example: [bold]viapublica institutions list[/]",
    no_args_is_help=True,
)


@app.command("add")
@with_option_groups
def add(
    body: Annotated[str, typer.Argument(metavar="ID", help="Id, such as pm.", show_default=False)],
    name: Annotated[str, typer.Option("--name", help="Name on documents.", show_default=False)],
    kind: Annotated[InstitutionKind, typer.Option("--kind", help="Kind of body.")] = InstitutionKind.PUBLIC,
    document: Annotated[str, typer.Option("--document", help="CNPJ.")] = "",
    case_format: Annotated[
        str, typer.Option("--case-format", help="Regular expression of its case numbers.", show_default=False)
    ] = "",
    *,
    options: RegistryOptions,
) -> None:
    """Register an institution: public, security (police, guard) or partner (firm, association, resident).

    Example: [bold]viapublica institutions add pm --name "Polícia Militar" --kind security[/]
    """
    wanted = RegisteredInstitution(
        institution_id=body, name=name, kind=kind, document=document, case_format=case_format
    )
    with options.people() as office:
        added = office.add_institution(wanted)
    if not options.show_json(added):
        say(err, f"registered: {body}; next: viapublica institutions add-sector {body}/SECTOR --name NAME")


@app.command("add-sector")
@with_option_groups
def add_sector(
    body: Annotated[
        str, typer.Argument(metavar="INSTITUTION/SECTOR", help="Ids, such as pm/9bpm.", show_default=False)
    ],
    name: Annotated[str, typer.Option("--name", help="Name on documents.", show_default=False)],
    local_unit: Annotated[
        bool,
        typer.Option(
            "--local-unit/--no-local-unit",
            help="Whether it monitors, and registers its own people (art. 5 §1); if not, the general administration "
            "registers them (§2).",
        ),
    ] = True,
    retention: Annotated[int, typer.Option("--retention", help="Days that its data is retained.")] = 7,
    *,
    options: RegistryOptions,
) -> None:
    """Register a sector of an institution.

    Example: [bold]viapublica institutions add-sector pm/9bpm --name "9º BPM" --no-local-unit[/]
    """
    institution, _, sector = body.partition("/")
    wanted = Sector(
        institution_id=institution,
        sector_id=sector,
        name=name,
        has_local_unit=local_unit,
        retention_days=retention,
    )
    with options.people() as office:
        added = office.add_sector(wanted)
    if not options.show_json(added):
        say(err, f"registered: {body}")


@app.command("list")
@with_option_groups
def list_institutions(*, options: RegistryOptions) -> None:
    """List institutions with their sectors.

    Example: [bold]viapublica institutions list[/]
    """
    with options.people() as office:
        found = office.institutions()
    if options.as_json:
        for institution, sectors in found:
            print_json(asdict(institution) | {"sectors": [asdict(one) for one in sectors]})
        return
    rows = [
        (
            f"{institution.institution_id}/{one.sector_id}" if one else institution.institution_id,
            institution.name,
            one.name if one else "-",
            institution.kind.value + (", general administration" if institution.central else ""),
            "-" if one is None else "own" if one.has_local_unit else "general",
            one.retention_days if one else None,
        )
        for institution, sectors in found
        for one in (sectors or (None,))
    ]
    print_table("Institutions", ["id", "institution", "sector", "kind", "administration", "retention days"], rows)


@app.command("share")
@with_option_groups
def share(
    owner: Annotated[
        str, typer.Argument(metavar="OWNER", help="Body whose cameras are shared: ceic, or ceic/central.")
    ],
    recipient: Annotated[
        str, typer.Argument(metavar="RECIPIENT", help="Body that they are shared with: pm, or pm/9bpm.")
    ],
    number: Annotated[str, typer.Option("--number", help="Number of the instrument.", show_default=False)],
    purpose: Annotated[
        list[Purpose], typer.Option("--purpose", help="For which; may be repeated.", show_default=False)
    ],
    operation: Annotated[
        list[Operation],
        typer.Option("--operation", help="What the recipient may do; may be repeated.", show_default=False),
    ],
    until: UntilOption,
    since: SinceOption = "",
    *,
    options: RegistryOptions,
) -> None:
    """Register an agreement on sharing: owner, recipient, purposes, operations, period (decree art. 4).

    Without one, no body works with the cameras of another one. Roles, purposes and case numbers are decided on as ever.

    Example: [bold]viapublica institutions share ceic pm/9bpm --number "Convênio 12/2026"
    --purpose criminal-investigation --operation plate-query --operation retrieval --until 2027-12-31[/]
    """
    wanted = NewAgreement(
        number=number,
        owner=owner,
        recipient=recipient,
        purposes=frozenset(purpose),
        operations=frozenset(operation),
        validity=options.period(until, since),
    )
    with options.people() as office:
        added = office.add_agreement(wanted)
    if options.as_json:
        print_json(_agreement_json(added))
    else:
        typer.echo(added.agreement_id)
        say(err, f"registered: {added.number}, until {options.date(added.validity.until_ms)}")


@app.command("agreements")
@with_option_groups
def agreements(*, options: RegistryOptions) -> None:
    """List agreements on sharing, newest first, ended ones included.

    Example: [bold]viapublica institutions agreements[/]
    """
    with options.people() as office:
        found = office.agreements()
    if options.as_json:
        for one in found:
            print_json(_agreement_json(one))
        return
    rows = [
        (
            one.agreement_id,
            one.number,
            one.owner,
            one.recipient,
            ", ".join(sorted(one.purposes)),
            ", ".join(sorted(one.operations)),
            options.date(one.ended_ms or one.validity.until_ms) + (" (ended)" if one.ended_ms else ""),
        )
        for one in found
    ]
    print_table("Agreements", ["id", "number", "owner", "recipient", "purposes", "operations", "until"], rows)


@app.command("end-sharing")
@with_option_groups
def end_sharing(
    agreement: Annotated[int, typer.Argument(metavar="ID", help="Number of the entry.", show_default=False)],
    *,
    options: RegistryOptions,
) -> None:
    """End an agreement on sharing at once.

    Example: [bold]viapublica institutions end-sharing 3[/]
    """
    with options.people() as office:
        ended = office.end_agreement(agreement)
    if options.as_json:
        print_json(_agreement_json(ended))
    else:
        say(err, f"ended: {ended.number}")


def _agreement_json(one: SharingAgreement) -> dict[str, Any]:
    listed = {"purposes": sorted(one.purposes), "operations": sorted(one.operations)}
    return asdict(one) | listed
