"""A video made fit to be given away: looked through once, then read again, covered, marked and encoded.

Two readings instead of one with a delay: a cover may begin before its object was first seen and depends on all that
comes after, and nothing but boxes has to be kept meanwhile. Decoding twice costs a few per cent of the whole.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.anonymize.manual_regions import Regions
from pipeline.anonymize.mask_rendering import covered_share, obscure
from pipeline.anonymize.overlay import Mark
from pipeline.anonymize.redaction_masks import CoverPlan, plan_covers
from pipeline.anonymize.settings import AnonymizeSettings, Look, MarkText
from pipeline.anonymize.video_detections import SceneChangeDetector, Sightings, glance
from pipeline.anonymize.video_encoder import VideoEncoder
from pipeline.app.release.prefetch import ahead
from pipeline.detect.detector_pool import DetectorPool
from pipeline.domain.detections import Detections
from pipeline.domain.video import EditableImage, Planes, Video, VideoFrame
from pipeline.errors import ReleaseError

Progress = Callable[[str, int], None]
"""Told of the stage ("look", "make", "check", "probe") and how many frames of it are done."""


@dataclass(frozen=True, slots=True)
class Anonymized:
    """What was done.

    Attributes:
        frames: of the video.
        seconds: its length.
        objects: how many of each kind were followed and covered, by label.
        covered: mean share of the image that is covered.
        stages_s: where the time went, in seconds.
    """

    frames: int
    seconds: float
    objects: Mapping[str, int]
    covered: float
    stages_s: Mapping[str, float]


@dataclass(slots=True)
class Stopwatch:
    """Seconds per stage."""

    stages_s: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def measuring(self, stage: str) -> Iterator[None]:
        """Add the time until this ends."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.stages_s[stage] = self.stages_s.get(stage, 0.0) + time.perf_counter() - began


def anonymize_image(
    image: EditableImage,
    finders: DetectorPool,
    settings: AnonymizeSettings,
    text: MarkText,
    regions: Regions | None = None,
) -> tuple[Planes, Anonymized]:
    """One image with its covers and its mark.

    Raises:
        ModelRuntimeError: the network failed.
    """
    watch = Stopwatch()
    with watch.measuring("find"):
        found = [objects for _, objects in finders.look(iter([VideoFrame(0, 0, image)]))]
    sightings = Sightings(np.zeros(1), found, np.zeros(1, np.int64), image.width, image.height)
    with watch.measuring("cover"):
        plan = plan_covers(sightings, settings.cover, regions)
        planes, covers = image.planes(), plan.of(0)
        obscure(planes, covers, settings.look)
        Mark(text, image.width, image.height).burn(planes)
    share = covered_share(covers, image.width, image.height)
    return planes, Anonymized(1, 0.0, _words(plan), share, watch.stages_s)


class Anonymizer:
    """Both readings of a video.

    Args:
        video: what is to be covered.
        settings: of covers and encoder.
        text: of the mark.
        told: hears how far it is.
        regions: what a person decided about places.

    Attributes:
        watch: the time of each stage.
    """

    def __init__(
        self,
        video: Video,
        settings: AnonymizeSettings,
        text: MarkText,
        told: Progress,
        regions: Regions | None = None,
    ) -> None:
        self.video = video
        self.regions = regions or Regions()
        self._settings = settings
        self._text = text
        self.told = told
        self.watch = Stopwatch()

    @property
    def look_is(self) -> Look:
        """What stands where somebody was."""
        return self._settings.look

    def look(self, finders: DetectorPool) -> Sightings:
        """Everything that the detector, which should go down to `cover.least`, finds in the video.

        Raises:
            SourceError: the video cannot be read.
            ModelRuntimeError: the network failed.
            ReleaseError: it has no frame.
        """
        return look_through(self.video, finders, self.watch, lambda done: self.told("look", done), "find")

    def plan(self, sightings: Sightings) -> CoverPlan:
        """What is covered in each frame."""
        with self.watch.measuring("plan"):
            return plan_covers(sightings, self._settings.cover, self.regions)

    def make(self, sightings: Sightings, plan: CoverPlan, path: Path) -> Anonymized:
        """Write the video with its covers and its mark to `path`.

        Raises:
            SourceError: the video cannot be read.
            ReleaseError: it is another one than the one that was looked through, or cannot be written.
        """
        shares: list[float] = []
        with (
            self.watch.measuring("cover and encode"),
            VideoEncoder(path, self.video.facts, self._settings) as writer,
            closing(ahead(self._covered(sightings, plan))) as covered,
        ):
            for planes, pts, share in covered:
                writer.write(planes, pts)
                shares.append(share)
                self.told("make", len(shares))
            if len(shares) != len(sightings):
                raise _changed()
            writer.finish()
        return Anonymized(
            frames=len(shares),
            seconds=float(sightings.times_s[-1] - sightings.times_s[0]),
            objects=_words(plan),
            covered=float(np.mean(shares)),
            stages_s=dict(self.watch.stages_s),
        )

    def _covered(self, sightings: Sightings, plan: CoverPlan) -> Generator[tuple[Planes, int, float], None, None]:
        """Each frame's covered planes, time and covered share."""
        facts = self.video.facts
        mark = Mark(self._text, facts.width, facts.height)
        with closing(ahead(self.video.frames())) as frames:
            for number, frame in enumerate(frames):
                at_s, thumbnail = float(frame.pts * facts.time_base), frame.image.resized(*SceneChangeDetector.SIZE)
                if not sightings.is_frame(number, at_s, thumbnail):
                    raise _changed()
                covers = plan.of(number)
                planes = frame.image.planes()
                obscure(planes, covers, self._settings.look)
                mark.burn(planes)
                yield planes, frame.pts, covered_share(covers, facts.width, facts.height)


def look_through(
    video: Video, finders: DetectorPool, watch: Stopwatch, told: Callable[[int], None], stage: str
) -> Sightings:
    """Everything that the detector finds in the video.

    Args:
        video: what is looked at.
        finders: who looks.
        watch: takes the time, as `stage`.
        told: hears how many frames are done.
        stage: its name.

    Raises:
        SourceError: the video cannot be read.
        ModelRuntimeError: the network failed.
        ReleaseError: it has no frame.
    """
    times_s: list[float] = []
    found: list[Detections] = []
    glances: list[npt.NDArray[np.uint8]] = []
    cutter = SceneChangeDetector()
    with watch.measuring(stage), closing(ahead(video.frames())) as frames:
        for frame, objects in finders.look(frames):
            times_s.append(float(frame.pts * video.facts.time_base))
            thumbnail = frame.image.resized(*SceneChangeDetector.SIZE)
            cutter.add(thumbnail, times_s[-1])
            glances.append(glance(thumbnail))
            found.append(objects)
            told(len(found))
    if not found:
        raise ReleaseError("the clip", "would hold no frame", "Choose a span of time in which there are images")
    facts = video.facts
    return Sightings(np.array(times_s), found, cutter.scenes(), facts.width, facts.height, glances)


def _words(plan: CoverPlan) -> dict[str, int]:
    return {label.word: count for label, count in sorted(plan.objects.items())}


def _changed() -> ReleaseError:
    return ReleaseError(
        "the source", "is no longer the video that was looked through", "Start again when nobody writes to it"
    )
