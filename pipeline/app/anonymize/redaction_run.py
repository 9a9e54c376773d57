"""Redaction of an image or a video: detection, mask planning, and rendering with overlay and encoder.

A video is decoded twice instead of once with a delay: a mask may begin before its object is first detected, and
depends on all detections that follow. Decoding twice takes a few per cent of the whole, and only boxes are stored.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.anonymize.captions import Polygon, areas_beside
from pipeline.anonymize.exempted_appearance import ExemptedAppearance
from pipeline.anonymize.exemptions import MIN_FRAMES, shows_rest
from pipeline.anonymize.manual_regions import ManualRegions, Region
from pipeline.anonymize.mask_rendering import draw_masks, masked_share
from pipeline.anonymize.mp4_atoms import media_digest
from pipeline.anonymize.overlay import Overlay
from pipeline.anonymize.redaction_masks import MaskPlan, plan_masks
from pipeline.anonymize.settings import AnonymizeSettings, MaskSettings
from pipeline.anonymize.video_detections import SceneChangeDetector, VideoDetections, fingerprint
from pipeline.anonymize.video_encoder import VideoEncoder
from pipeline.app.anonymize.prefetch import prefetched
from pipeline.app.anonymize.progress import Progress, Stage
from pipeline.app.anonymize.repeated_search import RepeatedSearch, search_again, source_changed
from pipeline.detect.detector_pool import DetectorPool
from pipeline.detect.multi_view_detector import found_reduced, merged
from pipeline.detect.view_probe import DoubtfulSpan, ViewProbe
from pipeline.domain.detections import Detections
from pipeline.domain.plural import counted
from pipeline.domain.redaction import OverlayText, RedactionStyle
from pipeline.domain.video import EditableImage, Planes, Video, VideoFrame
from pipeline.errors import ReleaseError
from pipeline.policy.exemption_limits import MIN_S


@dataclass(frozen=True, slots=True)
class RedactionSummary:
    """Figures of a redaction.

    Attributes:
        frames: of the video.
        seconds: its length.
        objects: number of masked objects by label.
        masked_share: mean share of the image that is masked.
        worst_share, worst_frame: the largest share, and the number of its frame.
        searched_again: the frames that were searched in several views because one did not suffice.
        stages_s: seconds per stage.
        media_sha256: see `media_digest`; of the video as it was encoded, "" for an image.
    """

    frames: int
    seconds: float
    objects: Mapping[str, int]
    masked_share: float
    stages_s: Mapping[str, float]
    media_sha256: str = ""
    worst_share: float = 0.0
    worst_frame: int = 0
    searched_again: Sequence[RepeatedSearch] = ()


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


def redact_image(
    image: EditableImage,
    detectors: DetectorPool,
    settings: AnonymizeSettings,
    text: OverlayText,
    regions: ManualRegions | None = None,
) -> tuple[Planes, RedactionSummary]:
    """One image with its masks and its overlay.

    Raises:
        ModelRuntimeError: the network failed.
    """
    watch = Stopwatch()
    with watch.measuring(Stage.DETECT):
        found, spans = _detect_image(image, detectors)
    detections = VideoDetections(np.zeros(1), [found], np.zeros(1, np.int64), image.width, image.height)
    with watch.measuring(Stage.RENDER):
        plan = plan_masks(detections, settings.masks, regions)
        planes, masks = image.planes(), plan.at(0)
        draw_masks(planes, masks, settings.style)
        Overlay(text, image.width, image.height).draw(planes)
    share = masked_share(masks, image.width, image.height)
    searches = [RepeatedSearch(0, 0, 0.0, 0.0, span.doubt.value) for span in spans]
    objects, stages_s = _objects(plan), watch.stages_s
    return planes, RedactionSummary(1, 0.0, objects, share, stages_s, worst_share=share, searched_again=searches)


def _detect_image(image: EditableImage, detectors: DetectorPool) -> tuple[Detections, Sequence[DoubtfulSpan]]:
    """The detections of one image, in several views where one does not suffice.

    A close-up has no frame before it in which its plate was smaller, so what takes much of the image is always searched
    for in a reduced view too.
    """
    found = detectors.search(image)
    if not detectors.has_several_views:
        return found, ()
    found = merged(found, found_reduced(image, detectors.search))
    probe = ViewProbe(detectors.search)
    probe.add(image, found, 0)
    spans = probe.doubtful_spans()
    if spans:
        ((_, found),) = detectors.detect(iter([VideoFrame(0, 0, image)]), several_views=True)
    return found, spans


class Redactor:
    """Redacts one video: `detect`, `plan`, then `render`, the latter two as often as masks are added.

    Args:
        video: the original.
        settings: of masks and encoder.
        text: of the overlay.
        progress: receives the frames done.
        regions: redacted in addition, or exempted.
        ignored_areas: of the camera; captions in those that do not meet the overlay stay unmasked.

    Attributes:
        watch: the time of each stage.
        searched_again: frames that `detect` searched in several views because one did not suffice.
    """

    def __init__(
        self,
        video: Video,
        settings: AnonymizeSettings,
        text: OverlayText,
        progress: Progress,
        regions: ManualRegions | None = None,
        *,
        ignored_areas: Sequence[Polygon] = (),
    ) -> None:
        self.video = video
        self.regions = regions or ManualRegions()
        self.progress = progress
        self.watch = Stopwatch()
        self.searched_again: Sequence[RepeatedSearch] = ()
        self._settings = settings
        self._text = text
        self.ignored_areas = areas_beside(ignored_areas, self.overlay_box, video.facts.width, video.facts.height)
        if hidden := len(ignored_areas) - len(self.ignored_areas):
            progress.warn("captions", f"masked in {counted(hidden, 'ignored area')} of the camera under the overlay")

    @property
    def overlay_box(self) -> npt.NDArray[np.float32]:
        """(1, 4) the place of the overlay, xyxy in pixels."""
        facts = self.video.facts
        return Overlay(self._text, facts.width, facts.height).box

    @property
    def style(self) -> RedactionStyle:
        """What is drawn in the place of an object."""
        return self._settings.style

    @property
    def mask_settings(self) -> MaskSettings:
        """Which objects are masked."""
        return self._settings.masks

    def detect(self, detectors: DetectorPool) -> VideoDetections:
        """All detections in the video; the detectors should report scores down to `MaskSettings.min_score`.

        Where one view of a frame does not suffice, several are searched; see `pipeline.detect.view_probe`.

        Raises:
            SourceError: the video cannot be read.
            ModelRuntimeError: the network failed.
            ReleaseError: it has no frame, or a manual region touches none.
        """
        probe = ViewProbe(detectors.search) if detectors.has_several_views else None
        detections = detect_video(self.video, detectors, Stage.DETECT, self.watch, self.progress, probe=probe)
        if probe and (spans := probe.doubtful_spans()):
            with self.watch.measuring(Stage.DETECT):
                detections, self.searched_again = search_again(self.video, detectors, detections, spans, self.progress)
        for region in (*self.regions.redact, *self.regions.exempt):
            if not len(region.frames(detections)):
                raise _touches_no_frame(region, detections)
        for region in self.regions.exempt:
            if not shows_rest(region, detections):
                self.progress.warn("exemption", _too_short(region))
        return detections

    def plan(self, detections: VideoDetections, evidence: VideoDetections | None = None) -> MaskPlan:
        """The masks of each frame; captions by `evidence`, see `plan_masks`.

        Where objects are exempted, the video is decoded once more to see whether they always appear as usual.

        Raises:
            SourceError: the video cannot be read.
            ReleaseError: it has changed since its detection.
        """
        with self.watch.measuring("plan"):
            plan = plan_masks(detections, self._settings.masks, self.regions, self.ignored_areas, evidence)
            if not plan.exempted:
                return plan
            appearance = ExemptedAppearance(plan.exempted)
            with closing(prefetched(self.video.frames())) as frames:
                decoded = 0
                for decoded, frame in enumerate(frames, 1):
                    appearance.add(decoded - 1, frame.image)
            if decoded != len(detections):
                raise source_changed()
            return plan.with_masked(appearance.unusual(), detections)

    def render(self, detections: VideoDetections, plan: MaskPlan, path: Path) -> RedactionSummary:
        """Write the video with its masks and its overlay to `path`.

        Raises:
            SourceError: the video cannot be read.
            ReleaseError: it has changed since its detection, or the result cannot be written.
        """
        shares: list[float] = []
        with (
            self.watch.measuring(Stage.RENDER),
            VideoEncoder(path, self.video.facts, self._settings) as encoder,
            closing(prefetched(self._redacted(detections, plan))) as redacted,
        ):
            for planes, pts, share in redacted:
                encoder.write(planes, pts)
                shares.append(share)
                self.progress.advance(Stage.RENDER, len(shares))
            if len(shares) != len(detections):
                raise source_changed()
            encoder.finish()
        return RedactionSummary(
            frames=len(shares),
            seconds=float(detections.times_s[-1] - detections.times_s[0]),
            objects=_objects(plan),
            masked_share=float(np.mean(shares)),
            stages_s=dict(self.watch.stages_s),
            media_sha256=media_digest(path),
            worst_share=max(shares),
            worst_frame=int(np.argmax(shares)),
            searched_again=self.searched_again,
        )

    def _redacted(
        self, detections: VideoDetections, plan: MaskPlan
    ) -> Generator[tuple[Planes, int, float], None, None]:
        """Each frame's redacted planes, time and masked share."""
        facts = self.video.facts
        overlay = Overlay(self._text, facts.width, facts.height)
        with closing(prefetched(self.video.frames())) as frames:
            for number, frame in enumerate(frames):
                at_s, thumbnail = float(frame.pts * facts.time_base), frame.image.resized(*SceneChangeDetector.SIZE)
                if not detections.is_frame(number, at_s, thumbnail):
                    raise source_changed()
                masks = plan.at(number)
                planes = frame.image.planes()
                draw_masks(planes, masks, self._settings.style)
                overlay.draw(planes)
                yield planes, frame.pts, masked_share(masks, facts.width, facts.height)


