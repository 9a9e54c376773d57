"""Scores are shifted to the users' threshold, label by label."""

from __future__ import annotations

import numpy as np
import pytest

from models.training.traffic.network import CLASSES
from models.training.traffic.scores import LEAST, REACHED_AVERAGED, shifts


@pytest.mark.parametrize("label", CLASSES)
def test_the_score_reached_becomes_the_threshold(label: str) -> None:
    reached = REACHED_AVERAGED[label]
    shifted = np.log(reached / (1 - reached)) + shifts(REACHED_AVERAGED)[CLASSES.index(label)]
    assert 1 / (1 + np.exp(-shifted)) == pytest.approx(LEAST)


def test_a_label_without_a_score_stays() -> None:
    added = dict(zip(CLASSES, shifts({"plate": 0.3}), strict=True))
    assert added.pop("plate") < 0
    assert set(added.values()) == {0.0}
