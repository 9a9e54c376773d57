"""Entries of hot-lists: plates that an authority searches for, until when, and the people who see the hits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pipeline.domain.events import Severity
from pipeline.domain.people import Validity

MOST_ENTRIES: Final = 200_000
"""Entries that count at one time in an installation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewListEntry:
    """An entry as a person wants to make it.

    Attributes:
        list_name: of the hot-list: lower-case letters, digits, dot, dash and underscore.
        plate: in any writing; both forms of a converted plate are searched for.
        authority: that searches for the vehicle; case_number: of its case; reason: of the search.
        severity: of the alerts.
        validity: when it counts; it ends by itself.
        viewers: logins and ids of institutions whose people see the hits.
        any_plate: the plate has no Brazilian layout.
    """

    list_name: str
    plate: str
    authority: str
    case_number: str
    reason: str
    severity: Severity
    validity: Validity
    viewers: tuple[str, ...]
    any_plate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ListEntry:
    """An entry of the register.

    Attributes:
        entry_id: number of the entry, which alerts name in place of the plate.
        list_name, authority, case_number, reason, severity, validity, viewers: see `NewListEntry`.
        plate: upper case, letters and digits; "" some time after its end, when it was removed.
        entered_by, entered_ms: of the entry.
        ended_ms: when a person ended it; None while none has; ended_by, end_reason: of that.
    """

    entry_id: int
    list_name: str
    plate: str
    authority: str
    case_number: str
    reason: str
    severity: Severity
    validity: Validity
    viewers: tuple[str, ...]
    entered_by: str
    entered_ms: int
    ended_ms: int | None = None
    ended_by: str = ""
    end_reason: str = ""

    def counts(self, now_ms: int) -> bool:
        """Whether the plate is searched for at a moment."""
        return self.ended_ms is None and self.validity.includes(now_ms)

    def end_of(self) -> int:
        """When it ends, or has ended; milliseconds since 1970 UTC."""
        return self.validity.until_ms if self.ended_ms is None else min(self.ended_ms, self.validity.until_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchedPlate:
    """What a run needs to know of an entry.

    Attributes:
        entry_id, severity, validity: see `ListEntry`; plate: upper case, letters and digits.
    """

    entry_id: int
    plate: str
    severity: Severity
    validity: Validity
