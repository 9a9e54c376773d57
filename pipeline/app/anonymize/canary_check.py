"""Canary test of a verification, in frames of the very video: a verification that cannot see there verifies nothing.

Persons, faces and a plate are pasted into frames, which then take the path of the verification. Every verification
detector must find what it has labels for, and all of them together all three; the plate reader must read the plate; and
the re-identification attack must match persons to themselves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from pipeline.anonymize.canary import (
    PLATE_TEXT,
    CanaryFrame,
    canary_frame,
    distinct_persons,
    plate_crop,
    typical_levels,
)
from pipeline.anonymize.reidentification import descriptor, match_probes
from pipeline.app.anonymize.progress import Silent, Stage
from pipeline.app.anonymize.redaction_run import Stopwatch, detect_video
from pipeline.decode.lazy_images import ArrayImage
from pipeline.detect.detector_ensemble import DetectorEnsemble
from pipeline.detect.detector_pool import DetectorPool
from pipeline.domain.frame import BgrImage, Image
from pipeline.domain.labels import Label
from pipeline.domain.ports import Detector, PlateReader
from pipeline.domain.video import Video, VideoFrame, VideoInfo
from pipeline.errors import NotVerified
from pipeline.lpr.plate_syntax import decode

WANTED: Final = (Label.PERSON, Label.FACE, Label.PLATE)
_FRAMES, _FRAMES_IF_LARGE = 9, 3
_LARGE_PX: Final = 9_000_000
_SHARE: Final = 0.8
"""Of the frames, in which each label must be found: a clip may fade in, but not be dark for long."""
_MIN_CONTRAST: Final = 12.0
"""Gray levels between black and white objects in a typical part of a frame; with less, nothing is visible."""
_PERSON_PX: Final = 128


def check_verification(
    detectors: DetectorEnsemble, plate_reader: PlateReader, video: Video, frames: int, min_score: float
) -> None:
    """Require that a verification finds objects pasted into frames of a video.

    Args:
        detectors: the verification detectors.
        plate_reader: of the plate attack.
        video: the original.
        frames: its number of frames.
        min_score: from which the verification counts a detection.

    Raises:
        NotVerified: something is not found.
        SourceError: the video cannot be read.
        ModelRuntimeError: a network failed.
    """
    images = _sampled(video, frames)
    visible = sum(_contrast(image) >= _MIN_CONTRAST for image in images)
    if visible < _SHARE * len(images):
        few = f"{len(images) - visible} of {len(images)} sampled frames"
        raise _not_verified(f"{few} are too dark or have too little contrast for anything to be visible")
    height, width = images[0].shape[:2]
    facts = replace(video.facts, width=width, height=height)
    canaries = _CanaryVideo(facts, [canary_frame(image) for image in images])
    together: set[Label] = set()
    for detector in detectors.detectors:
        found = _found_labels(detector, canaries, min_score)
        expected = [label for label in WANTED if label in _labels(detector)]
        if missed := [label.word for label in expected if label not in found]:
            raise _not_verified(f"{detector.name} misses the {' and the '.join(missed)} pasted into its frames")
        together |= found
    if missed := [label.word for label in WANTED if label not in together]:
        raise _not_verified(f"no verification detector finds the {' or the '.join(missed)} pasted into its frames")
    if not any(_is_read(plate_reader, image) for image in images):
        raise _not_verified(f"{plate_reader.name} does not read the plate pasted into its frames")
    if not _persons_are_matched():
        raise _not_verified("the re-identification attack does not match unmasked persons")


def _not_verified(problem: str) -> NotVerified:
    return NotVerified(
        "verification",
        f"is not possible in this video, which therefore counts as not verified: {problem}",
        "Choose another range or a brighter video, or give a suitable detector with --check-model",
    )


def _labels(detector: Detector) -> frozenset[Label]:
    return frozenset(label for network in detector.networks for label in network.labels)


def _found_labels(detector: Detector, canaries: _CanaryVideo, min_score: float) -> set[Label]:
    """Labels that a detector finds in nearly all canary frames."""
    seen = detect_video(canaries, DetectorPool([detector]), Stage.VERIFY, Stopwatch(), Silent())
    hits: Counter[Label] = Counter()
    for canary, found in zip(canaries.canaries, seen.per_frame, strict=True):
        missed = canary.missed(found, min_score)
        hits.update(label for label in WANTED if label not in missed)
    return {label for label, count in hits.items() if count >= _SHARE * len(canaries.canaries)}


def _is_read(reader: PlateReader, image: BgrImage) -> bool:
    read = decode(reader.read([plate_crop(image)])[0])
    return read is not None and read.text == PLATE_TEXT


def _persons_are_matched() -> bool:
    """Whether the attack matches persons to themselves in other light and at another position."""
    persons = distinct_persons(_PERSON_PX)
    box = (0.0, 0.0, float(persons[0].shape[1]), float(persons[0].shape[0]))
    moved = [np.roll((person * 0.8).astype(np.uint8), 2, axis=1) for person in persons]
    gallery = [descriptor(person, box) for person in persons]
    return match_probes(gallery, [descriptor(person, box) for person in moved]).above_chance


def _contrast(image: BgrImage) -> float:
    black, white = typical_levels(image)
    return white - black


def _sampled(video: Video, frames: int) -> list[BgrImage]:
    """Frames spread over the video in square pixels, its first and last ones included; fewer of very large ones."""
    count = _FRAMES if video.facts.width * video.facts.height <= _LARGE_PX else _FRAMES_IF_LARGE
    wanted = set(np.linspace(0, max(frames - 1, 0), count).round().astype(int).tolist())
    images = []
    with closing(video.frames()) as decoded:
        for number, frame in enumerate(decoded):
            if number in wanted:
                images.append(_square_pixels(frame.image))
            if number >= max(wanted):
                break
    return images


def _square_pixels(image: Image) -> BgrImage:
    """A copy, as networks see it: what is pasted into it has the proportions of real objects."""
    if image.sample_aspect == 1:
        return image.bgr().copy()
    return image.resized(max(1, round(image.width * image.sample_aspect)), image.height).copy()


@dataclass(frozen=True, slots=True)
class _CanaryVideo:
    """Canary frames as a `Video`, so that they take the path of a redacted one."""

    facts: VideoInfo
    canaries: Sequence[CanaryFrame]

    @property
    def damaged(self) -> int:
        """No frame is damaged."""
        return 0

    def frames(self) -> Generator[VideoFrame, None, None]:
        """Every canary frame."""
        for number, canary in enumerate(self.canaries):
            yield VideoFrame(number, number, ArrayImage(canary.image))
