"""Points in time, parsed and shown, in zones whose clocks are changed and in zones where they are not."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.times import (
    find_zone,
    format_time,
    format_utc,
    local_time,
    parse_range,
    parse_time,
    utc_offsets,
    zone_name,
)
from pipeline.errors import ViapublicaError

ZONE = timezone(timedelta(hours=-3))
NOW = datetime(2026, 11, 22, 10, 30, tzinfo=ZONE)
NOW_MS = round(NOW.timestamp() * 1000)
NEW_YORK = ZoneInfo("America/New_York")
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
HAVANA = ZoneInfo("America/Havana")
HOUR_MS = 3_600_000


@pytest.fixture
def machine_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Sets TZ for the C library as well."""
    with monkeypatch.context() as changed:
        yield changed
    time.tzset()


def in_machine_zone(changed: pytest.MonkeyPatch, name: str) -> None:
    changed.setitem(os.environ, "TZ", name)
    time.tzset()


@pytest.mark.parametrize(
    ("text", "before_now_s"),
    [
        ("now", 0),
        ("2h", 7200),
        ("2h ago", 7200),
        ("90 s", 90),
        ("1.5d", 129_600),
        ("today", 10.5 * 3600),
        ("2026-11-22", 10.5 * 3600),
        ("2026-11-22T10:29", 60),
        ("2026-11-22T10:29:00-03:00", 60),
        ("2026-11-22T13:30:00+00:00", 0),
        ("2026-11-22T13:30:00Z", 0),
    ],
)
def test_a_time_is_understood(text: str, before_now_s: float) -> None:
    assert NOW_MS - parse_time(text, ZONE, NOW) == before_now_s * 1000


@pytest.mark.parametrize("text", ["", "yesterday-ish", "22/11/2026", "22-11-2026 08:00", "2026-13-01", "h2"])
def test_what_is_no_time_is_named_with_the_accepted_forms(text: str) -> None:
    with pytest.raises(ViapublicaError, match=r"is not understood\. Write year-month-day, as in 2026-11-22 or"):
        parse_time(text, ZONE, NOW)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("22:52", "2026-11-29 22:52:00 -03:00"),
        ("8:05:30", "2026-11-29 08:05:30 -03:00"),
        ("22h52", "2026-11-29 22:52:00 -03:00"),
        ("00:00", "2026-11-29 00:00:00 -03:00"),
    ],
)
def test_a_time_without_a_date_is_one_of_today_in_the_zone(text: str, shown: str) -> None:
    late = datetime(2026, 11, 30, 1, 30, tzinfo=UTC)
    zone = ZoneInfo("America/Sao_Paulo")
    assert format_time(parse_time(text, zone, late), zone) == shown


@pytest.mark.parametrize("text", ["24:00", "8:60", "8:5", "2252", "22:52:61"])
def test_a_time_of_day_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(ViapublicaError):
        parse_time(text, UTC)


@pytest.mark.parametrize("ts_ms", [-(10**17), -1, 2**63 - 1])
def test_a_time_that_no_event_has_is_shown_as_the_nearest_one(ts_ms: int) -> None:
    assert local_time(ts_ms, ZoneInfo("Asia/Tokyo")).year in {1970, 2200}
    assert local_time(ts_ms, ZoneInfo("America/Los_Angeles")).year in {1969, 2199}


@pytest.mark.parametrize("text", ["0001-01-01", "9999-12-31T23:59-12:00", "9999999999999d", "1969-12-31", "99999999d"])
def test_a_time_beyond_the_calendar_is_refused(text: str) -> None:
    with pytest.raises(ViapublicaError, match="before 1970 or after 2199"):
        parse_time(text, ZoneInfo("Asia/Tokyo"), NOW)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1970-01-01", "1970-01-01T00:00:00.000Z"),
        ("1970-01-01T00:00Z", "1970-01-01T00:00:00.000Z"),
        ("1969-12-31T21:00-03:00", "1970-01-01T00:00:00.000Z"),
        ("1970-06-01", "1970-06-01T00:00:00.000Z"),
        ("2199-12-31", "2199-12-31T00:00:00.000Z"),
        ("2199-12-31T23:59:59.999Z", "2199-12-31T23:59:59.999Z"),
        ("2200-01-01T02:00+03:00", "2199-12-31T23:00:00.000Z"),
    ],
)
def test_the_calendar_begins_with_1970_and_ends_with_2199(text: str, shown: str) -> None:
    assert format_utc(parse_time(text, UTC, NOW)) == shown


@pytest.mark.parametrize(
    "text", ["1969-12-31", "1969-12-31T23:59:59.999Z", "1970-01-01T00:00+03:00", "2200-01-01", "2199-12-31T21:00-03:00"]
)
def test_the_moments_just_outside_the_calendar_are_refused(text: str) -> None:
    with pytest.raises(ViapublicaError, match="before 1970 or after 2199"):
        parse_time(text, UTC, NOW)


def test_a_range_that_ends_before_it_begins_is_refused() -> None:
    assert parse_range("2026-11-22T10:00Z", None)[1] is None
    with pytest.raises(ViapublicaError, match="ends before it begins"):
        parse_range("2h", "3h")


def test_a_zone_that_does_not_exist_is_refused() -> None:
    assert find_zone(None) is None
    assert find_zone("America/Sao_Paulo") == SAO_PAULO
    for name in ("Brasil", "../etc/passwd", ""):
        with pytest.raises(ViapublicaError, match=r"is not known\. Write it like America/Sao_Paulo"):
            find_zone(name)


