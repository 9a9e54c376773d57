"""Two networks as one `Detector`: one finds vehicles and people, the other plates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.detect.duplicates import without_duplicates
from pipeline.detect.settings import PlateSearch
from pipeline.detect.views import View
from pipeline.domain.detections import Boxes, Detections
from pipeline.domain.frame import Picture
from pipeline.domain.labels import PLATED_VEHICLES, Label
from pipeline.domain.ports import Detector

MARGIN = 0.05
"""A vehicle's crop is enlarged by this share of its size: the box often cuts through a bumper with the plate on it."""

SMALLEST_VEHICLE_PX = 48
"""On a narrower vehicle a plate is under ten pixels wide and could not be read."""

SAME_PLATE_IOU = 0.3
"""Two small boxes of one plate, from crops of different scale, overlap less than those of one pass."""


class JointDetector:
    """Implements `pipeline.domain.ports.Detector` with a network for objects and one for plates."""

    def __init__(self, objects: Detector, plates: Detector, search: PlateSearch) -> None:
        self._objects = objects
        self._plates = plates
        self._search = search

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
            for box in _without_plate(objects[i], plates[i].boxes)
        ]
        parts = [[found] for found in plates]
        for (i, view), found in zip(views, self._plates.detect([view for _, view in views]), strict=True):
            offset = np.array([view.x1, view.y1, view.x1, view.y1], np.float32)
            near = found.labelled(Label.PLATE)
            parts[i].append(Detections(near.boxes + offset, near.scores, near.labels))
        return [Detections.concatenate(part) for part in parts]


def _without_plate(objects: Detections, plates: Boxes) -> Boxes:
    """(n, 4) boxes of vehicles wide enough for a legible plate that no plate's centre lies in."""
    vehicles = objects.labelled(*PLATED_VEHICLES).boxes
    vehicles = vehicles[vehicles[:, 2] - vehicles[:, 0] >= SMALLEST_VEHICLE_PX]
    centres = (plates[:, :2] + plates[:, 2:]) / 2
    inside = (centres[None] >= vehicles[:, None, :2]) & (centres[None] <= vehicles[:, None, 2:])
    within = np.logical_and.reduce(inside, axis=2)
    free: Boxes = vehicles[~np.logical_or.reduce(within, axis=1)]
    return free
