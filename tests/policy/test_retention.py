"""Due days of the retention rule."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.policy.retention import due_days

TODAY = date(2026, 11, 22)
DAYS = st.dates(date(2026, 10, 1), date(2026, 12, 31))


def test_seven_days_keep_the_last_seven_whole_days_and_today() -> None:
    present = [TODAY - timedelta(days=n) for n in range(-1, 10)]
    assert due_days(present, TODAY, 7) == [TODAY - timedelta(days=9), TODAY - timedelta(days=8)]
    assert due_days(present, TODAY, None) == []
    with pytest.raises(ValueError, match="is negative"):
        due_days(present, TODAY, -1)


@given(st.lists(DAYS), DAYS, st.integers(0, 60), st.sets(DAYS))
def test_due_days_are_past_old_enough_present_and_not_held(
    present: list[date], today: date, keep: int, held: set[date]
) -> None:
    due = due_days(present, today, keep, held)
    assert due == sorted(set(due))
    assert set(due) <= set(present) - held
    earliest_now = datetime(today.year, today.month, today.day, tzinfo=UTC)
    for day in set(present) - held:
        youngest = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
        assert (day in due) == (youngest + timedelta(days=keep) <= earliest_now)


@given(st.sets(DAYS), DAYS, st.integers(0, 60))
def test_longer_retention_never_deletes_more_and_a_second_pass_deletes_nothing(
    present: set[date], today: date, keep: int
) -> None:
    due = due_days(present, today, keep)
    assert set(due_days(present, today, keep + 1)) <= set(due)
    assert due_days(present - set(due), today, keep) == []
