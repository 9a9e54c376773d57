"""Canary test of a verification, in frames of the very video: a verification that cannot see there verifies nothing.

Every frame is measured, and each minute of the video divided into sections by scene and visibility. Persons, faces and
a plate are pasted into the hardest frame of each section, and others of the minute, which then take the path of the
verification. In each section every verification detector must find what it has labels for, and all of them together all
three; and the plate reader must read the plate. The re-identification attack must match persons to themselves. Round
images of 360-degree cameras and altered frames (false colors, relief, equal brightness) are refused, the latter also
in a part of a split screen.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Final, TypeAlias

import numpy as np

from pipeline.anonymize.altered_frames import AlteredFrames
from pipeline.anonymize.bent_edges import NO_BOXES, Boxes
from pipeline.anonymize.canary import (
    PLATE_TEXT,
    CanaryFrame,
    canary_frame,
    distinct_persons,
    plate_crop,
)
from pipeline.anonymize.reidentification import descriptor, match_probes
from pipeline.anonymize.release_report import clock
from pipeline.anonymize.round_image import is_round
from pipeline.anonymize.video_minutes import minutes
from pipeline.anonymize.video_sections import (
    VideoSection,
    VideoSections,
    Visibility,
    frame_visibility,
    representative_sections,
)
from pipeline.app.anonymize.prefetch import prefetched
from pipeline.app.anonymize.progress import Silent, Stage
from pipeline.app.anonymize.redaction_run import Stopwatch, detect_video
from pipeline.app.anonymize.repeated_search import source_changed
from pipeline.decode.lazy_images import ArrayImage
from pipeline.detect.detector_ensemble import DetectorEnsemble
from pipeline.detect.detector_pool import DetectorPool
from pipeline.detect.scene_cut import SceneDivider
from pipeline.domain.frame import BgrImage, Image
from pipeline.domain.labels import Label
from pipeline.domain.plural import counted
from pipeline.domain.ports import Detector, PlateReader
from pipeline.domain.video import Video, VideoFrame, VideoInfo
from pipeline.errors import NotVerified
from pipeline.lpr.plate_syntax import decode

WANTED: Final = (Label.PERSON, Label.FACE, Label.PLATE)
_FRAMES, _FRAMES_IF_LARGE = 9, 3
"""That are tested of a minute with few sections."""
_SECTIONS, _SECTIONS_IF_LARGE = 12, 6
"""From which alike ones are tested together, by the hardest of them."""
_MIN_EVEN_FRAMES: Final = 3
"""Spread evenly over the minute, whatever its sections."""
_BENT_S: Final = 0.4
"""Length of frames with a bent part, together, from which they are tested: crossing legs resemble a bend for an
instant, and masks bridge it …"""
_BENT_SHARE: Final = 0.1
"""… unless they are this share of a minute's frames: a video may be that short."""
_LARGE_PX: Final = 9_000_000
_SHARE: Final = 0.8
"""Of a section's tested frames, in which each label must be found …"""
_MIN_SHARED: Final = 5
"""… if it has at least so many; of fewer, in all."""
_MAX_FAINT_SHARE: Final = 0.2
"""Of the frames that may be uniform or faint: a clip may fade in, but not show little for long."""
_PERSON_PX: Final = 128
_FIX: Final = "Choose another range or a brighter video, or give a suitable detector with --check-model"
_Tested: TypeAlias = tuple[str, Sequence[int]]
"""When a section is seen, and the positions of its tested frames."""


