"""Gaps of a recording that stops and begins again and again are one row for people."""

from __future__ import annotations

from pipeline.domain.recording import Gap, GapGroup, group_gaps


def test_gaps_of_one_reason_that_follow_each_other_soon_are_one_group() -> None:
    slow = [Gap(begin_ms, begin_ms + 400, "the disk was too slow") for begin_ms in range(0, 100_000, 2000)]
    lost = Gap(100_500, 101_000, "the camera was reconnected")
    later = Gap(300_000, 300_100, "the disk was too slow")
    assert group_gaps([*slow, lost, later]) == [
        GapGroup(0, 98_400, 50 * 400, 50, "the disk was too slow"),
        GapGroup(100_500, 101_000, 500, 1, "the camera was reconnected"),
        GapGroup(300_000, 300_100, 100, 1, "the disk was too slow"),
    ]
    assert group_gaps([]) == []
