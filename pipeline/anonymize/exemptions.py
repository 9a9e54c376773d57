"""Exempted objects: things that stand still in an exempted region from its first to its last second.

A region alone exempts nothing. An object in it is left unmasked only while it stands where it stands all the time, and
while no other masked object passes it, and while it appears as usual (`exempted_appearance`): otherwise its mask is
drawn like any other. All the time is that of the region,
across scene changes, and long enough that a person who walks slowly does not stand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipeline.anonymize.manual_regions import Region
from pipeline.anonymize.tracklets import Tracklet
from pipeline.anonymize.video_detections import VideoDetections
from pipeline.policy.exemption_limits import MIN_S, Box, union_share

TOLERANCE: Final = 0.15
"""Share of the object's longer side by which each side of its box may differ from the usual place."""
TOLERANCE_PX: Final = 2.0
"""Detectors place the sides of small objects to a pixel or two."""
MIN_STILL: Final = 0.8
"""Share of its detections in which an object is in its usual place: a thing is hidden at times, and never walks."""
ABSENT_S: Final = 2.0
"""Longest time without the object at the begin and at the end of the region, and between two detections."""
MIN_INSIDE: Final = 0.7
"""Share of a detection's box that lies in an exempted object's, so that it is the same object."""
MIN_FRAMES: Final = 50
"""In which the region is seen: time stamps alone could be stretched."""
_ROUNDING_S: Final = 1e-6
_NEAR_S: Final = 0.5
"""Around a frame in which the object is elsewhere, or is passed, for which it is masked as well."""

Boxes = npt.NDArray[np.float32]
Frames = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class ExemptedObject:
    """The frames in which an object is not masked, rising, and its box (4,) in pixels in each."""

    frames: Frames
    boxes: Boxes

    def holds(self, frame: int, box: npt.NDArray[Any]) -> bool:
        """Whether a box of a frame lies in this object, where it is then or, between two such frames, next.

        In between it is masked, since it was passed or hidden.
        """
        if not len(self.frames) or not self.frames[0] <= frame <= self.frames[-1]:
            return False
        own = self.boxes[int(np.searchsorted(self.frames, frame))]
        shared = np.clip(np.minimum(own[2:], box[2:4]) - np.maximum(own[:2], box[:2]), 0, None)
        area = float(np.prod(np.maximum(box[2:4] - box[:2], 1e-6)))
        return float(np.prod(shared)) >= MIN_INSIDE * area


@dataclass(frozen=True, slots=True)
class UnredactedShare:
    """What exemptions leave unredacted in the finished video.

    Attributes:
        mean: share of the image, averaged over the time of the whole video.
        worst: largest share in one frame.
        seconds: in which there is anything.
    """

    mean: float = 0.0
    worst: float = 0.0
    seconds: float = 0.0


def unredacted_share(exempted: Sequence[ExemptedObject], detections: VideoDetections) -> UnredactedShare:
    """Area and time of the exempted objects, each while it is not masked; overlapping ones count once.

    Args:
        exempted: objects of a plan of masks; detections: of the video.
    """
    size = np.array([detections.width, detections.height] * 2, np.float64)
    by_frame: dict[int, list[Box]] = {}
    for one in exempted:
        for frame, (x1, y1, x2, y2) in zip(one.frames.tolist(), (one.boxes / size).tolist(), strict=True):
            by_frame.setdefault(frame, []).append((x1, y1, x2, y2))
    if not by_frame:
        return UnredactedShare()
    shares = np.zeros(len(detections))
    for frame, boxes in by_frame.items():
        shares[frame] = union_share(boxes)
    lasting_s = detections.shown_s
    mean = float((shares * lasting_s).sum() / lasting_s.sum())
    return UnredactedShare(mean, float(shares.max()), float(lasting_s[shares > 0].sum()))


def exempted_frames(
    tracklet: Tracklet, frames: Frames, boxes: Boxes, detections: VideoDetections, regions: Sequence[Region]
) -> npt.NDArray[np.bool_]:
    """(n,) whether an object may stay unmasked in each frame of its masks.

    Args:
        tracklet: the object; frames, boxes: (n,) and (n, 4) of its masks.
        detections: of the video.
        regions: exempted ones.
    """
    for region in regions:
        if region.contains(frames, boxes, detections) and _is_there_throughout(tracklet, region, detections):
            usual = _in_usual_place(tracklet)
            if usual.mean() >= MIN_STILL:
                elsewhere = np.array(tracklet.frames)[~usual]
                return ~near_frames(frames, elsewhere, detections)
    return np.zeros(len(frames), bool)


def passed_frames(
    frames: Frames, boxes: Boxes, others: Callable[[int], Boxes], detections: VideoDetections
) -> npt.NDArray[np.bool_]:
    """(n,) whether another masked object touches this one in a frame, or shortly before or after.

    Args:
        frames, boxes: (n,) and (n, 4) of the object.
        others: the masks (m, 4) of all objects that are not exempted, in a frame.
        detections: of the video.
    """
    touched = [_touch(box, others(int(frame))) for frame, box in zip(frames, boxes, strict=True)]
    return near_frames(frames, frames[np.array(touched, bool)], detections)


def near_frames(frames: Frames, those: npt.NDArray[Any], detections: VideoDetections) -> npt.NDArray[np.bool_]:
    """(n,) whether each frame is within half a second of one of those."""
    if not len(those):
        return np.zeros(len(frames), bool)
    times_s, near_s = detections.times_s[frames], np.sort(detections.times_s[those.astype(np.int64)])
    first = np.searchsorted(near_s, times_s - _NEAR_S)
    return np.asarray(first < np.searchsorted(near_s, times_s + _NEAR_S, side="right"), bool)


def _touch(box: npt.NDArray[np.float32], others: Boxes) -> bool:
    return bool(((others[:, :2] < box[2:]) & (others[:, 2:] > box[:2])).all(axis=1).any())


def shows_rest(region: Region, detections: VideoDetections) -> bool:
    """Whether a video shows a region long enough to distinguish a thing from a person who waits or walks slowly."""
    frames = region.frames(detections)
    if len(frames) < MIN_FRAMES:
        return False
    times_s = detections.times_s[frames]
    return bool(times_s[-1] - times_s[0] + np.median(np.diff(times_s)) >= MIN_S - _ROUNDING_S)


def _is_there_throughout(tracklet: Tracklet, region: Region, detections: VideoDetections) -> bool:
    """Whether it is detected from the begin to the end of the region, whatever scenes that has."""
    if not shows_rest(region, detections):
        return False
    within = region.frames(detections)
    seen_s = detections.times_s[tracklet.frames]
    ends_s = np.array([detections.times_s[within[0]], *seen_s, detections.times_s[within[-1]]])
    return bool((np.diff(ends_s) <= ABSENT_S).all())


def _in_usual_place(tracklet: Tracklet) -> npt.NDArray[np.bool_]:
    """(n,) whether each side of each detection's box is where it usually is."""
    boxes = np.stack(tracklet.boxes).astype(np.float64)
    usual = np.median(boxes, axis=0)
    size = float(max(usual[2] - usual[0], usual[3] - usual[1]))
    return np.asarray((np.abs(boxes - usual) <= max(TOLERANCE * size, TOLERANCE_PX)).all(axis=1), bool)
