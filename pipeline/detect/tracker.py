"""Multi-object tracker after ByteTrack, with a motion model in real time.

Zhang et al., "ByteTrack: Multi-Object Tracking by Associating Every Detection Box", ECCV 2022: objects of high score
are matched first, those of low score to the remaining tracks. All durations are in seconds, so frames may arrive at any
rate and any of them may be missing. A third pass, not part of ByteTrack, matches the remaining objects without overlap,
within a distance that grows with the time since the last detection and with the uncertainty of the velocity.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from pipeline.detect.assignment import Gains, assign
from pipeline.detect.label_groups import LABEL_OF, group_numbers
from pipeline.detect.motion_model import MotionModel
from pipeline.detect.settings import TrackSettings
from pipeline.domain.detections import Boxes, Detections, OpenTracks, Tracks, overlaps

Index = npt.NDArray[np.int64]

_ROUNDING_S = 1e-6
"""Sums of times between frames are off by far less."""
STANDSTILL_S = 0.001
"""Assumed time between two frames if the clock stands still or goes back."""
BUFFER_DEVIATIONS = 0.7
"""Standard deviations of the predicted center by which boxes are enlarged in the third pass."""


class ByteTracker:
    """Implements `pipeline.domain.ports.Tracker` for one stream of one camera. One thread at a time."""

    def __init__(self, settings: TrackSettings) -> None:
        """A tracker without tracks.

        Args:
            settings: time limits and thresholds.
        """
        self._settings = settings
        self._next_id = 1
        self._last_ms: int | None = None
        self._alone = False
        self._motion = MotionModel()
        # One entry per track: id, 0 until confirmed; label group; frames it was seen in; seconds since the last one.
        self._ids = np.empty(0, np.int64)
        self._groups = np.empty(0, np.int64)
        self._frames = np.empty(0, np.int64)
        self._unseen_s = np.empty(0)
        self._finished: set[int] = set()
        self._votes: defaultdict[int, defaultdict[int, float]] = defaultdict(lambda: defaultdict(float))

    def update(self, detections: Detections, ts_ms: int) -> Tracks:
        """The tracks seen in this frame, in the order of the detections.

        The label of a track is the one with the highest sum of scores so far. If the clock stands still or is set
        back, a millisecond is assumed between the frames.
        """
        self._advance(ts_ms)
        groups = group_numbers(detections.labels)
        tracks, found = self._match(detections, groups)
        self._motion.update(tracks, detections.boxes[found])
        missed = np.ones(len(self._ids), bool)
        missed[tracks] = False
        fresh = detections.scores >= max(self._settings.high_confidence, self._settings.start_confidence)
        fresh[found] = False
        new = np.flatnonzero(fresh)
        tracks = np.concatenate([tracks, self._begin(detections.boxes[new], groups[new])])
        found = np.concatenate([found, new])
        order = np.argsort(found)
        tracks, found = tracks[order], found[order]
        self._see(tracks)
        ids = self._ids[tracks]
        # A track is confirmed by consecutive frames: unconfirmed tracks that miss one are dropped.
        self._keep((self._ids > 0) | ~np.concatenate([missed, np.zeros(len(new), bool)]))
        found, ids = found[ids > 0], ids[ids > 0]
        return Tracks(self._with_voted_labels(detections.select(found), ids), ids)

    def restart(self) -> None:
        """End all tracks: the next frame shows another scene, whose objects are confirmed by it."""
        self._keep(np.zeros(len(self._ids), bool))
        self._last_ms, self._alone = None, True

    def finished(self) -> frozenset[int]:
        """Ids of the tracks that ended since the last call; they are not used again."""
        finished = frozenset(self._finished)
        self._finished.clear()
        return finished

    def open_tracks(self, ts_ms: int) -> OpenTracks:
        """See the protocol."""
        later_s = 0.0 if self._last_ms is None else max((ts_ms - self._last_ms) / 1000.0, 0.0)
        motion = self._motion.predicted(later_s)
        return OpenTracks(
            self._ids,
            LABEL_OF[self._groups],
            motion.boxes(),
            motion.velocity[:, :2],
            motion.center_deviation().max(axis=1, initial=0.0),
            self._unseen_s + later_s,
        )

    def _advance(self, ts_ms: int) -> None:
        """Advance to the time of a new frame, and end tracks that were lost for too long."""
        passed_s = 0.0 if self._last_ms is None else max((ts_ms - self._last_ms) / 1000.0, STANDSTILL_S)
        # No track survives a longer gap, so that at a rate this low none would ever be seen in two frames.
        self._alone = self._alone if self._last_ms is None else passed_s > self._settings.lost_s
        self._last_ms = ts_ms
        self._unseen_s += passed_s
        self._keep(self._unseen_s <= self._settings.lost_s + _ROUNDING_S)
        self._motion.predict(passed_s)

    def _match(self, detections: Detections, groups: Index) -> tuple[Index, Index]:
        """Indices of tracks (k,) and of their detections (k,)."""
        expected, margins = self._motion.boxes(), BUFFER_DEVIATIONS * self._motion.center_deviation()
        same_group = self._groups[:, None] == groups[None]
        near = self._admissible(overlaps(expected, detections.boxes), same_group)
        strong = detections.scores >= self._settings.high_confidence
        lost, free = np.ones(len(expected), bool), np.ones(len(detections), bool)
        pairs = [(np.empty(0, np.int64), np.empty(0, np.int64))]

        def match(gains: Callable[[Index, Index], Gains], wanted: npt.NDArray[np.bool_]) -> None:
            tracks, found = np.flatnonzero(lost), np.flatnonzero(free & wanted)
            if len(tracks) and len(found):
                rows, columns = assign(gains(tracks, found))
                pairs.append((tracks[rows], found[columns]))
                lost[tracks[rows]] = free[found[columns]] = False

        def far(tracks: Index, found: Index) -> Gains:
            overlap = buffered_overlaps(expected[tracks], detections.boxes[found], margins[tracks])
            return self._admissible(overlap, same_group[np.ix_(tracks, found)])

        match(lambda tracks, found: near[np.ix_(tracks, found)], strong)
        match(lambda tracks, found: near[np.ix_(tracks, found)], ~strong)
        match(far, free)
        return np.concatenate([rows for rows, _ in pairs]), np.concatenate([columns for _, columns in pairs])

    def _admissible(self, overlap: Gains, same_group: npt.NDArray[np.bool_]) -> Gains:
        """Overlaps (n, m), 0 for those that are too small or across label groups."""
        return np.where(same_group & (overlap >= self._settings.min_iou), overlap, 0.0)

    def _begin(self, boxes: Boxes, groups: Index) -> Index:
        """Start tracks with these boxes; their indices."""
        before, n = len(self._ids), len(boxes)
        self._motion.add(boxes)
        self._ids = np.concatenate([self._ids, np.zeros(n, np.int64)])
        self._groups = np.concatenate([self._groups, groups])
        self._frames = np.concatenate([self._frames, np.zeros(n, np.int64)])
        self._unseen_s = np.concatenate([self._unseen_s, np.zeros(n)])
        return np.arange(before, before + n)

    def _see(self, tracks: Index) -> None:
        """Count a frame for these tracks, and assign ids to those that are confirmed by it."""
        self._frames[tracks] += 1
        self._unseen_s[tracks] = 0.0
        needed = 1 if self._alone else self._settings.min_frames
        confirmed = tracks[(self._ids[tracks] == 0) & (self._frames[tracks] >= needed)]
        self._ids[confirmed] = np.arange(self._next_id, self._next_id + len(confirmed))
        self._next_id += len(confirmed)

    def _keep(self, chosen: npt.NDArray[np.bool_]) -> None:
        """End the tracks outside a mask (n,)."""
        if chosen.all():
            return
        for track_id in self._ids[~chosen & (self._ids > 0)].tolist():
            self._finished.add(track_id)
            self._votes.pop(track_id, None)
        self._motion.keep(chosen)
        self._ids, self._groups = self._ids[chosen], self._groups[chosen]
        self._frames, self._unseen_s = self._frames[chosen], self._unseen_s[chosen]

    def _with_voted_labels(self, detections: Detections, ids: Index) -> Detections:
        labels = detections.labels.copy()
        for i, track_id in enumerate(ids.tolist()):
            votes = self._votes[track_id]
            votes[int(detections.labels[i])] += float(detections.scores[i])
            labels[i] = max(votes, key=votes.__getitem__)
        return Detections(detections.boxes, detections.scores, labels)


def buffered_overlaps(
    a: npt.NDArray[np.float64], b: Boxes, margins: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Intersection over union (n, m) of (n, 4) and (m, 4) xyxy boxes, both enlarged by a's (n, 2) margins on all sides.

    Boxes that then overlap are less than two margins apart. C-BIoU (Yang et al., WACV 2023) enlarges by a fixed ratio.
    """
    by = margins[:, None]
    apart = np.maximum(a[:, None, :2], b[None, :, :2]) - np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = np.clip(2.0 * by - apart, 0.0, None).prod(axis=2)
    area_a = (a[:, 2:] - a[:, :2] + 2.0 * margins).prod(axis=1)[:, None]
    area_b = (b[None, :, 2:] - b[None, :, :2] + 2.0 * by).prod(axis=2)
    return np.asarray(shared / np.maximum(area_a + area_b - shared, 1e-9))
