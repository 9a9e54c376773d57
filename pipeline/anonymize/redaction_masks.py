"""From sightings to covers: who was seen is hidden in every frame in which he may be, not only where he was found.

A chain of sightings is covered from its faintest one on if it was sure once. Gaps are bridged; covers begin before the
first sighting and last after the last one, longer where somebody stood still; a cover is as large as all places of a
tenth of a second around it, so that it grows with motion, and larger the longer ago the object was seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.anonymize.manual_regions import Region, Regions
from pipeline.anonymize.settings import CoverSettings
from pipeline.anonymize.tracklets import GROUPS, Tracklet, link_both_ways
from pipeline.anonymize.video_detections import Sightings
from pipeline.domain.labels import PLATED_VEHICLES, Label

AROUND_S = 0.1
"""A cover takes in where the object is within this time: shutters, decoders and boxes that flicker."""
DOUBT_PER_S = 0.25
"""Share of the box by which a cover grows on each side for each second to the nearest sighting …"""
MOST_DOUBT = 0.5
"""… up to this."""
STILL = 0.15
"""Who moved less than this share of his height in `LOOK_BACK_S` stands still."""
LOOK_BACK_S = 1.0
EDGE = 0.3
"""Who is nearer to the image's edge than this share of his size is coming or going."""
LEAST_MARGIN_PX = 2.0
"""Detectors place the sides of small things to a pixel or two."""
WINDSCREEN = (0.06, 0.08, 0.94, 0.5)
"""Where the windscreen is in a vehicle's box: shares of its width and height."""

_SHOWN: Mapping[frozenset[Label], Label] = {
    group: Label.CAR if group == PLATED_VEHICLES else next(iter(group)) for group in GROUPS
}

BY_HAND = Label.CAR
"""Label of what a person marked: nobody's figure."""

Boxes = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Covers:
    """What is covered in one frame: `boxes` (n, 4) float32 xyxy in pixels inside the image, `labels` (n,) int16,
    `moves` (n, 2) float32, pixels per second to the right and down."""

    boxes: Boxes
    labels: npt.NDArray[np.int16]
    moves: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.boxes)


@dataclass(frozen=True, slots=True)
class Span:
    """From which frame to which one an object is covered, both included."""

    label: Label
    first: int
    last: int


class CoverPlan:
    """The covers of a whole video, by frame.

    Attributes:
        objects: how many of each kind were followed.
        spans: when each of them is covered.
    """

    def __init__(self, parts: Iterable[Cover], followed: Sequence[Span]) -> None:
        paths = list(parts)
        self.spans = tuple(followed)
        self.objects = dict(Counter(span.label for span in followed))
        frames = np.concatenate([np.empty(0, np.int64), *(path.frames for path in paths)])
        order = np.argsort(frames, kind="stable")
        self._frames = frames[order]
        self._boxes = np.concatenate([np.empty((0, 4), np.float32), *(path.boxes for path in paths)])[order]
        self._moves = np.concatenate([np.empty((0, 2), np.float32), *(path.moves for path in paths)])[order]
        labels = [np.full(len(path.frames), path.label, np.int16) for path in paths]
        self._labels = np.concatenate([np.empty(0, np.int16), *labels])[order]

    def of(self, frame: int) -> Covers:
        """The covers of a frame, by its position in the sightings."""
        first, last = np.searchsorted(self._frames, [frame, frame + 1])
        return Covers(self._boxes[first:last], self._labels[first:last], self._moves[first:last])


@dataclass(frozen=True, slots=True, eq=False)
class Cover:
    """One object's covers: rising frames, a box (4,) in pixels and a speed (2,) in pixels per second for each."""

    label: Label
    frames: npt.NDArray[np.int64]
    boxes: Boxes
    moves: npt.NDArray[np.float32]


