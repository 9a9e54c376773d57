"""Redaction masks planned from detections: objects are hidden wherever they may be visible, not only where detected.

A tracklet is masked from its lowest-scoring detection on if its score was high once. Gaps are bridged; masks begin
before the first detection and end after the last one, later where the object stood still. A mask includes all boxes
within a tenth of a second, so that it grows with motion, and grows with the time to the nearest detection, but never to
more than about twice its object. Riders are masked where only their two-wheeler was detected, and passengers behind
glass where they were detected faintly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.anonymize.captions import Captions, Polygon, find_captions
from pipeline.anonymize.exemptions import ExemptedObject, exempted_frames, near_frames, passed_frames
from pipeline.anonymize.faint_crowds import with_faint_crowds
from pipeline.anonymize.faint_passengers import with_faint_passengers
from pipeline.anonymize.faint_riders import with_faint_riders
from pipeline.anonymize.manual_regions import ManualRegions, Region
from pipeline.anonymize.mask_growth import limit_faint, limit_masks, without_giant_faces, without_giant_plates
from pipeline.anonymize.riders import with_riders
from pipeline.anonymize.settings import MaskSettings
from pipeline.anonymize.tracklets import (
    FACES,
    LABEL_GROUPS,
    PERSONS,
    PLATES,
    VEHICLES,
    Tracklet,
    link_backward,
    link_forward,
)
from pipeline.anonymize.video_detections import VideoDetections
from pipeline.domain.labels import Label

SMOOTHING_S = 0.1
"""A mask includes the object's boxes within this time: shutters, decoders and boxes flicker."""
GROWTH_PER_S = 0.25
"""Share of the box by which a mask grows on each side for each second to the nearest detection …"""
MAX_GROWTH = 0.5
"""… up to this."""
STILL = 0.15
"""An object that moved less than this share of its height in `MOTION_WINDOW_S` stands still."""
MOTION_WINDOW_S = 1.0
EDGE = 0.3
"""An object nearer to the image's edge than this share of its size is entering or leaving."""
MIN_MARGIN_PX = 2.0
"""Detectors place the sides of small objects to a pixel or two."""
WINDSCREEN = (0.06, 0.08, 0.94, 0.5)
"""Where the windscreen is in a vehicle's box: shares of its width and height."""

_LABEL_OF_GROUP: Mapping[frozenset[Label], Label] = {
    LABEL_GROUPS[PERSONS]: Label.PERSON,
    LABEL_GROUPS[FACES]: Label.FACE,
    LABEL_GROUPS[PLATES]: Label.PLATE,
    LABEL_GROUPS[VEHICLES]: Label.CAR,
}

MANUAL = Label.CAR
"""Label of manual regions: no figure is drawn for it."""

Boxes = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class FrameMasks:
    """The masks of one frame: `boxes` (n, 4) float32 xyxy in pixels inside the image, `labels` (n,) int16,
    `velocities` (n, 2) float32, pixels per second to the right and down."""

    boxes: Boxes
    labels: npt.NDArray[np.int16]
    velocities: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.boxes)

    @property
    def of_detections(self) -> Boxes:
        """(n, 4) those that were placed on a detected person, face or plate."""
        return np.asarray(self.boxes[self.labels != MANUAL], np.float32)

    @property
    def of_regions(self) -> Boxes:
        """(n, 4) manual regions, and windscreens, whatever is there."""
        return np.asarray(self.boxes[self.labels == MANUAL], np.float32)


@dataclass(frozen=True, slots=True)
class MaskSpan:
    """First and last frame in which an object is masked."""

    label: Label
    first: int
    last: int


