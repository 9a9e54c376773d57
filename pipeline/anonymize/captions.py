"""Captions: text that a camera draws into its video, such as the date, in areas that its configuration declares.

A caption and the plate of a parked car stand equally still, so a detected plate is taken for a caption only in a
declared area that is small and near the image's border, that no vehicle touches in any frame, in which text stands
still from the first frame to the last, and in which nothing is read that may be a plate. The overlay would hide half of
a plate from the verification, so an area that meets it is none. Persons and faces there are masked as everywhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.anonymize.exemptions import MIN_STILL
from pipeline.anonymize.tracklets import PLATES, Tracklet
from pipeline.anonymize.video_detections import VideoDetections
from pipeline.domain.detections import Detections
from pipeline.domain.labels import VEHICLES, Label
from pipeline.domain.plate import Layout, PlateRead

Polygon = tuple[tuple[float, float], ...]
"""Corners (x, y), shares of the upright image."""

MAX_SHARE: Final = 0.06
"""Of the image, for one area …"""
MAX_TOTAL_SHARE: Final = 0.1
"""… and for all of them: beyond, none applies."""
NEAR_BORDER: Final = 0.05
"""Share of the image's width or height that is at most between the area and the nearest border."""
VEHICLE_SCORE: Final = 0.1
"""From which a vehicle counts, of any detector that reports such scores."""
FAR_PX: Final = 80
"""Width below which a vehicle inside a line of text is a part of it: the plate of so small a vehicle is not legible."""
MIN_S: Final = 2.0
"""Least length of a video in which stillness means anything …"""
MIN_FRAMES: Final = 25
"""… and its least number of frames."""
MIN_SEEN: Final = 0.3
"""Share of the frames in which text is detected in a column of its line …"""
ABSENT_S: Final = 1.0
"""… and longest time without, at the begin, between two frames and at the end."""
TOLERANCE: Final = 0.15
"""Share of the text's height by which edges of the same line differ."""
TOLERANCE_PX: Final = 3.0
INCLUDED: Final = 0.6
"""Share of a box's columns and of its rows that a line has, so that the box is around a part of it."""
PART: Final = 0.5
"""Least height of a part of a line, in heights of the line."""
SHARED: Final = 0.5
"""Share of each side that an object's usual places early and late have in common: parts vary, a plate moves on."""
SURE_SCORE: Final = 0.6
"""Of the weakest character of a Brazilian plate, which is one however few frames show it …"""
REPEATED_SCORE: Final = 0.3
"""… and of any other text of letters and digits that is the same …"""
REPEATED_SHARE: Final = 0.25
"""… in this share of the frames: a date changes, and has no letters."""
MIN_CHARACTERS: Final = 5
_CANDIDATES: Final = 20
_SIDES: Final[tuple[Literal["left"], Literal["right"]]] = ("left", "right")

Boxes = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]
Bitmap = npt.NDArray[np.bool_]
"""(height, width)."""
Flags = npt.NDArray[np.bool_]


class Line(NamedTuple):
    """A line of text that stands still: its upper and lower edge, and the columns that text includes all the time."""

    top: float
    bottom: float
    columns: Flags

    def holds(self, boxes: Boxes) -> Flags:
        """(n,) whether each box (n, 4) is around the line, or around a part of it."""
        heights, height = boxes[:, 3] - boxes[:, 1], self.bottom - self.top
        rows = np.minimum(boxes[:, 3], self.bottom) - np.maximum(boxes[:, 1], self.top)
        text = self._shares(boxes) >= INCLUDED
        return np.asarray((rows >= INCLUDED * heights) & (heights >= PART * height) & text, bool)

    def fills(self, boxes: Boxes) -> Flags:
        """(n,) whether each box (n, 4) includes or is most of the line's rows, and has text in its columns."""
        heights, height = boxes[:, 3] - boxes[:, 1], self.bottom - self.top
        rows = np.minimum(boxes[:, 3], self.bottom) - np.maximum(boxes[:, 1], self.top)
        return np.asarray((rows >= INCLUDED * np.minimum(heights, height)) & (self._shares(boxes) >= INCLUDED), bool)

    def _shares(self, boxes: Boxes) -> npt.NDArray[np.float64]:
        """(n,) share of the columns of each box (n, 4) that have text."""
        ends = np.rint(np.clip(boxes[:, [0, 2]], 0, len(self.columns))).astype(int).tolist()
        return np.array([self.columns[x1:x2].mean() if x2 > x1 else 0.0 for x1, x2 in ends])


