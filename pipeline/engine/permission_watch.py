"""The thread of a run that asks the registry of cameras again every two seconds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import structlog

from pipeline.errors import ViapublicaError

EVERY_S: Final = 2.0
_CLOSE_S: Final = 30.0
"""Maximum wait at the end of a run for a change in progress."""

_log = structlog.get_logger(__name__)


@contextmanager
def permissions_watched(recheck: Callable[[], object], every_s: float = EVERY_S) -> Iterator[None]:
    """Call `recheck` in a thread of its own until the `with` statement ends; what it raises is logged."""
    ended = threading.Event()

    def run() -> None:
        while not ended.wait(every_s):
            try:
                recheck()
            except ViapublicaError as error:
                _log.error("permissions_not_checked", error=str(error))
            except Exception:  # noqa: BLE001 - a bug here must not end the watch
                _log.exception("permissions_not_checked")

    thread = threading.Thread(target=run, name="permissions", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(_CLOSE_S)
