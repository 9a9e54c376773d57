"""`viapublica camera register`, `approve`, `suspend` and others: registered cameras and their sanctions."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.common.confirmation import confirmed
from pipeline.cli.common.console import err, print_table, say
from pipeline.cli.common.option_groups import with_option_groups
from pipeline.cli.common.registry_options import RegistryOptions, SinceOption
from pipeline.cli.operate.hold_commands import app
from pipeline.domain.camera import Scope
from pipeline.domain.camera_registration import (
    Mask,
    NewCamera,
    NewSanction,
    OwnerKind,
    RegisteredCamera,
    RenderedAccount,
    SanctionKind,
)
from pipeline.errors import ConfigError

__all__ = ["app"]

CameraArgument = Annotated[str, typer.Argument(metavar="CAMERA", help="Id of the configuration.", show_default=False)]
ReasonOption = Annotated[str, typer.Option("--reason", help="Reason; required.", show_default=False)]
DefenceOption = Annotated[
    str, typer.Option("--defence", help="Prior defence of the partner: number or summary (law 11.766/2022 art. 8).")
]
RenderedOption = Annotated[
    str, typer.Option("--rendered", help="When the partner rendered account, from which five years count (art. 8 §1).")
]
InquiryOption = Annotated[str, typer.Option("--inquiry", help="When an inquiry was opened, if one was (art. 8 §2).")]
ProjectOption = Annotated[str, typer.Option("--project", help="Number of the installation project (art. 20).")]
AgreementOption = Annotated[str, typer.Option("--agreement", help="Number of the cooperation agreement.")]
EndOption = Annotated[str, typer.Option("--until", help="End of the agreement: 2027-11-30.")]


@app.command("register")
@with_option_groups
def register(
    camera: CameraArgument,
    body: Annotated[
        str, typer.Option("--body", help="Institution and sector that it belongs to.", metavar="INSTITUTION/SECTOR")
    ],
    scope: Annotated[Scope, typer.Option("--scope", help="What it faces.", show_default=False)],
    location: Annotated[str, typer.Option("--location", help="Place in words.", show_default=False)],
    owner: Annotated[str, typer.Option("--owner", help="Name of the owner.", show_default=False)],
    owner_kind: Annotated[OwnerKind, typer.Option("--owner-kind", help="Kind of owner.")] = OwnerKind.PUBLIC,
    project: ProjectOption = "",
    agreement: AgreementOption = "",
    since: SinceOption = "",
    until: EndOption = "",
    latitude: Annotated[float | None, typer.Option("--latitude", help="Degrees, WGS 84.")] = None,
    longitude: Annotated[float | None, typer.Option("--longitude", help="Degrees, WGS 84.")] = None,
    direction: Annotated[int | None, typer.Option("--direction", help="Degrees clockwise from north.")] = None,
    plates_by: Annotated[
        str, typer.Option("--plates-by", help="Instrument by which its plates may be read; without it they are not.")
    ] = "",
    lent: Annotated[bool, typer.Option("--lent", help="The equipment is lent to the owner (comodato).")] = False,
    *,
    options: RegistryOptions,
) -> None:
    """Register a camera of the configuration. It may run when another person has approved its project.

    Example: [bold]viapublica camera register av-brasil-900 --body ceic/central --scope public-road
    --location "Avenida Brasil, 900" --owner "Prefeitura" --project PI-12/2026[/]
    """
    institution, _, sector = body.partition("/")
    wanted = NewCamera(
        camera_id=camera,
        institution=institution,
        sector=sector,
        owner_kind=owner_kind,
        owner=owner,
        scope=scope,
        location=location,
        project=project,
        agreement=agreement,
        agreement_validity=options.period(until, since) if until else None,
        latitude=latitude,
        longitude=longitude,
        direction=direction,
        plates_by=plates_by,
        lent=lent,
    )
    with options.cameras() as office:
        _show(office.register(wanted), options, "registered")


@app.command("registered")
@with_option_groups
def registered(*, options: RegistryOptions) -> None:
    """List registered cameras: owner, body, and whether each may run now, or why not.

    Example: [bold]viapublica camera registered --json[/]
    """
    with options.cameras() as office:
        found = office.cameras()
    if options.show_json(found):
        return
    rows = [
        (
            one.camera_id,
            f"{one.institution}/{one.sector}",
            f"{one.owner} ({one.owner_kind.value})",
            one.location,
            options.date(one.agreement_validity.until_ms if one.agreement_validity else None),
            "yes" if one.plates_by else "no",
            _account_until(one, options),
            one.why_stopped(_now_ms()) or "may run",
        )
        for one in found
    ]
    print_table(
        "Registered cameras",
        ["camera", "body", "owner", "location", "agreement until", "plates", "account until", "state"],
        rows,
    )


def _account_until(camera: RegisteredCamera, options: RegistryOptions) -> str:
    """The end of the use that was accounted for; "" where no equipment is lent."""
    if not camera.lent:
        return ""
    return options.date(max(one.period.until_ms for one in camera.accounts)) if camera.accounts else "none"


@app.command("approve")
@with_option_groups
def approve(camera: CameraArgument, *, options: RegistryOptions) -> None:
    """Approve the installation project of a camera that another person registered (decree 18.743/2014 art. 20).

    Example: [bold]viapublica camera approve av-brasil-900[/]
    """
    with options.cameras() as office:
        _show(office.approve(camera), options, "approved")


@app.command("amend")
@with_option_groups
def amend(
    camera: CameraArgument,
    project: ProjectOption = "",
    agreement: AgreementOption = "",
    since: SinceOption = "",
    until: EndOption = "",
    *,
    options: RegistryOptions,
) -> None:
    """Record a new project, which is approved anew, or a renewed agreement.

    Example: [bold]viapublica camera amend av-brasil-900 --agreement TC-9/2027 --until 2028-12-31[/]
    """
    period = options.period(until, since) if until else None
    with options.cameras() as office:
        _show(office.amend(camera, project, agreement, period), options, "amended")


@app.command("account")
@with_option_groups
def account(
    camera: CameraArgument,
    document: Annotated[str, typer.Option("--document", help="Number of the account.", show_default=False)],
    rendered: Annotated[str, typer.Option("--rendered", help="When it was rendered.", show_default=False)],
    since: Annotated[str, typer.Option("--from", help="Begin of the use that it is about.", show_default=False)],
    until: Annotated[str, typer.Option("--until", help="End of that use.", show_default=False)],
    *,
    options: RegistryOptions,
) -> None:
    """Record the account that a partner rendered of lent equipment (law 11.766/2022 art. 7).

    The five years of the limitation of sanctions count from it (art. 8 §1).

    Example: [bold]viapublica camera account loja-12 --document PC-3/2026 --rendered 2026-11-20
    --from 2026-01-01 --until 2026-11-01[/]
    """
    wanted = RenderedAccount(
        camera_id=camera,
        document=document,
        rendered_ms=options.time_ms(rendered),
        period=options.period(until, since),
    )
    with options.cameras() as office:
        _show(office.render_account(wanted), options, "recorded")


@app.command("masks")
@with_option_groups
def masks(
    camera: CameraArgument,
    file: Annotated[Path, typer.Argument(help="JSON: polygons [[[x, y], …], …], 0 to 1.", show_default=False)],
    reason: ReasonOption,
    *,
    options: RegistryOptions,
) -> None:
    """Record a new version of a camera's privacy masks; earlier versions stay.

    Example: [bold]viapublica camera masks av-brasil-900 masks.json --reason "new building"[/]
    """
    with options.cameras() as office:
        _show(office.set_masks(camera, _masks(file), reason), options, "masks recorded")


@app.command("warn")
@with_option_groups
def warn(
    camera: CameraArgument,
    reason: ReasonOption,
    defence: DefenceOption = "",
    rendered: RenderedOption = "",
    inquiry: InquiryOption = "",
    *,
    options: RegistryOptions,
) -> None:
    """Warn a partner, after their prior defence (law 11.766/2022 art. 8 I). The stream goes on.

    Example: [bold]viapublica camera warn loja-12 --reason "no maintenance" --defence "case 8/2026, page 12"
    --rendered 2026-10-01[/]
    """
    wanted = _sanction(options, camera, SanctionKind.WARNING, reason, defence, rendered, inquiry)
    with options.cameras() as office:
        _show(office.impose(wanted), options, "warned")


@app.command("suspend")
@with_option_groups
def suspend(
    camera: CameraArgument,
    reason: ReasonOption,
    until: Annotated[str, typer.Option("--until", help="End, at most two years from now.", show_default=False)],
    defence: DefenceOption = "",
    rendered: RenderedOption = "",
    inquiry: InquiryOption = "",
    *,
    options: RegistryOptions,
) -> None:
    """Suspend a partner's camera, after their prior defence (law 11.766/2022 art. 8 II): it may not run.

    Example: [bold]viapublica camera suspend loja-12 --until 2027-05-31 --reason "no maintenance"
    --defence "case 8/2026, page 12" --rendered 2026-10-01[/]
    """
    wanted = _sanction(options, camera, SanctionKind.SUSPENSION, reason, defence, rendered, inquiry, until)
    with options.cameras() as office:
        _show(office.impose(wanted), options, "suspended")


@app.command("resume")
@with_option_groups
def resume(camera: CameraArgument, *, options: RegistryOptions) -> None:
    """Lift the suspension of a camera before its end.

    Example: [bold]viapublica camera resume loja-12[/]
    """
    with options.cameras() as office:
        _show(office.lift(camera), options, "resumed")


@app.command("rescind")
@with_option_groups
def rescind(
    camera: CameraArgument,
    reason: ReasonOption,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    *,
    options: RegistryOptions,
) -> None:
    """End the cooperation on a camera for good (law 11.766/2022 art. 6): it may not run.

    Example: [bold]viapublica camera rescind loja-12 --reason "on request of the partner" --yes[/]
    """
    if not confirmed(f"the cooperation on {camera} ends for good?", yes=yes):
        raise typer.Exit(1)
    wanted = NewSanction(camera_id=camera, kind=SanctionKind.RESCISSION, reason=reason)
    with options.cameras() as office:
        _show(office.impose(wanted), options, "rescinded")


def _sanction(
    options: RegistryOptions,
    camera: str,
    kind: SanctionKind,
    reason: str,
    defence: str,
    rendered: str,
    inquiry: str,
    until: str = "",
) -> NewSanction:
    return NewSanction(
        camera_id=camera,
        kind=kind,
        reason=reason,
        defence=defence,
        infraction_ms=options.time_ms(rendered) if rendered else None,
        inquiry_ms=options.time_ms(inquiry) if inquiry else None,
        until_ms=options.time_ms(until) if until else None,
    )


def _masks(file: Path) -> tuple[Mask, ...]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return tuple(tuple((float(x), float(y)) for x, y in polygon) for polygon in found)
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(str(file), f"has no polygons: {error}", "Write [[[x, y], …], …], 0 to 1") from error


def _show(camera: RegisteredCamera, options: RegistryOptions, done: str) -> None:
    if options.show_json(camera):
        return
    say(err, f"{done}: {camera.camera_id}")
    if why := camera.why_stopped(_now_ms()):
        fix = f"; another person approves it: viapublica camera approve {camera.camera_id}" if "project" in why else ""
        say(err, ("may not run:", "yellow"), f" {why}{fix}")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
