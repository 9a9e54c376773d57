"""Assignments are one-to-one and have the maximum sum of gains, as SciPy's have."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.optimize import linear_sum_assignment

from pipeline.detect.assignment import Gains, assign

SIZES = st.tuples(st.integers(0, 9), st.integers(0, 9))


def check(gains: Gains) -> None:
    rows, columns = assign(gains)
    assert len(rows) == len(columns)
    assert len(set(rows.tolist())) == len(rows)
    assert len(set(columns.tolist())) == len(columns)
    assert rows.tolist() == sorted(rows.tolist())
    assert (gains[rows, columns] > 0).all(), "an excluded pair"
    best = gains[linear_sum_assignment(gains, maximize=True)].sum()
    assert gains[rows, columns].sum() == pytest.approx(best, abs=1e-9)


@given(arrays.arrays(np.float64, SIZES, elements=st.sampled_from([0.0, 0.0, 0.1, 0.25, 0.5, 0.5, 1.0])))
def test_small_problems_with_many_equal_gains_are_optimal(gains: Gains) -> None:
    check(gains)


@given(arrays.arrays(np.float64, SIZES, elements=st.floats(0.0, 1.0)))
def test_small_problems_with_any_gains_are_optimal(gains: Gains) -> None:
    check(gains)


@pytest.mark.parametrize("shape", [(120, 120), (60, 150), (150, 60)])
@pytest.mark.parametrize("density", [0.02, 0.2, 1.0])
def test_large_problems_are_optimal(shape: tuple[int, int], density: float) -> None:
    random = np.random.default_rng(5)
    check(random.uniform(0.0, 1.0, shape) * (random.uniform(size=shape) < density))


def test_the_total_is_maximized_rather_than_the_best_pair() -> None:
    rows, columns = assign(np.array([[0.9, 0.8], [0.8, 0.0]]))
    assert list(zip(rows.tolist(), columns.tolist(), strict=True)) == [(0, 1), (1, 0)]
