"""Retention of an event store while a process runs: a round soon after the start, then one every hour."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Final

import structlog

from pipeline.domain.disposal import Disposing, no_report
from pipeline.errors import StoreBusy, ViapublicaError
from pipeline.storage.trusted_clock import TrustedClock
from pipeline.store.retention import (
    HoldsAt,
    StoredDay,
    drop_due_safely,
    no_holds,
    open_for_maintenance,
    trusted_clock_path,
)
from pipeline.store.retention_settings import RetentionSettings
from pipeline.store.settings import ChdbSettings, StoreSettings
from pipeline.store.tombstones import Tombstones

_log = structlog.get_logger(__name__)

RETENTION_EVERY_S: Final = 3600.0
"""Seconds between two rounds of a `RetentionScheduler`."""


class RetentionScheduler:
    """Drops what is due from a store: once soon after `start`, then every hour, in a thread of its own, until `close`.

    An error is logged and tried again the next hour; it stops nothing else.

    Args:
        settings: days to keep.
        store, data_dir: which event store; an embedded one must belong to this process or to none.
        every_s: seconds between two rounds; None for the first round only.
        holds: finds the holds in force at a time.
        disposing: reports what each round drops, before it does.
    """

    def __init__(
        self,
        settings: RetentionSettings,
        store: StoreSettings,
        data_dir: Path,
        every_s: float | None = RETENTION_EVERY_S,
        *,
        holds: HoldsAt = no_holds,
        disposing: Disposing = no_report,
    ) -> None:
        self._settings = settings
        self._store = store
        self._data_dir = data_dir
        self._every_s = every_s
        self._holds, self._disposing = holds, disposing
        self._stop = threading.Event()
        self._first_round = threading.Event()
        self._thread = threading.Thread(target=self._run, name="retention", daemon=True)

    def start(self, wait_s: float = 0.0) -> None:
        """Begin.

        Args:
            wait_s: seconds to wait for the end of the first round. The process that fills an embedded store waits, so
                that a video's events, which bear the video's time, are not dropped while they are being written.
        """
        self._thread.start()
        self._first_round.wait(wait_s)

    def close(self) -> None:
        """Stop; may be called twice. A round that has begun gets two seconds to end."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(2.0)

    def round(self) -> list[StoredDay]:
        """Drop what is due now; what was dropped.

        Raises:
            StoreError: the store cannot be opened, or failed.
        """
        database = open_for_maintenance(self._store, self._data_dir)
        if database is None:
            TrustedClock(trusted_clock_path(self._data_dir)).advance(time.time_ns() // 1_000_000, None, lambda _: False)
            return []
        try:
            began = time.monotonic()
            clock = TrustedClock(trusted_clock_path(self._data_dir))
            dropped, held = drop_due_safely(
                database,
                self._settings,
                clock,
                holds=self._holds,
                embedded=isinstance(self._store, ChdbSettings),
                disposing=self._disposing,
            )
        finally:
            database.close()
        if held is None:
            Tombstones(self._data_dir).remove_expired(time.time_ns() // 1_000_000)
        for day in dropped:
            _log.info("retention_dropped", table=day.table, day=day.day.isoformat(), rows=day.rows, bytes=day.size)
        if dropped:
            _log.info("retention_done", days=len(dropped), seconds=round(time.monotonic() - began, 3))
        return dropped

    def _run(self) -> None:
        while True:
            try:
                self.round()
            except StoreBusy as error:
                # A second run ends for the same reason, and states it with a fix.
                log = _log.warning if self._first_round.is_set() else _log.debug
                log("retention_failed", error=str(error), next_try_s=self._every_s)
            except ViapublicaError as error:
                _log.warning("retention_failed", error=str(error), next_try_s=self._every_s)
            except Exception:  # noqa: BLE001 - a bug here must not end the retention that the law requires
                _log.exception("retention_bug")
            self._first_round.set()
            if self._every_s is None or self._stop.wait(self._every_s):
                return
