"""Use cases of passkeys: challenges in the memory of a server, registration, removal, and log-ins by them."""

from __future__ import annotations

import ipaddress
import secrets
import threading
from collections.abc import Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from pipeline.app.people.identity import SessionCredential
from pipeline.app.people.log_in import person_of_session
from pipeline.app.people.open_registry import OpenRegistry
from pipeline.app.people.own_account import owner_of
from pipeline.domain.passkey import Passkey, PasskeyProof
from pipeline.domain.ports import Clock
from pipeline.domain.times import MINUTE_MS
from pipeline.errors import NotLoggedIn, RegistryError
from pipeline.governance.own_account_register import Renewed

if TYPE_CHECKING:
    from pipeline.governance.webauthn_ceremonies import RelyingParty

__all__ = ["Passkey", "Passkeys", "own_passkeys", "remove_passkey"]

_ANSWER_MS: Final = 5 * MINUTE_MS
"""So long a device may take to answer."""
_MOST: Final = 1000
"""Challenges at the same time; more end the oldest."""
_BYTES: Final = 32
_NOT_ASKED: Final = "was not asked for in this browser, or too long ago"
_AGAIN: Final = "Begin again"


class Passkeys:
    """Challenges of one server. May be used by several threads.

    Args:
        url: address of the server as browsers reach it, None or with an IP address where passkeys are not possible.
        clock: of their ends.
    """

    def __init__(self, url: str | None, clock: Clock) -> None:
        self._url = url if url is not None and _has_name(url) else None
        self._clock = clock
        self._pending: dict[str, tuple[bytes, int]] = {}
        self._lock = threading.Lock()

    @property
    def are_possible(self) -> bool:
        """Whether the server has an address that passkeys can be bound to."""
        return self._url is not None

    def begin_log_in(self) -> tuple[str, dict[str, Any]]:
        """An id for the browser, and what it asks a device.

        Raises:
            RegistryError: passkeys are not possible here.
        """
        party, browser = self._party(), secrets.token_urlsafe(32)
        return browser, party.log_in_options(self._challenge(f"browser {browser}"))

    def proof(self, browser: str, answer: str) -> PasskeyProof:
        """The answer of a device to the challenge of a browser, which is used up.

        Raises:
            NotLoggedIn: there was none, or it has ended.
            RegistryError: passkeys are not possible here.
        """
        from pipeline.governance.webauthn_ceremonies import Assertion

        party, challenge = self._party(), self._taken(f"browser {browser}")
        if challenge is None:
            raise NotLoggedIn("passkey", _NOT_ASKED, _AGAIN)
        return Assertion(party, challenge, answer)

    def begin_registration(self, opened: OpenRegistry, credential: SessionCredential) -> dict[str, Any]:
        """What the browser of a session asks a device for a new passkey of its person.

        Raises:
            PolicyError: they act by a token; RegistryError: passkeys are not possible here.
        """
        login, party = person_of_session(opened), self._party()
        challenge = self._challenge(f"session {credential.session}")
        return party.registration_options(challenge, login, opened.registry.credential_ids(login))

    def register(
        self,
        opened: OpenRegistry,
        credential: SessionCredential,
        *,
        name: str,
        answer: str,
        password: str,
        code: str,
        origin: str,
    ) -> Renewed:
        """Add the passkey that a device made, see `PasskeyRegister.add_passkey`; its challenge is used up.

        Raises:
            PolicyError: password or code is wrong, the name says something sensitive, or they act by a token.
            RegistryError: it is no answer to the challenge, or is known already, or there are too many.
        """
        owner = owner_of(opened, credential, origin)
        party, challenge = self._party(), self._taken(f"session {credential.session}")
        if challenge is None:
            raise RegistryError("passkey", _NOT_ASKED, _AGAIN)
        return opened.registry.add_passkey(owner, party.registered(challenge, answer, name), password, code)

    def _party(self) -> RelyingParty:
        if self._url is None:
            raise RegistryError(
                "passkeys", "need the address of the server with a host name", "Give server.url in the configuration"
            )
        from pipeline.governance.webauthn_ceremonies import RelyingParty

        return RelyingParty.of(self._url)

    def _challenge(self, key: str) -> bytes:
        made = secrets.token_bytes(_BYTES)
        with self._lock:
            self._pending.pop(_hashed(key), None)
            while len(self._pending) >= _MOST:
                del self._pending[next(iter(self._pending))]
            self._pending[_hashed(key)] = made, self._clock.wall_ms() + _ANSWER_MS
        return made

    def _taken(self, key: str) -> bytes | None:
        """The challenge of a browser or session, which is used up; None without one."""
        with self._lock:
            challenge, until_ms = self._pending.pop(_hashed(key), (b"", 0))
        return challenge if 0 < until_ms - self._clock.wall_ms() <= _ANSWER_MS else None


def own_passkeys(opened: OpenRegistry) -> Sequence[Passkey]:
    """The passkeys of the person who acts, the oldest first.

    Raises:
        PolicyError: they act by a token.
    """
    return opened.registry.passkeys(person_of_session(opened))


def remove_passkey(
    opened: OpenRegistry, credential: SessionCredential, passkey_id: str, *, password: str, code: str, origin: str
) -> Renewed:
    """Remove a passkey of the person who acts, see `PasskeyRegister.remove_passkey`.

    Raises:
        PolicyError: password or code is wrong, or they act by a token; RegistryError: there is no such passkey.
    """
    owner = owner_of(opened, credential, origin)
    return opened.registry.remove_passkey(owner, passkey_id, password, code)


def _hashed(key: str) -> str:
    return sha256(key.encode()).hexdigest()


def _has_name(url: str) -> bool:
    """Whether an address has a host name: browsers bind no passkey to a number."""
    try:
        ipaddress.ip_address(urlsplit(url).hostname or "")
    except ValueError:
        return True
    return False
