"""Points in time: parsed as people type them, shown with their zone, and the offsets of zones from UTC.

People see local time with its offset (``2026-11-29 08:50:03 -03:00``), in the zone they chose or the machine's own;
machines see milliseconds since 1970 UTC, or ISO 8601 in UTC (``2026-11-29T11:50:03.250Z``).
"""

from __future__ import annotations

import os
import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from itertools import pairwise
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipeline.errors import ViapublicaError

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS
EARLIEST_MS: Final = 946_684_800_000
"""2000-01-01 UTC: an earlier time of a person, a camera or a request is a mistyped year."""
_AGO: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(s|min|m|h|d|w)(?:\s+ago)?")
_UNIT_S: Final = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_END_MS: Final = 7_258_118_400_000
_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 2199
_CLOCK: Final = re.compile(r"([01]?\d|2[0-3])(?::|h)([0-5]\d)(?::([0-5]\d))?")
"""A time of today: ``22:52``, ``8:05:30``, or ``22h52`` as Brazilians write it."""
_FORMS: Final = (
    "Write year-month-day, as in 2026-11-22 or 2026-11-22T08:00-03:00; or today, 22:52 today, or 2h for two hours ago"
)

_MACHINE_ZONE: Final = "/etc/localtime"
"""A link to the file of the machine's own zone, on most systems."""
_OFFSETS_END_MS: Final = 2**32 * 1000
"""End of the event store's timestamps (2106)."""
_PROBE_STEP_MS: Final = 5 * DAY_MS
"""No zone has changed its clocks twice within five days since 1970."""


class UtcOffset(NamedTuple):
    """The offset of local time from UTC, positive to the east, from `from_ms` on (milliseconds since 1970 UTC)."""

    from_ms: int
    offset_ms: int


def find_zone(name: str | None) -> ZoneInfo | None:
    """The time zone of an IANA name such as ``America/Sao_Paulo``; None, the machine's own, for no name.

    Raises:
        ViapublicaError: there is none of that name.
    """
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ViapublicaError(f"zone {name!r}", "is not known", "Write it like America/Sao_Paulo or UTC") from error


def parse_time(text: str, zone: tzinfo | None = None, now: datetime | None = None) -> int:
    """Milliseconds since 1970 UTC of ``2026-11-22``, ``2026-11-22T08:00-03:00``, ``now``, ``today`` or ``2h`` (ago).

    A date is the first moment of its day; ``22:52`` is a time of today.

    Args:
        text: as typed.
        zone: of dates and of times without an offset; None for the machine's own.
        now: the current time with its zone; by default what the clock says.

    Raises:
        ViapublicaError: none of these forms; before 1970 or after 2199; a local time that a change of the clocks skips
            or repeats.
    """
    text = text.strip()
    now = now or datetime.now(UTC)
    try:
        found = _parsed(text, zone, now)
    except OverflowError:
        found = -1
    if 0 <= found < _END_MS:
        return found
    raise ViapublicaError(f"time {text!r}", "lies before 1970 or after 2199", "Check the year")


def parse_range(start: str | None, end: str | None, zone: tzinfo | None = None) -> tuple[int | None, int | None]:
    """Milliseconds since 1970 UTC of a range's two ends; None where it is open.

    Raises:
        ViapublicaError: see `parse_time`; or the end does not lie after the start.
    """
    start_ms, end_ms = (None if text is None else parse_time(text, zone) for text in (start, end))
    if start_ms is not None and end_ms is not None:
        check_range(f"time range from {start} to {end}", start_ms, end_ms)
    return start_ms, end_ms


def check_range(subject: str, begin_ms: int, end_ms: int, error: type[ViapublicaError] = ViapublicaError) -> None:
    """Make sure that a time range, whose end is not part of it, has a length.

    Raises:
        ViapublicaError: it ends before it begins, or when it begins; of the class `error`.
    """
    if end_ms == begin_ms:
        raise error(subject, "is empty: it ends when it begins", "Give a later end")
    if end_ms < begin_ms:
        raise error(subject, "ends before it begins", "Swap the two times")


def format_time(ts_ms: int, zone: tzinfo | None = None) -> str:
    """Local time to the second with its offset, for people: ``2026-11-29 08:50:03 -03:00``.

    Args:
        ts_ms: milliseconds since 1970 UTC.
        zone: None for the machine's own.
    """
    local = local_time(ts_ms, zone)
    offset = local.isoformat(timespec="seconds")[19:]
    return f"{local:%Y-%m-%d %H:%M:%S} {offset}"


def format_utc(ts_ms: int) -> str:
    """ISO 8601 in UTC with milliseconds, for machines: ``2026-11-29T11:50:03.250Z``."""
    return local_time(ts_ms, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def format_duration(ms: int) -> str:
    """A length of time for people, in its two largest units: ``2 h 10 min``, ``35 s``."""
    seconds = round(ms / 1000)
    days, hours, minutes = seconds // 86_400, seconds // 3600 % 24, seconds // 60 % 60
    parts = [f"{value} {unit}" for value, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if value]
    if seconds < 3600:
        parts += [f"{seconds % 60} s"] if seconds % 60 or not parts else []
    return " ".join(parts[:2])


def local_time(ts_ms: int, zone: tzinfo | None = None) -> datetime:
    """The moment as an aware datetime in `zone`, None for the machine's own.

    Rows of earlier versions may have any number as a time: one before 1970 or after 2199 is shown as that end.
    """
    shown_ms = min(max(ts_ms, 0), _END_MS)
    return (datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=shown_ms)).astimezone(zone)


