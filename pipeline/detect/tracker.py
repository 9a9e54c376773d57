"""Objects to tracks: Roboflow's `trackers` (ByteTrack), one per group of labels, behind our `Tracker` protocol.

The library matches boxes; this adapter gives it what the protocol promises besides: ids from 1 that are never used
again, time in milliseconds instead of frames, what was given up, and labels that do not flicker.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt
import supervision as sv
from trackers import ByteTrackTracker

from pipeline.detect.label_groups import GROUPS, group_numbers
from pipeline.detect.settings import TrackSettings
from pipeline.domain.detections import Detections, Tracks

LIBRARY_RATE = 30.0
"""`trackers` counts its patience in images at this rate, whatever the rate of the stream is."""


class GroupedByteTracker:
    """Implements `pipeline.domain.ports.Tracker`. One stream of one camera, one thread at a time."""

    def __init__(self, settings: TrackSettings, frame_rate: float) -> None:
        """Without any track.

        Args:
            settings: patience and thresholds.
            frame_rate: frames per second that will be analyzed, about; gaps are taken from the timestamps.
        """
        self._settings = settings
        self._frame_rate = frame_rate
        self._next_id = 1
        self._start_ms: int | None = None
        self._last_ms = 0
        self._groups = [self._new_group() for _ in GROUPS]
        self._finished: set[int] = set()
        self._votes: defaultdict[int, defaultdict[int, float]] = defaultdict(lambda: defaultdict(float))

    def update(self, detections: Detections, ts_ms: int) -> Tracks:
        """The tracks seen in this image; a label is the one its track was given most surely so far."""
        elapsed_s = self._advance(ts_ms)
        numbers = group_numbers(detections.labels)
        index_parts, id_parts = [], []
        for number, group in enumerate(self._groups):
            members = np.flatnonzero(numbers == number)
            if len(members) == 0 and not group.alive:
                continue
            index, ids, gone = group.update(detections.select(members), elapsed_s, self._new_id)
            index_parts.append(members[index])
            id_parts.append(ids)
            self._give_up(gone)
        if not index_parts:
            return Tracks.empty()
        ids = np.concatenate(id_parts)
        return Tracks(self._steady(detections.select(np.concatenate(index_parts)), ids), ids)

    def finished(self) -> frozenset[int]:
        """Ids that were given up since the last call and will not come back."""
        finished = frozenset(self._finished)
        self._finished.clear()
        return finished

    def _new_group(self) -> _Group:
        return _Group(self._settings, self._frame_rate)

    def _new_id(self) -> int:
        self._next_id += 1
        return self._next_id - 1

    def _advance(self, ts_ms: int) -> float:
        """Seconds since the first image, never standing still; after a long gap nothing is the same object."""
        if self._start_ms is None:
            self._start_ms = self._last_ms = ts_ms
            return 0.0
        if ts_ms - self._last_ms > self._settings.lost_s * 1000.0:
            for group in self._groups:
                self._give_up(group.ids())
            self._groups = [self._new_group() for _ in GROUPS]
        # Two images of one millisecond, or a clock that was set back: order counts, not the clock.
        self._last_ms = max(ts_ms, self._last_ms + 1)
        return (self._last_ms - self._start_ms) / 1000.0

    def _give_up(self, ids: Iterable[int]) -> None:
        for track_id in ids:
            self._finished.add(track_id)
            self._votes.pop(track_id, None)

    def _steady(self, detections: Detections, ids: npt.NDArray[np.int64]) -> Detections:
        labels = detections.labels.copy()
        for i, track_id in enumerate(ids.tolist()):
            votes = self._votes[track_id]
            votes[int(detections.labels[i])] += float(detections.scores[i])
            labels[i] = max(votes, key=votes.__getitem__)
        return Detections(detections.boxes, detections.scores, labels)


class _Group:
    """The tracks of one group of labels."""

    def __init__(self, settings: TrackSettings, frame_rate: float) -> None:
        self._tracker = ByteTrackTracker(
            lost_track_buffer=max(1, round(settings.lost_s * LIBRARY_RATE)),
            frame_rate=frame_rate,
            track_activation_threshold=settings.start_confidence,
            minimum_consecutive_frames=settings.minimum_images,
            minimum_iou_threshold=settings.minimum_iou,
            high_conf_det_threshold=settings.high_confidence,
        )
        self._ours: dict[int, int] = {}
        """The library's number (from 0 in each instance) to our id."""

    @property
    def alive(self) -> bool:
        """Whether anything is being followed, confirmed or not."""
        return bool(self._tracker.tracks)

    def ids(self) -> list[int]:
        """Our ids that are still followed."""
        return list(self._ours.values())

    def update(
        self, detections: Detections, elapsed_s: float, new_id: Callable[[], int]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], list[int]]:
        """Indices of tracked detections, their ids, and ids given up."""
        # The class field carries the index: the library returns the detections in another order.
        found = self._tracker.update(
            sv.Detections(detections.boxes, confidence=detections.scores, class_id=np.arange(len(detections))),
            timestamp=elapsed_s,
        )
        index, ids = [], []
        if found.class_id is not None and found.tracker_id is not None:  # both None when nothing was found
            for position, theirs in zip(found.class_id.tolist(), found.tracker_id.tolist(), strict=True):
                if theirs >= 0:
                    if theirs not in self._ours:
                        self._ours[theirs] = new_id()
                    index.append(position)
                    ids.append(self._ours[theirs])
        followed = {track.tracker_id for track in self._tracker.tracks}
        gone = [self._ours.pop(theirs) for theirs in list(self._ours) if theirs not in followed]
        return np.array(index, dtype=np.int64), np.array(ids, dtype=np.int64), gone