@dataclass(frozen=True, eq=False)
class CaptionArea:
    """A declared area that holds nothing but text that stands still.

    Attributes:
        polygon: as it was declared.
        inside: the pixels in it; bounds: x1, y1, x2, y2 of the rectangle around them.
        lines: of text.
    """

    polygon: Polygon
    inside: Bitmap
    bounds: tuple[int, int, int, int]
    lines: Sequence[Line]

    def are_text(self, boxes: Boxes) -> Flags:
        """(n,) whether each box (n, 4) is around text of this area."""
        lines = np.any([line.holds(boxes) for line in self.lines], axis=0) if self.lines else np.zeros(len(boxes), bool)
        return np.array([_is_inside(box, self.inside) for box in boxes], bool) & lines

    def are_around_text(self, boxes: Boxes) -> Flags:
        """(n,) whether each box (n, 4) has text of this area in it, and next to nothing else.

        Verification detectors draw wider boxes than `are_text` admits, over two lines or over the area's edge.
        """
        inside = np.array([_share_inside(box, self.inside) for box in boxes])
        lines = [line.fills(boxes) for line in self.lines]
        return np.asarray((inside >= INCLUDED) & np.any(lines, axis=0), bool) if lines else np.zeros(len(boxes), bool)

    def texts(self, found: Detections) -> Boxes:
        """(n, 4) the boxes of the plates of one frame that stay readable in this area."""
        boxes = found.labeled(Label.PLATE).boxes
        return boxes[self.are_text(boxes) | self.are_around_text(boxes)]

    def vehicle_touches(self, per_frame: Sequence[Detections]) -> bool:
        """Whether a vehicle touches the rectangle around this area in any frame; a part of the text is none."""
        for found in per_frame:
            vehicles = found.labeled(*VEHICLES)
            boxes = vehicles.boxes[vehicles.scores >= VEHICLE_SCORE]
            boxes = boxes[self.touches(boxes)]
            if len(boxes) and not ((boxes[:, 2] - boxes[:, 0] < FAR_PX) & self.are_text(boxes)).all():
                return True
        return False

    def touches(self, boxes: Boxes) -> Flags:
        """(n,) whether each box (n, 4) touches the rectangle around this area."""
        x1, y1, x2, y2 = self.bounds
        return np.asarray((boxes[:, :2] <= [x2, y2]).all(axis=1) & (boxes[:, 2:] >= [x1, y1]).all(axis=1), bool)


class Captions:
    """The areas of a video in which text stays readable.

    Args:
        areas: see `find_captions`.
    """

    def __init__(self, areas: Sequence[CaptionArea] = ()) -> None:
        self._areas = tuple(areas)

    @property
    def areas(self) -> tuple[CaptionArea, ...]:
        """The areas with their text."""
        return self._areas

    @property
    def polygons(self) -> tuple[Polygon, ...]:
        """The areas, shares of the image."""
        return tuple(area.polygon for area in self._areas)

    @cached_property
    def share(self) -> float:
        """Of the image, of all areas together."""
        return _union_share([area.inside for area in self._areas])

    def text_frames(self, tracklet: Tracklet) -> Flags:
        """(n,) in which frames of a tracklet it is text of an area: only ever a plate, and only in enough of them."""
        nowhere = np.zeros(len(tracklet.frames), bool)
        if tracklet.group != PLATES or not self._areas:
            return nowhere
        boxes = np.stack(tracklet.boxes)
        text = [area.are_text(boxes) for area in self._areas] if _stands_still(boxes) else []
        return next((one for one in text if one.mean() >= MIN_STILL), nowhere)

    def hold(self, tracklet: Tracklet) -> bool:
        """Whether an object that verification detectors find is around text of an area in all of its frames."""
        if tracklet.group != PLATES or not self._areas:
            return False
        boxes = np.stack(tracklet.boxes)
        return _stands_still(boxes) and any(area.are_around_text(boxes).all() for area in self._areas)

    def doubted(self, plates: Sequence[Boxes]) -> tuple[Polygon, ...]:
        """Areas that plates touch which are no captions.

        Args:
            plates: the boxes (n, 4) of each plate that verification detectors found unmasked and that is no caption.
        """
        return tuple(area.polygon for area in self._areas if any(area.touches(boxes).any() for boxes in plates))


