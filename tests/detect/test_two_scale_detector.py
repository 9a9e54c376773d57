"""Large images get a second, high-resolution pass."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.decode.file_video import FileVideo
from pipeline.decode.lazy_images import ArrayImage
from pipeline.decode.settings import DecodeSettings
from pipeline.detect.build import build_detector
from pipeline.detect.settings import DetectSettings
from pipeline.detect.two_scale_detector import TwoScaleDetector, merged, open_two_scale_detector
from pipeline.domain.detections import Detections
from pipeline.domain.labels import Label

CAR = (100, 100, 200, 160)


def test_both_passes_are_merged_and_an_object_counts_once() -> None:
    first = Detections.build([CAR, (300, 100, 340, 200)], [0.4, 0.5], [Label.PLATE, Label.PERSON])
    second = Detections.build([(102, 101, 203, 161), (500, 50, 510, 56)], [0.6, 0.2], [Label.PLATE, Label.PLATE])
    found = merged(first, second)
    shown = [f"{Label(label).word} {score:.1f}" for label, score in zip(found.labels, found.scores, strict=True)]
    assert sorted(shown) == ["person 0.5", "plate 0.2", "plate 0.6"]


def test_boxes_of_different_labels_are_different_objects() -> None:
    person = Detections.build([CAR], [0.4], [Label.PERSON])
    face = Detections.build([CAR], [0.6], [Label.FACE])
    assert len(merged(person, face)) == 2
    assert len(merged(Detections.empty(), face)) == 1


@pytest.mark.real
def test_the_high_resolution_pass_finds_plates_that_the_base_pass_misses(data_dir: Path) -> None:
    video = FileVideo(data_dir / "clips" / "highway-motorbike.mp4", DecodeSettings(), start_s=7.2, end_s=7.24)
    image = next(iter(video.frames())).image
    settings = DetectSettings(confidence=0.1)
    base, two_scale = build_detector(settings), open_two_scale_detector(settings, None)
    try:
        assert isinstance(two_scale, TwoScaleDetector)
        plates = [detector.detect([image])[0].labeled(Label.PLATE) for detector in (base, two_scale)]
        small = ArrayImage(np.asarray(cv2.resize(image.bgr(), (512, 288)), np.uint8))
        once, twice = (detector.detect([small])[0] for detector in (base, two_scale))
    finally:
        base.close()
        two_scale.close()
    assert [len(found) > 0 for found in plates] == [False, True], "inspected manually: a car's plate at the lower edge"
    x1, y1, x2, y2 = plates[1].boxes[plates[1].scores.argmax()]
    assert 370 < x1 < x2 < 500
    assert 520 < y1 < y2 < 576
    assert np.array_equal(once.boxes, twice.boxes), "a small image gets the base pass only"
