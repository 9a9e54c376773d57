"""The parallel arrays of detections and tracks stay consistent."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.domain.detections import Detections, Tracks
from pipeline.domain.labels import VEHICLES, Label

_THREE = Detections.build(
    [[0, 0, 1, 1], [2, 2, 3, 3], [4, 4, 5, 5]], [0.9, 0.8, 0.7], [Label.CAR, Label.FACE, Label.CAR]
)


@pytest.mark.parametrize(
    ("boxes", "scores", "labels"),
    [((2, 4), 1, 2), ((2, 4), 2, 1), ((2, 3), 2, 2), ((8,), 2, 2)],
)
def test_arrays_that_do_not_fit_are_refused(boxes: tuple[int, ...], scores: int, labels: int) -> None:
    with pytest.raises(ValueError, match="must be"):
        Detections(np.zeros(boxes, np.float32), np.zeros(scores, np.float32), np.zeros(labels, np.int16))


def test_tracks_need_an_id_for_each_object() -> None:
    with pytest.raises(ValueError, match="3 detections"):
        Tracks(_THREE, np.array([1, 2], np.int64))


def test_objects_are_selected_by_label_in_order() -> None:
    tracks = Tracks(_THREE, np.array([7, 8, 9], np.int64)).labeled(*VEHICLES)
    assert tracks.ids.tolist() == [7, 9]
    assert [label for _, _, label in tracks.detections] == [Label.CAR, Label.CAR]
    assert len(_THREE.labeled(Label.BUS)) == 0


def test_results_are_concatenated_in_order_and_none_give_none() -> None:
    joined = Detections.concatenate([_THREE, Detections.empty(), _THREE.select(np.array([1]))])
    assert joined.labels.tolist() == [Label.CAR, Label.FACE, Label.CAR, Label.FACE]
    assert Detections.concatenate([]).boxes.shape == (0, 4)
    assert len(Tracks.empty()) == 0


def test_a_label_is_found_by_its_word() -> None:
    assert all(Label.from_word(label.word) is label for label in Label)
    with pytest.raises(KeyError):
        Label.from_word("gender")
