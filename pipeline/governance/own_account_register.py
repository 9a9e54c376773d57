"""The register of accounts, for their owners: password, sessions and notices, with factors given again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy.orm import Session

from pipeline.domain.account_notice import AccountNotice, NoticeKind
from pipeline.domain.operation import Operation
from pipeline.domain.registry_change import RegistryChange
from pipeline.errors import PolicyError, RegistryError
from pipeline.governance.account_locks import count_failure, lock_of
from pipeline.governance.account_notices import note, note_seen, notices_of
from pipeline.governance.login_register import LoginRegister
from pipeline.governance.login_secrets import is_password, password_hash
from pipeline.governance.login_sessions import end_one, end_sessions, renewed_session
from pipeline.governance.people_rows import person_row
from pipeline.governance.people_tables import AccountRow
from pipeline.policy.registration import checked_password, typed_password

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Owner:
    """The owner of an account, who changes something of their log-in.

    Attributes:
        login: of the account; token: id of the session that they act by, "" on the command line.
        origin: address that the request comes from.
    """

    login: str
    token: str
    origin: str


@dataclass(frozen=True, slots=True)
class Renewed:
    """A change that was made.

    Attributes:
        token: new id of the session that it was made in, "" on the command line.
        ended: number of sessions that it ended.
    """

    token: str
    ended: int


class OwnAccountRegister(LoginRegister):
    """Accounts, for their owners."""

    def change_password(self, owner: Owner, password: str, new: str, code: str) -> Renewed:
        """Change a password; all other sessions, the tokens and the subscribed devices of the account end.

        Args:
            owner: of the account; password: the present one; new: that shall count; code: a one-time code.

        Raises:
            PolicyError: password or code is wrong.
            RegistryError: the new password is easily guessed, or the present one.
        """
        wanted = checked_password(owner.login, new)
        if wanted == typed_password(password):
            raise RegistryError("new password", "is the present one", "Choose another one")
        hashed = password_hash(wanted)

        def change(session: Session, account: AccountRow, now_ms: int) -> Renewed:
            account.password_hash = hashed
            ended = end_sessions(session, owner.login, "password", now_ms, keep=owner.token)
            note(session, owner.login, NoticeKind.PASSWORD, owner.origin, now_ms)
            return Renewed(renewed(session, owner, now_ms), ended)

        return self._confirmed(owner, code, change, action="password", password=password)

    def end_session(self, owner: Owner, session_id: str, code: str) -> Renewed:
        """End another session of the account.

        Args:
            owner: of the account; session_id: of `sessions`; code: a one-time code.

        Raises:
            PolicyError: the code is wrong; RegistryError: there is no such session.
        """

        def end(session: Session, _: AccountRow, now_ms: int) -> Renewed:
            if not end_one(session, owner.login, session_id, now_ms):
                raise RegistryError("session", "is none of yours that is open", "List your sessions")
            return Renewed(renewed(session, owner, now_ms), 1)

        return self._confirmed(owner, code, end, action="session-end")

    def end_all(self, owner: Owner, code: str) -> Renewed:
        """End all sessions, tokens and subscribed devices of the account, this session included.

        Raises:
            PolicyError: the code is wrong.
        """

        def end(session: Session, _: AccountRow, now_ms: int) -> Renewed:
            return Renewed("", end_sessions(session, owner.login, "owner", now_ms))

        return self._confirmed(owner, code, end, action="sign-out-everywhere")

    def notices(self, login: str) -> tuple[AccountNotice, ...]:
        """The last notices to the owner of an account, the newest first."""
        return self._database.unchanged(("notices", login), lambda session: notices_of(session, login))

    def see_notices(self, login: str, until_id: int) -> None:
        """Note that the owner saw the notices up to a number."""
        with self._database.writing() as session:
            note_seen(session, login, until_id, self._clock.wall_ms())

    def _by_password(self, login: str, password: str) -> Callable[[AccountRow], bool]:
        """Whether a password is that of an account; checked before the transaction, as it takes long."""
        with self._database.reading() as session:
            stored = person_row(session, login).account.password_hash
        matches = is_password(typed_password(password), stored)
        return lambda account: matches and account.password_hash == stored

    def _confirmed(
        self,
        owner: Owner,
        code: str,
        change: Callable[[Session, AccountRow, int], T],
        *,
        action: str,
        password: str | None = None,
    ) -> T:
        """Make a change of an account whose owner gives a one-time code again, and for some changes the password.

        Args:
            owner: of the account; code: as typed; change: within the transaction; action: for the audit.
            password: as typed; None where the code alone is needed.

        Raises:
            PolicyError: a factor is wrong, or the account takes no attempts now; counted as a wrong log-in.
        """
        is_known = None if password is None else self._by_password(owner.login, password)
        now_ms = self._clock.wall_ms()
        with self._database.writing() as session:
            account = person_row(session, owner.login).account
            lock = lock_of(session, account, owner.origin, now_ms)
            if (is_known is None or is_known(account)) and self._takes(session, account, code, lock, now_ms):
                made = change(session, account, now_ms)
                session.flush()
                self._on_change(RegistryChange(Operation.PERMISSION, action, owner.login))
                return made
            count_failure(session, lock, owner.origin, now_ms)
        self._on_change(RegistryChange(Operation.PERMISSION, f"{action}-refused", owner.login))
        raise PolicyError(
            "code" if password is None else "password or code",
            "is wrong, or was used before",
            "Try again with the next code; after five attempts wait 15 minutes, or ask your administration",
        )


def renewed(session: Session, owner: Owner, now_ms: int) -> str:
    """The new id of the session that a change was made in; "" on the command line."""
    return renewed_session(session, owner.token, now_ms) if owner.token else ""