def check_verification(
    detectors: DetectorEnsemble,
    plate_reader: PlateReader,
    video: Video,
    frames: int,
    min_score: float,
    *,
    vehicles: Sequence[Boxes] = (),
) -> None:
    """Require that a verification finds objects pasted into frames of a video.

    Args:
        detectors: the verification detectors.
        plate_reader: of the plate attack.
        video: the original.
        frames: its number of frames.
        min_score: from which the verification counts a detection.
        vehicles: of each frame, boxes (n, 4) xyxy of those that networks see clearly; none where nothing was detected.

    Raises:
        NotVerified: something is not found.
        SourceError: the video cannot be read.
        ModelRuntimeError: a network failed.
    """
    measured = _measured(video, vehicles)
    _check_visible(measured)
    _check_not_altered(measured)
    large = video.facts.width * video.facts.height > _LARGE_PX
    chosen = [_chosen(measured, minute, frames, large=large) for minute in measured.minutes]
    chosen = [numbers for numbers in chosen if numbers]  # a blank minute has none
    with closing(_images(video, chosen)) as images_of_minutes:
        for numbers, images in zip(chosen, images_of_minutes, strict=True):
            sections: dict[int, list[int]] = {}
            for position, number in enumerate(numbers):
                sections.setdefault(measured.section_of[number], []).append(position)
            tested = [(measured.span(one), positions) for one, positions in sections.items()]
            _check_kind(images, tested)
            canaries = [canary_frame(*one) for one in zip(images, measured.recognized(numbers, images), strict=True)]
            _check_detectors(detectors, canaries, tested, min_score)
            _check_reader(plate_reader, images, tested)
    if not _persons_are_matched():
        raise _not_verified("the re-identification attack does not match unmasked persons")


def _check_kind(images: Sequence[BgrImage], sections: Sequence[_Tested]) -> None:
    """Require that no section is of a kind in which test objects are found and people are not."""
    for span, positions in sections:
        if any(is_round(images[position]) for position in positions):
            raise _not_verified(
                f"its frames {span} are the round image of a 360-degree camera, in which people lie in all directions",
                "Choose flat views of it, as the camera or FFmpeg's filter v360 makes them",
            )


def _check_not_altered(measured: _Measured) -> None:
    """Require that no frame is altered so that detectors miss people, whatever else its section shows.

    Raises:
        NotVerified: one is.
    """
    for seen, numbers in measured.altered.numbers.items():
        begin, end = (clock(measured.times_s[number] - measured.times_s[0]) for number in (numbers[0], numbers[-1]))
        span = f"at {begin}" if begin == end else f"between {begin} and {end}"
        raise _not_verified(f"in frames {span}, all or in part, {seen}; detectors miss people there", seen.fix)


def _check_reader(reader: PlateReader, images: Sequence[BgrImage], sections: Sequence[_Tested]) -> None:
    for span, positions in sections:
        if not any(_is_read(reader, images[position]) for position in positions):
            raise _not_verified(f"{reader.name} does not read the plate pasted into its frames {span}")


def _check_detectors(
    detectors: DetectorEnsemble, frames: Sequence[CanaryFrame], sections: Sequence[_Tested], min_score: float
) -> None:
    height, width = frames[0].image.shape[:2]
    canaries = _CanaryVideo(width, height, frames)
    together: list[set[Label]] = [set() for _ in sections]
    for detector in detectors.detectors:
        missed = _missed_labels(detector, canaries, min_score)
        expected = [label for label in WANTED if label in _labels(detector)]
        for (span, positions), labels in zip(sections, together, strict=True):
            found = _found_labels([missed[position] for position in positions])
            if words := [label.word for label in expected if label not in found]:
                raise _not_verified(
                    f"{detector.name} misses the {' and the '.join(words)} pasted into its frames {span}"
                )
            labels.update(found)
    for (span, _), labels in zip(sections, together, strict=True):
        if words := [label.word for label in WANTED if label not in labels]:
            objects = " or the ".join(words)
            raise _not_verified(f"no verification detector finds the {objects} pasted into its frames {span}")


def _not_verified(problem: str, fix: str = _FIX) -> NotVerified:
    return NotVerified(
        "verification",
        f"is not possible in this video, which therefore counts as not verified: {problem}",
        fix,
    )


def _labels(detector: Detector) -> frozenset[Label]:
    return frozenset(label for network in detector.networks for label in network.labels)


