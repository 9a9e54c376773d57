"""Identities: how the person who acts is recognized – operating system's user, session, or personal token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pipeline.domain.operation import Operation
from pipeline.domain.people import RegisteredPerson
from pipeline.domain.ports import Clock
from pipeline.errors import NotLoggedIn
from pipeline.governance.registry import Registry
from pipeline.policy.registration import why_unusable


@dataclass(frozen=True, slots=True)
class SessionCredential:
    """The id of a session, which its holder got at the log-in."""

    session: str


@dataclass(frozen=True, slots=True)
class TokenCredential:
    """A personal token."""

    token: str


Credential = SessionCredential | TokenCredential


@dataclass(frozen=True, slots=True)
class Recognized:
    """The person who acts.

    Attributes:
        person: as registered now.
        second_factor: whether they passed it.
        operations: to which a personal token is limited; None without a limit.
    """

    person: RegisteredPerson
    second_factor: bool
    operations: frozenset[Operation] | None = None


class Identity(Protocol):
    """Recognizes the person who acts, anew each time: roles and state of an account change."""

    def recognize(self) -> Recognized:
        """The person.

        Raises:
            PolicyError: no one is recognized, or the account may not be used.
        """
        ...


@dataclass(frozen=True, slots=True)
class SystemUser:
    """The person who alone works as a user of the operating system; see `LoginRegister.of_system_user`."""

    registry: Registry
    user: str

    def recognize(self) -> Recognized:
        """See `Identity`."""
        return Recognized(*self.registry.of_system_user(self.user))


@dataclass(frozen=True, slots=True)
class CredentialHolder:
    """The holder of a session or token; None for no one. Both are given after password and one-time code only."""

    registry: Registry
    credential: Credential | None

    def recognize(self) -> Recognized:
        """See `Identity`."""
        if self.credential is None:
            raise NotLoggedIn("request", "has neither a session nor a token", "Log in")
        if isinstance(self.credential, SessionCredential):
            return Recognized(self.registry.session_person(self.credential.session), second_factor=True)
        person, token = self.registry.token_person(self.credential.token)
        return Recognized(person, second_factor=True, operations=token.operations)


@dataclass(frozen=True, slots=True)
class AtWork:
    """The person who began a work while they were logged in, such as a build: it goes on when their session ends.

    Their account must still be one that may be used.
    """

    registry: Registry
    login: str
    clock: Clock

    def recognize(self) -> Recognized:
        """See `Identity`."""
        person = self.registry.person(self.login)
        if why := why_unusable(person, self.clock.wall_ms()):
            raise NotLoggedIn(f"account {person.login}", why, "Ask your administration")
        return Recognized(person, second_factor=True)
