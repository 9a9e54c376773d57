"""Retention rule of events (decree 18.743/2014 art. 8): days whose retention period has ended."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date


def due_days(
    present: Iterable[date], today: date, keep_days: int | None, held: Collection[date] = frozenset()
) -> list[date]:
    """Days whose events must be deleted, oldest first.

    A day is due when its last millisecond is at least `keep_days` old. The current day, and days in the future due to a
    wrong clock, are never due. Days are UTC.

    Args:
        present: days that have events.
        today: the current day, UTC.
        keep_days: retention period in days, 0 or more; None for no limit.
        held: days under a hold, which are never due: preserved on request or in a crisis (art. 8).

    Raises:
        ValueError: a negative number of days.
    """
    if keep_days is None:
        return []
    if keep_days < 0:
        raise ValueError(f"a retention period of {keep_days} days is negative")
    return sorted(day for day in set(present) if (today - day).days > keep_days and day not in held)
