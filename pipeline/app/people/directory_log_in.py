"""Log-ins by the directories of institutions: a browser goes there, comes back, and adds the one-time code."""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from pipeline.app.people.open_registry import OpenRegistry
from pipeline.directories.openid_connect import BegunLogIn, OpenIdDirectory
from pipeline.directories.settings import DirectorySettings, ServerSettings
from pipeline.domain.directory_identity import DirectoryIdentity
from pipeline.domain.passkey import SecondFactor
from pipeline.domain.ports import Clock
from pipeline.domain.times import MINUTE_MS
from pipeline.errors import NotLoggedIn
from pipeline.governance.login_sessions import SignedIn

__all__ = ["DirectoryChoice", "DirectoryLogIns", "SignedIn"]

_AWAY_MS: Final = 10 * MINUTE_MS
"""So long a browser may stay at a directory."""
_RECOGNIZED_MS: Final = 5 * MINUTE_MS
"""So long a person who came back may take for their one-time code."""
_MOST: Final = 1000
"""Log-ins at the same time; more end the oldest."""
_AGAIN: Final = "Begin again"


@dataclass(frozen=True, slots=True)
class DirectoryChoice:
    """A directory that a person may choose.

    Attributes:
        name: in addresses; label: what people call it.
    """

    name: str
    label: str


@dataclass(frozen=True, slots=True)
class _Pending:
    """The log-in of a browser: first begun, then with the identity that the directory stated."""

    directory: OpenIdDirectory
    begun: BegunLogIn
    until_ms: int
    identity: DirectoryIdentity | None = None


class DirectoryLogIns:
    """Log-ins by directories, in the memory of a server. May be used by several threads.

    Args:
        settings: of the server and its directories; clock: of their ends.
        returns_to: path of the server that directories send people back to.
    """

    def __init__(self, settings: ServerSettings, clock: Clock, returns_to: str) -> None:
        self._directories: Mapping[str, OpenIdDirectory] = {
            one.name: _directory(settings, one, returns_to, clock) for one in settings.directories
        }
        self._clock, self._url = clock, settings.url
        self._pending: dict[str, _Pending] = {}
        self._log_outs: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()

    @property
    def choices(self) -> Sequence[DirectoryChoice]:
        """The directories that people may choose."""
        found = (one.settings for one in self._directories.values())
        return [DirectoryChoice(one.name, one.label) for one in found]

    def begin(self, name: str) -> tuple[str, str]:
        """Begin a log-in: an id for the browser, and the address to send it to.

        Raises:
            NotLoggedIn: there is no such directory.
            StoreError: it does not answer.
        """
        directory = self._directories.get(name)
        if directory is None:
            raise NotLoggedIn("directory", "is unknown here", "Choose one of those shown")
        begun, browser = directory.begin(), secrets.token_urlsafe(32)
        with self._lock:
            while len(self._pending) >= _MOST:
                del self._pending[next(iter(self._pending))]
            self._pending[_hashed(browser)] = _Pending(directory, begun, self._clock.wall_ms() + _AWAY_MS)
        return browser, begun.address

    def finish(self, browser: str, *, state: str, code: str, issuer: str | None) -> None:
        """Take the answer that a browser brought back from a directory; it counts once.

        Args:
            browser: its id; state, code, issuer: of the answer, "" and None for those that it lacks.

        Raises:
            NotLoggedIn: the browser began no such log-in, or the directory did not recognize the person.
            StoreError: the directory does not answer.
        """
        pending = self._taken(browser)
        if pending is None or pending.identity is not None or not _equal(pending.begun.state, state):
            raise NotLoggedIn("log-in by the directory", "was not begun in this browser, or has ended", _AGAIN)
        if not code:
            raise NotLoggedIn("directory", "did not recognize you", _AGAIN)
        identity = pending.directory.finish(pending.begun, code, issuer)
        with self._lock:
            until_ms = self._clock.wall_ms() + _RECOGNIZED_MS
            self._pending[_hashed(browser)] = replace(pending, identity=identity, until_ms=until_ms)

    def sign_in(self, opened: OpenRegistry, browser: str, factor: SecondFactor, origin: str) -> SignedIn:
        """Log in the person of a browser that a directory recognized, with their second factor.

        Accounts that are due close first.

        Raises:
            NotLoggedIn: no directory recognized them, the code is wrong, or the account may not be used.
        """
        with self._lock:
            pending = self._live(browser)
        if pending is None or pending.identity is None:
            raise NotLoggedIn("log-in by the directory", "was not begun in this browser, or has ended", _AGAIN)
        opened.registry.close_idle()
        institution = pending.directory.settings.institution
        signed = opened.registry.sign_in_by_directory(pending.identity, institution, factor, origin)
        self._taken(browser)
        return signed

    def logged_out(self, opened: OpenRegistry, name: str, token: str) -> None:
        """End the sessions of a person who logged out at a directory, or was blocked there; a token counts once.

        Args:
            opened: the registry; name: of the directory; token: as it was sent.

        Raises:
            NotLoggedIn: there is no such directory, or the token is none of it, too old, or was used.
            StoreError: the directory does not answer.
        """
        directory = self._directories.get(name)
        if directory is None:
            raise NotLoggedIn("directory", "is unknown here", "Correct the address of its log-outs")
        found, now_ms = directory.logged_out(token), self._clock.wall_ms()
        with self._lock:
            self._log_outs = {one: at for one, at in self._log_outs.items() if 0 <= now_ms - at < _AWAY_MS}
            used = (name, found.token_id) in self._log_outs
            self._log_outs[name, found.token_id] = now_ms
        if used:
            raise NotLoggedIn("token of a log-out", "was used before", _AGAIN)
        opened.registry.sign_out_by_directory(found.identity, directory.settings.institution)

    def log_out_address(self, opened: OpenRegistry, login: str, returns_to: str) -> str | None:
        """Where a person ends the session with their directory, too; None for who has none.

        Args:
            opened: the registry; login: of the person; returns_to: path of the server to come back to.
        """
        identity = opened.registry.directory_identity(login) if self._directories else None
        found = (one for one in self._directories.values() if identity and one.settings.issuer == identity.issuer)
        directory = next(found, None)
        return None if directory is None else directory.log_out_address(f"{self._url}{returns_to}")

    def _taken(self, browser: str) -> _Pending | None:
        with self._lock:
            pending = self._live(browser)
            self._pending.pop(_hashed(browser), None)
            return pending

    def _live(self, browser: str) -> _Pending | None:
        pending = self._pending.get(_hashed(browser))
        now_ms = self._clock.wall_ms()
        return pending if pending is not None and 0 < pending.until_ms - now_ms <= _AWAY_MS else None


def _directory(settings: ServerSettings, one: DirectorySettings, returns_to: str, clock: Clock) -> OpenIdDirectory:
    return OpenIdDirectory(one, f"{settings.url}{returns_to}", lambda: clock.wall_ms() / 1000)


def _hashed(browser: str) -> str:
    return sha256(browser.encode()).hexdigest()


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
