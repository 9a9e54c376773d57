"""Objects in canary frames are found by working networks and missed by broken ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from pipeline.anonymize.canary import CanaryFrame, canary_frame, distinct_persons
from pipeline.demo.plate_scene import images
from pipeline.detect.build import build_detector
from pipeline.detect.image_region import WholeImage
from pipeline.detect.settings import DetectSettings
from pipeline.domain.detections import Detections
from pipeline.domain.frame import BgrImage
from pipeline.domain.labels import Label
from pipeline.domain.ports import Detector

LEAST = 0.4


@pytest.fixture(scope="module", params=["viapublica_check_int8", "viapublica_traffic"])
def detector(request: pytest.FixtureRequest) -> Iterator[Detector]:
    opened = build_detector(DetectSettings(model=request.param, confidence=0.2))
    yield opened
    opened.close()


def road(size: tuple[int, int]) -> BgrImage:
    return next(images(plates=["ABC1D23"], seconds=1, fps=1, size=size))


def found_in(detector: Detector, frame: CanaryFrame) -> Detections:
    return detector.detect([WholeImage(frame.image)])[0]


@pytest.mark.parametrize("size", [(320, 240), (640, 360), (352, 576), (1280, 720)])
@pytest.mark.parametrize("light", [1.0, 0.5])
def test_a_working_network_finds_persons_faces_and_plates(
    size: tuple[int, int], light: float, detector: Detector
) -> None:
    frame = canary_frame((road(size) * light).astype(np.uint8))
    assert {one.label for one in frame.objects} == {Label.PERSON, Label.FACE, Label.PLATE}
    assert frame.missed(found_in(detector, frame), LEAST) == frozenset()


def test_in_a_frame_without_contrast_objects_are_missed(detector: Detector) -> None:
    frame = canary_frame(np.full((360, 640, 3), 20, np.uint8))
    assert frame.missed(found_in(detector, frame), LEAST) == {Label.PERSON, Label.FACE, Label.PLATE}


def test_empty_detections_miss_everything() -> None:
    frame = canary_frame(road((640, 360)))
    assert frame.missed(Detections.empty(), LEAST) == {Label.PERSON, Label.FACE, Label.PLATE}


def test_a_matching_box_requires_the_right_label_and_a_sufficient_score() -> None:
    frame = canary_frame(road((640, 360)))
    boxes = np.array([one.box for one in frame.objects], np.float32)
    labels = np.array([int(one.label) for one in frame.objects], np.int16)
    sure = np.ones(len(boxes), np.float32)
    assert frame.missed(Detections(boxes, sure, labels), LEAST) == frozenset()
    assert Label.FACE in frame.missed(Detections(boxes, sure * 0.3, labels), LEAST)
    exchanged = np.where(labels == Label.FACE, Label.PLATE, labels).astype(np.int16)
    assert frame.missed(Detections(boxes, sure, exchanged), LEAST) == {Label.FACE}
    assert frame.missed(Detections(boxes + 200, sure, labels), LEAST) == {Label.PERSON, Label.FACE, Label.PLATE}


@pytest.mark.parametrize("size", [(128, 128), (160, 1200), (1200, 160), (4000, 3000)])
def test_frames_of_any_shape_get_the_objects_that_fit(size: tuple[int, int]) -> None:
    original = np.random.default_rng(3).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    before = original.copy()
    frame = canary_frame(original)
    assert (original == before).all(), "the frame itself is not modified"
    assert {Label.PLATE, Label.PERSON} <= {one.label for one in frame.objects}
    for one in frame.objects:
        left, top, right, bottom = one.box
        assert 0 <= left < right <= size[0]
        assert 0 <= top < bottom <= size[1]


def test_distinct_persons_differ_from_one_another() -> None:
    people = distinct_persons(120)
    assert len(people) == 12
    differences = [np.abs(a.astype(int) - b).mean() for a in people for b in people if a is not b]
    assert min(differences) > 1
