"""Verification of a redacted video: residual detections, further redaction rounds, attacks.

The verification detectors are opened by `open_verifier` and run by `Verifier.detect`, nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.anonymize.captions import Polygon, caption_evidence, find_captions
from pipeline.anonymize.joint_evidence import with_joint_evidence
from pipeline.anonymize.redaction_masks import MaskPlan
from pipeline.anonymize.reference_recall import Recall
from pipeline.anonymize.residual_detections import (
    FoundResidual,
    MissRate,
    ResidualDetection,
    estimate_miss_rate,
    find_residual_detections,
    with_residual_detections,
)
from pipeline.anonymize.video_detections import VideoDetections
from pipeline.app.anonymize.attack_evaluation import AttackResults, evaluate_attacks
from pipeline.app.anonymize.canary_check import check_verification
from pipeline.app.anonymize.caption_check import check_captions
from pipeline.app.anonymize.progress import Progress, Stage
from pipeline.app.anonymize.redaction_run import RedactionSummary, Redactor, Stopwatch, detect_video
from pipeline.decode.file_video import FileVideo
from pipeline.decode.settings import DecodeSettings
from pipeline.detect.detector_ensemble import DetectorEnsemble, open_verification_detectors
from pipeline.detect.detector_pool import DetectorPool
from pipeline.domain.labels import Label
from pipeline.domain.network_identity import NetworkIdentity
from pipeline.domain.plural import counted
from pipeline.domain.ports import PlateReader
from pipeline.domain.redaction import WEAK_STYLES
from pipeline.domain.video import Video
from pipeline.lpr.build import build_reader
from pipeline.lpr.settings import LprSettings

MIN_SCORE: Final = 0.4
"""That a residual object must reach once: below, these networks find people in shadows and signs."""
_CLOSED_VEHICLES: Final = (Label.CAR, Label.BUS, Label.TRUCK)
MIN_FRAMES: Final = 3
MAX_ROUNDS: Final = 3
"""Of further redaction: a mask may cut a shop's sign so that its rest resembles a plate."""


class Verifier:
    """Verification detectors and a plate reader; closed with this.

    Args:
        detectors: other ones than those that chose the masks, as far as possible.
        plate_reader: of the plate attack.
    """

    def __init__(self, detectors: DetectorEnsemble, plate_reader: PlateReader) -> None:
        self.detectors = detectors
        self.plate_reader = plate_reader

    @property
    def networks(self) -> tuple[NetworkIdentity, ...]:
        """All networks that take part."""
        return (*self.detectors.networks, *self.plate_reader.networks)

    def check(self, video: Video, frames: int, vehicles: Sequence[npt.NDArray[np.float32]] = ()) -> None:
        """Require that this verification can see in a video at all; see `check_verification`.

        Args:
            video: the original.
            frames: its number of frames.
            vehicles: see `check_verification`.

        Raises:
            NotVerified: it cannot.
            SourceError, ModelRuntimeError: the video cannot be read, or a network failed.
        """
        check_verification(self.detectors, self.plate_reader, video, frames, MIN_SCORE, vehicles=vehicles)

    def detect(
        self, redacted: Video, original: VideoDetections, watch: Stopwatch, progress: Progress
    ) -> VideoDetections:
        """Everything that the verification detectors find in a redacted video, faint detections included.

        Args:
            redacted: the video.
            original: detections of the original, whose times and scenes apply.
            watch: takes the time.
            progress: receives the frames done.

        Raises:
            SourceError: the video cannot be read.
            ModelRuntimeError: a network failed.
        """
        seen = detect_video(redacted, DetectorPool([self.detectors.faint]), Stage.VERIFY, watch, progress)
        return replace(seen, times_s=original.times_s, scenes=original.scenes, fingerprints=())

    def close(self) -> None:
        """Give back memory and threads."""
        self.detectors.close()


