"""One video from its source to the redacted, verified and signed file; shared by `anonymize` and `release build`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.anonymize.exemptions import UnredactedShare, unredacted_share
from pipeline.anonymize.manual_regions import ManualRegions, read_regions
from pipeline.anonymize.provenance import sign_in_place
from pipeline.anonymize.redaction_masks import MaskPlan
from pipeline.anonymize.settings import AnonymizeSettings
from pipeline.anonymize.unplated_vehicles import UnplatedVehicle, unplated_vehicles
from pipeline.anonymize.video_detections import VideoDetections
from pipeline.app.anonymize.progress import Progress, Stage
from pipeline.app.anonymize.provenance_statement import (
    captions_json,
    privacy_masks_json,
    provenance_statement,
    unredacted_json,
)
from pipeline.app.anonymize.redaction_networks import RedactionNetworks
from pipeline.app.anonymize.redaction_run import RedactionSummary, Redactor
from pipeline.app.anonymize.verification import VerificationResult, redact_and_verify
from pipeline.domain.polygon import Polygon
from pipeline.domain.redaction import WEAK_STYLES, OverlayText
from pipeline.domain.video import Video
from pipeline.errors import ReleaseError

if TYPE_CHECKING:
    from pipeline.anonymize.signing_certificate import SigningIdentity


@dataclass(frozen=True, slots=True)
class RedactionJob:
    """A video and how it is redacted.

    Attributes:
        video: the original.
        settings: of masks, style and encoder.
        text: of the overlay.
        regions: redacted in addition, or exempted.
        identity: signs the file; None for an unsigned one.
        privacy_masks: burnt into the video already, shares of the image.
        ignored_areas: of the camera; captions in them stay unmasked in a video that is verified.
    """

    video: Video
    settings: AnonymizeSettings
    text: OverlayText
    regions: ManualRegions
    identity: SigningIdentity | None
    privacy_masks: Sequence[Polygon] = ()
    ignored_areas: Sequence[Polygon] = ()


@dataclass(frozen=True, slots=True)
class RedactedVideo:
    """A redacted video in its partial file.

    Attributes:
        job: what it was made from.
        summary: figures of the redaction.
        plan: its masks; detections: in the original.
        verification: None without one. With `problems` the video must not be released.
        statement: the signed values.
        unplated: near vehicles on which no plate was ever masked.
        unredacted: by exemptions.
    """

    job: RedactionJob
    summary: RedactionSummary
    plan: MaskPlan
    detections: VideoDetections
    verification: VerificationResult | None
    statement: Mapping[str, Any]
    unplated: Sequence[UnplatedVehicle] = ()
    unredacted: UnredactedShare = field(default_factory=UnredactedShare)

    @property
    def problems(self) -> tuple[str, ...]:
        """Why it must not be released; none when it may."""
        return () if self.verification is None else self.verification.problems

    @property
    def undecodable_packets(self) -> int:
        """Packets of the source that are missing in the result."""
        return self.job.video.damaged


def run_job(job: RedactionJob, path: Path, networks: RedactionNetworks, progress: Progress) -> RedactedVideo:
    """Redact a video, verify it, and sign it if it has no problems.

    Args:
        job: the video and how it is redacted.
        path: a partial file, which no other process reads yet.
        networks: choose the masks, and verify.
        progress: receives the frames done.

    Raises:
        SourceError: the source cannot be read.
        ModelRuntimeError: a network failed.
        ReleaseError: the file cannot be written or signed.
    """
    verified = networks.verifier is not None
    stages = tuple(Stage) if verified else (Stage.DETECT, Stage.RENDER)
    duration_s = job.video.facts.duration_s
    progress.start(stages, round(duration_s * job.video.facts.rate) if duration_s else None)
    # Only the verification reads captions, and would find one that is a plate.
    areas = job.ignored_areas if verified else ()
    redactor = Redactor(job.video, job.settings, job.text, progress, job.regions, ignored_areas=areas)
    detections = redactor.detect(networks.detectors)
    verification = None
    if networks.verifier is None:
        plan = redactor.plan(detections)
        summary = redactor.render(detections, plan, path)
    else:
        last = redact_and_verify(redactor, detections, networks.verifier, path)
        summary, plan, detections, verification = last.summary, last.plan, last.detections, last.verification
    statement = provenance_statement(
        summary, job.settings, job.text, regions=job.regions, networks=networks.digests, verification=verification
    )
    statement |= {"privacy_masks": privacy_masks_json(job.privacy_masks), "captions": captions_json(plan.captions)}
    unredacted = unredacted_share(plan.exempted, detections)
    statement |= {"unredacted": unredacted_json(unredacted)}
    if job.video.damaged:
        statement |= {"undecodable_packets": job.video.damaged}
    unplated = unplated_vehicles(detections, plan)
    statement |= {"vehicles_without_masked_plate": len(unplated)}
    result = RedactedVideo(job, summary, plan, detections, verification, statement, unplated, unredacted)
    if job.identity and not result.problems:
        sign_in_place(path, job.identity, statement, summary.media_sha256)
    return result


def warn_of_weak_style(settings: AnonymizeSettings, progress: Progress) -> None:
    """Warn where the style can be reversed."""
    if settings.style in WEAK_STYLES:
        progress.warn(
            "weak style",
            f"{settings.style.value} is computed from the pixels that it hides, and attacks reverse it (Revelio "
            "re-identified 95.9% of blurred faces); only --style fill and silhouette remove all information",
        )


def read_redacted_regions(path: Path | None) -> ManualRegions:
    """The regions of a file without exemptions, which need a second person's approval.

    Raises:
        ReleaseError: it cannot be read, or contains exemptions.
    """
    regions = ManualRegions() if path is None else read_regions(path)
    if regions.exempt:
        raise ReleaseError(
            str(path),
            "contains `exempt` regions, which require second-person approval",
            "Remove `exempt`, or use viapublica release exempt",
        )
    return regions
