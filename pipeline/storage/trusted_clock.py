"""Trusted time of disposals: a clock that has jumped must not delete what is not due.

A file holds when the clock was last found plausible. After a longer pause than usual, a disposal that would delete more
because of it goes by the time of before, until a person confirms the clock or it is set right.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import structlog

from pipeline.domain.times import DAY_MS, HOUR_MS
from pipeline.storage.atomic import write_atomically

_log = structlog.get_logger(__name__)

LONGEST_PAUSE_MS: Final = 3 * DAY_MS
"""A long weekend: a machine that was off for longer asks before it deletes more than it would have."""
_SET_BACK_MS: Final = HOUR_MS


@dataclass(frozen=True, slots=True)
class TrustedTime:
    """The time by which a disposal goes, milliseconds since 1970 UTC.

    Attributes:
        at_ms: the clock's, or the trusted one.
        held_since_ms: what the clock said when it was first not trusted; None while it is.
    """

    at_ms: int
    held_since_ms: int | None = None


class TrustedClock:
    """The trusted time of one folder.

    Args:
        path: its file; created when needed, its folder exists then.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def check(self, now_ms: int, last_written_ms: int | None, deletes_more: Callable[[int], bool]) -> TrustedTime:
        """The time to go by; changes nothing.

        Args:
            now_ms: what the clock says.
            last_written_ms: newest sign of life of the data, for the first time; None without any.
            deletes_more: whether a disposal by the clock deletes more than one by the given time.
        """
        trusted_ms, held_ms = self._read()
        if trusted_ms is None:
            trusted_ms = now_ms if last_written_ms is None else last_written_ms
        jumped = now_ms - trusted_ms > LONGEST_PAUSE_MS
        if held_ms is not None and (jumped or now_ms >= held_ms - _SET_BACK_MS):
            return TrustedTime(trusted_ms + max(0, now_ms - held_ms), held_ms)
        return TrustedTime(trusted_ms, now_ms) if jumped and deletes_more(trusted_ms) else TrustedTime(now_ms)

    def advance(self, now_ms: int, last_written_ms: int | None, deletes_more: Callable[[int], bool]) -> TrustedTime:
        """Like `check`; what was found is stored for the next time.

        Raises:
            OSError: the file cannot be written.
        """
        found = self.check(now_ms, last_written_ms, deletes_more)
        if found.held_since_ms is None:
            self._write(now_ms, None)
        elif self._read()[1] is None:
            self._write(found.at_ms, found.held_since_ms)
        return found

    def confirm(self, now_ms: int) -> None:
        """A person confirms that the clock is right.

        Raises:
            OSError: the file cannot be written.
        """
        self._write(now_ms, None)

    def _read(self) -> tuple[int | None, int | None]:
        try:
            content: Any = json.loads(self._path.read_bytes())
            held = content["held_ms"]
            return int(content["trusted_ms"]), None if held is None else int(held)
        except FileNotFoundError:
            return None, None
        except (OSError, ValueError, KeyError, TypeError) as error:
            _log.warning("trusted_time_unreadable", path=str(self._path), error=str(error))
            return None, None

    def _write(self, trusted_ms: int, held_ms: int | None) -> None:
        if self._path.parent.is_dir():
            write_atomically(self._path, json.dumps({"trusted_ms": trusted_ms, "held_ms": held_ms}).encode())
