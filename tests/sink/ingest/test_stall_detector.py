"""A partition that has messages and gives none is noticed; one that is merely empty, or behind, is not."""

from __future__ import annotations

from pipeline.sink.ingest.stall_detector import StallDetector

ONE, TWO = ("t", 0), ("t", 1)


def test_a_partition_that_gives_nothing_of_what_it_has_is_named() -> None:
    watch = StallDetector(10)
    assert watch.check(0, 2, {ONE: 5, TWO: 0}, []) == ""
    assert watch.check(9, 2, {ONE: 5, TWO: 0}, []) == ""
    assert "t/0 stands still since 11 s" in watch.check(11, 2, {ONE: 5, TWO: 0}, [])


def test_a_partition_that_is_far_behind_but_moves_is_left_alone() -> None:
    watch = StallDetector(10)
    assert not any(watch.check(second, 2, {ONE: 5000, TWO: 0}, [ONE]) for second in range(100))
    assert not any(watch.check(second, 2, {ONE: 0, TWO: 0}, []) for second in range(100, 200))


def test_partitions_of_which_nothing_is_known_are_noticed() -> None:
    watch = StallDetector(10)
    assert watch.check(0, 2, {ONE: 0}, []) == ""
    assert "report no end offset" in watch.check(12, 2, {ONE: 0}, [])
    assert watch.check(13, 2, {ONE: 0, TWO: 0}, []) == ""


def test_a_group_that_gives_no_partitions_is_left_after_three_times_that_long() -> None:
    watch = StallDetector(10)
    assert watch.check(0, None, {}, []) == ""
    assert watch.check(29, None, {}, []) == ""
    assert watch.check(31, None, {}, []) == "the group assigns no partitions since 31 s"


def test_a_member_too_many_is_told_so_and_waits() -> None:
    watch = StallDetector(10)
    assert watch.check(0, None, {}, []) == ""
    assert not any(watch.check(second, 0, {}, []) for second in range(1, 100))