def open_verifier(models: Sequence[str], masking_model: str, models_dir: Path | None, *, in_addition: bool) -> Verifier:
    """Open the verification detectors and the plate reader.

    Args:
        models: model cards of detectors; none for the default one.
        masking_model: card of the detector that chooses the masks.
        models_dir: folder of weights.
        in_addition: the given detectors are used besides the default one, not in its place.

    Raises:
        ModelError, MissingComponent: a network cannot be used.
    """
    detectors = open_verification_detectors(models, masking_model, models_dir, in_addition=in_addition)
    return Verifier(detectors, build_reader(LprSettings(), models_dir))


def open_redacted(path: Path) -> FileVideo:
    """A file that was redacted here, as a video."""
    return FileVideo(path, DecodeSettings())


@dataclass(frozen=True, slots=True)
class VerificationResult:
    """Result of a verification.

    Attributes:
        detectors: names of the verification detectors.
        plate_reader: name of the plate reader.
        independent: whether none of the detectors chose the masks.
        residual: unmasked objects in the redacted video, legible plates included.
        added_masks: number of objects that were masked because of verification detections.
        rounds: of further redaction.
        miss_rate: estimate of unmasked objects per minute.
        attacks: results of the attacks.
        weak_style: attacks defeat the style by nature: re-identification does not stop the video, legible plates do.
    """

    detectors: Sequence[str]
    plate_reader: str
    independent: bool
    residual: Sequence[ResidualDetection]
    added_masks: int
    rounds: int
    miss_rate: MissRate
    attacks: AttackResults
    weak_style: bool

    @property
    def problems(self) -> tuple[str, ...]:
        """Why the video must not be released; none when it may."""
        problems = []
        attacks = self.attacks
        problems += [_low_recall(one) for one in (attacks.recall, *attacks.recall_of_parts) if one.too_low]
        if attacks.implausible:
            problems.append(attacks.implausible)
        if self.residual:
            problems.append(f"verification detectors found {counted(len(self.residual), 'unredacted object')}")
        if self.attacks.plates_read > len(self.attacks.legible_plates):
            problems.append("plates are legible under their masks")
        if not self.weak_style:
            problems += [
                f"{word}s are re-identified under their masks more often than by chance"
                for word in self.attacks.reidentified
            ]
        return tuple(problems)


def _low_recall(recall: Recall) -> str:
    seen = f"{recall.detected} of {counted(recall.reference_objects, 'known object')}"
    return f"verification detectors find only {seen} in the original {recall.span}".rstrip()


@dataclass(frozen=True, slots=True)
class VerifiedRedaction:
    """The last round of redaction: its figures, masks, detections, and verification."""

    summary: RedactionSummary
    plan: MaskPlan
    detections: VideoDetections
    verification: VerificationResult


def redact_and_verify(
    redactor: Redactor, detections: VideoDetections, verifier: Verifier, path: Path
) -> VerifiedRedaction:
    """Render a video, verify it, render it again with residual objects masked, and attack the last version.

    Args:
        redactor: of the video.
        detections: in the original.
        verifier: checks each version.
        path: of the redacted video.

    Raises:
        NotVerified: the verification cannot see in this video.
        SourceError, ModelRuntimeError, ReleaseError: see `Redactor`.
    """
    clear = [found.select(found.scores >= MIN_SCORE).labeled(*_CLOSED_VEHICLES) for found in detections.per_frame]
    verifier.check(redactor.video, len(detections), [found.boxes for found in clear])
    last = _last_round(redactor, detections, verifier, path)
    attacks = _attacked(redactor, last, verifier, path)
    residual = _confirmed(last.found.objects, attacks)
    result = VerificationResult(
        detectors=verifier.detectors.names,
        plate_reader=verifier.plate_reader.name,
        independent=verifier.detectors.independent,
        residual=residual,
        added_masks=max(0, last.first_found - len(residual)),
        rounds=last.number,
        miss_rate=estimate_miss_rate(len(residual), last.summary.seconds, *attacks.recall.counts),
        attacks=attacks,
        weak_style=redactor.style in WEAK_STYLES,
    )
    summary = replace(last.summary, stages_s=dict(redactor.watch.stages_s))
    return VerifiedRedaction(summary, last.plan, last.detections, result)


