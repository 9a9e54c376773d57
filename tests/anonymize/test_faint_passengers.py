"""Passengers behind windows are masked at scores that count nowhere else; people-like shapes elsewhere are not."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.anonymize.faint_passengers import PASSENGER_SCORE, with_faint_passengers
from pipeline.anonymize.redaction_masks import plan_masks
from pipeline.anonymize.settings import MaskSettings
from pipeline.domain.labels import Label
from tests.anonymize.test_riders import Row, video

SETTINGS = MaskSettings()
TRAM: Row = ((96, 77, 600, 318), 0.76, Label.BUS)
PASSENGERS: list[Row] = [
    ((262, 191, 274, 208), 0.11, Label.PERSON),
    ((295, 201, 316, 227), 0.09, Label.PERSON),
    ((373, 197, 386, 219), 0.06, Label.PERSON),
    ((335, 196, 344, 206), 0.05, Label.FACE),
]
"""As networks score people of 17 to 26 pixels behind the windows of a tram that passes."""


def is_masked(rows: list[Row], wanted: Row) -> bool:
    """Whether a place is masked in a video of one frame."""
    masks = plan_masks(video([rows]), SETTINGS).at(0).boxes
    left, top, right, bottom = wanted[0]
    over = (masks[:, 0] <= left) & (masks[:, 1] <= top) & (masks[:, 2] >= right) & (masks[:, 3] >= bottom)
    return bool(over.any())


@pytest.mark.parametrize("passenger", PASSENGERS)
@pytest.mark.parametrize("label", [Label.BUS, Label.TRUCK, Label.CAR])
def test_passengers_behind_windows_are_masked(passenger: Row, label: Label) -> None:
    vehicle = (TRAM[0], TRAM[1], label)
    assert is_masked([vehicle, passenger], passenger)
    assert not is_masked([passenger], passenger)


@pytest.mark.parametrize(
    "rows",
    [
        [TRAM, ((262, 30, 274, 60), 0.1, Label.PERSON)],
        [TRAM, ((262, 120, 290, 280), 0.03, Label.PERSON)],
        [TRAM, ((150, 80, 400, 250), 0.1, Label.PERSON)],
        [TRAM, ((262, 191, 274, 208), PASSENGER_SCORE - 0.01, Label.PERSON)],
        [(TRAM[0], 0.2, Label.BUS), PASSENGERS[0]],
        [((250, 180, 320, 227), 0.9, Label.CAR), PASSENGERS[0]],
        [(TRAM[0], 0.9, Label.MOTORCYCLE), PASSENGERS[0]],
    ],
    ids=["above", "fainter rider", "half of the vehicle", "fainter", "faint vehicle", "far vehicle", "no window"],
)
def test_other_faint_persons_are_not_passengers(rows: list[Row]) -> None:
    before = video([rows])
    after = with_faint_passengers(before, SETTINGS).per_frame[0]
    assert np.array_equal(after.scores, before.per_frame[0].scores)


@pytest.mark.parametrize(
    "rider",
    [
        ((317, 65, 337, 79), 0.12, Label.PERSON),
        ((318, 65, 336, 78), 0.12, Label.FACE),
        ((303, 72, 341, 122), 0.045, Label.PERSON),
        ((300, 100, 340, 150), 0.05, Label.PERSON),
    ],
    ids=["head above the roof", "face above the roof", "whole rider", "at the foot"],
)
def test_faint_people_before_a_certain_vehicle_are_masked(rider: Row) -> None:
    """As networks score the rider of a moped before a car."""
    box = (257, 75, 399, 142)
    assert is_masked([(box, 0.87, Label.CAR), rider], rider)
    assert not is_masked([(box, 0.3, Label.CAR), rider], rider), "the vehicle is none for certain"
    assert not is_masked([(box, 0.87, Label.CAR), ((rider[0][0], 20, rider[0][2], 70), *rider[1:])], rider), "above it"


def test_a_passenger_is_masked_before_and_after_the_frame_in_which_the_vehicle_is_certain() -> None:
    faint: Row = ((262, 191, 274, 208), 0.09, Label.PERSON)
    unsure: Row = (TRAM[0], 0.2, Label.BUS)
    plan = plan_masks(video([[unsure, faint], [TRAM, faint], [unsure, faint]]), SETTINGS)
    assert [len(plan.at(frame)) > 0 for frame in range(3)] == [True] * 3
    assert plan.objects == {Label.PERSON: 1}
