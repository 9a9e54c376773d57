"""Cascade of two networks: a detector of vehicles and people, then one of plates on the image or on vehicle crops."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pipeline.detect.image_region import ImageRegion
from pipeline.detect.nms import non_maximum_suppression
from pipeline.detect.settings import PlateSearch
from pipeline.domain.detections import Boxes, Detections
from pipeline.domain.frame import Image
from pipeline.domain.labels import PLATED_VEHICLES, Label
from pipeline.domain.network_identity import NetworkIdentity
from pipeline.domain.ports import Detector

MARGIN = 0.05
"""Margin of a vehicle crop as a fraction of its size: boxes often cut through the bumper that carries the plate."""

MIN_VEHICLE_PX = 80
"""Minimum width of a vehicle: a plate is about a quarter of it, and none is legible on a narrower one."""

MIN_ZOOM = 1.5
"""After a pass over the whole image, a vehicle is cropped only if that magnifies it at least this much."""

SAME_PLATE_IOU = 0.3
"""NMS threshold: boxes of one plate from crops of different scale overlap less than those of a single pass."""


class CascadeDetector:
    """Implements `pipeline.domain.ports.Detector` with one network for objects and one for plates."""

    def __init__(self, objects: Detector, plates: Detector, search: PlateSearch, max_crops: int) -> None:
        self._objects = objects
        self._plates = plates
        self._search = search
        self._max_crops = max_crops
        self._min_zoom = MIN_ZOOM if search is PlateSearch.BOTH else 0.0

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
        """Largest useful number of images per call of `detect`."""
        return self._objects.batch_size

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        """Objects and plates of each image, in order."""
        objects = self._objects.detect(images)
        plates = [Detections.empty()] * len(images)
        if self._search is not PlateSearch.VEHICLES:
            plates = [found.labeled(Label.PLATE) for found in self._plates.detect(images)]
        if self._search is not PlateSearch.FRAME:
            plates = self._search_vehicles(images, objects, plates)
        return [
            Detections.concatenate([found, non_maximum_suppression(near, SAME_PLATE_IOU)])
            for found, near in zip(objects, plates, strict=True)
        ]

    def close(self) -> None:
        """Release memory and threads."""
        self._objects.close()
        self._plates.close()

    def _search_vehicles(
        self, images: Sequence[Image], objects: Sequence[Detections], plates: Sequence[Detections]
    ) -> list[Detections]:
        """Add the plates found on crops of vehicles without a plate; the crops of all images in one call."""
        crops = [
            (i, ImageRegion.around(image, box, MARGIN))
            for i, image in enumerate(images)
            for box in self._vehicles_to_crop(image, objects[i], plates[i].boxes)
        ]
        parts = [[found] for found in plates]
        for (i, crop), found in zip(crops, self._plates.detect([crop for _, crop in crops]), strict=True):
            offset = np.array([crop.x1, crop.y1, crop.x1, crop.y1], np.float32)
            near = found.labeled(Label.PLATE)
            parts[i].append(Detections(near.boxes + offset, near.scores, near.labels))
        return [Detections.concatenate(part) for part in parts]

    def _vehicles_to_crop(self, image: Image, objects: Detections, plates: Boxes) -> Boxes:
        """(n, 4) boxes of the largest vehicles without a plate that a crop magnifies enough."""
        vehicles = objects.labeled(*PLATED_VEHICLES).boxes
        square = np.array([image.sample_aspect, 1.0], np.float32)
        sizes = (vehicles[:, 2:] - vehicles[:, :2]) * square
        longest = np.maximum(sizes.max(axis=1, initial=1.0), 1.0)
        zoomed = max(image.width * image.sample_aspect, image.height) / longest >= self._min_zoom
        wanted = (sizes[:, 0] >= MIN_VEHICLE_PX) & zoomed & ~_has_plate(vehicles, plates)
        order = np.argsort(-longest[wanted], kind="stable")[: self._max_crops]
        largest: Boxes = vehicles[wanted][order]
        return largest


def _has_plate(vehicles: Boxes, plates: Boxes) -> npt.NDArray[np.bool_]:
    """(n,) whether each of (n, 4) vehicles contains the center of any of (m, 4) plates."""
    centers = ((plates[:, :2] + plates[:, 2:]) / 2)[None]
    low, high = vehicles[:, None, :2], vehicles[:, None, 2:]
    within = np.logical_and.reduce((centers >= low) & (centers <= high), axis=2)
    has_plate: npt.NDArray[np.bool_] = np.logical_or.reduce(within, axis=1)
    return has_plate