class MaskPlan:
    """The masks of a whole video, by frame.

    Attributes:
        tracklets: all tracklets of the video, linked forward, masked or not.
        objects: the number of masked objects of each label.
        spans: when each of them is masked.
        exempted: objects that stay unmasked, and when.
        captions: areas in which text stays unmasked.
    """

    def __init__(
        self,
        tracks: Iterable[MaskTrack],
        spans: Sequence[MaskSpan],
        tracklets: Sequence[Tracklet],
        exempted: Sequence[ExemptedObject] = (),
        captions: Captions | None = None,
    ) -> None:
        self._tracks = paths = list(tracks)
        self.captions = captions or Captions()
        self.exempted = tuple(exempted)
        self.tracklets = tuple(tracklets)
        self.spans = tuple(spans)
        self.objects = dict(Counter(span.label for span in spans))
        frames = np.concatenate([np.empty(0, np.int64), *(path.frames for path in paths)])
        order = np.argsort(frames, kind="stable")
        self._frames = frames[order]
        self._boxes = np.concatenate([np.empty((0, 4), np.float32), *(path.boxes for path in paths)])[order]
        self._velocities = np.concatenate([np.empty((0, 2), np.float32), *(path.velocities for path in paths)])[order]
        labels = [np.full(len(path.frames), path.label, np.int16) for path in paths]
        self._labels = np.concatenate([np.empty(0, np.int16), *labels])[order]

    def at(self, frame: int) -> FrameMasks:
        """The masks of a frame, by its number."""
        first, last = np.searchsorted(self._frames, [frame, frame + 1])
        return FrameMasks(self._boxes[first:last], self._labels[first:last], self._velocities[first:last])

    def with_masked(self, unusual: Sequence[npt.NDArray[np.bool_]], detections: VideoDetections) -> MaskPlan:
        """The plan with exempted objects masked where they do not appear as usual, and shortly before and after.

        Args:
            unusual: (n,) of each exempted object, whether it does not in each of its frames.
            detections: of the video.
        """
        tracks, exempted = list(self._tracks), []
        for one, changed in zip(self.exempted, unusual, strict=True):
            near = near_frames(one.frames, one.frames[changed], detections)
            still = np.zeros((int(near.sum()), 2), np.float32)
            tracks.append(MaskTrack(Label.PERSON, one.frames[near], one.boxes[near], still))
            exempted.append(ExemptedObject(one.frames[~near], one.boxes[~near]))
        return MaskPlan(tracks, self.spans, self.tracklets, exempted, self.captions)

    def exempts(self, frames: Sequence[int], boxes: Sequence[npt.NDArray[Any]] | npt.NDArray[Any]) -> bool:
        """Whether an object, by its frames and its box (4,) in each, is an exempted one in all of them."""
        return bool(self.exempted) and all(
            any(one.holds(frame, box) for one in self.exempted) for frame, box in zip(frames, boxes, strict=True)
        )


@dataclass(frozen=True, slots=True, eq=False)
class MaskTrack:
    """One object's masks: rising frames, a box (4,) in pixels and a velocity (2,) in pixels per second for each."""

    label: Label
    frames: npt.NDArray[np.int64]
    boxes: Boxes
    velocities: npt.NDArray[np.float32]


def plan_masks(
    detections: VideoDetections,
    settings: MaskSettings,
    regions: ManualRegions | None = None,
    ignored_areas: Sequence[Polygon] = (),
    evidence: VideoDetections | None = None,
) -> MaskPlan:
    """Plan the masks of each frame.

    Args:
        detections: with scores down to `settings.min_score`.
        settings: of masks.
        regions: redacted in addition, or exempted.
        ignored_areas: declared for the camera; captions in them stay unmasked, see `captions`.
        evidence: detections by which captions are known, see `caption_evidence`; by default the same.
    """
    regions = regions or ManualRegions()
    captions = find_captions(evidence or detections, ignored_areas)
    detections = with_faint_passengers(with_faint_crowds(_plausible(detections), settings), settings)
    detections = with_riders(with_faint_riders(detections, settings), settings)
    tracklets = link_forward(detections, settings)
    # Objects are counted by forward tracklets only; backward ones add masks.
    forward = _confirmed(tracklets, detections, settings, regions, captions)
    backward = _confirmed(link_backward(detections, settings), detections, settings, regions, captions)
    others = MaskPlan([one.track for one in (*forward, *backward) if not one.may_be_exempt.any()], (), ())
    forward, backward = ([one.passed_by(others, detections) for one in each] for each in (forward, backward))
    masked = [one.masked() for one in forward]
    spans = [MaskSpan(one.label, int(one.frames[0]), int(one.frames[-1])) for one in masked if len(one.frames)]
    manual = [_region_track(region, detections) for region in regions.redacted]
    exempted = [one.exempted() for one in (*forward, *backward) if one.may_be_exempt.any() and not one.is_caption]
    return MaskPlan([*masked, *(one.masked() for one in backward), *manual], spans, tracklets, exempted, captions)


def _plausible(detections: VideoDetections) -> VideoDetections:
    size = detections.width, detections.height
    plausible = [without_giant_plates(without_giant_faces(one, *size), *size) for one in detections.per_frame]
    return replace(detections, per_frame=plausible)


