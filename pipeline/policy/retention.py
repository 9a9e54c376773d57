"""How long what is known of the public may be kept (decree 18.743/2014 art. 8): which days are due to go."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date


def due_days(
    present: Iterable[date], today: date, keep_days: int | None, held: Collection[date] = frozenset()
) -> list[date]:
    """The days whose events may not be kept any longer, oldest first.

    A day is due when its youngest event, that of its last millisecond, is at least `keep_days` old. So a day that is
    not over, and one that a wrong clock put into the future, is never due. Days are days in UTC.

    Args:
        present: days of which there are events.
        today: the day it is now, in UTC.
        keep_days: days to keep, 0 or more; None to keep all.
        held: days that must stay, whatever their age: preserved on request or in a crisis (art. 8).

    Raises:
        ValueError: a negative number of days.
    """
    if keep_days is None:
        return []
    if keep_days < 0:
        raise ValueError(f"{keep_days} days cannot be kept")
    return sorted(day for day in set(present) if (today - day).days > keep_days and day not in held)
