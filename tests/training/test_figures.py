"""Shares, their intervals, and calibration."""

from __future__ import annotations

import pytest

from models.training.figures import calibration_error, shown, wilson


def test_the_interval_is_wilsons() -> None:
    low, high = wilson(65, 68)
    assert (round(low, 3), round(high, 3)) == (0.878, 0.985)
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(10, 10)[1] == pytest.approx(1.0)


def test_a_share_shows_its_counts() -> None:
    assert shown(65, 68) == "0.956 (65/68, 0.88-0.98)"


def test_who_is_sure_and_wrong_is_badly_calibrated() -> None:
    assert calibration_error([0.95] * 20, [True] * 19 + [False]) == pytest.approx(0.0, abs=1e-9)
    assert calibration_error([1.0] * 4, [False] * 4) == pytest.approx(1.0)
    assert calibration_error([], []) == 0.0
