"""The register of personal tokens: creation, use, withdrawal."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from typing import Final

from sqlalchemy import select

from pipeline.domain.account_notice import NoticeKind
from pipeline.domain.operation import Operation
from pipeline.domain.people import RegisteredPerson
from pipeline.domain.personal_token import LONGEST_TOKEN_MS, MOST_TOKENS, TOKEN_OPERATIONS, PersonalToken
from pipeline.domain.plural import counted
from pipeline.domain.registry_change import RegistryChange
from pipeline.domain.times import DAY_MS, MINUTE_MS
from pipeline.errors import NotLoggedIn, RegistryError
from pipeline.governance.account_notices import note
from pipeline.governance.login_sessions import token_sha256
from pipeline.governance.people_rows import person_of, person_row
from pipeline.governance.people_tables import PersonalTokenRow
from pipeline.governance.registry_session import RegistrySession
from pipeline.policy.registration import checked_text, why_unusable
from pipeline.policy.sensitive.screen import TextKind

PREFIX: Final = "viapublica_"
"""Lets scanners of secrets find tokens in places where they do not belong."""
_TOUCH_MS: Final = MINUTE_MS
_RENEW: Final = "Log in, and create another one"


class TokenRegister(RegistrySession):
    """Personal tokens of accounts."""

    def create_token(
        self, login: str, name: str, operations: Collection[Operation], expires_ms: int
    ) -> tuple[str, PersonalToken]:
        """Create a token of a person, who passed both factors.

        Args:
            login: of the person; name: that they give it.
            operations: for which it counts; expires_ms: until when.

        Returns:
            The token, which is not stored and cannot be shown again, and its entry.

        Raises:
            RegistryError: the operations are none for a token, it would last too long, or there are too many.
            PolicyError: the name says something sensitive about people.
        """
        now_ms, wanted = self._clock.wall_ms(), frozenset(operations)
        title = checked_text("name", name, self._screen, TextKind.REASON)
        _check(wanted, now_ms, expires_ms)
        facts: dict[str, str | int | bool] = {"operations": _joined(wanted), "expires_ms": expires_ms}
        with self._changing(RegistryChange(Operation.PERMISSION, "token-create", login, facts)) as session:
            person_row(session, login)
            rows = session.scalars(select(PersonalTokenRow).where(PersonalTokenRow.login == login)).all()
            if sum(token_of(row).counts(now_ms) for row in rows) >= MOST_TOKENS:
                raise RegistryError(f"tokens of {login}", f"are {MOST_TOKENS} already", "Withdraw one that is not used")
            token = PREFIX + secrets.token_urlsafe(32)
            row = PersonalTokenRow(
                token_sha256=token_sha256(token),
                login=login,
                name=title,
                operations=_joined(wanted),
                created_ms=now_ms,
                expires_ms=expires_ms,
                last_used_ms=None,
                ended_ms=None,
                end_reason="",
            )
            session.add(row)
            note(session, login, NoticeKind.TOKEN, "", now_ms)
            session.flush()
            return token, token_of(row)

    def tokens(self, login: str) -> tuple[PersonalToken, ...]:
        """All tokens of a person, the newest first, ended ones included."""
        with self._database.reading() as session:
            found = select(PersonalTokenRow).where(PersonalTokenRow.login == login)
            return tuple(token_of(row) for row in session.scalars(found.order_by(PersonalTokenRow.token_id.desc())))

    def end_token(self, login: str, token_id: int) -> PersonalToken:
        """Withdraw a token of a person.

        Raises:
            RegistryError: the person has none of this number that counts.
        """
        now_ms = self._clock.wall_ms()
        with self._changing(RegistryChange(Operation.PERMISSION, "token-end", login, {"token": token_id})) as session:
            row = session.get(PersonalTokenRow, token_id)
            if row is None or row.login != login or row.ended_ms is not None:
                raise RegistryError(f"token {token_id}", "is none of yours that counts", "List your tokens")
            row.ended_ms, row.end_reason = now_ms, "withdrawn"
            return token_of(row)

    def token_person(self, token: str) -> tuple[RegisteredPerson, PersonalToken]:
        """The person of a token; their roles and state are read each time.

        Raises:
            NotLoggedIn: the token is forged, expired or withdrawn, or the account is not active.
        """
        now_ms, hashed = self._clock.wall_ms(), token_sha256(token)
        with self._database.reading() as session:
            row = session.scalar(select(PersonalTokenRow).where(PersonalTokenRow.token_sha256 == hashed))
            if row is None:
                raise NotLoggedIn("token", "is unknown", _RENEW)
            found, person = token_of(row), person_row(session, row.login)
            if why := _why_ended(found, now_ms) or why_unusable(person_of(person), now_ms):
                raise NotLoggedIn(f"token {found.token_id}", why, _RENEW)
            due = found.last_used_ms is None or not 0 <= now_ms - found.last_used_ms < _TOUCH_MS
            registered = person_of(person)
        if due:
            with self._database.writing() as session:
                session.get_one(PersonalTokenRow, found.token_id).last_used_ms = now_ms
                person_row(session, registered.login).account.last_used_ms = now_ms
        return registered, found


def token_of(row: PersonalTokenRow) -> PersonalToken:
    """The token of a row."""
    return PersonalToken(
        token_id=row.token_id,
        login=row.login,
        name=row.name,
        operations=frozenset(Operation(one) for one in row.operations.split()),
        created_ms=row.created_ms,
        expires_ms=row.expires_ms,
        last_used_ms=row.last_used_ms,
        ended_ms=row.ended_ms,
        end_reason=row.end_reason,
    )


def _check(wanted: frozenset[Operation], now_ms: int, expires_ms: int) -> None:
    if not wanted or not wanted <= TOKEN_OPERATIONS:
        others = _joined(wanted - TOKEN_OPERATIONS) or "none are named"
        raise RegistryError(
            "operations of the token", f"are none that a token may have: {others}", f"Of {_joined(TOKEN_OPERATIONS)}"
        )
    if not now_ms < expires_ms <= now_ms + LONGEST_TOKEN_MS:
        longest = counted(LONGEST_TOKEN_MS // DAY_MS, "day")
        raise RegistryError("end of the token", f"is not within {longest} from now", "Choose an earlier end")


def _why_ended(token: PersonalToken, now_ms: int) -> str:
    if token.counts(now_ms):
        return ""
    return f"has ended: {token.end_reason}" if token.ended_ms is not None else "has expired"


def _joined(operations: Collection[Operation]) -> str:
    return " ".join(sorted(one.value for one in operations))
