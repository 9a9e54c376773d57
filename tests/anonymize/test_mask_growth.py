"""No mask is larger than about twice its object, however faint, lost or fast the object is."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.anonymize.mask_growth import without_giant_plates
from pipeline.anonymize.redaction_masks import FrameMasks, plan_masks
from pipeline.anonymize.settings import MaskSettings
from pipeline.anonymize.video_detections import VideoDetections
from pipeline.domain.detections import Detections
from pipeline.domain.labels import Label

SETTINGS = MaskSettings()
Box = tuple[float, float, float, float]


def video(frames: int, seen: Mapping[int, tuple[Box, float, Label]], fps: float = 25.0) -> VideoDetections:
    found = [
        Detections.build([seen[n][0]], [seen[n][1]], [seen[n][2]]) if n in seen else Detections.empty()
        for n in range(frames)
    ]
    return VideoDetections(np.arange(frames) / fps, found, np.zeros(frames, np.int64), 640, 360)


def largest(masks: FrameMasks) -> float:
    return float((masks.boxes[:, 2:] - masks.boxes[:, :2]).max()) if len(masks) else 0.0


def test_a_false_face_that_swells_does_not_mask_the_image() -> None:
    def swelling(n: int) -> Box:
        half = min(10 * 1.3**n, 320)
        return max(0, 320 - half), max(0, 180 - half), min(640, 320 + half), min(360, 180 + half)

    seen = {n: (swelling(n), 0.3 if n == 0 else 0.1, Label.FACE) for n in range(30)}
    plan = plan_masks(video(60, seen), SETTINGS)
    assert len(plan.at(0))
    assert max(largest(plan.at(n)) for n in range(60)) <= 3 * 20 + 1


def test_a_faint_face_over_half_of_the_image_is_no_face_and_a_close_up_is() -> None:
    close: Box = (100, 20, 500, 340)
    assert not len(plan_masks(video(5, {2: (close, 0.35, Label.FACE)}), SETTINGS).at(2))
    assert len(plan_masks(video(5, {2: (close, 0.6, Label.FACE)}), SETTINGS).at(2))


@given(
    st.lists(st.tuples(st.integers(0, 59), st.floats(0, 600), st.floats(0, 320)), min_size=1, max_size=20),
    st.sampled_from([Label.PERSON, Label.FACE, Label.PLATE]),
)
def test_a_mask_between_before_and_after_detections_stays_near_twice_its_object(
    places: list[tuple[int, float, float]], label: Label
) -> None:
    seen = {n: ((x, y, x + 20, y + 20), 0.9, label) for n, x, y in places}
    plan = plan_masks(video(60, seen), SETTINGS)
    for n in range(60):
        assert largest(plan.at(n)) <= 3 * 20 + 1e-3


def test_a_plate_as_large_as_the_image_is_none_where_it_shows_a_vehicle() -> None:
    whole, car = (0.0, 0.0, 640.0, 360.0), (300.0, 120.0, 520.0, 300.0)
    shown = Detections.build([whole, car], [0.46, 0.9], [Label.PLATE, Label.CAR])
    close_up = Detections.build([whole, whole], [0.46, 0.9], [Label.PLATE, Label.CAR])
    faint = Detections.build([whole, car], [0.46, 0.3], [Label.PLATE, Label.CAR])
    assert without_giant_plates(shown, 640, 360).labels.tolist() == [Label.CAR]
    assert len(without_giant_plates(close_up, 640, 360)) == 2, "a plate that fills the image is taken for a car too"
    assert len(without_giant_plates(faint, 640, 360)) == 2
    frames = VideoDetections(np.arange(10) / 25, [shown] * 10, np.zeros(10, np.int64), 640, 360)
    assert not len(plan_masks(frames, SETTINGS).at(5))
