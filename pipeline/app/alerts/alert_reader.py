"""New alerts of all cameras, read from the event store twice a second for everyone who follows them in a process."""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict, deque
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from itertools import takewhile
from typing import Final

import structlog

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.queries import open_queries
from pipeline.app.questions import Events
from pipeline.app.shared_store import SharedStore
from pipeline.domain.events import AlertEvent, Event, Kind
from pipeline.domain.ports import Clock
from pipeline.domain.requester import Requester
from pipeline.errors import ViapublicaError

LATE_MS: Final = 120_000
"""An alert may reach the store so long after its time; it is read all the same."""
_ROUND_S: Final = 0.5
_IN_ONE_ROUND: Final = 1000
_MOST_KNOWN: Final = 10_000
_MOST_FAILURES: Final = 20
"""Rounds without an answer of the store, as while another program takes it over, until followers learn of it."""

_log = structlog.get_logger(__name__)


class AlertReader:
    """Reads in a thread of its own while someone follows; safe from any thread.

    What it reads is shown to no one as it is: `AlertFeed` decides for each person.

    Args:
        stores, store: the event store; requester: the program.
        clock: of the begin of what is read.
    """

    def __init__(self, stores: ConfiguredStores, store: SharedStore, requester: Requester, clock: Clock) -> None:
        self._stores, self._store, self._requester, self._clock = stores, store, requester, clock
        self._following = threading.Lock()
        self._stop: threading.Event | None = None
        self._followers = 0
        self._lock = threading.Lock()
        self._known: OrderedDict[uuid.UUID, None] = OrderedDict()
        self._alerts: deque[tuple[int, AlertEvent]] = deque(maxlen=_MOST_KNOWN)
        self._failed: ViapublicaError | None = None
        self._failures = 0
        self.position = 0
        """Number of alerts that were read; it changes when there are new ones."""

    @contextmanager
    def followed(self) -> Iterator[None]:
        """Read as long as the `with` statement lasts.

        Raises:
            StoreError: the store cannot answer now.
        """
        with self._following:
            if self._stop is None:
                self._add(self._read())  # what is there already is not new, and an error is that of the first follower
                self._stop = threading.Event()
                threading.Thread(target=self._run, args=(self._stop,), name="alert-reader", daemon=True).start()
            self._followers += 1
        try:
            yield
        finally:
            with self._following:
                self._followers -= 1
                if self._followers == 0:
                    self._end()

    def after(self, position: int) -> tuple[list[AlertEvent], int]:
        """Alerts that were read after a position, in the order of reading, and the position after them.

        Raises:
            ViapublicaError: the store has given no answer for some time.
        """
        with self._lock:
            if self._failed is not None and self._failures >= _MOST_FAILURES:
                raise self._failed
            return [alert for number, alert in self._alerts if number > position], self.position

    def has_after(self, position: int, cameras: Collection[str]) -> bool:
        """Whether alerts of some cameras were read after a position."""
        if position == self.position:
            return False
        with self._lock:
            later = takewhile(lambda one: one[0] > position, reversed(self._alerts))
            return any(alert.camera_id in cameras for _, alert in later)

    def close(self) -> None:
        """Stop reading."""
        with self._following:
            self._end()

    def _end(self) -> None:
        if self._stop is not None:
            self._stop.set()
            self._stop = None

    def _run(self, stop: threading.Event) -> None:
        while not stop.wait(_ROUND_S):
            try:
                found = self._read()
            except ViapublicaError as error:
                self._fail(error)
            else:
                self._add(found)

    def _read(self) -> list[Event]:
        question = Events(kind=Kind.ALERT, start_ms=self._clock.wall_ms() - LATE_MS, limit=_IN_ONE_ROUND)
        with open_queries(self._stores, self._requester, backend=lambda _: self._store.lend()) as queries:
            return queries.prefetch(question)

    def _add(self, found: list[Event]) -> None:
        with self._lock:
            self._failed, self._failures = None, 0
            new = [one for one in found if isinstance(one, AlertEvent) and one.event_id not in self._known]
            for one in sorted(new, key=lambda one: one.ts_ms):
                self.position += 1
                self._known[one.event_id] = None
                self._alerts.append((self.position, one))
            while len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)
        if new:
            self._store.forget_answers()

    def _fail(self, error: ViapublicaError) -> None:
        with self._lock:
            self._failed, self._failures = error, self._failures + 1
        if self._failures == _MOST_FAILURES:
            _log.warning("alerts_not_read", error=str(error))
