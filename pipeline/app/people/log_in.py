"""Use cases of log-ins: sessions and personal tokens of the person who acts."""

from __future__ import annotations

from collections.abc import Collection

from pipeline.app.people.identity import SessionCredential
from pipeline.app.people.open_registry import OpenRegistry
from pipeline.domain.operation import Operation
from pipeline.domain.passkey import SecondFactor
from pipeline.domain.people import RegisteredPerson
from pipeline.domain.personal_token import PersonalToken
from pipeline.errors import PolicyError
from pipeline.governance.login_sessions import SignedIn

__all__ = [
    "SignedIn",
    "end_token",
    "new_token",
    "own_account",
    "own_tokens",
    "person_of_session",
    "sign_in",
    "sign_out",
]


def sign_in(opened: OpenRegistry, login: str, password: str, factor: SecondFactor, origin: str) -> SignedIn:
    """Log in with password and second factor, see `LoginRegister.sign_in`. Accounts that are due close first."""
    opened.registry.close_idle()
    return opened.registry.sign_in(login, password, factor, origin)


def sign_out(opened: OpenRegistry, credential: SessionCredential) -> None:
    """End a session.

    Raises:
        NotLoggedIn: it has ended.
    """
    opened.registry.sign_out(credential.session)


def own_account(opened: OpenRegistry) -> RegisteredPerson:
    """The person who acts, as registered.

    Raises:
        PolicyError: no one is recognized.
    """
    return opened.actor.person()


def own_tokens(opened: OpenRegistry) -> tuple[PersonalToken, ...]:
    """The personal tokens of the person who acts, the newest first."""
    return opened.registry.tokens(person_of_session(opened))


def new_token(
    opened: OpenRegistry, name: str, operations: Collection[Operation], expires_ms: int
) -> tuple[str, PersonalToken]:
    """Create a personal token, see `TokenRegister.create_token`.

    Raises:
        PolicyError: the person acts by a token, which must not create another one.
    """
    return opened.registry.create_token(person_of_session(opened), name, operations, expires_ms)


def end_token(opened: OpenRegistry, token_id: int) -> PersonalToken:
    """Withdraw a personal token of the person who acts, see `TokenRegister.end_token`."""
    return opened.registry.end_token(person_of_session(opened), token_id)


def person_of_session(opened: OpenRegistry) -> str:
    """Login of the person who acts, who passed both factors.

    Raises:
        PolicyError: they act by a token.
    """
    recognized = opened.actor.recognized()
    if recognized.operations is not None:
        raise PolicyError(
            "personal token", "does not reach tokens and devices: a stolen one must not renew itself", "Log in"
        )
    return recognized.person.login
