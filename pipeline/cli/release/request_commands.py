"""`viapublica release request`, `declare`, `approve`, `refuse` and `deliver`: entries and decisions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.common.console import err, say
from pipeline.cli.common.option_groups import with_option_groups
from pipeline.cli.common.person_name import person
from pipeline.cli.common.register_options import RegisterConfigOption, RegisterOption, register_of
from pipeline.cli.common.store_options import zone_of
from pipeline.cli.release.app import (
    ByOption,
    JsonOption,
    NumberArgument,
    ZoneOption,
    app,
    opened,
)
from pipeline.cli.release.evidence_commands import EvidenceOption, RecipientCertificateOption
from pipeline.cli.release.output import show_changed, show_conditions
from pipeline.domain.disclosure import Content, Disclosure, LegalBasis, ReleaseStyle, Request
from pipeline.domain.redaction import OverlayText
from pipeline.domain.times import format_time, parse_range

__all__ = ["app"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestOptions:
    """The options of a request, beside recipient, basis and purpose."""

    camera: Annotated[str, typer.Option(help="Requested camera, with --from and --to.")] = ""
    start: Annotated[
        str | None, typer.Option("--from", help="Start: 2026-11-22T08:00-03:00, or local time in --zone.")
    ] = None
    end: Annotated[str | None, typer.Option("--to", help="End, not included; like --from.")] = None
    config: Annotated[
        Path | None,
        typer.Option(help="Configuration that records the camera; exempts the requested video from retention."),
    ] = None
    file: Annotated[Path | None, typer.Option(help="Requested file, in place of a camera.")] = None
    document: Annotated[str, typer.Option(help="CPF or CNPJ of the recipient, or the case number.")] = ""
    declaration: Annotated[
        Path | None,
        typer.Option(help="The recipient's signed declaration; of an authority, its requisition (PDF, scan)."),
    ] = None
    style: Annotated[ReleaseStyle, typer.Option(help="What is drawn in the place of persons, faces and plates.")] = (
        ReleaseStyle.FILL
    )
    evidence: EvidenceOption = False
    recipient_certificate: RecipientCertificateOption = None
    institution: Annotated[str, typer.Option(help="Overlay: releasing institution.")] = ""
    place: Annotated[str, typer.Option(help="Overlay: public name of the location.")] = ""
    date: Annotated[str, typer.Option("--date", help="Overlay: date, at the precision that may be disclosed.")] = ""
    by: ByOption = None
    register: RegisterOption = None
    zone: ZoneOption = None

    def completed(self, wanted: Request) -> Request:
        """A request with what these options say.

        Raises:
            ViapublicaError: a time, the file or the recipient's certificate cannot be used.
        """
        from pipeline.app.release.register_service import file_content

        begin_ms, end_ms = parse_range(self.start, self.end, zone_of(self.zone, self.config))
        of_file = Content() if self.file is None else file_content(self.file, self.config)
        completed = replace(
            wanted,
            content=replace(of_file, camera_id=self.camera, begin_ms=begin_ms, end_ms=end_ms),
            recipient_document=self.document,
            style=self.style.value,
            overlay=OverlayText(self.institution, self.place, self.date),
        )
        if not self.evidence:
            return completed
        from pipeline.app.release.build_evidence import as_evidence

        return as_evidence(completed, self.recipient_certificate)


@app.command("request")
@with_option_groups
def request(
    basis: Annotated[LegalBasis, typer.Option(help="Legal basis of the disclosure.", show_default=False)],
    recipient: Annotated[
        str, typer.Option(help="Required: the person or body that receives it.", show_default=False)
    ] = "",
    purpose: Annotated[
        str, typer.Option(help="Required, of authorities too: the purpose, in words.", show_default=False)
    ] = "",
    *,
    options: RequestOptions,
    as_json: JsonOption = False,
) -> None:
    """Enter a request. It gets its number at once; nothing is released before another person approves it.

    Example: [bold]viapublica release request --recipient "12ª Vara Criminal" --basis judiciary --purpose "prova"
    --camera av-brasil-900 --from 2026-11-22T08:00-03:00 --to 2026-11-22T08:30-03:00 --declaration signed.pdf[/]
    """
    zone = zone_of(options.zone, options.config)
    wanted = options.completed(Request(person(options.by), recipient, basis, purpose, Content()))
    from pipeline.app.release.register_service import enter_request

    where = register_of(options.register, options.config)
    entered = enter_request(where, wanted, zone=zone, declaration=options.declaration, config=options.config)
    show_changed(entered.disclosure, as_json)
    if entered.nothing_recorded:
        say(err, f"camera {wanted.content.camera_id}: {entered.nothing_recorded}")
    if entered.hold_id:
        release_hold = f"viapublica camera unhold {entered.hold_id} --by NAME --config {options.config}"
        say(err, f"held: {entered.hold_id}; after delivery or refusal: {release_hold}")
    elif options.file is None and wanted.content.begin_ms is not None:
        say(err, "recorded video expires: add --config to hold it, or use viapublica camera hold")


@app.command("declare")
def declare(
    number: NumberArgument,
    file: Annotated[
        Path, typer.Argument(help="The signed declaration, or the requisition (PDF, scan).", show_default=False)
    ],
    by: ByOption = None,
    register: RegisterOption = None,
    config: RegisterConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Store the document of the recipient with the register: an authority's requisition, else its signed declaration.

    Example: [bold]viapublica release declare 2026/000123 signed.pdf[/]
    """
    with opened(register, config) as entries:
        show_changed(entries.declare(number, file, person(by)), as_json)


