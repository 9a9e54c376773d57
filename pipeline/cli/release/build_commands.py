"""`viapublica release build`, `verify`, `exempt` and `confirm-exemption`: the released file and its exemptions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import pipeline.cli.release.certificate_command  # noqa: F401  registers its command
from pipeline.cli.common.console import err, out, print_json, say
from pipeline.cli.common.key_password import KeyPasswordFileOption, key_password
from pipeline.cli.common.option_groups import with_option_groups
from pipeline.cli.common.person_name import person
from pipeline.cli.common.register_options import RegisterConfigOption, RegisterOption
from pipeline.cli.common.signals import clean_exit_on_signals
from pipeline.cli.common.store_options import configured_institution
from pipeline.cli.release.app import (
    ByOption,
    JsonOption,
    NumberArgument,
    ReportLocaleOption,
    ZoneOption,
    opened,
)
from pipeline.cli.release.evidence_commands import (
    EvidenceOption,
    RecipientCertificateOption,
    check_evidence_options,
    show_evidence,
)
from pipeline.cli.release.output import region_text
from pipeline.cli.release.redaction_progress import terminal_progress
from pipeline.cli.release.register_commands import app  # those of the register, which come first in the help
from pipeline.domain.plural import counted
from pipeline.errors import ReleaseError

if TYPE_CHECKING:
    from pipeline.app.anonymize.progress import Progress
    from pipeline.app.release.build_evidence import EvidenceBuild
    from pipeline.app.release.build_release import BuildRequest, BuiltRelease
    from pipeline.app.release.register_service import AuditedRegister

__all__ = ["app"]

ExemptionArgument = Annotated[int, typer.Argument(help="Id that `release exempt` printed.", min=1, show_default=False)]
_CERTIFICATE = "VIAPUBLICA_CERTIFICATE"
_KEY = "VIAPUBLICA_KEY"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    """The options of a build."""

    source: Annotated[
        Path | None,
        typer.Option(help="Original file, where a file was requested; its SHA-256 must match.", show_default=False),
    ] = None
    config: Annotated[
        Path | None,
        typer.Option(
            help="Configuration with the recordings and privacy masks of the requested camera.", show_default=False
        ),
    ] = None
    folder: Annotated[Path, typer.Option("--out", "-o", help="Folder for clip and report.")] = Path("releases")
    certificate: Annotated[
        Path | None,
        typer.Option(
            help="Certificate of the institution (PEM, with its chain).", envvar=_CERTIFICATE, show_default=False
        ),
    ] = None
    key: Annotated[
        Path | None, typer.Option(help="Private key of the certificate (PEM).", envvar=_KEY, show_default=False)
    ] = None
    key_password_file: KeyPasswordFileOption = None
    regions: Annotated[
        Path | None,
        typer.Option(help="Additional regions to redact (YAML); see docs/how-to/anonymize.md.", show_default=False),
    ] = None
    windscreens: Annotated[bool, typer.Option("--windscreens", help="Mask the windscreens of vehicles too.")] = False
    check_models: Annotated[
        list[str] | None,
        typer.Option(
            "--check-model", help="A pinned network that verifies in addition to the default one; repeatable."
        ),
    ] = None
    locale: ReportLocaleOption = None
    rebuild: Annotated[
        str, typer.Option(help="Reason for another file of a disclosure that has one; both stay.", show_default=False)
    ] = ""
    evidence: EvidenceOption = False
    recipient_certificate: RecipientCertificateOption = None
    register: RegisterOption = None
    zone: ZoneOption = None
    by: ByOption = None

    def redacted(self, number: str) -> BuildRequest:
        """A redacted clip to build.

        Raises:
            ViapublicaError: the configuration is not valid, or this user has no name.
        """
        from pipeline.app.release.build_release import BuildRequest

        return BuildRequest(
            number=number,
            by=person(self.by),
            source=self.source,
            config=self.config,
            folder=self.folder,
            certificate=self.certificate,
            key=self.key,
            key_password=key_password(self.key_password_file),
            regions=self.regions,
            windscreens=self.windscreens,
            check_models=tuple(self.check_models or ()),
            institution=configured_institution(self.config),
            locale=self.locale,
            rebuild=self.rebuild,
        )

    def sealed(self, number: str) -> EvidenceBuild:
        """Evidence to build.

        Raises:
            ReleaseError: an option is missing, or one of redacted releases is given; or this user has no name.
        """
        sealed_for = check_evidence_options(
            certificate=self.recipient_certificate,
            source=self.source,
            regions=self.regions,
            windscreens=self.windscreens,
            check_model=self.check_models,
            locale=self.locale,
        )
        if self.config is None or self.certificate is None or self.key is None:
            raise ReleaseError(
                "--config, --certificate or --key",
                "is missing",
                "Give the recording, and the institution's certificate",
            )
        from pipeline.app.release.build_evidence import EvidenceBuild

        return EvidenceBuild(
            number,
            person(self.by),
            self.config,
            sealed_for,
            self.certificate,
            self.key,
            key_password(self.key_password_file),
            self.folder,
            self.rebuild,
        )


@app.command()
@with_option_groups
def build(number: NumberArgument, *, options: BuildOptions, as_json: JsonOption = False) -> None:
    """Build the clip of an approved disclosure: redacted, independently verified, attack-tested, signed and registered.

    Clip and report appear in the folder together, named after the number, or not at all.

    Example: [bold]viapublica release build 2026/000123 --source street.mp4 --certificate c.pem --key k.pem[/]

    Example: [bold]viapublica release build 2026/000124 --evidence --recipient-certificate r.pem --config city.yaml[/]
    """
    if options.evidence:
        sealed = options.sealed(number)
        from pipeline.app.release.build_evidence import build_evidence

        with _building(options) as (entries, progress):
            show_evidence(build_evidence(sealed, entries, progress), number, as_json)
        return
    request = options.redacted(number)
    from pipeline.app.release.build_release import build_release

    with _building(options) as (entries, progress):
        built = build_release(request, entries, progress)
    if as_json:
        files = {"clip": str(built.clip), "report": str(built.report), "sha256": built.sha256}
        print_json(files | {"statement": dict(built.statement)})
    else:
        _show_built(built, number)


@contextmanager
def _building(options: BuildOptions) -> Iterator[tuple[AuditedRegister, Progress]]:
    """The register, and the progress of a build, which a signal ends cleanly."""
    with (
        clean_exit_on_signals(),
        opened(options.register, options.config, options.zone) as entries,
        terminal_progress() as progress,
    ):
        yield entries, progress


@app.command()
def verify(
    clip: Annotated[Path, typer.Argument(help="A released clip.", show_default=False)],
    trust: Annotated[
        Path | None, typer.Option("--trust", help="Trusted authorities (PEM).", show_default=False)
    ] = None,
    register: RegisterOption = None,
    config: RegisterConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check a clip as its recipient would, and find it in the register.

    Exit status 0 if it is signed, unchanged, contains nothing but video, was made with pinned networks, and was built
    for a disclosure of this register that is still approved.

    Example: [bold]viapublica release verify releases/2026-000123.mp4[/]
    """
    from pipeline.app.release.registered_file import registered_files
    from pipeline.app.release.verify_clip import verify_clip
    from pipeline.cli.release.verify_command import show_checked, show_registered

    checked = verify_clip(clip, trust)
    with opened(register, config) as entries:
        files = registered_files(entries, checked.sha256)
    if as_json:
        rows = [{"number": one.number, "standing": one.standing.value, "detail": one.detail} for one in files]
        print_json(checked.as_json() | {"disclosures": [one.number for one in files], "registered": rows})
    else:
        show_checked(checked, trust)
        show_registered(files)
    permitted = bool(files) and all(one.permitted for one in files)
    if not (checked.good and checked.networks.pinned and permitted):
        raise typer.Exit(1)