@dataclass(frozen=True, slots=True, eq=False)
class _ConfirmedObject:
    """An object's masks, the frames (n,) in which it may stay unmasked, and whether that is because it is a caption."""

    track: MaskTrack
    may_be_exempt: npt.NDArray[np.bool_]
    is_caption: bool = False

    def passed_by(self, others: MaskPlan, detections: VideoDetections) -> _ConfirmedObject:
        """The same without the frames in which another object touches it."""
        if not self.may_be_exempt.any():
            return self
        track = self.track
        passed = passed_frames(track.frames, track.boxes, lambda frame: others.at(frame).boxes, detections)
        return replace(self, may_be_exempt=self.may_be_exempt & ~passed)

    def masked(self) -> MaskTrack:
        """The masks that are drawn."""
        track, drawn = self.track, ~self.may_be_exempt
        return replace(track, frames=track.frames[drawn], boxes=track.boxes[drawn], velocities=track.velocities[drawn])

    def exempted(self) -> ExemptedObject:
        """The masks that are not drawn."""
        return ExemptedObject(self.track.frames[self.may_be_exempt], self.track.boxes[self.may_be_exempt])


def _confirmed(
    tracklets: Iterable[Tracklet],
    detections: VideoDetections,
    settings: MaskSettings,
    regions: ManualRegions,
    captions: Captions,
) -> list[_ConfirmedObject]:
    found = []
    for one in tracklets:
        if _is_confirmed(one, settings):
            track = _mask_track(one, detections, settings)
            text = captions.text_frames(one)
            if text.any():
                elsewhere = near_frames(track.frames, np.array(one.frames)[~text], detections)
                found.append(_ConfirmedObject(track, ~elsewhere, is_caption=True))
                continue
            exempt = exempted_frames(one, track.frames, track.boxes, detections, regions.exempt)
            found.append(_ConfirmedObject(track, exempt))
    return found


def _region_track(region: Region, detections: VideoDetections) -> MaskTrack:
    """A region's mask in all of its frames; its label has no figure, so that every style fills it."""
    frames = region.frames(detections)
    box = np.array(region.pixels(detections.width, detections.height), np.float32)
    return MaskTrack(MANUAL, frames, np.tile(box, (len(frames), 1)), np.zeros((len(frames), 2), np.float32))


def _is_confirmed(tracklet: Tracklet, settings: MaskSettings) -> bool:
    return tracklet.max_score >= _confirm_score(_LABEL_OF_GROUP[LABEL_GROUPS[tracklet.group]], settings)


def _confirm_score(label: Label, settings: MaskSettings) -> float:
    """In the precision of scores: what was given exactly this score is confirmed."""
    return float(np.float32(settings.confirm_score_of(label)))


def _mask_track(tracklet: Tracklet, detections: VideoDetections, settings: MaskSettings) -> MaskTrack:
    times_s = detections.times_s
    seen_s, seen = times_s[tracklet.frames], np.stack(tracklet.boxes).astype(np.float64)
    label = _LABEL_OF_GROUP[LABEL_GROUPS[tracklet.group]]
    seen = limit_faint(seen, seen_s, np.array(tracklet.scores), _confirm_score(label, settings))
    first, last = _span(tracklet, detections, seen_s, seen, settings)
    frames = np.arange(first, last + 1)
    now_s = times_s[frames]
    known = np.stack([np.interp(now_s, seen_s, seen[:, side]) for side in range(4)], axis=1)
    expected = _extrapolated(known, now_s, seen_s, seen)
    boxes = np.concatenate([np.minimum(known[:, :2], expected[:, :2]), np.maximum(known[:, 2:], expected[:, 2:])], 1)
    boxes = _sliding_union(boxes, _frames_within(SMOOTHING_S, times_s, frames))
    if label is Label.CAR:
        known, expected, boxes = _windscreens(known), _windscreens(expected), _windscreens(boxes)
    nearest = np.abs(now_s[:, None] - seen_s[_nearest(now_s, seen_s)][:, None])
    margin = settings.margin(label) + np.minimum(nearest * GROWTH_PER_S, MAX_GROWTH)
    sizes = boxes[:, 2:] - boxes[:, :2]
    grown = np.maximum(sizes * margin, MIN_MARGIN_PX)
    boxes = np.concatenate([boxes[:, :2] - grown, boxes[:, 2:] + grown], axis=1)
    boxes = limit_masks(boxes, known, expected)
    limits = np.array([detections.width, detections.height] * 2, np.float64)
    boxes = np.clip(boxes, 0, limits)
    inside = ((boxes[:, 2:] - boxes[:, :2]) >= 1).all(axis=1)
    centers = (boxes[:, :2] + boxes[:, 2:]) / 2
    steps = np.maximum(np.gradient(now_s), 1e-3) if len(now_s) > 1 else np.ones(1)
    velocities = np.gradient(centers, axis=0) / steps[:, None] if len(now_s) > 1 else np.zeros_like(centers)
    return MaskTrack(label, frames[inside], boxes[inside].astype(np.float32), velocities[inside].astype(np.float32))