def _missed_labels(detector: Detector, canaries: _CanaryVideo, min_score: float) -> list[frozenset[Label]]:
    """Labels that a detector misses, of each canary frame."""
    seen = detect_video(canaries, DetectorPool([detector]), Stage.VERIFY, Stopwatch(), Silent())
    return [one.missed(found, min_score) for one, found in zip(canaries.canaries, seen.per_frame, strict=True)]


def _found_labels(missed: Sequence[frozenset[Label]]) -> set[Label]:
    """Labels found in nearly all of a section's frames; in all, if they are few."""
    share = _SHARE if len(missed) >= _MIN_SHARED else 1.0
    return {label for label in WANTED if sum(label not in one for one in missed) >= share * len(missed)}


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


@dataclass(slots=True)
class _Measured:
    """The sections of a video, the time of each frame, and the section that it belongs to.

    A section lies within one minute. Scenes that return, as in the tour of a camera, have one in each minute.
    """

    sections: Sequence[VideoSection]
    section_of: Sequence[int]
    times_s: Sequence[float]
    altered: AlteredFrames
    width: int
    vehicles: Sequence[Boxes]

    def recognized(self, numbers: Sequence[int], images: Sequence[BgrImage]) -> list[Boxes]:
        """The vehicles in those frames, whose images have square pixels."""
        stretch = np.array([images[0].shape[1] / self.width, 1] * 2, np.float32)
        return [self.vehicles[number] * stretch if self.vehicles else NO_BOXES for number in numbers]

    def span(self, number: int) -> str:
        """When a section is seen, from the first frame of the video."""
        one = self.sections[number]
        begin, end = (clock(self.times_s[frame] - self.times_s[0]) for frame in (one.first, one.last))
        return f"at {begin}" if begin == end else f"from {begin} to {end}"

    @property
    def minutes(self) -> list[range]:
        """Numbers of the frames of each minute."""
        of_frame = minutes(self.times_s)
        begins = [0, *(np.flatnonzero(np.diff(of_frame)) + 1).tolist(), len(of_frame)]
        return [range(first, last) for first, last in pairwise(begins)]

    def sections_in(self, numbers: range) -> list[VideoSection]:
        """The sections of a minute, in the order of their first frames."""
        return [self.sections[one] for one in dict.fromkeys(self.section_of[number] for number in numbers)]


def _measured(video: Video, vehicles: Sequence[Boxes]) -> _Measured:
    """Every frame's minute, scene and visibility."""
    sections, scenes = VideoSections(), SceneDivider()
    section_of, times_s, altered, width = list[int](), list[float](), AlteredFrames(), 0
    with closing(prefetched(video.frames())) as decoded:
        for number, frame in enumerate(decoded):
            times_s.append(float(frame.pts * video.facts.time_base))
            minute = int(minutes([times_s[0], times_s[-1]])[-1])
            pixels = frame.image.bgr()
            width = pixels.shape[1]
            visibility = frame_visibility(pixels, vehicles[number] if number < len(vehicles) else NO_BOXES)
            altered.add(number, pixels)
            section_of.append(sections.add(number, (minute, scenes.scene(frame.image)), visibility))
    return _Measured(sections.sections, section_of, times_s, altered, width, vehicles)


def _check_visible(measured: _Measured) -> None:
    """Require that something is visible in each section, and nowhere little for long.

    Raises:
        NotVerified: it is not.
    """
    for number, one in enumerate(measured.sections):
        if one.visibility.kind is Visibility.DARK:
            span = measured.span(number)
            raise _not_verified(f"frames {span} are too dark or have too little contrast for anything to be visible")
    _check_not_faint(measured.sections, (Visibility.BLANK, Visibility.FAINT), "")
    for numbers in measured.minutes:
        begin, end = (clock(measured.times_s[number] - measured.times_s[0]) for number in (numbers[0], numbers[-1]))
        _check_not_faint(measured.sections_in(numbers), (Visibility.FAINT,), f" from {begin} to {end}")


