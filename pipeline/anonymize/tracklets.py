"""Tracklets: detections of the same object, linked from frame to frame, forward or backward in time.

The whole video is known here, so no decision has to be made online: an object is followed from its lowest-scoring
detection on, and whether it counts is decided on the whole tracklet. Both directions differ where objects meet and
part; masks follow either of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.anonymize.settings import MaskSettings
from pipeline.anonymize.video_detections import VideoDetections
from pipeline.domain.detections import overlaps
from pipeline.domain.labels import PLATED_VEHICLES, Label

LABEL_GROUPS: Final[tuple[frozenset[Label], ...]] = (
    frozenset({Label.PERSON}),
    frozenset({Label.FACE}),
    frozenset({Label.PLATE}),
    PLATED_VEHICLES,
    frozenset({Label.BICYCLE, Label.MOTORCYCLE}),
)
"""Labels that a detector may alternately give to one object."""
PERSONS: Final = 0
FACES: Final = 1
PLATES: Final = 2
VEHICLES: Final = 3
TWO_WHEELERS: Final = 4
"""Positions in `LABEL_GROUPS`."""

MIN_IOU: Final = 0.15
"""Of the expected box with a detected one."""
NEAR: Final = 0.75
"""Small fast objects do not overlap themselves: centers this near, in sizes of the object, match too …"""
MIN_SIZE_RATIO: Final = 0.5
"""… when the smaller box has at least this share of the larger one's width and height."""
MIN_OVERLAP_SIZE_RATIO: Final = 0.25
"""The same for boxes that overlap: a person who is half visible is one, a box of half the image is another object."""
MAX_RESIZE: Final = 1.5
"""Factor by which an object is at most expected to grow or shrink until its next detection."""
SPEED_WEIGHT: Final = 0.5
"""Weight of the newest step in an object's speed."""


@dataclass(slots=True)
class Tracklet:
    """One object through time.

    Attributes:
        group: position in `LABEL_GROUPS`.
        frames: numbers of the frames in which it was detected, rising.
        boxes: xyxy in pixels, one (4,) per frame.
        scores: 0 to 1, one per frame.
    """

    group: int
    frames: list[int] = field(default_factory=list)
    boxes: list[npt.NDArray[np.float32]] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    speed: npt.NDArray[np.float32] = field(default_factory=lambda: np.zeros(4, np.float32))
    """Of the box's sides, pixels per second."""

    @property
    def label(self) -> Label:
        """Of the group; meaningful where the group has one label."""
        return next(iter(LABEL_GROUPS[self.group]))

    @property
    def max_score(self) -> float:
        """The highest score."""
        return max(self.scores)

    def add(self, frame: int, box: npt.NDArray[np.float32], score: float, elapsed_s: float) -> None:
        """Append a detection, `elapsed_s` after the last."""
        if self.frames and elapsed_s > 0:
            self.speed = self.speed + SPEED_WEIGHT * ((box - self.boxes[-1]) / elapsed_s - self.speed)
        self.frames.append(frame)
        self.boxes.append(box)
        self.scores.append(score)

    def in_forward_order(self) -> Tracklet:
        """The same tracklet with its frames in rising order, made from falling ones."""
        return Tracklet(self.group, self.frames[::-1], self.boxes[::-1], self.scores[::-1])


def link_forward(
    detections: VideoDetections, settings: MaskSettings, groups: Collection[int] | None = None
) -> list[Tracklet]:
    """Tracklets linked from the first frame to the last.

    Args:
        detections: of the video.
        settings: `link_score`, `plate_link_score`, `gap_s` and `windscreens` apply here.
        groups: positions in `LABEL_GROUPS`; by default persons, faces and plates, with `windscreens` also vehicles.
    """
    return list(_link(detections, range(len(detections)), settings, groups))


def link_backward(
    detections: VideoDetections, settings: MaskSettings, groups: Collection[int] | None = None
) -> list[Tracklet]:
    """Tracklets linked from the last frame to the first; otherwise like `link_forward`."""
    falling = range(len(detections))[::-1]
    return [tracklet.in_forward_order() for tracklet in _link(detections, falling, settings, groups)]


def _link(
    detections: VideoDetections, order: Sequence[int], settings: MaskSettings, groups: Collection[int] | None
) -> Iterator[Tracklet]:
    masked = (PERSONS, FACES, PLATES, *([VEHICLES] if settings.windscreens else []))
    for group, labels in enumerate(LABEL_GROUPS):
        if group in (masked if groups is None else groups):
            yield from _link_group(detections, order, group, labels, settings)


