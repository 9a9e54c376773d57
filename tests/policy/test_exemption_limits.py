"""Limits of exempted regions: a tenth of the image together, and an end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import PolicyError
from pipeline.policy.exemption_limits import MAX_SHARE, check_exemptions, union_share

PLACE, SIZE = st.integers(0, 19), st.integers(1, 20)
BOXES = st.lists(
    st.tuples(PLACE, PLACE, SIZE, SIZE).map(lambda b: (b[0], b[1], min(b[0] + b[2], 20), min(b[1] + b[3], 20))),
    max_size=6,
)


def region(*box: float, begin: float = 0.0, end: float = 60.0) -> dict[str, Any]:
    return {"from": begin, "to": end, "box": list(box)}


@given(BOXES)
def test_the_share_is_that_of_the_union(boxes: list[tuple[int, int, int, int]]) -> None:
    bitmap = np.zeros((20, 20), bool)
    for x1, y1, x2, y2 in boxes:
        bitmap[y1:y2, x1:x2] = True
    shares = [(x1 / 20, y1 / 20, x2 / 20, y2 / 20) for x1, y1, x2, y2 in boxes]
    assert union_share(shares) == pytest.approx(bitmap.mean())


@pytest.mark.parametrize(
    "regions",
    [
        [region(0, 0, 1, 1)],
        [region(0, 0, 0.5, 0.25)],
        [region(0, 0, 0.2, 0.3), region(0.5, 0.5, 0.7, 0.8)],
        [region(n / 10, 0, n / 10 + 0.1, 0.2, begin=n, end=n + 10) for n in range(10)],
    ],
)
def test_more_than_a_tenth_of_the_image_is_refused_also_in_parts(regions: list[dict[str, Any]]) -> None:
    with pytest.raises(PolicyError, match=r"would exempt \d+% of the image .* at most 10%"):
        check_exemptions("disclosure 2026/000001", regions)


def test_a_small_region_and_the_same_again_are_accepted() -> None:
    small = region(0.7, 0.1, 0.8, 0.4)
    assert check_exemptions("x", [small, small, small]) == pytest.approx(0.03)
    assert check_exemptions("x", []) == 0
    assert check_exemptions("x", [region(0, 0, 0.1, 1)]) == pytest.approx(MAX_SHARE)


@pytest.mark.parametrize("endless", [{"box": [0, 0, 0.1, 0.1]}, region(0, 0, 0.1, 0.1, end=1e6)])
def test_a_region_without_an_end_is_refused(endless: dict[str, Any]) -> None:
    with pytest.raises(PolicyError, match="without an end"):
        check_exemptions("x", [endless])


def test_a_region_in_which_a_person_who_waits_is_a_thing_is_refused() -> None:
    with pytest.raises(PolicyError, match=r"exempts a region for 4 s, .* at least 10 s"):
        check_exemptions("x", [region(0, 0, 0.1, 0.1), region(0, 0, 0.1, 0.1, begin=3, end=7)])


def test_a_region_without_a_box_is_refused() -> None:
    with pytest.raises(PolicyError, match="without a box"):
        check_exemptions("x", [{"from": 0, "to": 10}])
