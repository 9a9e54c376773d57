"""Large images are processed at two scales."""

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
from pipeline.detect.two_scale_detector import TwoScaleDetector, open_two_scale_detector, united
from pipeline.domain.detections import Detections
from pipeline.domain.labels import Label

CAR = (100, 100, 200, 160)


def test_detections_of_both_scales_are_merged_without_duplicates() -> None:
    first = Detections.build([CAR, (300, 100, 340, 200)], [0.4, 0.5], [Label.PLATE, Label.PERSON])
    second = Detections.build([(102, 101, 203, 161), (500, 50, 510, 56)], [0.6, 0.2], [Label.PLATE, Label.PLATE])
    found = united(first, second)
    shown = [f"{Label(label).word} {score:.1f}" for label, score in zip(found.labels, found.scores, strict=True)]
    assert sorted(shown) == ["person 0.5", "plate 0.2", "plate 0.6"]


def test_boxes_of_other_labels_are_other_objects() -> None:
    person = Detections.build([CAR], [0.4], [Label.PERSON])
    face = Detections.build([CAR], [0.6], [Label.FACE])
    assert len(united(person, face)) == 2
    assert len(united(Detections.empty(), face)) == 1


@pytest.mark.real
def test_the_high_resolution_pass_finds_plates_that_one_pass_misses(data_dir: Path) -> None:
    video = FileVideo(data_dir / "clips" / "highway-motorbike.mp4", DecodeSettings(), start_s=7.2, end_s=7.24)
    image = next(iter(video.frames())).image
    settings = DetectSettings(confidence=0.1)
    passing, closely = build_detector(settings), open_two_scale_detector(settings, None)
    try:
        assert isinstance(closely, TwoScaleDetector)
        plates = [detector.detect([image])[0].labeled(Label.PLATE) for detector in (passing, closely)]
        small = ArrayImage(np.asarray(cv2.resize(image.bgr(), (512, 288)), np.uint8))
        once, twice = (detector.detect([small])[0] for detector in (passing, closely))
    finally:
        passing.close()
        closely.close()
    assert [len(found) > 0 for found in plates] == [False, True], "a car's plate at the lower edge"
    x1, y1, x2, y2 = plates[1].boxes[plates[1].scores.argmax()]
    assert 370 < x1 < x2 < 500
    assert 520 < y1 < y2 < 576
    assert np.array_equal(once.boxes, twice.boxes), "a small image is processed once"
