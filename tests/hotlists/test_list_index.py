"""Votes are found on lists in either form of a plate, while an entry counts, from the stated threshold on."""

from __future__ import annotations

import pytest

from pipeline.hotlists.false_alarms import WRONG_TEXTS, threshold
from pipeline.hotlists.list_index import ListIndex
from pipeline.hotlists.plate_probability import PLATES
from pipeline.hotlists.settings import HotListSettings
from tests.hotlists.entries import index_of, searched
from tests.lpr.plates import seen


@pytest.mark.parametrize("listed", ["ABC1234", "ABC1C34"])
@pytest.mark.parametrize("read", ["ABC1234", "ABC1C34"])
def test_both_forms_of_a_converted_plate_are_found(listed: str, read: str) -> None:
    index = index_of([listed, "XYZ9Z99"])
    (match,) = index.matches(seen(read, sure=0.99), 1)
    assert match.searched.entry_id == 1
    assert (index.entries, index.plates) == (2, 2)


def test_a_plate_on_no_list_is_not_found() -> None:
    index = index_of(["ABC1234"])
    assert index.matches(seen("ABC1334", sure=0.99), 1) == []
    assert index_of([]).matches(seen("ABC1234", sure=0.99), 1) == []


def test_an_entry_counts_from_its_begin_to_its_end() -> None:
    index = ListIndex([searched(1, "ABC1D23", 1000, 2000)], HotListSettings())
    vote = seen("ABC1D23", sure=0.99)
    assert [bool(index.matches(vote, now_ms)) for now_ms in (999, 1000, 1999, 2000)] == [False, True, True, False]


def test_a_doubted_plate_is_found_where_more_false_alarms_are_accepted() -> None:
    doubted = seen("ABC1D28", sure=0.99, doubts={6: ("3", 0.3)})
    few = HotListSettings(false_alarms_per_day=0.001, reads_per_day=10_000_000)
    assert index_of(["ABC1D23"], few).matches(doubted, 1) == []
    (match,) = index_of(["ABC1D23"]).matches(doubted, 1)
    assert match.probability == pytest.approx(0.3, abs=0.03)


def test_the_threshold_rises_with_the_list_the_reads_and_the_caution() -> None:
    assert threshold(1, 100_000, 10).probability == WRONG_TEXTS[0][0]
    steps = [threshold(1, 100_000, listed).probability for listed in (10, 3_000, 30_000, 10_000_000)]
    assert steps == sorted(steps)
    assert steps[0] < steps[-1]
    assert threshold(10, 1_000_000, 3_000).probability <= threshold(1, 1_000_000, 3_000).probability
    for accepted in (0.1, 1, 10):
        found = threshold(accepted, 1_000_000, 3_000)
        assert (found.false_alarms_per_day <= accepted) is found.within


def test_a_threshold_that_accepts_more_than_it_should_says_so() -> None:
    found = threshold(1, 24_000_000, 100_000)
    assert (found.probability, found.within) == (WRONG_TEXTS[-1][0], False)
    assert found.false_alarms_per_day == pytest.approx(24e6 * 1e5 / PLATES * WRONG_TEXTS[-1][1])
