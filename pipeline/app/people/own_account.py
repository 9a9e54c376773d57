"""Use cases of people about their own log-in: password, sessions, notices."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.app.people.identity import SessionCredential
from pipeline.app.people.log_in import person_of_session
from pipeline.app.people.open_registry import OpenRegistry
from pipeline.domain.account_notice import AccountNotice, NoticeKind
from pipeline.governance.login_sessions import OpenSession
from pipeline.governance.own_account_register import Owner, Renewed

__all__ = [
    "AccountNotice",
    "NoticeKind",
    "OpenSession",
    "Renewed",
    "change_password",
    "end_sessions",
    "own_notices",
    "own_sessions",
    "owner_of",
    "see_notices",
]


def owner_of(opened: OpenRegistry, credential: SessionCredential | None, origin: str) -> Owner:
    """The person who acts, as the owner of their account.

    Args:
        opened: the registry, for them; credential: the session that they act by, None on the command line.
        origin: address of the request.

    Raises:
        PolicyError: they act by a token.
    """
    return Owner(person_of_session(opened), "" if credential is None else credential.session, origin)


def own_sessions(opened: OpenRegistry, credential: SessionCredential) -> Sequence[OpenSession]:
    """The open sessions of the person who acts, the oldest first.

    Raises:
        PolicyError: they act by a token.
    """
    return opened.registry.sessions(person_of_session(opened), credential.session)


def end_sessions(
    opened: OpenRegistry, credential: SessionCredential, *, session_id: str, code: str, origin: str
) -> Renewed:
    """End a session of the person who acts; without an id all of them, and their tokens and devices.

    Args:
        opened: the registry, for them; credential: the session that they act by, whose id is renewed.
        session_id: of `own_sessions`, "" for all; code: a one-time code; origin: address of the request.

    Raises:
        PolicyError: the code is wrong, or they act by a token.
        RegistryError: there is no such session.
    """
    owner = owner_of(opened, credential, origin)
    if not session_id:
        return opened.registry.end_all(owner, code)
    return opened.registry.end_session(owner, session_id, code)


def change_password(
    opened: OpenRegistry, credential: SessionCredential | None, *, password: str, new: str, code: str, origin: str
) -> Renewed:
    """Change the password of the person who acts, see `OwnAccountRegister.change_password`.

    Args:
        opened: the registry, for them; credential: the session that goes on, None on the command line.
        password, new, code: as typed; origin: address of the request.

    Raises:
        PolicyError: password or code is wrong, or they act by a token.
        RegistryError: the new password is easily guessed, or the present one.
    """
    owner = owner_of(opened, credential, origin)
    return opened.registry.change_password(owner, password, new, code)


def own_notices(opened: OpenRegistry) -> Sequence[AccountNotice]:
    """The last notices to the person who acts, the newest first.

    Raises:
        PolicyError: they act by a token.
    """
    return opened.registry.notices(person_of_session(opened))


def see_notices(opened: OpenRegistry, until_id: int) -> None:
    """Note that the person who acts saw their notices up to a number.

    Raises:
        PolicyError: they act by a token.
    """
    opened.registry.see_notices(person_of_session(opened), until_id)
