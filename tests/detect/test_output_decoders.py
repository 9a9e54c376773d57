"""Decoders of all output layouts, checked with constructed outputs."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.detect.nms import non_maximum_suppression
from pipeline.detect.output_decoders import (
    Channels,
    anchor_count,
    decode_yolo,
    decode_yolo_end_to_end,
    decode_yolov5,
    decode_yolox,
    expected_shape,
)
from pipeline.domain.detections import Detections
from pipeline.domain.labels import Label
from pipeline.weights.model_card import Layout

CHANNELS = Channels(np.array([0, 2]), np.array([0.5, 0.3], np.float32))
"""Channel 0 with threshold 0.5, channel 2 with 0.3; channels 1 and 3 are not decoded."""


def test_yolo_decodes_columns_of_the_selected_channels() -> None:
    raw = np.zeros((8, 5), np.float32)
    raw[:4, 1] = raw[:4, 3] = raw[:4, 4] = [50, 60, 20, 40]
    raw[4, 1] = 0.9  # selected
    raw[5, 3] = 0.9  # not selected
    raw[6, 4] = 0.4  # selected, above its own lower threshold
    raw[4, 2] = 0.4  # selected, below its threshold
    found = decode_yolo(raw, CHANNELS, 320, 320)
    np.testing.assert_allclose(found.boxes, [[40, 40, 60, 80]] * 2)
    np.testing.assert_allclose(found.scores, [0.9, 0.4])
    assert found.picks.tolist() == [0, 1]


def test_yolov5_multiplies_objectness_and_class() -> None:
    raw = np.zeros((3, 9), np.float16)
    raw[0, :5], raw[0, 5] = [50, 60, 20, 40, 0.8], 0.75
    raw[1, :5], raw[1, 5] = [50, 60, 20, 40, 0.6], 0.75  # 0.45: below 0.5
    raw[2, :5], raw[2, 7] = [50, 60, 20, 40, 0.8], 0.5
    found = decode_yolov5(raw, CHANNELS, 320, 320)
    np.testing.assert_allclose(found.boxes, [[40, 40, 60, 80]] * 2)
    np.testing.assert_allclose(found.scores, [0.6, 0.4], atol=1e-3)
    assert found.boxes.dtype == np.float32
    assert found.picks.tolist() == [0, 1]


def test_end_to_end_rows_are_box_score_and_class() -> None:
    raw = np.array(
        [[1, 2, 3, 4, 0.9, 0], [1, 2, 3, 4, 0.9, 1], [5, 6, 7, 8, 0.35, 2], [5, 6, 7, 8, 0.2, 2]], np.float32
    )
    found = decode_yolo_end_to_end(raw, CHANNELS, 640, 640)
    np.testing.assert_allclose(found.boxes, [[1, 2, 3, 4], [5, 6, 7, 8]])
    assert found.picks.tolist() == [0, 1]


def test_yolox_decodes_offsets_on_its_grids() -> None:
    width = height = 64  # 8×8 + 4×4 + 2×2 cells
    raw = np.zeros((84, 9), np.float32)
    raw[9, :5], raw[9, 5] = [0.5, 0.25, np.log(2), np.log(3), 1.0], 0.9  # stride 8, cell x=1, y=1
    raw[64 + 6, :5], raw[64 + 6, 7] = [0.0, 0.0, 0.0, 0.0, 0.8], 0.5  # stride 16, cell x=2, y=1
    raw[80 + 1, :5], raw[80 + 1, 5] = [0.5, 0.5, 0.0, 0.0, 0.9], 0.9  # stride 32, cell x=1, y=0
    found = decode_yolox(raw, CHANNELS, width, height)
    np.testing.assert_allclose(found.boxes, [[4, -2, 20, 22], [24, 8, 40, 24], [32, 0, 64, 32]], atol=1e-4)
    np.testing.assert_allclose(found.scores, [0.9, 0.4, 0.81], atol=1e-6)
    assert found.picks.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("layout", "shape"),
    [
        (Layout.YOLO, (84, 8400)),
        (Layout.YOLOV5, (25200, 85)),
        (Layout.YOLOX, (8400, 85)),
        (Layout.YOLO_END_TO_END, (None, 6)),
    ],
)
def test_expected_shapes_at_640(layout: Layout, shape: tuple[int | None, ...]) -> None:
    assert expected_shape(layout, 80, 640, 640) == shape
    assert anchor_count(416, 416) == 3549


def test_the_highest_score_of_overlapping_boxes_of_one_group_is_retained() -> None:
    found = Detections.build(
        [[0, 0, 100, 100], [2, 2, 102, 102], [1, 1, 101, 101], [300, 0, 400, 100], [0, 0, 100, 100]],
        [0.5, 0.9, 0.8, 0.4, 0.3],
        [Label.CAR, Label.TRUCK, Label.PERSON, Label.CAR, Label.PERSON],
    )
    kept = non_maximum_suppression(found, 0.6)
    assert [(label.word, round(score, 1)) for _, score, label in kept] == [
        ("truck", 0.9),
        ("person", 0.8),
        ("car", 0.4),
    ]


def test_rider_and_bicycle_are_both_retained() -> None:
    both = Detections.build([[0, 0, 50, 100], [0, 5, 50, 100]], [0.9, 0.8], [Label.PERSON, Label.BICYCLE])
    assert len(non_maximum_suppression(both, 0.5)) == 2


def test_no_box_and_one_box_have_no_duplicates() -> None:
    assert len(non_maximum_suppression(Detections.empty(), 0.5)) == 0
    assert len(non_maximum_suppression(Detections.build([[0, 0, 9, 9]], [0.1], [0]), 0.5)) == 1


def test_a_flood_of_boxes_is_limited_to_the_highest_scores() -> None:
    n = 20_000
    random = np.random.default_rng(1)
    corner = random.uniform(0, 1e5, (n, 2))
    scores = random.uniform(0, 1, n)
    kept = non_maximum_suppression(Detections.build(np.hstack([corner, corner + 5]), scores, np.zeros(n)), 0.5)
    assert 900 < len(kept) <= 1000
    assert kept.scores.min() > 0.9