def detect_video(
    video: Video,
    detectors: DetectorPool,
    stage: Stage,
    watch: Stopwatch,
    progress: Progress,
    *,
    probe: ViewProbe | None = None,
) -> VideoDetections:
    """All detections in a video.

    Args:
        video: original or redacted.
        detectors: run on every frame.
        stage: of the redaction.
        watch: takes the time of the stage.
        progress: receives the frames done.
        probe: receives every frame with its detections.

    Raises:
        SourceError: the video cannot be read.
        ModelRuntimeError: the network failed.
        ReleaseError: it has no frame.
    """
    times_s: list[float] = []
    per_frame: list[Detections] = []
    fingerprints: list[npt.NDArray[np.uint8]] = []
    scene_changes = SceneChangeDetector()
    with watch.measuring(stage), closing(prefetched(video.frames())) as frames:
        for frame, found in detectors.detect(frames):
            times_s.append(float(frame.pts * video.facts.time_base))
            thumbnail = frame.image.resized(*SceneChangeDetector.SIZE)
            scene_changes.add(thumbnail, times_s[-1])
            fingerprints.append(fingerprint(thumbnail))
            per_frame.append(found)
            if probe is not None:
                probe.add(frame.image, found, scene_changes.cuts)
            progress.advance(stage, len(per_frame))
    if not per_frame:
        raise ReleaseError("the clip", "contains no frames in the selected range", "Choose another range")
    facts = video.facts
    return VideoDetections(
        np.array(times_s), per_frame, scene_changes.scenes(), facts.width, facts.height, fingerprints
    )


def _objects(plan: MaskPlan) -> dict[str, int]:
    return {label.word: count for label, count in sorted(plan.objects.items())}


def _too_short(region: Region) -> str:
    return (
        f"{region.why!r} is redacted: the video shows its region for less than {MIN_S:g} s or "
        f"{counted(MIN_FRAMES, 'frame')}, in which a person who waits resembles a thing"
    )


def _touches_no_frame(region: Region, detections: VideoDetections) -> ReleaseError:
    seconds = float(detections.times_s[-1] - detections.times_s[0])
    return ReleaseError(
        f"region {region.why!r}",
        f"lies from {region.begin_s:g} to {region.end_s:g} s, in which the video of {seconds:.1f} s has no frame",
        "Count seconds from the first frame of the result, which begins at --from",
    )