@app.command()
def exempt(
    number: NumberArgument,
    regions: Annotated[
        Path,
        typer.Option(help="YAML file with `exempt` regions, which are not redacted; see docs/how-to/anonymize.md."),
    ],
    register: RegisterOption = None,
    config: RegisterConfigOption = None,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Request that regions are exempted from redaction, such as a statue; a second person confirms each.

    Example: [bold]viapublica release exempt 2026/000123 --regions statue.yaml --by ana[/]
    """
    from pipeline.app.release.register_service import request_exemptions

    with opened(register, config) as entries:
        requested = request_exemptions(entries, number, regions, person(by))
    if as_json:
        print_json([{"exemption_id": one.exemption_id, "reason": one.reason} for one in requested])
        return
    for one in requested:
        say(
            out,
            ("requested ", "bold"),
            f"{one.reason}, {region_text(one.region)}; a second person makes an image of it and opens it: "
            f"viapublica release show-exemption {number} {one.exemption_id}",
        )


@app.command("show-exemption")
def show_exemption(
    number: NumberArgument,
    exemption: ExemptionArgument,
    source: Annotated[
        Path | None, typer.Option(help="Original file, where a file was requested.", show_default=False)
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="Configuration that records the requested camera.", show_default=False),
    ] = None,
    register: RegisterOption = None,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make an image of an exemption: the region unredacted at four times, all else redacted.

    Nothing is confirmed without it. Only you may read it; it is removed when the disclosure is refused or delivered.

    Example: [bold]viapublica release show-exemption 2026/000123 1 --source street.mp4 --by bruno[/]
    """
    from pipeline.app.release.exemption_image import ExemptionImageRequest, make_exemption_image

    with opened(register, config) as entries:
        wanted = ExemptionImageRequest(number, exemption, person(by), source, config)
        path = make_exemption_image(wanted, entries)
    if as_json:
        print_json({"exemption_id": exemption, "image": str(path)})
    else:
        say(out, ("written ", "bold"), str(path))
        say(
            err,
            "open it; if it shows a thing: ",
            (f"viapublica release confirm-exemption {number} {exemption}", "bold"),
        )


@app.command("confirm-exemption")
def confirm_exemption(
    number: NumberArgument,
    exemption: ExemptionArgument,
    register: RegisterOption = None,
    config: RegisterConfigOption = None,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Confirm an exemption as the second person, who opened the image that `release show-exemption` made.

    Example: [bold]viapublica release confirm-exemption 2026/000123 1 --by bruno[/]
    """
    with opened(register, config) as entries:
        done = entries.confirm_exemption(number, exemption, person(by))
    if as_json:
        print_json({"exemption_id": done.exemption_id, "confirmed_by": done.confirmed_by, "reason": done.reason})
    else:
        people = f"requested by {done.requested_by}, confirmed by {done.confirmed_by}"
        say(out, ("confirmed ", "bold"), f"{done.reason}, {region_text(done.region)} ({people})")


def _show_built(built: BuiltRelease, number: str) -> None:
    say(out, ("written ", "bold"), f"{built.clip} and {built.report}")
    say(out, f"SHA-256 {built.sha256}, entered in the register")
    if built.exempted:
        regions = counted(built.exempted, "region")
        say(err, ("exempted:", "bold yellow"), f" {regions}, as two persons agreed; check them in the clip")
    if built.detectors:
        say(
            out,
            f"{', '.join(built.detectors)} detected no unredacted person, face or plate; detectors miss objects, so "
            "play the clip once",
        )
    if built.crowded:
        say(err, f"{100 * built.masked_share:.0f}% is masked: for flows, request it with --style silhouette")
    say(
        err,
        "check the report, then hand over the clip and record it: ",
        (f"viapublica release deliver {number}", "bold"),
    )
