"""Decisions of adaptive analysis for one session of one camera: whether the detector gets the next frame, and why."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.adaptive.motion import Cells, MotionDetector, is_other_scene, luma_of
from pipeline.domain.detections import Boxes, OpenTracks
from pipeline.domain.frame import Frame
from pipeline.domain.frame_decision import FrameDecision
from pipeline.domain.labels import Label

_MOST_DEVIATION: Final = 0.25
"""Standard deviation of a track's predicted center from which it may be lost, in sizes of its object."""
_MOST_SHIFT: Final = 0.35
"""Distance that a track may move unseen, in sizes of its object: with more, a turn or a stop is seen too late."""
_SHARE_OF_LOST: Final = 0.4
"""Of the tracker's lost time: a standing object is missed twice before its track ends."""
_TRACK_S: Final = 0.12
"""Least time between two frames that are analyzed for a confirmed track: its prediction is good for longer, …"""
_AT_ONCE_S: Final = 0.2
"""… as it is for a vehicle's track that was not found, until it has been missing this long, …"""
_RETRY_S: Final = 0.16
"""… then this, as for persons, who are hidden by others all the time and move little."""
_CONFIRM_S: Final = 0.08
"""Least time from one frame to the next where an object is not confirmed yet, or something else moves than before."""
_COUNT_S: Final = 0.16
"""The same while a track is not counted yet: how long it was visible is as well known from a few frames."""
_MOTION_S: Final = 0.12
"""Time between two frames that are analyzed for motion in which nothing was found; doubled each time."""
_MOST_MOTION_S: Final = 4.0
"""Limit of `_MOTION_S` after doubling: trees in the wind, flags, water, a clock in the image."""
_FORGET_S: Final = 10.0
"""Time after which half of this is forgotten."""
_MARGIN: Final = 0.25
"""Of its size, by which an object's area is enlarged on each side: its shadow, the air around it."""

_ROUNDING_S: Final = 0.001

_Boxes = npt.NDArray[np.floating]


class AdaptiveController:
    """Decides from a session's frames in their order and what was found in them, never from the clock.

    `decide` comes before every frame but the first; `analyzed` after every analyzed one. Used by one thread.

    Args:
        max_interval_s: largest time between two analyzed frames.
        lost_s: seconds without a detection after which the tracker ends a track.
        plate_px: height of the smallest plate that is read; infinite where none are.
    """

    def __init__(self, max_interval_s: float, lost_s: float, plate_px: float = math.inf) -> None:
        self._max_interval_s = max_interval_s
        self._plate_px = plate_px
        self._standing_s = _SHARE_OF_LOST * lost_s
        self._motion = MotionDetector()
        self._analyzed_s = 0.0
        self._found: Boxes = np.empty((0, 4), np.float32)
        # By cell: how often it moved and nothing was found there.
        self._fruitless = np.zeros((0, 0), np.float32)
        self._news: Cells = np.zeros((0, 0), bool)

    def decide(self, frame: Frame, tracks: OpenTracks, need: FrameDecision | None) -> FrameDecision:
        """Whether the detector gets the next frame.

        Args:
            frame: that frame.
            tracks: as expected in it.
            need: why an observer needs it, None for none.
        """
        changed = self._motion.changed(luma_of(frame.image), frame.pts_s)
        if self._fruitless.shape != changed.shape:
            self._fruitless = np.zeros(changed.shape, np.float32)
        self._news = changed & ~self._area(frame, tracks.boxes) & ~self._area(frame, self._found)
        if is_other_scene(changed):
            return FrameDecision.SCENE
        passed_s = frame.pts_s - self._analyzed_s + _ROUNDING_S
        plates, unconfirmed = tracks.labels == Label.PLATE, tracks.ids == 0
        large = tracks.boxes[:, 3] - tracks.boxes[:, 1] >= self._plate_px
        if need is FrameDecision.PLATE or bool((plates & unconfirmed & large).any()):
            return FrameDecision.PLATE
        new = bool((unconfirmed & ~plates).any())
        if (new and passed_s >= _CONFIRM_S) or (need is FrameDecision.NEW_TRACK and passed_s >= _COUNT_S):
            return FrameDecision.NEW_TRACK
        return self._by_time(frame, tracks, passed_s)

    def analyzed(self, frame: Frame, found: Boxes) -> None:
        """Note what the detector found in a frame, the first one or the last that was decided.

        Args:
            frame: that frame.
            found: (n, 4) boxes of all objects, xyxy, pixels.
        """
        if not self._fruitless.size:
            self._motion.changed(luma_of(frame.image), frame.pts_s)
        self._motion.analyzed()
        if self._fruitless.size:
            area = self._area(frame, found)
            self._fruitless *= 0.5 ** ((frame.pts_s - self._analyzed_s) / _FORGET_S)
            self._fruitless[self._news] += 1.0
            self._fruitless[area] = 0.0
        self._analyzed_s, self._found = frame.pts_s, found

    def _by_time(self, frame: Frame, tracks: OpenTracks, passed_s: float) -> FrameDecision:
        """What the time since the last analyzed frame asks for."""
        if passed_s >= self._max_interval_s:
            return FrameDecision.INTERVAL
        if self._may_be_lost(frame, tracks, passed_s):
            return FrameDecision.TRACK
        again_s = np.minimum(_MOTION_S * 2.0**self._fruitless, _MOST_MOTION_S)
        due_s = np.where(self._fruitless < 0.5, _CONFIRM_S, again_s)
        if bool((self._news & (passed_s >= due_s)).any()):
            return FrameDecision.MOTION
        return FrameDecision.PREDICTED if len(tracks) else FrameDecision.STILL

    def _may_be_lost(self, frame: Frame, tracks: OpenTracks, passed_s: float) -> bool:
        """Whether a confirmed track must be seen again, so that it is not lost or mistaken for another."""
        center = (tracks.boxes[:, :2] + tracks.boxes[:, 2:]) / 2
        inside = ((center > 0) & (center < (frame.image.width, frame.image.height))).all(axis=1)
        size = np.sqrt(np.maximum(tracks.boxes[:, 2:] - tracks.boxes[:, :2], 1.0).prod(axis=1))
        shift = np.hypot(tracks.velocity[:, 0], tracks.velocity[:, 1]) * passed_s
        uncertain = (shift > _MOST_SHIFT * size) | (tracks.deviation > _MOST_DEVIATION * size)
        missed = tracks.unseen_s > passed_s
        at_once = (tracks.unseen_s <= _AT_ONCE_S) & (tracks.labels != Label.PERSON) & (passed_s >= _TRACK_S)
        again = at_once | (passed_s >= _RETRY_S)
        uncertain &= passed_s >= _TRACK_S
        due = np.where(missed, again, uncertain | (passed_s >= self._standing_s))
        return bool((due & inside & (tracks.ids > 0) & (tracks.labels != Label.PLATE)).any())

    def _area(self, frame: Frame, boxes: _Boxes) -> Cells:
        """The cells in and around some boxes."""
        height, width = self._fruitless.shape
        scale = np.array([width / frame.image.width, height / frame.image.height] * 2)
        grow = _MARGIN * (boxes[:, 2:] - boxes[:, :2])
        low = np.floor((boxes[:, :2] - grow) * scale[:2]).astype(int) - 1
        high = np.ceil((boxes[:, 2:] + grow) * scale[2:]).astype(int) + 1
        area = np.zeros((height, width), np.uint8)
        for (x1, y1), (x2, y2) in zip(np.maximum(low, 0).tolist(), np.maximum(high, 0).tolist(), strict=True):
            area[y1:y2, x1:x2] = 1
        return area.astype(bool)
