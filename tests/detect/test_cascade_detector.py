"""Plate detection by a second network: search areas, and mapping of crops to pixels of the image."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from pipeline.detect.build import build_detector
from pipeline.detect.cascade_detector import CascadeDetector
from pipeline.detect.image_region import ImageRegion, WholeImage
from pipeline.detect.settings import DetectSettings, PlateSearch
from pipeline.domain.detections import Detections
from pipeline.domain.frame import Image
from pipeline.domain.labels import Label
from pipeline.domain.network_identity import NetworkIdentity
from tests.detect.images import count_found, plain, plates


class Given:
    """Detector that returns given detections for each whole image."""

    name = "given"
    networks: tuple[NetworkIdentity, ...] = ()
    batch_size = 4

    def __init__(self, found: Detections) -> None:
        self.found = found

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        return [self.found] * len(images)

    def close(self) -> None:
        pass


class WhiteSpots:
    """Detector of white rectangles as plates; records its inputs."""

    name = "white"
    networks: tuple[NetworkIdentity, ...] = ()
    batch_size = 4

    def __init__(self) -> None:
        self.shown: list[Image] = []

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        self.shown += images
        results = []
        for image in images:
            y, x = np.nonzero(image.bgr()[..., 0] == 255)
            box = [[x.min(), y.min(), x.max() + 1, y.max() + 1]] if len(x) else []
            results.append(Detections.build(box, [0.9] * len(box), [Label.PLATE] * len(box)))
        return results

    def close(self) -> None:
        pass


def scene() -> WholeImage:
    image = np.full((500, 1000, 3), 80, np.uint8)
    image[300:310, 240:270] = 255
    return WholeImage(image)


VEHICLES = Detections.build(
    [[200, 200, 320, 330], [500, 200, 620, 330], [700, 10, 740, 40], [0, 0, 900, 490], [600, 300, 760, 480]],
    [0.9] * 5,
    [Label.CAR, Label.BUS, Label.CAR, Label.TRUCK, Label.BICYCLE],
)


def test_plates_on_crops_are_mapped_to_pixels_of_the_image() -> None:
    for search in (PlateSearch.VEHICLES, PlateSearch.BOTH, PlateSearch.FRAME):
        found = CascadeDetector(Given(VEHICLES), WhiteSpots(), search, 9).detect([scene()])[0]
        np.testing.assert_array_equal(found.labeled(Label.PLATE).boxes, [[240, 300, 270, 310]])
        assert len(found) == len(VEHICLES) + 1


def test_each_search_mode_covers_its_area() -> None:
    def shown(search: PlateSearch, looks: int = 9) -> list[tuple[int, int]]:
        plate_network = WhiteSpots()
        CascadeDetector(Given(VEHICLES), plate_network, search, looks).detect([scene()])
        return [(view.x1, view.x2) if isinstance(view, ImageRegion) else (0, -1) for view in plate_network.shown]

    whole, car, bus, truck = (0, -1), (194, 326), (494, 626), (0, 945)
    assert shown(PlateSearch.FRAME) == [whole]
    # Largest first; without vehicles that are too narrow for a legible plate or carry none.
    assert shown(PlateSearch.VEHICLES) == [truck, car, bus]
    # The car already has a plate; so does the truck, which a crop would not magnify.
    assert shown(PlateSearch.BOTH) == [whole, bus]
    assert shown(PlateSearch.VEHICLES, 1) == [truck]


def test_crops_of_all_images_are_processed_in_one_call() -> None:
    class Counting(WhiteSpots):
        calls = 0

        def detect(self, images: Sequence[Image]) -> list[Detections]:
            self.calls += 1
            return super().detect(images)

    network = Counting()
    found = CascadeDetector(Given(VEHICLES), network, PlateSearch.VEHICLES, 9).detect(
        [scene(), plain(1000, 500), scene()]
    )
    assert network.calls == 1
    assert [len(one.labeled(Label.PLATE)) for one in found] == [1, 0, 1]


def test_no_images_and_no_vehicles_give_no_plates() -> None:
    joint = CascadeDetector(Given(Detections.empty()), WhiteSpots(), PlateSearch.VEHICLES, 9)
    assert joint.detect([]) == []
    assert len(joint.detect([scene()])[0]) == 0


def test_a_region_stays_inside_its_image() -> None:
    image = scene()
    for box in ([-50, -50, 20, 20], [990, 490, 1200, 700], [1000, 500, 1000, 500], [10, 10, 10, 10]):
        view = ImageRegion.around(image, np.array(box, np.float32), 0.05)
        assert view.bgr().shape == (view.height, view.width, 3)
        assert view.bgr().size > 0
        assert view.resized(32, 16).shape == (16, 32, 3)
        assert view.crop(-5, -5, 5000, 5000).shape == view.bgr().shape
        assert view.crop(5000, 5000, 5001, 5001).size > 0


@pytest.mark.real
@pytest.mark.parametrize(("search", "least"), [("frame", 8), ("both", 9)])
def test_brazilian_plates_are_found_with_boxes_that_fit(
    data_dir: Path, models_dir: Path, search: str, least: int
) -> None:
    both = {"model": "yolov8n_dequantised_float", "plate_model": "license_plate_yolov8n_int8_320"}
    detector = build_detector(DetectSettings.model_validate(both | {"plate_search": search}), models_dir)
    samples = plates(data_dir, "openalpr-br", 9)  # the last one, a trailer, needs a crop
    found = [detector.detect([sample.image])[0].labeled(Label.PLATE) for sample in samples]
    assert sum(count_found(one, sample) for one, sample in zip(found, samples, strict=True)) >= least
