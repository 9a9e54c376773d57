"""What commands do when signals tell them to end."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

_BY_SIGNAL: Final = 128
"""Exit status of what a signal ended, by the shells' custom: this and the signal's number."""


@contextmanager
def tidied_up() -> Iterator[None]:
    """SIGTERM and a lost terminal end what runs in here as Ctrl-C does: files that are not finished are removed."""

    def end(number: int, _: FrameType | None) -> None:
        raise SystemExit(_BY_SIGNAL + number)

    with handled(end, signal.SIGTERM, signal.SIGHUP):
        yield


@contextmanager
def handled(handler: Callable[[int, FrameType | None], None], *numbers: int) -> Iterator[None]:
    """Signals go to `handler` in here, and to whom they went before afterwards."""
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
