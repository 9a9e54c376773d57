"""The installation behind the routes of the HTTP API: register, stores, clock, limits."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from fastapi import Request

from pipeline.app.alerts.alert_reader import AlertReader
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.people.directory_log_in import DirectoryLogIns
from pipeline.app.people.open_registry import OpenRegistry
from pipeline.app.people.passkeys import Passkeys
from pipeline.app.release.served_releases import ReleaseSettings, ServedReleases
from pipeline.app.shared_store import SharedStore
from pipeline.domain.ports import Clock
from pipeline.http_api.problems import RequestRefused
from pipeline.http_api.rate_limit import RateLimit
from pipeline.http_api.request_guard import DIRECTORY_RETURN

_LOG_INS: Final = (10, 60.0)
"""Attempts from one address, and within how many seconds."""
_UNKNOWN: Final = (30, 60.0)
"""Invalid sessions and tokens from one address."""
_REQUESTS: Final = (120, 60.0)
"""Requests of one account."""
_VERIFICATIONS: Final = (4, 3600.0)
"""Verifications of the audit by one account: each reads all of it, a million records in 11 s of processor time."""
_PROOFS: Final = (20, 3600.0)
"""Proofs of single records by one account: each reads all of it, too."""
_PASSWORDS_AT_ONCE: Final = 2
"""Passwords that are checked at the same time: each takes 64 MiB and a processor."""
_LONGEST_WAIT_S: Final = 5.0
_MOST_STREAMS: Final = 400
"""Streams of alerts at the same time: each is a connection, and decides on every alert."""
_MOST_LIVE_VIEWS: Final = 32
"""Live views at the same time: each has a thread, and encodes its images."""


class Limits:
    """Rate limits of a server.

    Args:
        clock: of the windows.
    """

    def __init__(self, clock: Clock) -> None:
        self._log_ins, self._unknown = RateLimit(*_LOG_INS, clock), RateLimit(*_UNKNOWN, clock)
        self._requests = RateLimit(*_REQUESTS, clock)
        self._proofs = RateLimit(*_PROOFS, clock)
        self._verifications, self._verifying = RateLimit(*_VERIFICATIONS, clock), threading.Lock()
        self._passwords = threading.BoundedSemaphore(_PASSWORDS_AT_ONCE)

    def log_in(self, address: str) -> None:
        """Count an attempt to log in.

        Raises:
            RequestRefused: there were too many from the address.
        """
        _check(self._log_ins.count(address), "log-ins from this address")

    def check_address(self, address: str) -> None:
        """Refuse an address that sent too many invalid sessions or tokens.

        Raises:
            RequestRefused: it did.
        """
        _check(self._unknown.wait_s(address), "invalid sessions and tokens from this address")

    def unknown(self, address: str) -> None:
        """Count an invalid session or token."""
        self._unknown.count(address)

    def request(self, account: str) -> None:
        """Count a request of an account.

        Raises:
            RequestRefused: there were too many.
        """
        _check(self._requests.count(account), "requests of this account")

    @contextmanager
    def verification(self, account: str) -> Iterator[None]:
        """The turn of an account to verify the audit, one at a time.

        Raises:
            RequestRefused: there were too many of it, or another one runs.
        """
        with self._reading_all(self._verifications, account, "verifications by this account"):
            yield

    @contextmanager
    def proof(self, account: str) -> Iterator[None]:
        """The turn of an account to prove a record; errors as of `verification`."""
        with self._reading_all(self._proofs, account, "proofs by this account"):
            yield

    @contextmanager
    def _reading_all(self, limit: RateLimit, account: str, what: str) -> Iterator[None]:
        if not self._verifying.acquire(blocking=False):
            raise RequestRefused(HTTPStatus.SERVICE_UNAVAILABLE, "The audit is being verified", "Ask again when it is")
        try:
            _check(limit.count(account), what)
            yield
        finally:
            self._verifying.release()

    @contextmanager
    def password(self) -> Iterator[None]:
        """A turn to check a password.

        Raises:
            RequestRefused: too many others wait.
        """
        if not self._passwords.acquire(timeout=_LONGEST_WAIT_S):
            raise RequestRefused(HTTPStatus.SERVICE_UNAVAILABLE, "Too many people log in at the moment", "Try again")
        try:
            yield
        finally:
            self._passwords.release()


class Changes:
    """Counts what people change in this process, for those who follow it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.number = 0

    def note(self) -> None:
        """Count a change."""
        with self._lock:
            self.number += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """An installation that is served.

    Attributes:
        register: the database of the registry, and of the requests of persons.
        registry: of people, open as long as the server runs.
        stores: event store, audit, screen of texts.
        encrypted: whether clients reach the server by TLS, its own or a proxy's.
        behind_proxy: whether a proxy in front states the address of the client (``X-Forwarded-For``).
        limits: of requests; store: the event store, open from the first question on.
        alerts: reads new alerts for all streams; streams: a turn for each of these.
        directories: log-ins by the directories of institutions; passkeys: challenges of passkeys.
        live_views: a turn for each live view.
        incident_changes: steps of incidents and hand-overs of shifts.
        release_settings: what releases are built with; releases: those of the server.
    """

    register: str
    registry: OpenRegistry
    stores: ConfiguredStores
    encrypted: bool = False
    behind_proxy: bool = False
    limits: Limits = field(init=False)
    store: SharedStore = field(init=False)
    alerts: AlertReader = field(init=False)
    directories: DirectoryLogIns = field(init=False)
    passkeys: Passkeys = field(init=False)
    streams: threading.Semaphore = field(default_factory=lambda: threading.BoundedSemaphore(_MOST_STREAMS))
    live_views: threading.Semaphore = field(default_factory=lambda: threading.BoundedSemaphore(_MOST_LIVE_VIEWS))
    incident_changes: Changes = field(default_factory=Changes)
    release_settings: ReleaseSettings = field(default_factory=ReleaseSettings)
    releases: ServedReleases = field(init=False)

    @property
    def now_ms(self) -> int:
        """The time of sessions and decisions, milliseconds since 1970 UTC."""
        return self.registry.clock.wall_ms()

    def __post_init__(self) -> None:
        object.__setattr__(self, "limits", Limits(self.registry.clock))
        object.__setattr__(self, "store", SharedStore(self.stores))
        reader = AlertReader(self.stores, self.store, self.registry.requester, self.registry.clock)
        object.__setattr__(self, "alerts", reader)
        log_ins = DirectoryLogIns(self.stores.server, self.registry.clock, DIRECTORY_RETURN)
        object.__setattr__(self, "directories", log_ins)
        object.__setattr__(self, "passkeys", Passkeys(self.stores.server.url, self.registry.clock))
        object.__setattr__(self, "releases", ServedReleases(self.register, self.stores, self.release_settings))

    def close(self) -> None:
        """Stop reading alerts, end a build that runs, and close the event store."""
        self.alerts.close()
        self.releases.builds.close()
        self.store.close()

    def check(self) -> None:
        """Require that people can be served.

        Raises:
            ViapublicaError: the register cannot be read, or has no institution.
        """
        if not self.registry.registry.is_set_up:
            raise RequestRefused(HTTPStatus.SERVICE_UNAVAILABLE, "The register has no institution")


def service_of(request: Request) -> Service:
    """The service of a request's application."""
    found = request.app.state.service
    assert isinstance(found, Service)  # noqa: S101 - set by `create_application`
    return found


def _check(wait_s: int, what: str) -> None:
    if wait_s:
        raise RequestRefused(
            HTTPStatus.TOO_MANY_REQUESTS, f"Too many {what}", f"Wait {wait_s} s", {"Retry-After": str(wait_s)}
        )