@pytest.mark.parametrize(
    ("zone", "text", "problem"),
    [
        (SAO_PAULO, "2018-11-04T00:30", r"does not exist.*: 2018-11-04T00:30-03:00 or 2018-11-04T00:30-02:00"),
        (SAO_PAULO, "2018-11-04T00:00", r"does not exist.*: 2018-11-04T00:00-03:00 or 2018-11-04T00:00-02:00"),
        (SAO_PAULO, "2018-02-17T23:30", r"exists twice.*: 2018-02-17T23:30-02:00 or 2018-02-17T23:30-03:00"),
        (NEW_YORK, "2026-03-08 02:15", r"does not exist.*: 2026-03-08T02:15-05:00 or 2026-03-08T02:15-04:00"),
        (NEW_YORK, "2026-11-01T01:00:00.5", r"exists twice.*: 2026-11-01T01:00-04:00 or 2026-11-01T01:00-05:00"),
    ],
)
def test_a_local_time_that_is_none_or_two_is_refused_with_both_readings(
    zone: tzinfo, text: str, problem: str, machine_zone: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ViapublicaError, match=problem):
        parse_time(text, zone)
    in_machine_zone(machine_zone, str(zone))
    with pytest.raises(ViapublicaError, match=problem):
        parse_time(text)


def test_an_offset_settles_which_of_two_times_is_meant() -> None:
    first, second = parse_range("2018-02-17T23:30-02:00", "2018-02-17T23:30-03:00", SAO_PAULO)
    assert first is not None
    assert second is not None
    assert second - first == HOUR_MS


@pytest.mark.parametrize(
    ("zone", "day", "start"),
    [
        (SAO_PAULO, "2018-11-04", "2018-11-04 01:00:00 -02:00"),  # its midnight does not exist
        (SAO_PAULO, "2018-11-05", "2018-11-05 00:00:00 -02:00"),
        (HAVANA, "2026-11-01", "2026-11-01 00:00:00 -04:00"),  # its midnight exists twice
        (NEW_YORK, "2026-11-01", "2026-11-01 00:00:00 -04:00"),
        (NEW_YORK, "2026-11-02", "2026-11-02 00:00:00 -05:00"),
    ],
)
def test_a_date_is_the_first_moment_of_its_day(zone: tzinfo, day: str, start: str) -> None:
    assert format_time(parse_time(day, zone), zone) == start
    noon = datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=zone)
    assert parse_time("today", zone, noon) == parse_time(day, zone)


def test_people_see_local_time_with_its_offset_and_machines_utc(machine_zone: pytest.MonkeyPatch) -> None:
    at_ms = 1_795_953_003_250
    assert format_time(at_ms, SAO_PAULO) == "2026-11-29 08:50:03 -03:00"
    assert format_time(at_ms, UTC) == "2026-11-29 11:50:03 +00:00"
    assert format_utc(at_ms) == "2026-11-29T11:50:03.250Z"
    assert local_time(at_ms, SAO_PAULO).hour == 8
    in_machine_zone(machine_zone, "America/New_York")
    assert format_time(at_ms) == "2026-11-29 06:50:03 -05:00"
    assert format_time(at_ms - 120 * 86_400_000) == "2026-08-01 07:50:03 -04:00", "the offset of that day, not of today"


def test_offsets_of_a_range_begin_before_it_and_change_with_the_clocks(machine_zone: pytest.MonkeyPatch) -> None:
    first, last = parse_range("2018-01-01", "2019-12-01", SAO_PAULO)
    found = utc_offsets(first, last, SAO_PAULO)
    assert [(format_utc(offset.from_ms), offset.offset_ms // HOUR_MS) for offset in found] == [
        ("2017-12-30T02:00:00.000Z", -2),
        ("2018-02-18T02:00:00.000Z", -3),
        ("2018-11-04T03:00:00.000Z", -2),
        ("2019-02-17T02:00:00.000Z", -3),
    ]
    in_machine_zone(machine_zone, "America/Sao_Paulo")
    assert utc_offsets(first, last) == found
    assert utc_offsets(first, last, UTC) == ((found[0].from_ms, 0),)


@given(st.integers(0, 2**32 * 1000 - 1))
def test_offsets_of_all_times_say_what_the_zone_says(at_ms: int) -> None:
    holding = [offset for offset in ALL_OFFSETS if offset.from_ms <= at_ms][-1]
    assert timedelta(milliseconds=holding.offset_ms) == local_time(at_ms, NEW_YORK).utcoffset()


ALL_OFFSETS = utc_offsets(None, None, NEW_YORK)


@given(st.integers(0, 7_258_118_399_000 // 1000), st.sampled_from([SAO_PAULO, NEW_YORK, HAVANA, UTC]))
def test_what_is_shown_is_understood_again(second: int, zone: tzinfo) -> None:
    shown = format_time(second * 1000, zone)
    day, clock, offset = shown.split()
    if not shown.startswith(("1970", "2199", "1969")):
        assert parse_time(f"{day}T{clock}{offset}", NEW_YORK) == second * 1000


def test_a_zone_has_a_name_and_that_of_the_machine_at_least_an_offset(machine_zone: pytest.MonkeyPatch) -> None:
    assert zone_name(SAO_PAULO) == "America/Sao_Paulo"
    in_machine_zone(machine_zone, "America/Sao_Paulo")
    assert zone_name() == "America/Sao_Paulo"
    in_machine_zone(machine_zone, "<-03>3")
    assert zone_name() == "UTC-03:00"