@dataclass(frozen=True, slots=True)
class _Round:
    """A rendered version of the video, and the residual objects in it.

    Attributes:
        number: of the round, 0 for the first version.
        summary, plan, detections: of the version.
        found: in it.
        first_found: number of residual objects in the first version.
    """

    number: int
    summary: RedactionSummary
    plan: MaskPlan
    detections: VideoDetections
    found: FoundResidual
    first_found: int


def _last_round(redactor: Redactor, detections: VideoDetections, verifier: Verifier, path: Path) -> _Round:
    """Render and verify, in further rounds with residual objects masked, until none is left or rounds are used up.

    Of the first version, what both networks see faintly is masked too; later ones have to pass the verification alone.

    Text in declared areas is known by what both networks detect. An area in which the verification finds a vehicle, or
    a plate that is no caption, is masked from then on; so is one whose text may be a plate by what is read in it.
    """
    number, first_found, version = 0, 0, 0
    most = 1 + MAX_ROUNDS + len(redactor.ignored_areas)
    evidence = None
    while True:
        version += 1
        redactor.progress.begin_round(version, most)
        plan = redactor.plan(detections, evidence)
        summary = redactor.render(detections, plan, path)
        faint = verifier.detect(open_redacted(path), detections, redactor.watch, redactor.progress)
        seen = faint.from_score(verifier.detectors.min_score)
        evidence = caption_evidence(detections, seen)
        if not number:
            seen = with_joint_evidence(faint, detections, clear_score=verifier.detectors.min_score, min_score=MIN_SCORE)
        unmasked, plan.captions = plan.captions.polygons, find_captions(evidence, redactor.ignored_areas)
        found = find_residual_detections(
            seen, plan, min_score=MIN_SCORE, min_frames=MIN_FRAMES, overlay=redactor.overlay_box
        )
        doubted = set(plan.captions.doubted(_places(found.objects)))
        doubted |= set(unmasked) - set(plan.captions.polygons)
        ended = not found.objects or number == MAX_ROUNDS
        if ended and not doubted:
            doubted = _doubted_by_reading(redactor, plan, evidence, verifier)
        if doubted:
            redactor.ignored_areas = tuple(area for area in redactor.ignored_areas if area not in doubted)
            continue
        first_found = first_found if number else len(found.objects)
        if ended:
            return _Round(number, summary, plan, detections, found, first_found)
        number += 1
        detections = with_residual_detections(detections, found.objects, redactor.mask_settings)


def _doubted_by_reading(
    redactor: Redactor, plan: MaskPlan, evidence: VideoDetections, verifier: Verifier
) -> set[Polygon]:
    with redactor.watch.measuring(Stage.VERIFY):
        return check_captions(redactor.video, plan.captions, evidence, verifier.detectors, verifier.plate_reader)


def _attacked(redactor: Redactor, last: _Round, verifier: Verifier, path: Path) -> AttackResults:
    with redactor.watch.measuring(Stage.ATTACK):
        return evaluate_attacks(
            redactor.video,
            open_redacted(path),
            detections=last.detections,
            plan=last.plan,
            detectors=verifier.detectors,
            plate_reader=verifier.plate_reader,
            overlay=redactor.overlay_box,
            residual_plates=[
                one for one in (*last.found.objects, *last.found.faint_plates) if one.label is Label.PLATE
            ],
            progress=redactor.progress,
        )


def _places(found: Sequence[ResidualDetection]) -> list[npt.NDArray[np.float32]]:
    """The boxes (n, 4) of each plate."""
    return [np.stack([box for _, box in one.places]) for one in found if one.label is Label.PLATE]


def _confirmed(found: Sequence[ResidualDetection], attacks: AttackResults) -> list[ResidualDetection]:
    """Without plates that are artifacts of masks, and with faint ones that are legible."""
    present = [one for one in found if one.label is not Label.PLATE or one in attacks.present_plates]
    return [*present, *(plate for plate in attacks.legible_plates if plate not in present)]
