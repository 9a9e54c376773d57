"""Threads of a run that read the register again every two seconds."""

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
def register_watched(name: str, recheck: Callable[[], object], every_s: float = EVERY_S) -> Iterator[None]:
    """Call `recheck` in a thread of its own until the `with` statement ends; what it raises is logged.

    Args:
        name: of the thread, and of what is checked, in the log; recheck: called again and again; every_s: pause.
    """
    ended = threading.Event()

    def run() -> None:
        while not ended.wait(every_s):
            try:
                recheck()
            except ViapublicaError as error:
                _log.error(f"{name}_not_checked", error=str(error))
            except Exception:  # noqa: BLE001 - a bug here must not end the watch
                _log.exception(f"{name}_not_checked")

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(_CLOSE_S)
