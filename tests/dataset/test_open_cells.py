"""Open data: neither a small count nor a difference of published counts reveals few people."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.open_cells import published


@pytest.mark.parametrize(
    ("counts", "classes", "total"),
    [
        pytest.param({"car": 50, "bus": 12}, {"car", "bus"}, True, id="all are large"),
        pytest.param({"car": 50, "bus": 3}, set(), True, id="the total would reveal the buses"),
        pytest.param({"car": 50, "bus": 3, "truck": 11}, {"car"}, True, id="the smallest other class goes with it"),
        pytest.param({"car": 50, "bus": 6, "truck": 5}, {"car"}, True, id="two small ones cover each other"),
        pytest.param({"car": 50, "bus": 2, "truck": 3}, set(), True, id="two that are too small together"),
        pytest.param({"car": 9}, set(), False, id="too small itself"),
        pytest.param({"car": 4, "bus": 4}, set(), False, id="too small together"),
        pytest.param({"car": 7, "bus": 7}, set(), True, id="only together large enough"),
        pytest.param({"car": 10, "bus": 0}, {"car"}, True, id="no count is no small one"),
        pytest.param({}, set(), False, id="nothing"),
    ],
)
def test_what_is_published_of_a_cell(counts: dict[str, int], classes: set[str], total: bool) -> None:
    assert published(counts, 10) == (frozenset(classes), total)


@given(st.dictionaries(st.sampled_from(["person", "car", "bus", "truck", "bicycle"]), st.integers(0, 40)))
def test_nothing_published_tells_of_fewer_than_the_least_count(counts: dict[str, int]) -> None:
    cell = published(counts, 10)
    assert all(counts[name] >= 10 for name in cell.classes)
    hidden = [number for name, number in counts.items() if number and name not in cell.classes]
    if cell.total:
        assert sum(counts.values()) >= 10
        assert not hidden or (len(hidden) >= 2 and sum(hidden) >= 10)
