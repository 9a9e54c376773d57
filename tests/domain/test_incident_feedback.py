"""Closings move thresholds by small steps, within bounds, for a while, and can be undone."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.domain.incident import CloseReason
from pipeline.domain.incident_feedback import FEEDBACK_MS, Closing, Tuning, feedback, tunings

DAY_MS = 86_400_000
KEY = ("cam-1", "stopped-vehicle")


def closings(reasons: Iterable[CloseReason], *, undone: bool = False) -> list[Closing]:
    return [
        Closing(f"{number:024x}", *KEY, reason, "ana", number * 1000, undone) for number, reason in enumerate(reasons)
    ]


def tuned(reasons: Iterable[CloseReason]) -> Tuning:
    return tunings(closings(reasons), DAY_MS).get(KEY, Tuning())


def test_false_alarms_move_the_threshold_and_true_ones_move_it_back_within_bounds() -> None:
    false, true = CloseReason.FALSE, CloseReason.TRUE
    assert tuned([]) == tuned([true, true]) == tuned([CloseReason.TEST]) == Tuning()
    assert round(tuned([false]).threshold, 3) == 1.15
    assert tuned([false, true]) < tuned([false])
    assert tuned([false] * 50).threshold == 2.0
    assert tuned([false, *[true] * 50]).threshold == 1.0


def test_duplicates_lengthen_the_time_of_grouping_only() -> None:
    assert tuned([CloseReason.DUPLICATE]) == Tuning(1.0, 1.5)
    assert tuned([CloseReason.DUPLICATE] * 9).grouping == 4.0


def test_each_rule_and_camera_is_on_its_own() -> None:
    (one,) = closings([CloseReason.FALSE])
    found = tunings([one, one._replace(camera_id="cam-2"), one._replace(rule="wrong-way")], DAY_MS)
    assert [round(tuning.threshold, 2) for tuning in found.values()] == [1.15] * 3


def test_what_is_undone_or_long_ago_counts_for_nothing() -> None:
    assert tunings(closings([CloseReason.FALSE], undone=True), DAY_MS) == {}
    assert tunings(closings([CloseReason.FALSE]), FEEDBACK_MS) == {}
    given = feedback([*closings([CloseReason.FALSE], undone=True), *closings([CloseReason.FALSE])], DAY_MS)
    assert [(one.before.threshold, round(one.after.threshold, 2)) for one in given] == [(1.0, 1.15)]
