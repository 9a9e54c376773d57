"""Two networks as one `Detector`: one finds vehicles and people, the other plates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pipeline.detect.image_region import View
from pipeline.detect.nms import non_maximum_suppression
from pipeline.detect.settings import PlateSearch
from pipeline.domain.detections import Boxes, Detections
from pipeline.domain.frame import Image
from pipeline.domain.labels import PLATED_VEHICLES, Label
from pipeline.domain.network import NetworkIdentity
from pipeline.domain.ports import Detector

MARGIN = 0.05
"""A vehicle's crop is enlarged by this share of its size: the box often cuts through a bumper with the plate on it."""

SMALLEST_VEHICLE_PX = 80
"""A plate is about a quarter of a vehicle's width: on a narrower vehicle no reader could read it."""

LEAST_ZOOM = 1.5
"""After the whole image, a crop is worth a pass only when it shows the vehicle so much larger."""

SAME_PLATE_IOU = 0.3
"""Two small boxes of one plate, from crops of different scale, overlap less than those of one pass."""


class CascadeDetector:
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
    def networks(self) -> tuple[NetworkIdentity, ...]:
        """Both networks."""
        return (*self._objects.networks, *self._plates.networks)

    @property
    def batch_size(self) -> int:
        """The largest batch that pays."""
        return self._objects.batch_size

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        """Objects and plates of each image, in order."""
        objects = self._objects.detect(images)
        plates = [Detections.empty()] * len(images)
        if self._search is not PlateSearch.VEHICLES:
            plates = [found.labeled(Label.PLATE) for found in self._plates.detect(images)]
        if self._search is not PlateSearch.FRAME:
            plates = self._look_closer(images, objects, plates)
        return [
            Detections.concatenate([found, non_maximum_suppression(near, SAME_PLATE_IOU)])
            for found, near in zip(objects, plates, strict=True)
        ]

    def close(self) -> None:
        """Give back memory and threads."""
        self._objects.close()
        self._plates.close()

    def _look_closer(
        self, images: Sequence[Image], objects: Sequence[Detections], plates: Sequence[Detections]
    ) -> list[Detections]:
        """Add the plates on crops of vehicles that carry none yet; the crops of all images in one call."""
        views = [
            (i, View.around(image, box, MARGIN))
            for i, image in enumerate(images)
            for box in self._worth_a_look(image, objects[i], plates[i].boxes)
        ]
        parts = [[found] for found in plates]
        for (i, view), found in zip(views, self._plates.detect([view for _, view in views]), strict=True):
            offset = np.array([view.x1, view.y1, view.x1, view.y1], np.float32)
            near = found.labeled(Label.PLATE)
            parts[i].append(Detections(near.boxes + offset, near.scores, near.labels))
        return [Detections.concatenate(part) for part in parts]

    def _worth_a_look(self, image: Image, objects: Detections, plates: Boxes) -> Boxes:
        """(n, 4) the largest vehicles without a plate that a crop would show clearly larger."""
        vehicles = objects.labeled(*PLATED_VEHICLES).boxes
        sizes = vehicles[:, 2:] - vehicles[:, :2]
        longest = np.maximum(sizes.max(axis=1, initial=1.0), 1.0)
        zoomed = max(image.width, image.height) / longest >= self._least_zoom
        wanted = (sizes[:, 0] >= SMALLEST_VEHICLE_PX) & zoomed & ~_carries(vehicles, plates)
        order = np.argsort(-longest[wanted], kind="stable")[: self._most_looks]
        nearest: Boxes = vehicles[wanted][order]
        return nearest


def _carries(vehicles: Boxes, plates: Boxes) -> npt.NDArray[np.bool_]:
    """(n,) whether the center of any of (m, 4) plates lies in each of (n, 4) vehicles."""
    centers = ((plates[:, :2] + plates[:, 2:]) / 2)[None]
    low, high = vehicles[:, None, :2], vehicles[:, None, 2:]
    within = np.logical_and.reduce((centers >= low) & (centers <= high), axis=2)
    carries: npt.NDArray[np.bool_] = np.logical_or.reduce(within, axis=1)
    return carries