def _span(
    tracklet: Tracklet,
    detections: VideoDetections,
    seen_s: npt.NDArray[np.float64],
    seen: npt.NDArray[np.float64],
    settings: MaskSettings,
) -> tuple[int, int]:
    """First and last frame of the masks: extended on both sides, within the scene."""
    times_s, scenes = detections.times_s, detections.scenes
    extensions_s = []
    for end in (0, -1):
        extend_s = settings.still_extend_s if _is_still(seen_s, seen, seen_s[end]) else settings.extend_s
        at_edge = _at_edge(seen[end], detections.width, detections.height)
        extensions_s.append(max(extend_s, settings.edge_extend_s) if at_edge else extend_s)
    first = int(np.searchsorted(times_s, seen_s[0] - extensions_s[0]))
    last = int(np.searchsorted(times_s, seen_s[-1] + extensions_s[1], side="right")) - 1
    scene = scenes[tracklet.frames[0]]
    begin, end = np.searchsorted(scenes, [scene, scene + 1])
    return max(first, int(begin)), min(last, int(end) - 1)


def _at_edge(box: npt.NDArray[np.float64], width: int, height: int) -> bool:
    """Whether the box is nearer to the image's edge than `EDGE` of its own size."""
    near_x, near_y = EDGE * (box[2] - box[0]), EDGE * (box[3] - box[1])
    return bool(box[0] < near_x or box[1] < near_y or box[2] > width - near_x or box[3] > height - near_y)


def _is_still(seen_s: npt.NDArray[np.float64], seen: npt.NDArray[np.float64], at_s: float) -> bool:
    """Whether the object was there during the second nearest to `at_s`, and hardly moved."""
    near = np.abs(seen_s - at_s) <= MOTION_WINDOW_S
    if np.ptp(seen_s[near]) < MOTION_WINDOW_S / 2:
        return False
    boxes = seen[near]
    centers = (boxes[:, :2] + boxes[:, 2:]) / 2
    height = np.median(boxes[:, 3] - boxes[:, 1])
    return bool((centers.max(axis=0) - centers.min(axis=0)).max() < STILL * height)


def _extrapolated(
    known: npt.NDArray[np.float64],
    now_s: npt.NDArray[np.float64],
    seen_s: npt.NDArray[np.float64],
    seen: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Boxes that move on before the first and after the last detection."""
    expected = known.copy()
    for edge, side in ((0, now_s < seen_s[0]), (-1, now_s > seen_s[-1])):
        if not side.any():
            continue
        near = np.abs(seen_s - seen_s[edge]) <= MOTION_WINDOW_S / 2
        far = np.flatnonzero(near)[-1 if edge == 0 else 0]
        elapsed = seen_s[edge] - seen_s[far]
        shift = seen[edge].reshape(2, 2).mean(axis=0) - seen[far].reshape(2, 2).mean(axis=0)
        speed = np.tile(shift / elapsed, 2) if elapsed else np.zeros(4)
        expected[side] = seen[edge] + (now_s[side] - seen_s[edge])[:, None] * speed
    return expected


def _nearest(now_s: npt.NDArray[np.float64], seen_s: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    after = np.clip(np.searchsorted(seen_s, now_s), 0, len(seen_s) - 1)
    before = np.maximum(after - 1, 0)
    return np.where(np.abs(seen_s[before] - now_s) <= np.abs(seen_s[after] - now_s), before, after)


def _frames_within(seconds: float, times_s: npt.NDArray[np.float64], frames: npt.NDArray[np.int64]) -> int:
    if len(frames) < 2:
        return 0
    step = (times_s[frames[-1]] - times_s[frames[0]]) / (len(frames) - 1)
    return int(np.ceil(seconds / max(float(step), 1e-3)))


def _sliding_union(boxes: npt.NDArray[np.float64], reach: int) -> npt.NDArray[np.float64]:
    """The union of each box with those of `reach` frames before and after it."""
    padded = np.pad(boxes, ((reach, reach), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=0)
    return np.concatenate([windows[:, :2].min(axis=2), windows[:, 2:].max(axis=2)], axis=1)


def _windscreens(boxes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    sizes = np.tile(boxes[:, 2:] - boxes[:, :2], 2)
    return np.asarray(np.tile(boxes[:, :2], 2) + sizes * np.array(WINDSCREEN))
