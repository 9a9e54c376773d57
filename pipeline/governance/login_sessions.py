"""Sessions of accounts: opaque ids that are stored as hashes, their limits and their end."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pipeline.domain.people import RegisteredPerson
from pipeline.domain.times import HOUR_MS, MINUTE_MS
from pipeline.errors import NotLoggedIn
from pipeline.governance.people_rows import person_of, person_row
from pipeline.governance.people_tables import LoginSessionRow, PersonalTokenRow, PushSubscriptionRow

MOST_SESSIONS: Final = 2
"""Open sessions of one account; one more ends the oldest, with an alert."""
IDLE_SESSION_MS: Final = 30 * MINUTE_MS
LONGEST_SESSION_MS: Final = 12 * HOUR_MS
_ENDS: Final = {
    "": f"{IDLE_SESSION_MS // MINUTE_MS} minutes without use, or {LONGEST_SESSION_MS // HOUR_MS} hours in all",
    "limit": f"a newer log-in of the account exceeded {MOST_SESSIONS} sessions",
    "suspended": "the account is suspended",
    "left": "the person left the function",
    "idle": "the account was not used for 90 days",
    "contract": "the contract has ended",
    "invited": "the account was invited anew",
    "sign-out": "it was logged out",
    "owner": "its owner ended it",
    "password": "the password was changed",
    "directory": "it was logged out at the directory",
}
"""Reasons for the end of a session, in words."""
_TOUCH_MS: Final = 3 * MINUTE_MS
"""The time of use is written once in this time."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A log-in.

    Attributes:
        token: id of the session; it is not stored and cannot be shown again.
        person: of the account.
        ended_sessions: number of older sessions that it ended: the person is to be alerted.
    """

    token: str
    person: RegisteredPerson
    ended_sessions: int


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session that counts, as its owner sees it.

    Attributes:
        session_id: names it; it opens no session.
        origin: where it comes from; opened_ms, last_used_ms: since when, and its last use, within three minutes.
        own: whether it is the one that asks.
    """

    session_id: str
    origin: str
    opened_ms: int
    last_used_ms: int
    own: bool


def open_session(session: Session, login: str, origin: str, now_ms: int) -> tuple[str, int]:
    """Open a session; its id, and how many older ones it ended.

    Args:
        session: a write transaction; login: of the account.
        origin: where it comes from, such as ``127.0.0.1``.
        now_ms: the time.
    """
    token = secrets.token_urlsafe(32)
    live = _live(session, login, now_ms)
    too_many = live[: max(0, len(live) - MOST_SESSIONS + 1)]
    for row in too_many:
        row.ended_ms, row.end_reason = now_ms, "limit"
    session.add(
        LoginSessionRow(
            token_sha256=token_sha256(token),
            login=login,
            origin=origin[:64],
            opened_ms=now_ms,
            last_used_ms=now_ms,
            ended_ms=None,
            end_reason="",
        )
    )
    return token, len(too_many)


def live_session(session: Session, token: str, now_ms: int) -> LoginSessionRow:
    """The open session of an id.

    Raises:
        NotLoggedIn: there is none, or it ended; why, is said to the holder of its id.
    """
    row = _known_session(session, token)
    check_live(row, now_ms)
    return row


def session_and_person(session: Session, token: str) -> tuple[LoginSessionRow, RegisteredPerson]:
    """The session of an id, open or not, as it is now, and its person.

    Raises:
        NotLoggedIn: there is none.
    """
    row = _known_session(session, token)
    person = person_of(person_row(session, row.login))
    session.expunge(row)
    return row, person


def _known_session(session: Session, token: str) -> LoginSessionRow:
    row = session.get(LoginSessionRow, token_sha256(token))
    if row is None:
        raise NotLoggedIn("session", "has ended or is unknown")
    return row


def check_live(row: LoginSessionRow, now_ms: int) -> None:
    """Require that a session is open.

    Raises:
        NotLoggedIn: it ended; why, is said to the holder of its id.
    """
    if not _is_live(row, now_ms):
        raise NotLoggedIn("session", f"has ended: {_ENDS.get(row.end_reason, row.end_reason)}")