def plan_covers(sightings: Sightings, settings: CoverSettings, regions: Regions | None = None) -> CoverPlan:
    """Decide what is covered in each frame.

    Args:
        sightings: with scores down to `settings.least`.
        settings: of covers.
        regions: what a person decided besides.
    """
    regions = regions or Regions()
    ways = [[chain for chain in chains if _counts(chain, settings)] for chains in link_both_ways(sightings, settings)]
    # A person counts once: in the forward chains.
    forwards, backwards = ([_path(chain, sightings, settings) for chain in chains] for chains in ways)
    forwards, backwards = ([c for c in way if not _left_bare(c, sightings, regions)] for way in (forwards, backwards))
    spans = [Span(cover.label, int(cover.frames[0]), int(cover.frames[-1])) for cover in forwards if len(cover.frames)]
    by_hand = [_by_hand(region, sightings) for region in regions.cover]
    return CoverPlan([*forwards, *backwards, *by_hand], spans)


def _by_hand(region: Region, sightings: Sightings) -> Cover:
    """A region's cover in all of its frames; its label has no figure, so that every look fills it."""
    frames = region.frames(sightings)
    box = np.array(region.pixels(sightings.width, sightings.height), np.float32)
    return Cover(BY_HAND, frames, np.tile(box, (len(frames), 1)), np.zeros((len(frames), 2), np.float32))


def _left_bare(cover: Cover, sightings: Sightings, regions: Regions) -> bool:
    """Whether a second person freed it: it lies in a region for as long as it is covered, so that nobody who only
    passes there is shown."""
    return any(region.keeps(cover.frames, cover.boxes, sightings) for region in regions.uncover)


def _counts(chain: Tracklet, settings: CoverSettings) -> bool:
    return max(chain.scores) >= settings.sure_of(_SHOWN[GROUPS[chain.group]])


def _path(chain: Tracklet, sightings: Sightings, settings: CoverSettings) -> Cover:
    times_s = sightings.times_s
    seen_s, seen = times_s[chain.frames], np.stack(chain.boxes).astype(np.float64)
    first, last = _span(chain, sightings, seen_s, seen, settings)
    frames = np.arange(first, last + 1)
    now_s = times_s[frames]
    boxes = np.stack([np.interp(now_s, seen_s, seen[:, side]) for side in range(4)], axis=1)
    boxes = _held(boxes, now_s, seen_s, seen)
    boxes = _around(boxes, _frames_within(AROUND_S, times_s, frames))
    label = _SHOWN[GROUPS[chain.group]]
    if label is Label.CAR:
        boxes = _windscreens(boxes)
    nearest = np.abs(now_s[:, None] - seen_s[_nearest(now_s, seen_s)][:, None])
    margin = settings.margin(label) + np.minimum(nearest * DOUBT_PER_S, MOST_DOUBT)
    sizes = boxes[:, 2:] - boxes[:, :2]
    grown = np.maximum(sizes * margin, LEAST_MARGIN_PX)
    boxes = np.concatenate([boxes[:, :2] - grown, boxes[:, 2:] + grown], axis=1)
    limits = np.array([sightings.width, sightings.height] * 2, np.float64)
    boxes = np.clip(boxes, 0, limits)
    inside = ((boxes[:, 2:] - boxes[:, :2]) >= 1).all(axis=1)
    centers = (boxes[:, :2] + boxes[:, 2:]) / 2
    steps = np.maximum(np.gradient(now_s), 1e-3) if len(now_s) > 1 else np.ones(1)
    moves = np.gradient(centers, axis=0) / steps[:, None] if len(now_s) > 1 else np.zeros_like(centers)
    return Cover(label, frames[inside], boxes[inside].astype(np.float32), moves[inside].astype(np.float32))


