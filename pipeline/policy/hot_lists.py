"""Rules of hot-lists: what an entry has to state, how long it may count, and the people who see its hits.

Law 11.766/2022 art. 9 names the purposes; lengths and times are rules of this program.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from pipeline.domain.hot_list import ListEntry, NewListEntry
from pipeline.domain.people import Validity
from pipeline.domain.plate import check_erased_plate, normalize
from pipeline.domain.times import DAY_MS
from pipeline.errors import RegistryError, StoreError
from pipeline.policy.access.request import checked_id
from pipeline.policy.registration import checked_text, checked_validity
from pipeline.policy.sensitive.screen import TextKind, TextScreen

MOST_DAYS: Final = 180
"""Longest validity of an entry; a longer search needs a new entry."""
FORGOTTEN_AFTER_MS: Final = 30 * DAY_MS
"""Time after the end of an entry in which its hits can still be read with its plate."""
_LONGEST_CASE: Final = 64
_MOST_VIEWERS: Final = 20
_VIEWER: Final = re.compile(r"[a-z0-9][a-z0-9.@_-]{0,63}")


class ScreenedTexts:
    """The screen of free texts, which checks each text of a long list once.

    Args:
        screen: with the additions of a city.
    """

    def __init__(self, screen: TextScreen) -> None:
        self._screen = screen
        self._seen: dict[tuple[str, TextKind], str] = {}

    def checked(self, what: str, text: str, kind: TextKind = TextKind.NOTE) -> str:
        """A text, trimmed.

        Raises:
            RegistryError: it is missing, too long, or has control characters.
            PolicyError: it says something sensitive about people.
        """
        if (text, kind) not in self._seen:
            self._seen[text, kind] = checked_text(what, text, self._screen, kind)
        return self._seen[text, kind]


def checked_list_entry(entry: NewListEntry, now_ms: int, texts: ScreenedTexts) -> NewListEntry:
    """An entry with normalized values.

    Raises:
        RegistryError: a value is missing or not possible.
        PolicyError: a text says something sensitive about people.
    """
    try:
        plate = normalize(check_erased_plate(entry.plate.strip(), any_plate=entry.any_plate))
    except StoreError as error:
        raise RegistryError(error.subject, error.problem, error.fix) from None
    case = texts.checked("case", entry.case_number, TextKind.REASON)
    if len(case) > _LONGEST_CASE:
        raise RegistryError("case", f"has {len(case)} characters, {_LONGEST_CASE} are possible", "Give its number")
    texts.checked("list", entry.list_name.replace("-", " "), TextKind.KEY)
    return replace(
        entry,
        list_name=checked_id("list", entry.list_name),
        plate=plate,
        authority=texts.checked("authority", entry.authority, TextKind.BODY),
        case_number=case,
        reason=texts.checked("reason", entry.reason),
        validity=_checked_validity(entry.validity, now_ms),
        viewers=_checked_viewers(entry.viewers),
    )


def may_see_hits(entry: ListEntry, login: str, institution: str) -> bool:
    """Whether a person sees the hits of an entry: those it names, and those of an institution that it names.

    Args:
        entry: of the list; login, institution: of the person.
    """
    return login in entry.viewers or bool(institution and institution in entry.viewers)


def _checked_validity(validity: Validity, now_ms: int) -> Validity:
    if validity.until_ms <= now_ms:
        raise RegistryError("validity", "has ended already", "Give a later end: --until")
    period = checked_validity("validity", validity)
    if period.until_ms - period.from_ms > MOST_DAYS * DAY_MS:
        raise RegistryError(
            "validity", f"is longer than {MOST_DAYS} days", "Give an earlier end, and enter the plate again then"
        )
    return period


def _checked_viewers(viewers: Iterable[str]) -> tuple[str, ...]:
    named = tuple(dict.fromkeys(one for viewer in viewers if (one := viewer.strip().casefold())))
    if not named:
        raise RegistryError("people who see the hits", "are missing", "Name logins or institutions: --seen-by LOGIN")
    if len(named) > _MOST_VIEWERS:
        raise RegistryError(
            "people who see the hits", f"are {len(named)}, {_MOST_VIEWERS} are possible", "Name an institution"
        )
    wrong = next((one for one in named if not _VIEWER.fullmatch(one)), None)
    if wrong is not None:
        raise RegistryError(f"login {wrong!r}", "is not possible", "Name a login or the id of an institution")
    return named