def areas_beside(areas: Sequence[Polygon], overlay: Boxes, width: int, height: int) -> tuple[Polygon, ...]:
    """The areas that do not meet the overlay.

    Args:
        areas: declared ones, shares of the upright image.
        overlay: (1, 4) xyxy in pixels.
        width, height: pixels of the image.
    """
    x1, y1, x2, y2 = np.rint(overlay[0]).astype(int).tolist()
    return tuple(area for area in areas if not _drawn(area, width, height)[y1:y2, x1:x2].any())


def may_be_plate(reads: Sequence[Sequence[PlateRead]]) -> bool:
    """Whether the text of an area may be a plate, a Brazilian or a foreign one.

    Args:
        reads: of each frame.
    """
    every = [read for of_frame in reads for read in of_frame]
    if any(read.layout is not Layout.OTHER and read.confidence >= SURE_SCORE for read in every):
        return True
    repeated = Counter(text for of_frame in reads for text in {one.text for one in of_frame if _is_mixed(one)})
    return max(repeated.values(), default=0) >= max(1.0, REPEATED_SHARE * len(reads))


def _is_mixed(read: PlateRead) -> bool:
    letters = sum(character.isalpha() for character in read.text)
    return len(read.text) >= MIN_CHARACTERS and 0 < letters < len(read.text) and read.confidence >= REPEATED_SCORE


def caption_evidence(detections: VideoDetections, seen: VideoDetections) -> VideoDetections:
    """The plates and vehicles that the networks of the masks and those of the verification detect.

    Texts that one of them does not take for plates are captions by the other one's detections, and a vehicle that
    either detects touches an area.

    Args:
        detections: in the original; seen: in the redacted video, the same frames.
    """
    per_frame = [
        Detections.concatenate([found, others]).labeled(Label.PLATE, *VEHICLES)
        for found, others in zip(detections.per_frame, seen.per_frame, strict=True)
    ]
    return replace(detections, per_frame=per_frame)


def find_captions(detections: VideoDetections, areas: Sequence[Polygon]) -> Captions:
    """The declared areas of a video in which text may stay readable.

    Args:
        detections: in the original.
        areas: declared ones, shares of the upright image.
    """
    if not areas or len(detections) < MIN_FRAMES or float(np.ptp(detections.times_s)) < MIN_S:
        return Captions()
    drawn = [(area, _drawn(area, detections.width, detections.height)) for area in areas]
    if _union_share([inside for _, inside in drawn]) > MAX_TOTAL_SHARE:
        return Captions()
    small = [(area, inside) for area, inside in drawn if 0 < inside.mean() <= MAX_SHARE and _is_near_border(inside)]
    found = [_caption_area(area, inside, detections) for area, inside in small]
    return Captions([one for one in found if one.lines and not one.vehicle_touches(detections.per_frame)])


def _caption_area(area: Polygon, inside: Bitmap, detections: VideoDetections) -> CaptionArea:
    boxes, frames = _plates_in(inside, detections)
    if not len(boxes):
        return CaptionArea(area, inside, _bounds(inside), ())
    slack = max(TOLERANCE * float(np.median(boxes[:, 3] - boxes[:, 1])), TOLERANCE_PX)
    rows = np.floor(boxes[:, [1, 3]] / slack)
    of_row = np.unique(rows, axis=0, return_inverse=True)[1].reshape(-1)
    lines = []
    for row in np.argsort(-np.bincount(of_row), kind="stable")[:_CANDIDATES]:
        top, bottom = np.median(boxes[of_row == row][:, [1, 3]], axis=0).tolist()
        same = (np.abs(boxes[:, [1, 3]] - [top, bottom]) <= slack).all(axis=1)
        columns = _columns_throughout(boxes[same], frames[same], detections)
        if columns.any():
            lines.append(Line(top, bottom, columns))
    return CaptionArea(area, inside, _bounds(inside), lines)


