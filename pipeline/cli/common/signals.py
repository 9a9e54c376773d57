"""Signals that end a command."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

_BY_SIGNAL: Final = 128
"""Exit status after a signal, by the convention of shells: this plus the signal's number."""


@contextmanager
def clean_exit_on_signals() -> Iterator[None]:
    """SIGTERM and a lost terminal end the block as Ctrl-C does, so that unfinished files are removed."""

    def end(number: int, _: FrameType | None) -> None:
        raise SystemExit(_BY_SIGNAL + number)

    with signal_handler(end, signal.SIGTERM, signal.SIGHUP):
        yield


@contextmanager
def signal_handler(handler: Callable[[int, FrameType | None], None], *numbers: int) -> Iterator[None]:
    """Handle signals in the block with `handler`, afterwards as before."""
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
