"""Uses of searches by plate: what is remembered of each, and the limits and shifts that they are compared with."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from pipeline.domain.operation import Operation
from pipeline.domain.role import Role
from pipeline.domain.times import DAY_MS, HOUR_MS
from pipeline.errors import RegistryError

LIMITED: Final = frozenset(
    {
        Operation.PLATE_QUERY,
        Operation.JOURNEY_QUERY,
        Operation.PATTERN_QUERY,
        Operation.CONVOY_QUERY,
        Operation.CLONE_QUERY,
        Operation.BULK_QUERY,
    }
)
"""Searches that show where vehicles were: they are limited, and remembered."""
REMEMBERED_DAYS: Final = 62
"""Days for which they are: two months, so that the report of a month finds all of it."""
PER_HOUR: Final = 60
PER_DAY: Final = 300
_MINUTES: Final = 1440
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS: Final = re.compile(r"(?P<begin>([01]\d|2[0-3]):[0-5]\d)-(?P<end>([01]\d|2[0-3]):[0-5]\d|24:00)")


@dataclass(frozen=True, slots=True)
class QueryLimit:
    """The most searches of one account, in every 60 minutes and in every 24 hours."""

    per_hour: int = PER_HOUR
    per_day: int = PER_DAY

    def wait_ms(self, times_ms: Sequence[int], now_ms: int) -> int:
        """Milliseconds until another search is possible; 0 now.

        Args:
            times_ms: of the searches of the last 24 hours, in any order; those after `now_ms` count as well, since a
                clock that was set back must not open the limit.
        """
        waits = [0]
        for most, window_ms in ((self.per_hour, HOUR_MS), (self.per_day, DAY_MS)):
            recent = sorted(at_ms for at_ms in times_ms if at_ms > now_ms - window_ms)
            if len(recent) >= most:
                waits.append(recent[-most] + window_ms - now_ms)
        return max(waits)


@dataclass(frozen=True, slots=True)
class QueryLimits:
    """The limits of an installation: of every role, and of roles with limits of their own."""

    every: QueryLimit = field(default_factory=QueryLimit)
    of_roles: Mapping[Role, QueryLimit] = field(default_factory=dict)

    def of(self, role: Role) -> QueryLimit:
        """The limit of a role."""
        return self.of_roles.get(role, self.every)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryUse:
    """One search.

    Attributes:
        login, institution, role: of the account.
        operation: one of `LIMITED`; case_number: as stated, "" without one.
        asked_ms: milliseconds since 1970 UTC.
        plates: keyed hashes of the plates that were searched for.
    """

    login: str
    institution: str
    role: Role
    operation: Operation
    case_number: str
    asked_ms: int
    plates: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Shift:
    """Hours in which a person works.

    Attributes:
        days: on which the shift begins, Monday is 0.
        begin, end: minutes since midnight; an end that is not later than the begin lies on the next day.
    """

    days: frozenset[int]
    begin: int
    end: int

    @classmethod
    def parse(cls, days: str, hours: str) -> Shift:
        """A shift as people write it: ``mon-fri``, ``sat,sun``; ``06:00-14:00``, ``22:00-06:00``.

        Raises:
            RegistryError: it is none.
        """
        found = _HOURS.fullmatch(hours.strip())
        if found is None:
            raise RegistryError(f"hours {hours!r}", "are none", "Write them as 06:00-14:00")
        numbers: set[int] = set()
        for part in days.lower().split(","):
            first, _, last = part.strip().partition("-")
            if first not in _DAYS or (last or first) not in _DAYS:
                raise RegistryError(f"days {days!r}", "are none", "Write them as mon-fri, or sat,sun")
            begin, length = _DAYS.index(first), (_DAYS.index(last or first) - _DAYS.index(first)) % 7
            numbers |= {(begin + step) % 7 for step in range(length + 1)}
        return cls(frozenset(numbers), _minutes(found["begin"]), _minutes(found["end"]) % _MINUTES)

    def __str__(self) -> str:
        """As it is written."""
        days = ",".join(_DAYS[day] for day in sorted(self.days))
        return f"{days} {self.begin // 60:02}:{self.begin % 60:02}-{self.end // 60:02}:{self.end % 60:02}"

    def includes(self, at: datetime) -> bool:
        """Whether a local time is within the shift."""
        minute, length = at.hour * 60 + at.minute, (self.end - self.begin) % _MINUTES or _MINUTES
        since = (minute - self.begin) % _MINUTES
        begun = at.weekday() if minute >= self.begin else (at.weekday() - 1) % 7
        return since < length and begun in self.days


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)