def _span(
    chain: Tracklet,
    sightings: Sightings,
    seen_s: npt.NDArray[np.float64],
    seen: npt.NDArray[np.float64],
    settings: CoverSettings,
) -> tuple[int, int]:
    """First and last frame of the covers: the hold on both sides, inside the scene."""
    times_s, scenes = sightings.times_s, sightings.scenes
    holds = []
    for end in (0, -1):
        hold_s = settings.still_hold_s if _still(seen_s, seen, seen_s[end]) else settings.hold_s
        at_edge = _at_edge(seen[end], sightings.width, sightings.height)
        holds.append(max(hold_s, settings.edge_hold_s) if at_edge else hold_s)
    first = int(np.searchsorted(times_s, seen_s[0] - holds[0]))
    last = int(np.searchsorted(times_s, seen_s[-1] + holds[1], side="right")) - 1
    scene = scenes[chain.frames[0]]
    begin, end = np.searchsorted(scenes, [scene, scene + 1])
    return max(first, int(begin)), min(last, int(end) - 1)


def _at_edge(box: npt.NDArray[np.float64], width: int, height: int) -> bool:
    """Whether it is as near to the image's edge as a small part of its own size."""
    near_x, near_y = EDGE * (box[2] - box[0]), EDGE * (box[3] - box[1])
    return bool(box[0] < near_x or box[1] < near_y or box[2] > width - near_x or box[3] > height - near_y)


def _still(seen_s: npt.NDArray[np.float64], seen: npt.NDArray[np.float64], at_s: float) -> bool:
    """Whether it was there for the whole second nearest to `at_s`, and hardly moved."""
    near = np.abs(seen_s - at_s) <= LOOK_BACK_S
    if np.ptp(seen_s[near]) < LOOK_BACK_S / 2:
        return False
    boxes = seen[near]
    centers = (boxes[:, :2] + boxes[:, 2:]) / 2
    height = np.median(boxes[:, 3] - boxes[:, 1])
    return bool((centers.max(axis=0) - centers.min(axis=0)).max() < STILL * height)


def _held(
    boxes: npt.NDArray[np.float64],
    now_s: npt.NDArray[np.float64],
    seen_s: npt.NDArray[np.float64],
    seen: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Before the first and after the last sighting: where it was, and where it would be by now, and between."""
    held = boxes.copy()
    for edge, side in ((0, now_s < seen_s[0]), (-1, now_s > seen_s[-1])):
        if not side.any():
            continue
        near = np.abs(seen_s - seen_s[edge]) <= LOOK_BACK_S / 2
        far = np.flatnonzero(near)[-1 if edge == 0 else 0]
        elapsed = seen_s[edge] - seen_s[far]
        shift = seen[edge].reshape(2, 2).mean(axis=0) - seen[far].reshape(2, 2).mean(axis=0)
        speed = np.tile(shift / elapsed, 2) if elapsed else np.zeros(4)
        place = seen[edge] + (now_s[side] - seen_s[edge])[:, None] * speed
        held[side, :2] = np.minimum(place[:, :2], seen[edge, :2])
        held[side, 2:] = np.maximum(place[:, 2:], seen[edge, 2:])
    return held


def _nearest(now_s: npt.NDArray[np.float64], seen_s: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    after = np.clip(np.searchsorted(seen_s, now_s), 0, len(seen_s) - 1)
    before = np.maximum(after - 1, 0)
    return np.where(np.abs(seen_s[before] - now_s) <= np.abs(seen_s[after] - now_s), before, after)


def _frames_within(seconds: float, times_s: npt.NDArray[np.float64], frames: npt.NDArray[np.int64]) -> int:
    if len(frames) < 2:
        return 0
    step = (times_s[frames[-1]] - times_s[frames[0]]) / (len(frames) - 1)
    return int(np.ceil(seconds / max(float(step), 1e-3)))


def _around(boxes: npt.NDArray[np.float64], reach: int) -> npt.NDArray[np.float64]:
    """Each box as large as all boxes of `reach` frames before and after it."""
    padded = np.pad(boxes, ((reach, reach), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=0)
    return np.concatenate([windows[:, :2].min(axis=2), windows[:, 2:].max(axis=2)], axis=1)


def _windscreens(boxes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    sizes = np.tile(boxes[:, 2:] - boxes[:, :2], 2)
    return np.asarray(np.tile(boxes[:, :2], 2) + sizes * np.array(WINDSCREEN))
