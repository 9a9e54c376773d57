"""Points in time as people type them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from pipeline.errors import ViapublicaError

_AGO = re.compile(r"(\d+(?:\.\d+)?)\s*(s|min|m|h|d|w)")
_END_MS = 7_258_118_400_000
_UNIT_S = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}


def parse_time(text: str, now: datetime | None = None) -> int:
    """Milliseconds since 1970 UTC of ``2026-11-22``, ``2026-11-22T08:00-03:00``, ``now``, ``today`` or ``2h`` (ago).

    Without a zone the machine's own holds.

    Raises:
        ViapublicaError: none of these.
    """
    try:
        found = _parsed(text.strip(), now or datetime.now().astimezone())
    except OverflowError:
        found = -1
    return within_reach(text, found)


def within_reach(text: str, at_ms: int) -> int:
    """The same time, if calendars everywhere have it.

    Raises:
        ViapublicaError: it lies before 1970 or after 2199.
    """
    if 0 <= at_ms < _END_MS:
        return at_ms
    raise ViapublicaError(f"time {text!r}", "lies before 1970 or after 2199", "Check the year")


def _parsed(text: str, now: datetime) -> int:
    if text == "now":
        return _ms(now)
    if text == "today":
        return _ms(now.replace(hour=0, minute=0, second=0, microsecond=0))
    if match := _AGO.fullmatch(text.removesuffix(" ago")):
        return _ms(now - timedelta(seconds=float(match.group(1)) * _UNIT_S[match.group(2)]))
    try:
        return _ms(datetime.fromisoformat(text).astimezone())
    except ValueError:
        raise ViapublicaError(
            f"time {text!r}",
            "is not understood",
            "Write 2026-11-22, 2026-11-22T08:00-03:00, today, or 2h for two hours ago",
        ) from None


def show_time(ts_ms: int) -> str:
    """Local time with milliseconds."""
    return datetime.fromtimestamp(ts_ms / 1000).astimezone().isoformat(sep=" ", timespec="milliseconds")


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def parse_range(start: str | None, end: str | None) -> tuple[int | None, int | None]:
    """Milliseconds since 1970 UTC of --from and --to; None where one is open.

    Raises:
        ViapublicaError: one is not understood, or the end does not lie after the start.
    """
    start_ms, end_ms = (None if text is None else parse_time(text) for text in (start, end))
    if start_ms is not None and end_ms is not None and end_ms <= start_ms:
        raise ViapublicaError(f"--from {start} --to {end}", "ends before it begins", "Swap the two")
    return start_ms, end_ms