def offset_text(moment: datetime) -> str:
    """The offset of an aware datetime, as people write it: ``UTC-03:00``."""
    return f"UTC{moment.isoformat(timespec='seconds')[19:]}"


def zone_name(zone: tzinfo | None = None) -> str:
    """The name of a zone, such as ``America/Sao_Paulo``; of the machine's own its offset where it has no name.

    Args:
        zone: None for the machine's own.
    """
    if zone is not None:
        return str(zone)
    set_name = os.environ.get("TZ", "").removeprefix(":")
    link = "" if set_name else os.path.realpath(_MACHINE_ZONE).partition("/zoneinfo/")[2]
    name = set_name or link
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return offset_text(datetime.now().astimezone())
    return name


def utc_offsets(start_ms: int | None, end_ms: int | None, zone: tzinfo | None = None) -> tuple[UtcOffset, ...]:
    """The offsets of a zone from UTC in a time range, oldest first.

    It begins two days before the range, because the first day may begin before it.

    Args:
        start_ms, end_ms: milliseconds since 1970 UTC; None for open, which is 1970 and 2106.
        zone: None for the machine's own.
    """
    start_ms = 0 if start_ms is None else min(max(start_ms - 2 * DAY_MS, 0), _OFFSETS_END_MS)
    end_ms = _OFFSETS_END_MS if end_ms is None else min(max(end_ms, start_ms), _OFFSETS_END_MS)
    found = [UtcOffset(start_ms, _offset_ms(start_ms, zone))]
    for before, after in pairwise([*range(start_ms, end_ms, _PROBE_STEP_MS), end_ms]):
        offset_ms = _offset_ms(after, zone)
        if offset_ms != found[-1].offset_ms:
            found.append(UtcOffset(_change_between(before, after, zone), offset_ms))
    return tuple(found)


def _change_between(before_ms: int, after_ms: int, zone: tzinfo | None) -> int:
    """The first second with the offset of `after_ms`, by bisection."""
    before_s, after_s = before_ms // 1000, -(-after_ms // 1000)
    offset_ms = _offset_ms(after_ms, zone)
    while after_s - before_s > 1:
        middle_s = (before_s + after_s) // 2
        if _offset_ms(middle_s * 1000, zone) == offset_ms:
            after_s = middle_s
        else:
            before_s = middle_s
    return after_s * 1000


def _offset_ms(ts_ms: int, zone: tzinfo | None) -> int:
    offset = local_time(ts_ms, zone).utcoffset()
    return 0 if offset is None else offset // timedelta(milliseconds=1)


def _parsed(text: str, zone: tzinfo | None, now: datetime) -> int:
    relative_ms = _relative(text, zone, now)
    if relative_ms is not None:
        return relative_ms
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ViapublicaError(f"time {text!r}", "is not understood", _FORMS) from None
    if not _FIRST_YEAR - 1 <= moment.year <= _LAST_YEAR + 1:  # offsets shift by less than a day; `parse_time` is exact
        return -1
    if _is_date(text):
        return _day_start_ms(moment.date(), zone)
    return _ms(moment) if moment.tzinfo is not None else _ms(_only_reading(text, moment, zone))


def _relative(text: str, zone: tzinfo | None, now: datetime) -> int | None:
    """A time that depends on the present one; None for all others."""
    today = now.astimezone(zone).date()
    if text == "now":
        return _ms(now)
    if text == "today":
        return _day_start_ms(today, zone)
    if match := _AGO.fullmatch(text):
        return _ms(now - timedelta(seconds=float(match.group(1)) * _UNIT_S[match.group(2)]))
    if match := _CLOCK.fullmatch(text):
        hour, minute, second = (int(part or 0) for part in match.groups())
        return _ms(_only_reading(text, datetime.combine(today, time(hour, minute, second)), zone))
    return None


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _only_reading(text: str, moment: datetime, zone: tzinfo | None) -> datetime:
    """The one moment that a local time is.

    Raises:
        ViapublicaError: a change of the clocks skips it, or repeats it.
    """
    first, second = (_read_in(moment.replace(fold=fold), zone) for fold in (0, 1))
    if _exists(first, moment, zone):
        if first.utcoffset() == second.utcoffset():
            return first
        problem = "exists twice, because the clocks are set back over it"
    else:
        problem = "does not exist, because the clocks are set forward over it"
    readings = " or ".join(reading.isoformat(timespec="minutes") for reading in (first, second))
    raise ViapublicaError(f"time {text!r}", problem, f"Write it with its offset: {readings}")


def _day_start_ms(day: date, zone: tzinfo | None) -> int:
    """The first moment of a day: its midnight, the earlier one of two, or where the clocks are set to without one."""
    return _ms(_read_in(datetime.combine(day, time()), zone))


def _exists(reading: datetime, moment: datetime, zone: tzinfo | None) -> bool:
    return reading.astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0) == moment


def _read_in(moment: datetime, zone: tzinfo | None) -> datetime:
    """A local time with its fixed offset; where two are possible, `fold` chooses the one before or after the change."""
    # Not `astimezone()`: in the machine's own zone it reads a skipped time as another one.
    seconds = moment.replace(tzinfo=zone).timestamp()
    offset = timedelta(seconds=round(moment.replace(tzinfo=UTC).timestamp() - seconds))
    return moment.replace(tzinfo=timezone(offset), fold=0)


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
