"""The file of an approved disclosure: redacted, verified, signed, checked, reported and registered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from pipeline.anonymize.manual_regions import ManualRegions, Region
from pipeline.anonymize.report_portuguese import report_language
from pipeline.anonymize.settings import (
    RELEASE_CONFIRM_SCORE,
    RELEASE_CROWD_SCORE,
    AnonymizeSettings,
    MaskSettings,
)
from pipeline.app.anonymize.progress import Progress
from pipeline.app.anonymize.redaction_job import RedactedVideo, RedactionJob, read_redacted_regions, run_job
from pipeline.app.anonymize.report_texts import REPORT_ENCODING, ReportFacts, build_report, damage_text
from pipeline.app.anonymize.residual_images import refusal
from pipeline.app.anonymize.signing import SigningIdentity, open_signing_identity
from pipeline.app.audit.audited_register import AuditedRegister
from pipeline.app.logging_setup import configure_logging
from pipeline.app.release.release_folder import file_stem, opened_release_folder, publish_release
from pipeline.app.release.release_networks import open_release_networks
from pipeline.app.release.release_source import ReleaseSource, open_source
from pipeline.app.release.verify_clip import verify_clip
from pipeline.domain.disclosure import BuiltFile, Disclosure
from pipeline.domain.institution import LAW_OF_DISCLOSURES, Institution
from pipeline.domain.locale import Locale
from pipeline.domain.material import Material
from pipeline.domain.redaction import RedactionStyle
from pipeline.errors import ReleaseError
from pipeline.policy.disclosure import check_rebuilding, checked_style
from pipeline.policy.exemption_limits import check_exemptions
from pipeline.storage.output_file import reported
from pipeline.storage.unnamed_file import UnnamedFile

_REGISTERED: Final = ("models", "cards", "network_pins", "privacy_masks", "captions", "manual_regions", "unredacted")
"""Parts of the statement that the register stores besides the policy and the verification."""
CROWDED_SHARE: Final = 0.4
"""Masked share of the image above which little remains to see."""


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """A release to build.

    Attributes:
        number: of the disclosure.
        source: the original file; config: the configuration that records the camera.
        folder: for clip and report.
        certificate, key: PEM files to sign with; key_password: called for an encrypted key.
        regions: YAML file of regions to redact in addition.
        windscreens: see `MaskSettings`.
        check_models: pinned verification detectors in addition; see `open_release_networks`.
        institution: whose name and law the release bears.
        locale: of the report's readers; None for English.
        rebuild: why another file is built where there is one already.
        by: the person who builds it.
    """

    number: str
    by: str
    source: Path | None = None
    config: Path | None = None
    folder: Path = Path("releases")
    certificate: Path | None = None
    key: Path | None = None
    key_password: Callable[[], bytes] | None = None
    regions: Path | None = None
    windscreens: bool = False
    check_models: tuple[str, ...] = ()
    institution: Institution = field(default_factory=Institution)
    locale: Locale | None = None
    rebuild: str = ""


@dataclass(frozen=True, slots=True)
class BuiltRelease:
    """A release that was built and registered.

    Attributes:
        clip, report: the files; sha256: of the clip.
        statement: the signed values.
        detectors: names of the verification detectors.
        exempted: number of exempted regions.
        masked_share: mean share of the image that is masked.
    """

    clip: Path
    report: Path
    sha256: str
    statement: Mapping[str, Any]
    detectors: tuple[str, ...]
    exempted: int
    masked_share: float

    @property
    def crowded(self) -> bool:
        """Whether so much is masked that a silhouette would show more."""
        return self.masked_share > CROWDED_SHARE


def build_release(request: BuildRequest, register: AuditedRegister, progress: Progress) -> BuiltRelease:
    """Build the clip and its report, and register them.

    Raises:
        ViapublicaError: it is not approved, or cannot be built; no file is left, and nothing is registered.
    """
    configure_logging("warning", "auto")
    disclosure = register.may_build(request.number)
    settings = AnonymizeSettings(
        style=RedactionStyle(checked_style(disclosure.request.style)),
        masks=MaskSettings(
            confirm_score=RELEASE_CONFIRM_SCORE, crowd_score=RELEASE_CROWD_SCORE, windscreens=request.windscreens
        ),
        multi_view=True,
    )
    identity, language = _identity(request), report_language(request.locale)
    name = file_stem(disclosure.number, len(disclosure.files))
    clip, report = request.folder / f"{name}.mp4", request.folder / f"{name}.html"
    institution = request.institution.name or identity.name
    text = disclosure.request.overlay.numbered(disclosure.number, default_institution=institution)
    with ExitStack() as stack:
        folder = stack.enter_context(opened_release_folder(request.folder, register, progress))
        check_rebuilding(disclosure, request.rebuild)
        original = open_source(
            disclosure,
            request.source,
            request.config,
            request.by,
            folder,
            language=language,
            material=Material.ANONYMIZED_VIDEO,
        )
        source = stack.enter_context(original)
        if request.source is not None and clip.exists() and clip.samefile(request.source):
            raise ReleaseError(str(clip), "is the original itself", "Choose another folder with --out")
        approval_sha256 = register.check_conditions(disclosure.number, source.camera)
        regions = _regions(request, register)
        _check_unused(clip, report)
        networks = stack.enter_context(open_release_networks(settings, request.check_models))
        with reported(clip):
            files = {path.name: stack.enter_context(UnnamedFile(folder)) for path in (clip, report)}
        partial = files[clip.name].path
        ignored = source.camera.ignored_areas if source.camera else ()
        job = RedactionJob(source.video, settings, text, regions, identity, source.privacy_masks, ignored)
        result = run_job(job, partial, networks, progress)
        if result.problems:
            raise refusal(result, str(clip), partial, request.folder / f"{name}-residual")
        digest = _check_finished(partial, clip)
        with reported(report):
            facts = ReportFacts(clip.name, digest, _rows(request, disclosure, source, result))
            text_of_report = build_report(result, facts, language)
            files[report.name].path.write_text(text_of_report, **REPORT_ENCODING)
        built = _built_file(clip, partial, digest, result, approval_sha256)
        publish_release(
            clip,
            files,
            folder,
            lambda: register.built(disclosure.number, built, request.by, source.camera_now(), request.rebuild),
        )
    if damage := damage_text(result.undecodable_packets):
        progress.warn("damaged", f"the source: {damage}")
    detectors = tuple(result.verification.detectors) if result.verification else ()
    share = result.summary.masked_share
    return BuiltRelease(clip, report, digest, result.statement, detectors, len(regions.exempt), share)


def _check_unused(*paths: Path) -> None:
    """A file that is there may have been handed over, and is never replaced."""
    existing = next((path for path in paths if path.exists()), None)
    if existing is not None:
        raise ReleaseError(str(existing), "exists already", "Choose another folder with --out, or move the file away")


def _identity(request: BuildRequest) -> SigningIdentity:
    if request.certificate is None or request.key is None:
        raise ReleaseError(
            "--certificate and --key",
            "are missing: releases are signed",
            "Give the institution's, or create them with viapublica release certificate",
        )
    return open_signing_identity(request.certificate, request.key, request.key_password)


def _regions(request: BuildRequest, register: AuditedRegister) -> ManualRegions:
    confirmed = register.confirmed_exemptions(request.number)
    check_exemptions(f"disclosure {request.number}", [one.region for one in confirmed])
    try:
        exempt = tuple(Region.model_validate(one.region) for one in confirmed)
    except ValidationError as error:
        raise ReleaseError(
            f"disclosure {request.number}", "has an exemption without a valid region", "Request it again"
        ) from error
    return ManualRegions(redact=read_redacted_regions(request.regions).redact, exempt=exempt)


def _check_finished(partial: Path, clip: Path) -> str:
    """The SHA-256 of the file, after the check that the recipient will make: signed, unchanged, nothing but video."""
    checked = verify_clip(partial)
    if not checked.good:
        problems = ", ".join((*checked.provenance.problems, *checked.extra_content))
        raise ReleaseError(
            str(clip),
            f"is not written: its own verification fails ({problems or checked.provenance.status.value})",
            "Check that the certificate is valid today",
        )
    return checked.sha256


def _rows(
    build: BuildRequest, disclosure: Disclosure, source: ReleaseSource, result: RedactedVideo
) -> list[tuple[str, str]]:
    """Facts of the disclosure for its report."""
    language, request, declaration = report_language(build.locale), disclosure.request, disclosure.declaration
    text = language.text
    decided = "" if disclosure.decided_ms is None else language.time(disclosure.decided_ms, UTC)
    rows = [
        (text("Number"), disclosure.number),
        (text("Recipient"), " · ".join(part for part in (request.recipient, request.recipient_document) if part)),
        (text("Legal basis"), text(request.basis.value)),
        (text("Legal grounds"), build.institution.legal_grounds(LAW_OF_DISCLOSURES)),
        (text("Purpose"), request.purpose),
        (
            text("Requisition" if request.basis.requisitions else "Declaration"),
            f"{declaration.name} (SHA-256 {declaration.sha256})" if declaration else "",
        ),
        (text("Requested by"), request.requested_by),
        (text("Approved by"), f"{disclosure.decided_by}, {decided}"),
    ]
    return [*rows, *source.rows, (text("Damaged"), damage_text(result.undecodable_packets, language))]


def _built_file(clip: Path, partial: Path, digest: str, result: RedactedVideo, approval_sha256: str) -> BuiltFile:
    statement = result.statement
    policy = {name: statement[name] for name in _REGISTERED}
    policy |= {"sha256": statement["policy_sha256"], **statement["policy"], "approval_sha256": approval_sha256}
    return BuiltFile(clip.name, digest, partial.stat().st_size, statement.get("verification", {}), policy)
