"""Faint persons beside several certain small ones are masked; alone, far away or of another size they are not."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from pipeline.anonymize.faint_crowds import CROWD, with_faint_crowds
from pipeline.anonymize.redaction_masks import plan_masks
from pipeline.anonymize.settings import RELEASE_CROWD_SCORE, MaskSettings
from pipeline.domain.detections import Detections
from pipeline.domain.labels import Label
from tests.anonymize.test_riders import Row, video

SETTINGS = MaskSettings()
FAINT = 0.09
FAINTEST = 0.05


def person(left: float, height: float = 24, score: float = 0.5) -> Row:
    return ((left, 200.0, left + height / 2, 200.0 + height), score, Label.PERSON)


def standing(number: int) -> list[Row]:
    """Certain persons, apart from one another."""
    return [person(100 + 30 * n) for n in range(number)]


def masked(rows: list[Row], left: float, settings: MaskSettings = SETTINGS) -> bool:
    """Whether a place is masked in a video of one frame."""
    boxes = plan_masks(video([rows]), settings).at(0).boxes
    return bool(((boxes[:, 0] <= left + 4) & (boxes[:, 2] >= left + 8)).any())


def test_faint_persons_beside_a_crowd_are_masked() -> None:
    assert masked([*standing(CROWD), person(250, 20, FAINT)], 250)
    assert masked([*standing(CROWD), person(300, 30, FAINT)], 300)


def test_the_faintest_persons_beside_a_crowd_are_masked_in_releases_only() -> None:
    rows = [*standing(CROWD), person(250, 20, FAINTEST)]
    assert not masked(rows, 250)
    assert masked(rows, 250, MaskSettings(crowd_score=RELEASE_CROWD_SCORE))


@pytest.mark.parametrize(
    "rows",
    [
        [person(250, 20, FAINT)],
        [*standing(CROWD - 1), person(220, 24, FAINT)],
        [*standing(CROWD), person(500, 24, FAINT)],
        [*standing(CROWD), person(250, 8, FAINT)],
        [*standing(CROWD), person(220, 66, FAINT)],
        [*([person(100)] * CROWD), person(130, 24, FAINT)],
    ],
    ids=["alone", "too few", "far away", "much smaller", "much larger", "one person in many boxes"],
)
def test_other_faint_persons_are_not(rows: list[Row]) -> None:
    assert not masked(rows, rows[-1][0][0])


def test_other_labels_and_certain_persons_stay_as_they_are() -> None:
    others = [((240.0, 200.0, 252.0, 224.0), FAINT, label) for label in (Label.CAR, Label.PLATE, Label.FACE)]
    before = video([[*standing(CROWD), *others], []])
    after = with_faint_crowds(before, SETTINGS)
    assert np.array_equal(after.per_frame[0].scores, before.per_frame[0].scores)
    assert len(after.per_frame[1]) == 0


def test_a_crowd_makes_no_chain() -> None:
    """What is faint is not certain for others that are farther away."""
    rows = [*standing(CROWD), *(person(260 + 80 * n, 24, FAINT) for n in range(4))]
    found = with_faint_crowds(video([rows]), SETTINGS).per_frame[0]
    raised = found.scores[CROWD:] > FAINT
    assert raised.any()
    assert all(first or not second for first, second in pairwise(raised.tolist()))
    assert not raised.all()
    assert isinstance(found, Detections)
