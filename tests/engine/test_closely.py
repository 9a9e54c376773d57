"""Large pictures are looked at twice."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.decode.film import FileFilm
from pipeline.decode.picture import ArrayPicture
from pipeline.decode.settings import DecodeSettings
from pipeline.detect.build import build_detector
from pipeline.detect.settings import DetectSettings
from pipeline.domain.detections import Detections
from pipeline.domain.labels import Label
from pipeline.engine.closely import Closely, open_closely, united

CAR = (100, 100, 200, 160)


def test_both_looks_are_kept_and_one_object_counts_once() -> None:
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
def test_plates_that_are_missed_in_passing_are_found_closely(data_dir: Path) -> None:
    film = FileFilm(data_dir / "clips" / "highway-motorbike.mp4", DecodeSettings(), start_s=7.2, end_s=7.24)
    picture = next(iter(film.frames())).picture
    settings = DetectSettings(confidence=0.1)
    passing, closely = build_detector(settings), open_closely(settings, None)
    try:
        assert isinstance(closely, Closely)
        plates = [detector.detect([picture])[0].labelled(Label.PLATE) for detector in (passing, closely)]
        small = ArrayPicture(np.asarray(cv2.resize(picture.bgr(), (512, 288)), np.uint8))
        once, twice = (detector.detect([small])[0] for detector in (passing, closely))
    finally:
        passing.close()
        closely.close()
    assert [len(found) > 0 for found in plates] == [False, True], "looked at: a car's plate at the lower edge"
    x1, y1, x2, y2 = plates[1].boxes[plates[1].scores.argmax()]
    assert 370 < x1 < x2 < 500
    assert 520 < y1 < y2 < 576
    assert np.array_equal(once.boxes, twice.boxes), "a small picture is looked at once"
