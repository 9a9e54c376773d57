"""Locks of accounts against guessed passwords and codes, per address where the account is known to log in from it."""

from __future__ import annotations

from typing import Final

from sqlalchemy.orm import Session

from pipeline.domain.account_notice import NoticeKind
from pipeline.domain.times import DAY_MS, MINUTE_MS
from pipeline.governance.account_notices import note
from pipeline.governance.people_tables import AccountRow, LogInAddressRow

MOST_FAILURES: Final = 5
LOCK_MS: Final = 15 * MINUTE_MS
"""After so many wrong attempts, the account takes none for this time."""
KNOWN_MS: Final = 90 * DAY_MS
"""So long an address is known after a log-in from it."""

Lock = AccountRow | LogInAddressRow
"""What counts wrong attempts: of an address that the account logged in from, else of all others together."""


def lock_of(session: Session, account: AccountRow, origin: str, now_ms: int) -> Lock:
    """The lock that counts for an address: strangers who know a login cannot lock out its owner there.

    Args:
        session: a transaction; account: that is tried; origin: address of the attempt, "" for none; now_ms: the time.
    """
    row = session.get(LogInAddressRow, (account.login, origin[:64])) if origin else None
    return row if row is not None and 0 <= now_ms - row.last_ms < KNOWN_MS else account


def count_failure(session: Session, lock: Lock, origin: str, now_ms: int) -> None:
    """Count a wrong attempt; too many lock, of which the owner is notified."""
    if now_ms < lock.locked_until_ms:
        return
    lock.failures += 1
    if lock.failures >= MOST_FAILURES:
        lock.failures, lock.locked_until_ms = 0, now_ms + LOCK_MS
        note(session, lock.login, NoticeKind.LOCKED, origin, now_ms)


def know_address(session: Session, login: str, origin: str, now_ms: int) -> None:
    """Note that an account logged in from an address."""
    row = session.get(LogInAddressRow, (login, origin[:64]))
    if row is None:
        row = LogInAddressRow(login=login, origin=origin[:64], failures=0, locked_until_ms=0)
        session.add(row)
    row.last_ms = now_ms
