"""`viapublica institutions`: bodies and their sectors."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from pipeline.cli.common.console import err, print_json, print_table, say
from pipeline.cli.common.option_groups import with_option_groups
from pipeline.cli.common.registry_options import RegistryOptions
from pipeline.domain.account import InstitutionKind
from pipeline.domain.people import RegisteredInstitution, Sector

app = typer.Typer(
    help="Institutions and sectors: add, add-sector, list.\n\n"
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