def _check_not_faint(sections: Sequence[VideoSection], kinds: Sequence[Visibility], span: str) -> None:
    """Blank frames of one minute hide no one, and are limited in the whole video only."""
    frames = sum(one.frames for one in sections)
    if (faint := sum(one.frames for one in sections if one.visibility.kind in kinds)) > _MAX_FAINT_SHARE * frames:
        text = counted(frames, "frame")
        raise _not_verified(f"{faint} of {text}{span} show nothing, or have too little contrast to show much")


def _chosen(measured: _Measured, minute: range, frames: int, *, large: bool) -> list[int]:
    """Frames of a minute to be tested: the hardest one of each section, others evenly; fewer of very large ones."""
    hidden = {Visibility.BLANK} | (set() if _is_bent_for_long(measured, minute) else {Visibility.BENT_PART})
    visible = [one for one in measured.sections_in(minute) if one.visibility.kind not in hidden]
    tested = representative_sections(visible, _SECTIONS_IF_LARGE if large else _SECTIONS)
    chosen = {one.worst for one in tested}
    even = max(_MIN_EVEN_FRAMES, (_FRAMES_IF_LARGE if large else _FRAMES) - len(chosen))
    last = max(minute[0], min(frames - 1, minute[-1]))
    spread = np.linspace(minute[0], last, even).round().astype(int).tolist()
    return sorted(chosen | {at for at in spread if measured.sections[measured.section_of[at]] in visible})


def _is_bent_for_long(measured: _Measured, minute: range) -> bool:
    """Whether a part is bent in frames of a minute that last longer than masks bridge, or are a tenth of it."""
    frames = sum(one.frames for one in measured.sections_in(minute) if one.visibility.kind is Visibility.BENT_PART)
    first_s, last_s = measured.times_s[minute[0]], measured.times_s[minute[-1]]
    is_long = frames * (last_s - first_s) >= _BENT_S * (len(minute) - 1)
    return is_long or frames >= _BENT_SHARE * len(minute)


def _images(video: Video, chosen: Sequence[Sequence[int]]) -> Generator[list[BgrImage], None, None]:
    """The frames of those numbers in square pixels, minute by minute.

    Raises:
        ReleaseError: it is not what it was when it was measured.
    """
    with closing(video.frames()) as decoded:
        numbered = enumerate(decoded)
        for wanted in chosen:
            images = [_square_pixels(frame.image) for _, frame in _of_numbers(numbered, wanted)]
            if len(images) < len(wanted):
                raise source_changed()
            yield images


def _of_numbers(frames: Iterator[tuple[int, VideoFrame]], wanted: Sequence[int]) -> Iterator[tuple[int, VideoFrame]]:
    """The frames of those numbers, and none behind them."""
    remaining = iter(wanted)
    while (number := next(remaining, None)) is not None:
        frame = next((one for one in frames if one[0] == number), None)
        if frame is None:
            return
        yield frame


def _square_pixels(image: Image) -> BgrImage:
    """A copy, as networks see it: what is pasted into it has the proportions of real objects."""
    if image.sample_aspect == 1:
        return image.bgr().copy()
    return image.resized(max(1, round(image.width * image.sample_aspect)), image.height).copy()


@dataclass(frozen=True, slots=True)
class _CanaryVideo:
    """Canary frames as a `Video`, so that they take the path of a redacted one."""

    width: int
    height: int
    canaries: Sequence[CanaryFrame]

    @property
    def facts(self) -> VideoInfo:
        """One frame per second, in square pixels."""
        return VideoInfo(self.width, self.height, Fraction(1), Fraction(1))

    @property
    def damaged(self) -> int:
        """No frame is damaged."""
        return 0

    def frames(self) -> Generator[VideoFrame, None, None]:
        """Every canary frame."""
        for number, canary in enumerate(self.canaries):
            yield VideoFrame(number, number, ArrayImage(canary.image))
