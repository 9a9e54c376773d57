"""Points in time as people type them, in a place whose clocks may be changed."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipeline.cli.common.times import parse_time, within_reach
from pipeline.errors import ViapublicaError

_FIRST_YEAR, _LAST_YEAR = 1970, 2199


def zone_named(name: str | None) -> ZoneInfo | None:
    """The time zone of --zone; None for the machine's own.

    Raises:
        ViapublicaError: there is none of that name.
    """
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ViapublicaError(f"--zone {name}", "is not known", "Write it like America/Sao_Paulo or UTC") from error


def parse_moment(text: str, zone: tzinfo | None = None) -> int:
    """Milliseconds since 1970 UTC of what `parse_time` takes; a time without an offset is local time in `zone`.

    Args:
        text: what was typed.
        zone: None for the machine's own.

    Raises:
        ViapublicaError: not understood; a local time that a change of the clocks skips, or that it repeats.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return parse_time(text)
    if not _FIRST_YEAR < moment.year < _LAST_YEAR:  # with a day to spare for any offset
        return within_reach(text, -1)
    if moment.tzinfo is not None:
        return round(moment.timestamp() * 1000)
    first, second = (_local(moment.replace(fold=fold), zone) for fold in (0, 1))
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0) != moment:
        raise ViapublicaError(
            f"time {text!r}",
            "does not exist: the clocks were set forward over it",
            f"Write it with its offset, such as {_offset(first)} or {_offset(second)}",
        )
    if first.utcoffset() != second.utcoffset():
        raise ViapublicaError(
            f"time {text!r}",
            "exists twice: the clocks were set back over it",
            f"Write it with its offset: {_offset(first)} is the first, {_offset(second)} the second",
        )
    return round(first.timestamp() * 1000)


def parse_span(start: str | None, end: str | None, zone: tzinfo | None = None) -> tuple[int | None, int | None]:
    """Milliseconds since 1970 UTC of --from and --to; None where one is open.

    Raises:
        ViapublicaError: one is not understood, or the end does not lie after the start.
    """
    start_ms, end_ms = (None if text is None else parse_moment(text, zone) for text in (start, end))
    if start_ms is not None and end_ms is not None and end_ms <= start_ms:
        raise ViapublicaError(f"--from {start} --to {end}", "ends before it begins", "Swap the two")
    return start_ms, end_ms


def _local(moment: datetime, zone: tzinfo | None) -> datetime:
    return moment.astimezone() if zone is None else moment.replace(tzinfo=zone)


def _offset(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes")