@app.command("approve")
def approve(
    number: NumberArgument,
    by: ByOption = None,
    reason: Annotated[str, typer.Option("--reason", help="Reason; optional.")] = "",
    config: Annotated[
        Path | None,
        typer.Option(
            help="Configuration that records the requested camera; its masks, scope and source become part of the "
            "approval.",
            show_default=False,
        ),
    ] = None,
    register: RegisterOption = None,
    as_json: JsonOption = False,
) -> None:
    """Approve a disclosure; requires another person than the one who entered it, and the recipient's document.

    Police, public ministry and judiciary give their requisition; all others a signed declaration.
    The approval holds for what is approved: video, recipient, style, overlay, confirmed exemptions, and the declaration
    of the camera. After a change of any of them, approve again.

    Example: [bold]viapublica release approve 2026/000123 --by "Beatriz Lima" --config viapublica.yaml[/]
    """
    from pipeline.app.release.register_service import approve_disclosure

    with opened(register, config) as entries:
        approved = approve_disclosure(entries, number, person(by), reason, config)
        conditions = entries.journal(approved.number)[-1].details["change"]["conditions"]
    if not as_json:
        show_conditions(conditions)
    show_changed(approved, as_json)


@app.command("refuse")
def refuse(
    number: NumberArgument,
    reason: Annotated[str, typer.Option("--reason", help="Reason; required.")] = "",
    by: ByOption = None,
    register: RegisterOption = None,
    config: RegisterConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Refuse a disclosure, with a reason, or withdraw an approval; refusals stay in the register.

    Example: [bold]viapublica release refuse 2026/000123 --reason "the period is longer than the purpose needs"[/]
    """
    with opened(register, config) as entries:
        refused = entries.refuse(number, person(by), reason)
    show_changed(refused, as_json)
    _show_holds(refused, config)


@app.command("deliver")
def deliver(
    number: NumberArgument,
    by: ByOption = None,
    register: RegisterOption = None,
    config: RegisterConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record that the newest file was handed over. A hold on its recording stays, and is named with its command.

    Example: [bold]viapublica release deliver 2026/000123[/]
    """
    with opened(register, config) as entries:
        before = entries.get(number)
        delivered = entries.delivered(number, person(by))
    show_changed(delivered, as_json)
    if before.delivered_ms is not None:
        at = format_time(before.delivered_ms, zone_of(None, config))
        say(
            err,
            f"it was delivered already, by {before.delivered_by} at {at}: this delivery is entered as a further one",
        )
    _show_holds(delivered, config)


def _show_holds(closed: Disclosure, config: Path | None) -> None:
    """The holds that a delivered or refused disclosure leaves: without an end the video would never expire."""
    from pipeline.app.release.request_hold import holds_of_request

    found = holds_of_request(config, closed)
    if found is None:
        say(
            err,
            "a hold that was placed with the request, if any, remains: `viapublica camera segments --config CONFIG` "
            "lists it; when the video need no longer be preserved: "
            "`viapublica camera unhold ID --by NAME --config CONFIG`",
        )
    for hold_id in found or ():
        say(
            err,
            f"hold {hold_id} remains; when the video need no longer be preserved: "
            f"viapublica camera unhold {hold_id} --by NAME --config {config}",
        )
