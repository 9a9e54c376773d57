"""Points in time as people type them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from pipeline.cli.common.times import parse_range, parse_time
from pipeline.errors import ViapublicaError

NOW = datetime(2026, 11, 22, 10, 30, tzinfo=timezone(timedelta(hours=-3)))
NOW_MS = round(NOW.timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "before_now_s"),
    [
        ("now", 0),
        ("2h", 7200),
        ("2h ago", 7200),
        ("90 s", 90),
        ("1.5d", 129_600),
        ("today", 10.5 * 3600),
        ("2026-11-22T10:29:00-03:00", 60),
        ("2026-11-22T13:30:00+00:00", 0),
        ("2026-11-22T13:30:00Z", 0),
    ],
)
def test_a_time_is_understood(text: str, before_now_s: float) -> None:
    assert NOW_MS - parse_time(text, NOW) == before_now_s * 1000


@pytest.mark.parametrize("text", ["", "yesterday-ish", "22/11/2026", "2026-13-01", "h2"])
def test_what_is_no_time_is_named(text: str) -> None:
    with pytest.raises(ViapublicaError, match="is not understood"):
        parse_time(text, NOW)


def test_a_range_that_ends_before_it_begins_is_refused() -> None:
    assert parse_range("2026-11-22T10:00Z", None)[1] is None
    with pytest.raises(ViapublicaError, match="ends before it begins"):
        parse_range("2h", "3h")
