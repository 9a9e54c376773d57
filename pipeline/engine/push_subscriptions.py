"""Subscriptions to channels of Web Push, as a run reads them in the register."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pipeline.config.settings import Config
from pipeline.domain.clock import SystemClock
from pipeline.domain.ports import Clock
from pipeline.domain.push_subscription import PushSubscription
from pipeline.storage.register_location import register_location

_FRESH_S: Final = 2.0
_LOCK_TIMEOUT_S: Final = 2.0


class PushSubscriptions:
    """Those of a channel, read again after two seconds; may be used by several threads.

    Args:
        where: the register; a file that does not exist has none.
        clock: of their ages.
    """

    def __init__(self, where: str, clock: Clock | None = None) -> None:
        self._where = where
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._read: dict[str, tuple[float, Sequence[PushSubscription]]] = {}

    @classmethod
    def of_config(cls, config: Config) -> PushSubscriptions:
        """Those of the register of a configuration.

        Raises:
            ReleaseError: it is not known which one it is.
        """
        return cls(register_location(config.register_database, config.data_dir))

    def of(self, channel: str) -> Sequence[PushSubscription]:
        """Those whose people may be notified now.

        Args:
            channel: its name.

        Raises:
            ViapublicaError: the register cannot be read.
        """
        with self._lock:
            now_s = self._clock.monotonic_s()
            read_s, found = self._read.get(channel, (float("-inf"), ()))
            if now_s - read_s >= _FRESH_S:
                found = self._now(channel)
                self._read[channel] = now_s, found
            return found

    def _now(self, channel: str) -> Sequence[PushSubscription]:
        if "://" not in self._where and not Path(self._where).exists():
            return ()
        from pipeline.governance.push_register import PushFeed  # here: SQLAlchemy takes long to import

        with PushFeed(self._where, self._clock, create=False, lock_timeout_s=_LOCK_TIMEOUT_S) as feed:
            return tuple(feed.subscriptions(channel))
