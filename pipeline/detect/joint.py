"""Two networks as one `Detector`: one finds vehicles and people, the other plates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pipeline.detect.duplicates import without_duplicates
from pipeline.detect.settings import PlateSearch
from pipeline.detect.views import View
from pipeline.domain.detections import Boxes, Detections
from pipeline.domain.frame import Picture
from pipeline.domain.labels import PLATED_VEHICLES, Label
from pipeline.domain.ports import Detector

MARGIN = 0.05
"""A vehicle's crop is enlarged by this share of its size: the box often cuts through a bumper with the plate on it."""

SMALLEST_VEHICLE_PX = 80
"""A plate is about a quarter of a vehicle's width: on a narrower vehicle no reader could read it."""

LEAST_ZOOM = 1.5
"""After the whole picture, a crop is worth a pass only when it shows the vehicle so much larger."""

SAME_PLATE_IOU = 0.3
"""Two small boxes of one plate, from crops of different scale, overlap less than those of one pass."""


class JointDetector:
    """Implements `pipeline.domain.ports.Detector` with a network for objects and one for plates."""

    def __init__(self, objects: Detector, plates: Detector, search: PlateSearch, most_looks: int) -> None:
        self._objects = objects
        self._plates = plates
        self._search = search
        self._most_looks = most_looks
        self._least_zoom = LEAST_ZOOM if search is PlateSearch.BOTH else 0.0

    @property
    def name(self) -> str:
        """Names of both cards."""
        return f"{self._objects.name}+{self._plates.name}"

    @property
    def batch_size(self) -> int:
        """The largest batch that pays."""
        return self._objects.batch_size

    def detect(self, pictures: Sequence[Picture]) -> list[Detections]:
        """Objects and plates of each picture, in order."""
        objects = self._objects.detect(pictures)
        plates = [Detections.empty()] * len(pictures)
        if self._search is not PlateSearch.VEHICLES:
            plates = [found.labelled(Label.PLATE) for found in self._plates.detect(pictures)]
        if self._search is not PlateSearch.FRAME:
            plates = self._look_closer(pictures, objects, plates)
        return [
            Detections.concatenate([found, without_duplicates(near, SAME_PLATE_IOU)])
            for found, near in zip(objects, plates, strict=True)
        ]

    def close(self) -> None:
        """Give back memory and threads."""
        self._objects.close()
        self._plates.close()

    def _look_closer(
        self, pictures: Sequence[Picture], objects: Sequence[Detections], plates: Sequence[Detections]
    ) -> list[Detections]:
        """Add the plates on crops of vehicles that carry none yet; the crops of all pictures in one call."""
        views = [
            (i, View.around(picture, box, MARGIN))
            for i, picture in enumerate(pictures)
            for box in self._worth_a_look(picture, objects[i], plates[i].boxes)
        ]
        parts = [[found] for found in plates]
        for (i, view), found in zip(views, self._plates.detect([view for _, view in views]), strict=True):
            offset = np.array([view.x1, view.y1, view.x1, view.y1], np.float32)
            near = found.labelled(Label.PLATE)
            parts[i].append(Detections(near.boxes + offset, near.scores, near.labels))
        return [Detections.concatenate(part) for part in parts]

    def _worth_a_look(self, picture: Picture, objects: Detections, plates: Boxes) -> Boxes:
        """(n, 4) the largest vehicles without a plate that a crop would show clearly larger."""
        vehicles = objects.labelled(*PLATED_VEHICLES).boxes
        sizes = vehicles[:, 2:] - vehicles[:, :2]
        longest = np.maximum(sizes.max(axis=1, initial=1.0), 1.0)
        zoomed = max(picture.width, picture.height) / longest >= self._least_zoom
        wanted = (sizes[:, 0] >= SMALLEST_VEHICLE_PX) & zoomed & ~_carries(vehicles, plates)
        order = np.argsort(-longest[wanted], kind="stable")[: self._most_looks]
        nearest: Boxes = vehicles[wanted][order]
        return nearest


def _carries(vehicles: Boxes, plates: Boxes) -> npt.NDArray[np.bool_]:
    """(n,) whether the centre of any of (m, 4) plates lies in each of (n, 4) vehicles."""
    centres = ((plates[:, :2] + plates[:, 2:]) / 2)[None]
    low, high = vehicles[:, None, :2], vehicles[:, None, 2:]
    within = np.logical_and.reduce((centres >= low) & (centres <= high), axis=2)
    carries: npt.NDArray[np.bool_] = np.logical_or.reduce(within, axis=1)
    return carries