def is_due(row: LoginSessionRow, now_ms: int) -> bool:
    """Whether the time of use has to be written again."""
    return now_ms - row.last_used_ms >= _TOUCH_MS


def renewed_session(session: Session, token: str, now_ms: int) -> str:
    """The new id of an open session whose person gave a factor again; the former one counts no more.

    Raises:
        NotLoggedIn: it has ended.
    """
    row, new = live_session(session, token, now_ms), secrets.token_urlsafe(32)
    row.token_sha256, row.last_used_ms = token_sha256(new), now_ms
    session.flush()
    return new


def open_sessions(session: Session, login: str, token: str, now_ms: int) -> list[OpenSession]:
    """The sessions of an account that count, the oldest first.

    Args:
        session: a transaction; login: of the account; now_ms: the time.
        token: id of the session that asks, "" for none.
    """
    own = token_sha256(token)
    return [
        OpenSession(_session_id(row), row.origin, row.opened_ms, row.last_used_ms, row.token_sha256 == own)
        for row in _live(session, login, now_ms)
    ]


def end_one(session: Session, login: str, session_id: str, now_ms: int) -> bool:
    """End the open session of an account that `open_sessions` names so; whether there was one."""
    found = next((row for row in _live(session, login, now_ms) if _session_id(row) == session_id), None)
    if found is not None:
        found.ended_ms, found.end_reason = now_ms, "owner"
    return found is not None


def end_sessions(session: Session, login: str, reason: str, now_ms: int, keep: str = "") -> int:
    """End all sessions, personal tokens and push subscriptions of an account; the number of sessions.

    Args:
        session: a write transaction; login: of the account; reason: see `_ENDS`; now_ms: the time.
        keep: id of a session that goes on, "" for none.
    """
    devices = PushSubscriptionRow.login == login, PushSubscriptionRow.ended_ms.is_(None)
    for row in session.scalars(select(PushSubscriptionRow).where(*devices)):
        end_subscription_row(row, reason, now_ms)
    session.execute(
        update(PersonalTokenRow)
        .where(PersonalTokenRow.login == login, PersonalTokenRow.ended_ms.is_(None))
        .values(ended_ms=now_ms, end_reason=reason)
    )
    return end_log_ins(session, login, reason, now_ms, keep)


def end_log_ins(session: Session, login: str, reason: str, now_ms: int, keep: str = "") -> int:
    """End all sessions of an account and nothing else; see `end_sessions`."""
    ended = session.execute(
        update(LoginSessionRow)
        .where(
            LoginSessionRow.login == login,
            LoginSessionRow.ended_ms.is_(None),
            LoginSessionRow.token_sha256 != token_sha256(keep),
        )
        .values(ended_ms=now_ms, end_reason=reason)
        .returning(LoginSessionRow.token_sha256)
    )
    return len(ended.all())


def end_subscription_row(row: PushSubscriptionRow, reason: str, now_ms: int) -> None:
    """End a push subscription, and forget where it leads."""
    row.ended_ms, row.end_reason = now_ms, reason
    row.endpoint = row.p256dh = row.auth = ""


def token_sha256(token: str) -> str:
    """What is stored of an id."""
    return hashlib.sha256(token.encode()).hexdigest()


def _session_id(row: LoginSessionRow) -> str:
    return hashlib.sha256(f"session {row.token_sha256}".encode()).hexdigest()[:16]


def _live(session: Session, login: str, now_ms: int) -> list[LoginSessionRow]:
    found = select(LoginSessionRow).where(LoginSessionRow.login == login, LoginSessionRow.ended_ms.is_(None))
    return [row for row in session.scalars(found.order_by(LoginSessionRow.opened_ms)) if _is_live(row, now_ms)]


def _is_live(row: LoginSessionRow, now_ms: int) -> bool:
    # A clock that was set back ends sessions as well: their age is not known any more.
    return (
        row.ended_ms is None
        and 0 <= now_ms - row.last_used_ms < IDLE_SESSION_MS
        and 0 <= now_ms - row.opened_ms < LONGEST_SESSION_MS
    )
