"""Sightings of the same object, linked from frame to frame: forwards, and once more backwards.

The video is over when this runs, so nothing has to be decided at once: an object is followed from its faintest sighting
on, and whether it counts is asked of the whole chain. The two directions differ where objects meet and part; what
either of them says is covered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipeline.anonymize.settings import CoverSettings
from pipeline.anonymize.video_detections import Sightings
from pipeline.domain.detections import overlaps
from pipeline.domain.labels import PLATED_VEHICLES, Label

GROUPS: tuple[frozenset[Label], ...] = (
    frozenset({Label.PERSON}),
    frozenset({Label.FACE}),
    frozenset({Label.PLATE}),
    PLATED_VEHICLES,
)
"""Labels that one object may be given in turn."""

LEAST_OVERLAP = 0.15
"""Of where an object is expected with where one is seen (IoU)."""
NEAR = 0.75
"""Small fast things do not overlap themselves: centers this near, in sizes of the object, are the same one too …"""
ALIKE = 0.5
"""… when one is not smaller than the other by more than this share."""
LEARN = 0.5
"""Weight of the newest step in an object's speed."""


@dataclass(slots=True)
class Tracklet:
    """One object through time.

    Attributes:
        group: position in `GROUPS`.
        frames: numbers of the frames in which it was seen, rising.
        boxes: xyxy in pixels, one (4,) per frame.
        scores: 0 to 1, one per frame.
    """

    group: int
    frames: list[int] = field(default_factory=list)
    boxes: list[npt.NDArray[np.float32]] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    speed: npt.NDArray[np.float32] = field(default_factory=lambda: np.zeros(4, np.float32))
    """Of the box's sides, pixels per second."""

    def add(self, frame: int, box: npt.NDArray[np.float32], score: float, elapsed_s: float) -> None:
        """One sighting more, `elapsed_s` after the last."""
        if self.frames and elapsed_s > 0:
            self.speed = self.speed + LEARN * ((box - self.boxes[-1]) / elapsed_s - self.speed)
        self.frames.append(frame)
        self.boxes.append(box)
        self.scores.append(score)

    def expected(self, elapsed_s: float) -> npt.NDArray[np.float32]:
        """(4,) where it should be `elapsed_s` after its last sighting."""
        place: npt.NDArray[np.float32] = self.boxes[-1] + self.speed * np.float32(elapsed_s)
        return place

    def turned(self) -> Tracklet:
        """The same chain with its frames in rising order, made from falling ones."""
        return Tracklet(self.group, self.frames[::-1], self.boxes[::-1], self.scores[::-1])


def link_both_ways(sightings: Sightings, settings: CoverSettings) -> tuple[list[Tracklet], list[Tracklet]]:
    """Chains found forwards, and those found backwards."""
    order = range(len(sightings))
    forwards = list(_linked(sightings, order, settings))
    backwards = [chain.turned() for chain in _linked(sightings, order[::-1], settings)]
    return forwards, backwards


def _linked(sightings: Sightings, order: Sequence[int], settings: CoverSettings) -> Iterator[Tracklet]:
    for group, labels in enumerate(GROUPS):
        if labels == PLATED_VEHICLES and not settings.windscreens:
            continue
        numbers = [int(label) for label in labels]
        least, gap_s = min(settings.faint_of(label) for label in labels), settings.gap_s
        open_chains: list[Tracklet] = []
        scene = -1
        for frame in order:
            if sightings.scenes[frame] != scene:
                yield from open_chains
                open_chains, scene = [], int(sightings.scenes[frame])
            found = sightings.found[frame]
            wanted = sum((found.labels == number for number in numbers), np.zeros(len(found), bool))
            found = found.select(wanted & (found.scores >= least))
            now_s = sightings.times_s[frame]
            waits_s = [abs(now_s - sightings.times_s[chain.frames[-1]]) for chain in open_chains]
            yield from (c for c, wait_s in zip(open_chains, waits_s, strict=True) if wait_s > gap_s)
            alive = [(c, float(w)) for c, w in zip(open_chains, waits_s, strict=True) if w <= gap_s]
            open_chains = [chain for chain, _ in alive]
            taken = _matched(alive, found.boxes)
            for position, (box, score) in enumerate(zip(found.boxes, found.scores.tolist(), strict=True)):
                if position in taken:
                    chain, wait_s = alive[taken[position]]
                else:
                    chain, wait_s = Tracklet(group), 0.0
                    open_chains.append(chain)
                chain.add(frame, box, score, wait_s)
        yield from open_chains


def _matched(alive: Sequence[tuple[Tracklet, float]], boxes: npt.NDArray[np.float32]) -> dict[int, int]:
    """Position of a box to position of its chain."""
    if not alive or not len(boxes):
        return {}
    # Here, because it takes most of a second to import and every command would wait for it.
    from scipy.optimize import linear_sum_assignment

    places = np.stack([chain.expected(wait_s) for chain, wait_s in alive])
    last = np.stack([chain.boxes[-1] for chain, _ in alive])
    both = _likeness(np.concatenate([places, last]), boxes)
    likeness = np.maximum(both[: len(alive)], both[len(alive) :])
    rows, columns = linear_sum_assignment(-likeness)
    return {int(c): int(r) for r, c in zip(rows, columns, strict=True) if likeness[r, c] > 0}


def _likeness(places: npt.NDArray[np.float32], boxes: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """(n, m) how well boxes fit places: 1 + IoU when they overlap, up to 1 when they are only near, else 0."""
    shared = overlaps(places, boxes)
    sizes = [np.maximum(b[:, 2:] - b[:, :2], 1e-3) for b in (places, boxes)]
    centers = [(b[:, :2] + b[:, 2:]) / 2 for b in (places, boxes)]
    larger = np.maximum(sizes[0][:, None], sizes[1][None])
    away = (np.abs(centers[0][:, None] - centers[1][None]) / larger).max(axis=2)
    alike = (np.minimum(sizes[0][:, None], sizes[1][None]) / larger).min(axis=2) >= ALIKE
    near = np.where(alike & (away < NEAR), 1 - away, 0.0)
    return np.asarray(np.where(shared >= LEAST_OVERLAP, 1 + shared, near), np.float64)
