"""Objects to tracks, after ByteTrack: sure objects are matched to tracks first, weak ones to the tracks that are left.

Zhang et al., "ByteTrack: Multi-Object Tracking by Associating Every Detection Box", ECCV 2022. All that depends on time
is in seconds, so frames may come at any pace and any of them may be missing. A third pass of our own matches what is
left over without overlap, where a track may have got to: the longer it was not seen and the less is known of its speed,
the farther.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import numpy.typing as npt

from pipeline.detect.assignment import Gains, assign
from pipeline.detect.label_groups import group_numbers
from pipeline.detect.motion import Motions
from pipeline.detect.settings import TrackSettings
from pipeline.domain.detections import Boxes, Detections, Tracks, overlaps

Index = npt.NDArray[np.int64]

STANDSTILL_S = 0.001
"""What has passed between two frames when the clock says nothing, or less than nothing."""
GROWN = 0.7
"""By how many standard deviations of the expected place the boxes of the third pass are grown."""


class ByteTracker:
    """Implements `pipeline.domain.ports.Tracker`. One stream of one camera, one thread at a time."""

    def __init__(self, settings: TrackSettings) -> None:
        """Without any track.

        Args:
            settings: time limits and thresholds.
        """
        self._settings = settings
        self._next_id = 1
        self._last_ms: int | None = None
        self._motions = Motions()
        # One entry per track: its number, 0 until it counts; its group; frames it was seen in; seconds since the last.
        self._ids = np.empty(0, np.int64)
        self._groups = np.empty(0, np.int64)
        self._frames = np.empty(0, np.int64)
        self._unseen_s = np.empty(0)
        self._finished: set[int] = set()
        self._votes: defaultdict[int, defaultdict[int, float]] = defaultdict(lambda: defaultdict(float))

    def update(self, detections: Detections, ts_ms: int) -> Tracks:
        """The tracks seen in this frame, in the order of the detections.

        A label is the one its track was given most surely so far. The clock may stand or be set back: then the order of
        the frames counts, as if a millisecond had passed.
        """
        self._advance(ts_ms)
        groups = group_numbers(detections.labels)
        tracks, found = self._match(detections, groups)
        self._motions.correct(tracks, detections.boxes[found])
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
        # Frames of proof are consecutive: what has no number yet and misses one is forgotten.
        self._keep((self._ids > 0) | ~np.concatenate([missed, np.zeros(len(new), bool)]))
        found, ids = found[ids > 0], ids[ids > 0]
        return Tracks(self._steady(detections.select(found), ids), ids)

    def finished(self) -> frozenset[int]:
        """Ids that were given up since the last call and will not come back."""
        finished = frozenset(self._finished)
        self._finished.clear()
        return finished

    def _advance(self, ts_ms: int) -> None:
        """To the time of a new frame, giving up what was lost for too long."""
        passed_s = 0.0 if self._last_ms is None else max((ts_ms - self._last_ms) / 1000.0, STANDSTILL_S)
        self._last_ms = ts_ms
        self._unseen_s += passed_s
        self._keep(self._unseen_s <= self._settings.lost_s)
        self._motions.advance(passed_s)

    def _match(self, detections: Detections, groups: Index) -> tuple[Index, Index]:
        """Indices of tracks (k,) and of the detections (k,) they were seen as."""
        expected, margins = self._motions.boxes(), GROWN * self._motions.doubt()
        same_group = self._groups[:, None] == groups[None]
        near = self._fitting(overlaps(expected, detections.boxes), same_group)
        sure = detections.scores >= self._settings.high_confidence
        tracks, found = np.arange(len(expected)), np.arange(len(detections))
        pairs = []
        for wanted in (sure, ~sure):
            some = found[wanted[found]]
            rows, columns = assign(near[np.ix_(tracks, some)])
            pairs.append((tracks[rows], some[columns]))
            tracks, found = np.setdiff1d(tracks, tracks[rows]), np.setdiff1d(found, some[columns])
        far = overlaps_grown(expected[tracks], detections.boxes[found], margins[tracks])
        rows, columns = assign(self._fitting(far, same_group[np.ix_(tracks, found)]))
        pairs.append((tracks[rows], found[columns]))
        return np.concatenate([rows for rows, _ in pairs]), np.concatenate([columns for _, columns in pairs])

    def _fitting(self, overlap: Gains, same_group: npt.NDArray[np.bool_]) -> Gains:
        """Overlaps (n, m) with those set to 0 that are too small or across groups."""
        return np.where(same_group & (overlap >= self._settings.minimum_iou), overlap, 0.0)

    def _begin(self, boxes: Boxes, groups: Index) -> Index:
        """Tracks that start with these boxes, seen in no frame yet; their indices."""
        before, n = len(self._ids), len(boxes)
        self._motions.add(boxes)
        self._ids = np.concatenate([self._ids, np.zeros(n, np.int64)])
        self._groups = np.concatenate([self._groups, groups])
        self._frames = np.concatenate([self._frames, np.zeros(n, np.int64)])
        self._unseen_s = np.concatenate([self._unseen_s, np.zeros(n)])
        return np.arange(before, before + n)

    def _see(self, tracks: Index) -> None:
        """Count a frame for these tracks, and number those that have enough by now."""
        self._frames[tracks] += 1
        self._unseen_s[tracks] = 0.0
        proved = tracks[(self._ids[tracks] == 0) & (self._frames[tracks] >= self._settings.minimum_images)]
        self._ids[proved] = np.arange(self._next_id, self._next_id + len(proved))
        self._next_id += len(proved)

    def _keep(self, chosen: npt.NDArray[np.bool_]) -> None:
        """Give up the tracks outside a mask (n,)."""
        if chosen.all():
            return
        for track_id in self._ids[~chosen & (self._ids > 0)].tolist():
            self._finished.add(track_id)
            self._votes.pop(track_id, None)
        self._motions.keep(chosen)
        self._ids, self._groups = self._ids[chosen], self._groups[chosen]
        self._frames, self._unseen_s = self._frames[chosen], self._unseen_s[chosen]

    def _steady(self, detections: Detections, ids: Index) -> Detections:
        labels = detections.labels.copy()
        for i, track_id in enumerate(ids.tolist()):
            votes = self._votes[track_id]
            votes[int(detections.labels[i])] += float(detections.scores[i])
            labels[i] = max(votes, key=votes.__getitem__)
        return Detections(detections.boxes, detections.scores, labels)


def overlaps_grown(a: npt.NDArray[np.float64], b: Boxes, margins: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Intersection over union (n, m) of (n, 4) and (m, 4) xyxy boxes, both grown by a's (n, 2) margins on all sides.

    What overlaps then is less than two margins apart. C-BIoU (Yang et al., WACV 2023) grows boxes by a fixed share.
    """
    by = margins[:, None]
    apart = np.maximum(a[:, None, :2], b[None, :, :2]) - np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = np.clip(2.0 * by - apart, 0.0, None).prod(axis=2)
    area_a = (a[:, 2:] - a[:, :2] + 2.0 * margins).prod(axis=1)[:, None]
    area_b = (b[None, :, 2:] - b[None, :, :2] + 2.0 * by).prod(axis=2)
    return np.asarray(shared / np.maximum(area_a + area_b - shared, 1e-9))
