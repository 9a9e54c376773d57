"""Non-maximum suppression retains one box per object."""

from __future__ import annotations

import numpy as np

from pipeline.detect.nms import non_maximum_suppression
from pipeline.domain.detections import Detections
from pipeline.domain.labels import Label


def found(*rows: tuple[Label, float, tuple[float, float, float, float]]) -> Detections:
    return Detections(
        np.array([box for _, _, box in rows], np.float32),
        np.array([score for _, score, _ in rows], np.float32),
        np.array([int(label) for label, _, _ in rows], np.int16),
    )


def kept(detections: Detections) -> list[float]:
    return [round(float(score), 2) for score in non_maximum_suppression(detections, 0.5).scores]


FACE = (100.0, 100.0, 200.0, 220.0)
MOUTH = (130.0, 170.0, 170.0, 200.0)
HEAD = (80.0, 70.0, 220.0, 260.0)
BESIDE = (190.0, 100.0, 290.0, 220.0)


def test_a_face_inside_a_larger_one_of_higher_score_is_removed() -> None:
    assert kept(found((Label.FACE, 0.8, FACE), (Label.FACE, 0.4, MOUTH))) == [0.8]


def test_a_larger_face_of_lower_score_is_retained() -> None:
    assert kept(found((Label.FACE, 0.8, MOUTH), (Label.FACE, 0.4, HEAD))) == [0.8, 0.4]


def test_adjacent_faces_and_other_labels_are_retained() -> None:
    assert kept(found((Label.FACE, 0.8, FACE), (Label.FACE, 0.4, BESIDE))) == [0.8, 0.4]
    assert kept(found((Label.FACE, 0.8, FACE), (Label.PLATE, 0.4, MOUTH), (Label.PERSON, 0.9, HEAD))) == [0.9, 0.8, 0.4]
    assert kept(found((Label.CAR, 0.8, FACE), (Label.CAR, 0.4, MOUTH))) == [0.8, 0.4]
