"""Each sign of misuse is found where it is, and not a step before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.domain.operation import Operation
from pipeline.domain.query_use import QueryLimit, QueryUse, Shift
from pipeline.domain.role import Role
from pipeline.errors import RegistryError
from pipeline.policy.query_misuse import MisuseRule, MisuseSign, misuse_signs

_MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
_HOUR_MS = 3_600_000


def use(
    login: str = "caio", day: int = 0, hour: float = 9, case: str = "IP 1/2026", plates: Iterable[str] = ("a",)
) -> QueryUse:
    at = _MONDAY.replace(hour=0) + timedelta(days=day, hours=hour)
    return QueryUse(
        login=login,
        institution="ceic",
        role=Role.INTELLIGENCE_ANALYST,
        operation=Operation.PLATE_QUERY,
        case_number=case,
        asked_ms=round(at.timestamp() * 1000),
        plates=frozenset(plates),
    )


def signs(
    uses: list[QueryUse],
    shifts: Mapping[str, Shift] | None = None,
    vehicles: Mapping[str, frozenset[str]] | None = None,
) -> list[MisuseSign]:
    return misuse_signs(uses, UTC, shifts or {}, vehicles or {})


def busy(login: str, number: int, day: int = 0) -> list[QueryUse]:
    """Searches of a day, each for another plate in another case."""
    return [
        use(login, day, 8 + place / 60, f"IP {login}{day}{place}/2026", (f"{login}{day}{place}",))
        for place in range(number)
    ]


@pytest.mark.parametrize(("number", "usual", "is_unusual"), [(24, 8, True), (23, 8, False), (19, 2, False)])
def test_a_day_of_many_more_searches_than_those_of_the_peers(number: int, usual: int, is_unusual: bool) -> None:
    found = signs([*busy("caio", number), *busy("davi", usual), *busy("elisa", usual), *busy("davi", usual, 1)])
    assert [(one.rule, one.persons, one.number) for one in found] == (
        [(MisuseRule.UNUSUAL_NUMBER, ("caio",), number)] if is_unusual else []
    )


def test_without_peers_the_other_days_of_the_person_are_usual_and_a_first_day_is_not_judged() -> None:
    assert signs(busy("caio", 50)) == []
    (found,) = signs([*busy("caio", 50), *busy("caio", 5, 1), *busy("caio", 6, 2)])
    assert (found.rule, found.number) == (MisuseRule.UNUSUAL_NUMBER, 50)


def test_one_plate_in_three_cases_whoever_asks() -> None:
    two = [use("caio", case="IP 1/2026"), use("davi", case="IP 2/2026"), use("davi", case="IP 2/2026")]
    assert signs(two) == []
    (found,) = signs([*two, use("elisa", case="IP 3/2026")])
    assert (found.rule, found.persons, found.number) == (MisuseRule.PLATE_IN_CASES, ("caio", "davi", "elisa"), 3)
    assert found.cases == ("IP 1/2026", "IP 2/2026", "IP 3/2026")


def test_one_plate_day_after_day_by_one_person() -> None:
    four = [use(day=day) for day in range(4)]
    assert signs([*four, use("davi", day=4)]) == []
    (found,) = signs([*four, use(day=4)])
    assert (found.rule, found.persons, found.number) == (MisuseRule.PLATE_BY_DAYS, ("caio",), 5)


def test_one_case_number_for_twenty_plates() -> None:
    plates = [use(plates=(f"p{place}",), hour=8 + place / 60) for place in range(19)]
    assert signs(plates) == []
    (found,) = signs([*plates, use(plates=("p19",))])
    assert (found.rule, found.cases, found.number) == (MisuseRule.PLATES_OF_CASE, ("IP 1/2026",), 20)


def test_searches_outside_the_shift_of_who_has_one() -> None:
    shifts = {"caio": Shift.parse("mon-fri", "06:00-14:00")}
    uses = [use(hour=6), use(hour=13.99), use("davi", hour=3), use(hour=14), use(day=1, hour=5.9), use(day=5, hour=9)]
    found = signs(uses, shifts)
    assert {(one.rule, one.persons, one.number) for one in found} == {(MisuseRule.OUTSIDE_SHIFT, ("caio",), 1)}
    assert len(found) == 3


def test_a_night_shift_belongs_to_the_day_on_which_it_begins() -> None:
    night = Shift.parse("mon,sun", "22:00-06:00")
    inside = {(0, 23), (1, 5), (6, 22), (0, 2)}
    outside = {(0, 12), (1, 23), (2, 5), (6, 5), (0, 21)}
    for day, hour in inside | outside:
        at = _MONDAY + timedelta(days=day, hours=hour - 9)
        assert night.includes(at) is ((day, hour) in inside), (day, hour)
    assert str(night) == "mon,sun 22:00-06:00"
    assert Shift.parse("sat-mon", "00:00-24:00").days == {5, 6, 0}


@pytest.mark.parametrize(("days", "hours"), [("mon-xyz", "06:00-14:00"), ("", "06:00-14:00"), ("mon", "6-14")])
def test_what_is_no_shift_is_named(days: str, hours: str) -> None:
    with pytest.raises(RegistryError, match="Write them as"):
        Shift.parse(days, hours)


def test_the_vehicle_of_a_colleague_and_not_ones_own() -> None:
    vehicles = {"davi": frozenset({"hers", "d"}), "caio": frozenset({"c"})}
    found = signs([use(plates=("d", "x")), use("davi", plates=("d",)), use("elisa", plates=("x",))], None, vehicles)
    assert [(one.rule, one.persons) for one in found] == [(MisuseRule.COLLEAGUE_VEHICLE, ("caio",))]


def test_limits_are_of_every_hour_and_day_and_a_clock_set_back_opens_none() -> None:
    limit, now_ms = QueryLimit(per_hour=2, per_day=3), 100 * _HOUR_MS
    assert limit.wait_ms([now_ms - _HOUR_MS, now_ms - 1], now_ms) == 0, "exactly an hour ago"
    assert limit.wait_ms([now_ms - 30, now_ms - 10], now_ms) == _HOUR_MS - 30
    assert limit.wait_ms([now_ms - 5 * _HOUR_MS, now_ms - 4 * _HOUR_MS, now_ms - 3 * _HOUR_MS], now_ms) == 19 * _HOUR_MS
    assert limit.wait_ms([now_ms + 9 * _HOUR_MS] * 2, now_ms) > 0
