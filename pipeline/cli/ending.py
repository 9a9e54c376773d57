"""What a command does when it is told to end: it tidies up."""

from __future__ import annotations

import signal
from collections.abc import Iterator
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

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