def _columns_throughout(boxes: Boxes, frames: Numbers, detections: VideoDetections) -> Flags:
    """(width,) the columns that boxes of one line include in many frames, from the first to the last."""
    times_s, shown = detections.times_s, np.unique(frames)
    seen, last_s = np.zeros(detections.width, np.int64), np.full(detections.width, times_s[0])
    absent_s = np.zeros(detections.width)
    ends = np.rint(boxes[:, [0, 2]]).astype(int)
    for frame, first, after in zip(shown, *(np.searchsorted(frames, shown, side) for side in _SIDES), strict=True):
        included = np.zeros(detections.width, bool)
        for x1, x2 in ends[first:after].tolist():
            included[x1:x2] = True
        absent_s[included] = np.maximum(absent_s[included], times_s[frame] - last_s[included])
        last_s[included] = times_s[frame]
        seen += included
    absent_s = np.maximum(absent_s, times_s[-1] - last_s)
    return np.asarray((seen >= MIN_SEEN * len(times_s)) & (absent_s <= ABSENT_S), bool)


def _plates_in(inside: Bitmap, detections: VideoDetections) -> tuple[Boxes, Numbers]:
    """Boxes (n, 4) of plates that lie wholly in an area, and the frame (n,) of each."""
    boxes, frames = [np.empty((0, 4), np.float32)], []
    for number, found in enumerate(detections.per_frame):
        plates = found.boxes[found.labels == Label.PLATE]
        plates = plates[np.array([_is_inside(box, inside) for box in plates], bool)]
        boxes.append(plates)
        frames += [number] * len(plates)
    return np.concatenate(boxes), np.array(frames, np.int64)


def _stands_still(boxes: Boxes) -> bool:
    """Whether an object is usually in one place in the first and in the last half of its tracklet."""
    half = (len(boxes) + 1) // 2
    first, last = np.median(boxes[:half], axis=0), np.median(boxes[-half:], axis=0)
    shared = np.minimum(first[2:], last[2:]) - np.maximum(first[:2], last[:2])
    return bool((shared >= SHARED * np.minimum(first[2:] - first[:2], last[2:] - last[:2])).all())


def _drawn(area: Polygon, width: int, height: int) -> Bitmap:
    """(height, width) the pixels in a polygon."""
    import cv2  # here, because it takes long to import

    canvas = np.zeros((height, width), np.uint8)
    corners = np.array(area, np.float64).reshape(-1, 2) * [width, height]
    cv2.fillPoly(canvas, [np.rint(corners).astype(np.int32)], 1)
    return canvas.astype(bool)


def _union_share(bitmaps: Sequence[Bitmap]) -> float:
    return float(np.any(bitmaps, axis=0).mean()) if bitmaps else 0.0


def _is_near_border(inside: Bitmap) -> bool:
    height, width = inside.shape
    x1, y1, x2, y2 = _bounds(inside)
    return bool(min(x1 / width, y1 / height, 1 - x2 / width, 1 - y2 / height) <= NEAR_BORDER)


def _bounds(inside: Bitmap) -> tuple[int, int, int, int]:
    columns, rows = np.flatnonzero(inside.any(axis=0)), np.flatnonzero(inside.any(axis=1))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _share_inside(box: npt.NDArray[Any], inside: Bitmap) -> float:
    """Share of a box that lies in an area."""
    x1, y1, x2, y2 = np.rint(box).astype(int).tolist()
    size = (x2 - x1) * (y2 - y1)
    return float(inside[max(y1, 0) : max(y2, 0), max(x1, 0) : max(x2, 0)].sum() / size) if size > 0 else 0.0


def _is_inside(box: npt.NDArray[Any], inside: Bitmap) -> bool:
    """Whether a box lies wholly in an area, to the half pixel."""
    x1, y1, x2, y2 = np.rint(box).astype(int).tolist()
    height, width = inside.shape
    if x1 < 0 or y1 < 0 or x2 > width or y2 > height or x2 <= x1 or y2 <= y1:
        return False
    return bool(inside[y1:y2, x1:x2].all())
