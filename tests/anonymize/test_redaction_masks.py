"""Objects are masked wherever they may be visible: before, after and between detections, within a scene."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from pipeline.anonymize.mask_growth import LARGE_FACE, LARGE_FACE_SCORE
from pipeline.anonymize.redaction_masks import plan_masks
from pipeline.anonymize.settings import MaskSettings
from pipeline.anonymize.video_detections import SceneChangeDetector, VideoDetections
from pipeline.domain.detections import Detections
from pipeline.domain.labels import Label

FPS = 25
SETTINGS = MaskSettings()
Place = Callable[[int], tuple[float, float, float, float]]


def detections(
    frames: int,
    seen: Mapping[int, Sequence[tuple[tuple[float, float, float, float], float, Label]]],
    cut: int | None = None,
) -> VideoDetections:
    found = [
        Detections.build([row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows])
        for rows in (seen.get(number, ()) for number in range(frames))
    ]
    scenes = np.array([int(cut is not None and number >= cut) for number in range(frames)], np.int64)
    return VideoDetections(np.arange(frames) / FPS, found, scenes, 640, 360)


def walking(number: int) -> tuple[float, float, float, float]:
    return 100 + 2.0 * number, 100, 130 + 2.0 * number, 180


def standing(number: int) -> tuple[float, float, float, float]:
    return 300, 100, 330, 180 + 0.1 * (number % 2)


def hides(masks: npt.NDArray[np.float32], box: tuple[float, float, float, float]) -> bool:
    x1, y1, x2, y2 = box
    return any(c[0] <= x1 and c[1] <= y1 and c[2] >= x2 and c[3] >= y2 for c in masks)


def test_gaps_between_detections_are_bridged_along_the_path() -> None:
    seen = {n: [(walking(n), 0.9, Label.PERSON)] for n in (*range(10, 20), *range(50, 60))}
    plan = plan_masks(detections(100, seen), SETTINGS)
    for number in range(10, 60):
        assert hides(plan.at(number).boxes, walking(number)), number


def test_a_mask_begins_before_the_first_detection_and_ends_after_the_last() -> None:
    plan = plan_masks(detections(100, {n: [(walking(n), 0.9, Label.PERSON)] for n in range(40, 60)}), SETTINGS)
    extended = round(SETTINGS.extend_s * FPS) - 1
    for number in range(40 - extended, 60 + extended):
        assert hides(plan.at(number).boxes, walking(number)), number
    assert not len(plan.at(40 - extended - 3))
    assert not len(plan.at(60 + extended + 3))


def test_a_person_entering_at_the_edge_is_masked_while_only_a_leg_is_visible() -> None:
    def entering(number: int) -> tuple[float, float, float, float]:
        return 300, max(0.0, 2.0 * number - 100), 330, 2.0 * number - 20

    seen = {n: [(entering(n), 0.9, Label.PERSON)] for n in range(35, 60)}
    plan = plan_masks(detections(100, seen), SETTINGS)
    for number in range(35 - int(SETTINGS.edge_extend_s * FPS) + 1, 60):
        x1, y1, x2, y2 = entering(number)
        if y2 > 0:
            assert hides(plan.at(number).boxes, (x1, y1, x2, y2)), number


def test_a_still_person_stays_masked_longer_than_a_walking_one() -> None:
    seen = {n: [(standing(n), 0.9, Label.PERSON)] for n in range(40)}
    plan = plan_masks(detections(200, seen), SETTINGS)
    last = 39 + int(SETTINGS.still_extend_s * FPS)
    assert hides(plan.at(last).boxes, standing(last))
    assert not len(plan.at(last + 3))


def test_low_scores_count_when_the_tracklet_was_confirmed_once() -> None:
    low = {n: [(walking(n), 0.1, Label.PERSON)] for n in range(50)}
    assert not any(len(plan_masks(detections(60, low), SETTINGS).at(n)) for n in range(60))
    confirmed = low | {30: [(walking(30), 0.8, Label.PERSON)]}
    plan = plan_masks(detections(60, confirmed), SETTINGS)
    assert all(hides(plan.at(n).boxes, walking(n)) for n in range(50)), "backwards to the first one too"
    assert plan.objects == {Label.PERSON: 1}


def test_a_scene_change_ends_every_mask() -> None:
    seen = {n: [(standing(n), 0.9, Label.PERSON)] for n in range(40)}
    plan = plan_masks(detections(80, seen, cut=40), SETTINGS)
    assert len(plan.at(39))
    assert not len(plan.at(40))


def test_a_mask_grows_with_the_time_to_the_nearest_detection() -> None:
    seen = {n: [(standing(n), 0.9, Label.PERSON)] for n in (*range(25), *range(60, 80))}
    plan = plan_masks(detections(80, seen), SETTINGS)

    def area(number: int) -> float:
        box = plan.at(number).boxes[0]
        return float((box[2] - box[0]) * (box[3] - box[1]))

    assert area(42) > 1.2 * area(10)


def test_windscreens_are_masked_only_on_request() -> None:
    seen = {n: [((100, 100, 300, 220), 0.9, Label.CAR)] for n in range(10)}
    assert not len(plan_masks(detections(10, seen), SETTINGS).at(5))
    plan = plan_masks(detections(10, seen), MaskSettings(windscreens=True))
    assert hides(plan.at(5).boxes, (120, 112, 280, 158))
    assert not hides(plan.at(5).boxes, (120, 112, 280, 215)), "the plate below has a mask of its own"


def test_two_persons_who_meet_and_part_are_both_masked_throughout() -> None:
    def other(number: int) -> tuple[float, float, float, float]:
        return 300 - 2.0 * number, 102, 330 - 2.0 * number, 182

    seen = {
        n: [(walking(n), 0.9, Label.PERSON), *([(other(n), 0.8, Label.PERSON)] if not 40 <= n <= 60 else [])]
        for n in range(100)
    }
    plan = plan_masks(detections(100, seen), SETTINGS)
    for number in range(100):
        masks = plan.at(number).boxes
        assert hides(masks, walking(number)), number
        union = masks[:, 0].min(), masks[:, 2].max()
        assert union[0] <= other(number)[0], number
        assert union[1] >= other(number)[2], number


@given(
    st.lists(
        st.tuples(
            st.integers(0, 29), st.floats(0, 600), st.floats(0, 340), st.floats(1, 300), st.floats(1, 300),
            st.floats(0.25, 1), st.sampled_from([Label.PERSON, Label.FACE, Label.PLATE]),
        ),
        max_size=40,
    )
)  # fmt: skip
def test_every_detection_above_the_threshold_is_masked(
    rows: list[tuple[int, float, float, float, float, float, Label]],
) -> None:
    seen: dict[int, list[tuple[tuple[float, float, float, float], float, Label]]] = {}
    for frame, x, y, w, h, score, label in rows:
        seen.setdefault(frame, []).append(((x, y, min(x + w, 640), min(y + h, 360)), score, label))
    plan = plan_masks(detections(30, seen), SETTINGS)
    for frame, objects in seen.items():
        for box, score, label in objects:
            area = (box[2] - box[0]) * (box[3] - box[1]) / (640 * 360)
            plausible = label is not Label.FACE or area <= LARGE_FACE or score >= LARGE_FACE_SCORE + 1e-3
            if score >= SETTINGS.confirm_score + 1e-3 and plausible:
                assert hides(plan.at(frame).boxes + np.array([-0.01, -0.01, 0.01, 0.01]), box)


def scenes(*images: npt.NDArray[np.uint8]) -> list[int]:
    """At ten a second."""
    detector = SceneChangeDetector()
    for number, image in enumerate(images):
        detector.add(image, number / 10)
    return [int(number) for number in detector.scenes()]


def noise(seed: int, most: int = 255) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, most, (18, 32), dtype=np.uint8)


def test_a_cut_is_a_scene_change_and_a_passing_bus_is_not() -> None:
    street, square = noise(7), noise(8)
    passing = []
    for step in range(1, 11):
        bus = street.copy()
        bus[4:14, : 2 * step] = 90
        passing.append(bus)
    assert scenes(*[street] * 10, *passing, *[square] * 3) == [0] * 20 + [1] * 3


def test_rain_from_the_first_frame_on_causes_no_scene_change() -> None:
    assert scenes(*(noise(seed) for seed in range(12))) == [0] * 12
    dry, square = noise(7), noise(8)
    assert scenes(*[dry] * 3, *[square] * 3) == [0] * 3 + [1] * 3, "a cut in the beginning still ends every mask"


def test_a_flashing_light_causes_few_scene_changes() -> None:
    dark = noise(7, 120)
    assert scenes(*[dark + np.uint8(100 * (number % 2)) for number in range(100)])[-1] <= 2


def test_lightning_ends_no_scene_but_a_later_cut_does() -> None:
    street, square, white = noise(7), noise(8), np.full((18, 32), 255, np.uint8)
    assert scenes(*[street] * 5, white, *[street] * 5, *[square] * 5) == [0] * 11 + [1] * 5
    assert scenes(*[street] * 5, white, white, white, *[street] * 5) == [0] * 13
    assert scenes(*[street] * 5, white, *[square] * 5)[-1] == 2, "another image after the flash"
    assert scenes(*[street] * 5, *[square] * 20, *[street] * 5)[-1] == 2, "back after two seconds is a cut"
