"""Spacing of analyzed frames: plates at once, unconfirmed objects soon, tracks as their prediction needs it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pipeline.adaptive.controller import AdaptiveController
from pipeline.domain.detections import OpenTracks
from pipeline.domain.frame_decision import FrameDecision
from pipeline.domain.labels import Label
from tests.adaptive.scenes import Street, frame

PLATE_PX = 8.0


def open_track(label: Label, track_id: int, height: float, velocity: float = 0.0) -> OpenTracks:
    """One object of which the newest analyzed frame had a detection."""
    box = np.array([[200.0, 100.0, 200.0 + 2 * height, 100.0 + height]])
    return OpenTracks(
        np.array([track_id]),
        np.array([label], np.int16),
        box,
        np.array([[velocity, 0.0]]),
        np.zeros(1),
        np.zeros(1),
    )


def first_analyzed(tracks: OpenTracks, need: FrameDecision | None = None, plate_px: float = PLATE_PX) -> int | None:
    """Which frame after an analyzed one is the next, of a second without motion."""
    street, controller = Street(), AdaptiveController(5.0, 5.0, plate_px)
    controller.analyzed(frame(street.luma(), 0), tracks.boxes.astype(np.float32))
    made = ((index, controller.decide(frame(street.luma(), index), tracks, need)) for index in range(1, 25))
    return next((index for index, decision in made if decision.analyzes), None)


@pytest.mark.parametrize(
    ("height", "plate_px", "analyzed"), [(12.0, PLATE_PX, 1), (6.0, PLATE_PX, None), (12.0, math.inf, None)]
)
def test_a_new_plate_is_analyzed_at_once_where_it_can_be_read(
    height: float, plate_px: float, analyzed: int | None
) -> None:
    assert first_analyzed(open_track(Label.PLATE, 0, height), plate_px=plate_px) == analyzed


def test_a_plate_that_is_not_certain_is_analyzed_at_once() -> None:
    assert first_analyzed(open_track(Label.CAR, 1, 60.0), FrameDecision.PLATE) == 1


def test_an_object_is_confirmed_by_the_second_frame_after_its_first() -> None:
    assert first_analyzed(open_track(Label.CAR, 0, 60.0)) == 2


def test_a_track_that_does_not_count_yet_needs_six_frames_of_a_second() -> None:
    assert first_analyzed(open_track(Label.CAR, 1, 60.0), FrameDecision.NEW_TRACK) == 4


def test_a_fast_track_is_analyzed_eight_times_a_second_and_a_standing_one_seldom() -> None:
    assert first_analyzed(open_track(Label.CAR, 1, 60.0, velocity=2000.0)) == 3
    assert first_analyzed(open_track(Label.CAR, 1, 60.0)) is None