def _link_group(
    detections: VideoDetections, order: Sequence[int], group: int, labels: frozenset[Label], settings: MaskSettings
) -> Iterator[Tracklet]:
    numbers = [int(label) for label in labels]
    min_score, gap_s = min(settings.link_score_of(label) for label in labels), settings.gap_s
    active: list[Tracklet] = []
    scene = -1
    for frame in order:
        if detections.scenes[frame] != scene:
            yield from active
            active, scene = [], int(detections.scenes[frame])
        found = detections.per_frame[frame]
        of_group = sum((found.labels == number for number in numbers), np.zeros(len(found), bool))
        found = found.select(of_group & (found.scores >= min_score))
        now_s = detections.times_s[frame]
        elapsed_s = [abs(now_s - detections.times_s[tracklet.frames[-1]]) for tracklet in active]
        yield from (one for one, gone_s in zip(active, elapsed_s, strict=True) if gone_s > gap_s)
        open_now = [(one, float(gone_s)) for one, gone_s in zip(active, elapsed_s, strict=True) if gone_s <= gap_s]
        active = [tracklet for tracklet, _ in open_now]
        assigned = _assign(open_now, found.boxes)
        for position, (box, score) in enumerate(zip(found.boxes, found.scores.tolist(), strict=True)):
            if position in assigned:
                tracklet, gone_s = open_now[assigned[position]]
            else:
                tracklet, gone_s = Tracklet(group), 0.0
                active.append(tracklet)
            tracklet.add(frame, box, score, gone_s)
    yield from active


def _assign(active: Sequence[tuple[Tracklet, float]], boxes: npt.NDArray[np.float32]) -> dict[int, int]:
    """Position of a box to position of its tracklet."""
    if not active or not len(boxes):
        return {}
    # Here, because it takes most of a second to import and every command would wait for it.
    from scipy.optimize import linear_sum_assignment

    last = np.array([tracklet.boxes[-1] for tracklet, _ in active])
    speeds = np.array([tracklet.speed for tracklet, _ in active])
    expected = _expected(last, speeds, np.array([elapsed_s for _, elapsed_s in active], np.float32))
    both = _similarity(np.concatenate([expected, last]), boxes)
    similarity = np.maximum(both[: len(active)], both[len(active) :])
    rows, columns = linear_sum_assignment(-similarity)
    return {int(c): int(r) for r, c in zip(rows, columns, strict=True) if similarity[r, c] > 0}


def _expected(
    last: npt.NDArray[np.float32], speeds: npt.NDArray[np.float32], elapsed_s: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """(n, 4) the expected boxes of objects, `elapsed_s` (n,) after their last ones (n, 4)."""
    places = last + speeds * elapsed_s[:, None]
    sizes, centers = last[:, 2:] - last[:, :2], (places[:, :2] + places[:, 2:]) / 2
    # Approaching objects grow, but a speed measured between two frames must not make them giants.
    half = np.clip(places[:, 2:] - places[:, :2], sizes / MAX_RESIZE, sizes * MAX_RESIZE) / 2
    return np.concatenate([centers - half, centers + half], axis=1)


def _similarity(places: npt.NDArray[np.float32], boxes: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """(n, m) how well boxes fit places: 1 + IoU where they overlap, up to 1 where they are only near, else 0."""
    iou = overlaps(places, boxes)
    across, down = (_axis_similarity(places[:, axis::2], boxes[:, axis::2]) for axis in (0, 1))
    distance, ratio = np.maximum(across[0], down[0]), np.minimum(across[1], down[1])
    near = np.where((ratio >= MIN_SIZE_RATIO) & (distance < NEAR), 1 - distance, 0.0)
    return np.asarray(np.where((iou >= MIN_IOU) & (ratio >= MIN_OVERLAP_SIZE_RATIO), 1 + iou, near), np.float64)


def _axis_similarity(
    places: npt.NDArray[np.float32], sides: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """(n, m) distance of the centers of (n, 2) and (m, 2) intervals, and length of the shorter one, in longer ones."""
    lengths = [np.maximum(each[:, 1] - each[:, 0], 1e-3) for each in (places, sides)]
    centers = [(each[:, 0] + each[:, 1]) / 2 for each in (places, sides)]
    longer = np.maximum(lengths[0][:, None], lengths[1][None])
    distance = np.abs(centers[0][:, None] - centers[1][None]) / longer
    return distance, np.minimum(lengths[0][:, None], lengths[1][None]) / longer
