"""Drawings of traffic figures: gaps stay gaps, hours are those of the zone, periods are compared by place."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from pipeline.console.traffic_figures import DEGREES, Compared, chart, compared, summed, typical_week

HOUR = 3_600_000
MONDAY = 1_795_402_800_000
"""2026-11-23 03:00 UTC: midnight of a Monday in Sao Paulo."""


def row(hour: int, count: int | None, camera: str = "a", seen: float | None = 1.0) -> dict[str, object]:
    return {"start_ms": MONDAY + hour * HOUR, "camera_id": camera, "count": count, "seen": seen}


def count(one: object) -> float | None:
    return one["count"]  # type: ignore[index,no-any-return]


def test_a_line_ends_where_there_is_no_figure_and_the_gap_is_counted() -> None:
    values = summed([row(0, 5), row(0, 5, "b"), row(1, 20), row(4, 10), row(5, None)], count, add=True)
    assert values == {MONDAY: 10, MONDAY + HOUR: 20, MONDAY + 4 * HOUR: 10}
    drawn = chart(values, HOUR)
    assert drawn is not None
    assert (len(drawn.lines), len(drawn.dots), drawn.gaps) == (1, 1, 2)
    (first, second) = drawn.lines[0].split()
    assert int(second.split(",")[1]) < int(first.split(",")[1]), "more is higher"
    assert [value for _, value in drawn.levels] == [0, 10, 20]
    assert chart({}, HOUR) is None


def test_a_typical_week_has_the_hours_of_its_zone_and_no_zero_where_nothing_is_known() -> None:
    values = {MONDAY: 10.0, MONDAY + 7 * 24 * HOUR: 30.0, MONDAY + 25 * HOUR: 2.0, MONDAY + 2 * HOUR: 0.0}
    week = typical_week(values, ZoneInfo("America/Sao_Paulo"))
    assert (week[0][0].value, week[0][0].intervals, week[0][0].degree) == (20, 2, DEGREES - 1)
    assert (week[1][1].value, week[1][1].degree) == (2, 0)
    assert week[0][2].value == 0
    assert week[6][23].value is None


def test_periods_are_compared_by_place_with_what_was_seen_least() -> None:
    first = [row(0, 10), row(1, 10, seen=0.4), row(0, 7, "gone")]
    second = [row(24, 30), row(24, 1, "new", seen=None)]
    found = compared(first, second, lambda one: (str(one["camera_id"]),), count, add=True)
    assert found == (
        Compared(("a",), 20, 30, 0.4),
        Compared(("gone",), 7, None, 1.0),
        Compared(("new",), None, 1, None),
    )
    assert [one.change for one in found] == [0.5, None, None]
    (mean, *_) = compared(first, second, lambda one: (str(one["camera_id"]),), count, add=False)
    assert (mean.first, mean.second) == (10, 30)
