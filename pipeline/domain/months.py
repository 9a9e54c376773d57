"""Calendar months in the time zone of an institution."""

from __future__ import annotations

import re
from datetime import datetime, tzinfo
from typing import Final

from pipeline.errors import ViapublicaError

MONTHS_IN_PORTUGUESE: Final = tuple(
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro".split()
)
_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)


def month_span_ms(month: str, zone: tzinfo | None) -> tuple[int, int]:
    """First and last millisecond of a month, since 1970 UTC.

    Args:
        month: such as ``2026-11``.
        zone: of the institution; None for the machine's.

    Raises:
        ViapublicaError: it is not a month.
    """
    match = _MONTH.fullmatch(month.strip())
    year, number = (int(match.group(1)), int(match.group(2))) if match else (0, 0)
    if not (2000 <= year < 9999 and 1 <= number <= 12):
        raise ViapublicaError(f"month {month!r}", "is not a month", "Write year and month, such as 2026-11")
    following = (year + 1, 1) if number == 12 else (year, number + 1)
    return _midnight_ms(year, number, zone), _midnight_ms(*following, zone) - 1


def _midnight_ms(year: int, month: int, zone: tzinfo | None) -> int:
    moment = datetime(year, month, 1, tzinfo=zone)
    return round((moment if zone else moment.astimezone()).timestamp() * 1000)


def month_in_portuguese(text: str) -> str:
    """``novembro de 2026`` for ``2026-11``; other texts, such as a number, as they are."""
    year, _, month = text.partition("-")
    if year.isdecimal() and month.isdecimal() and 1 <= int(month) <= len(MONTHS_IN_PORTUGUESE):
        return f"{MONTHS_IN_PORTUGUESE[int(month) - 1]} de {year}"
    return text
