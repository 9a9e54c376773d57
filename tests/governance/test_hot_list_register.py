"""Hot-lists in the register: entries state what they must, end by themselves, and are imported all or none."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.domain.events import Severity
from pipeline.domain.hot_list import ListEntry, NewListEntry
from pipeline.domain.people import Validity
from pipeline.domain.times import format_utc
from pipeline.errors import PolicyError, RegistryError, ViapublicaError
from pipeline.governance.hot_list_csv import ListDefaults, read_list, write_list
from pipeline.governance.hot_list_register import HotListRegister
from pipeline.policy.hot_lists import FORGOTTEN_AFTER_MS, MOST_DAYS
from tests.governance.entries import StoppedClock
from tests.governance.people import DAY_MS


@pytest.fixture
def lists(path: Path, clock: StoppedClock) -> Iterator[HotListRegister]:
    with HotListRegister(path, clock) as opened:
        yield opened


def entry(clock: StoppedClock, plate: str = "ABC1C34", **values: Any) -> NewListEntry:
    wanted: dict[str, Any] = {
        "list_name": "stolen",
        "plate": plate,
        "authority": "3ª Delegacia",
        "case_number": "IP-12/2026",
        "reason": "veículo furtado em 28/11/2026",
        "severity": Severity.CRITICAL,
        "validity": Validity(clock.now_ms, clock.now_ms + 10 * DAY_MS),
        "viewers": ("carla",),
    }
    return NewListEntry(**(wanted | values))


def made(lists: HotListRegister, *entries: NewListEntry) -> tuple[ListEntry, ...]:
    return lists.add([("", one) for one in entries], "ana", lambda _: None)


def test_an_entry_is_searched_for_until_it_ends_by_itself(lists: HotListRegister, clock: StoppedClock) -> None:
    (one,) = made(lists, entry(clock, " abc-1c34 "))
    assert (one.entry_id, one.plate, one.entered_by, one.viewers) == (1, "ABC1C34", "ana", ("carla",))
    (searched,) = lists.searched()
    assert (searched.entry_id, searched.plate, searched.severity) == (1, "ABC1C34", Severity.CRITICAL)
    clock.now_ms += 10 * DAY_MS
    assert (lists.searched(), lists.entries()) == ((), ())
    assert lists.entries(ended=True) == (one,)


def test_the_plate_of_an_ended_entry_is_removed_and_everything_else_stays(
    lists: HotListRegister, clock: StoppedClock, path: Path
) -> None:
    made(lists, entry(clock), entry(clock, "XYZ9Z99"), entry(clock, "QRS4T56", validity=_days(clock, 150)))
    lists.end([2], "veículo localizado", "carla", lambda _: None)
    clock.now_ms += FORGOTTEN_AFTER_MS + 1
    assert lists.forget_plates() == 1
    clock.now_ms += 10 * DAY_MS
    assert lists.forget_plates() == 1
    assert lists.forget_plates() == 0
    assert [one.plate for one in lists.entries(ended=True)] == ["", "", "QRS4T56"]
    assert lists.entry(2).end_reason == "veículo localizado"
    with sqlite3.connect(path) as connection:
        connection.execute("VACUUM")
        with pytest.raises(sqlite3.IntegrityError, match="hot_list_entries is never altered"):
            connection.execute("DELETE FROM hot_list_entries")
    assert b"XYZ9Z99" not in path.read_bytes()


def _days(clock: StoppedClock, number: int, begin: int = 0) -> Validity:
    return Validity(clock.now_ms + begin * DAY_MS, clock.now_ms + (begin + number) * DAY_MS)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"plate": "AB"}, "has 2 characters, and a Brazilian plate has 7"),
        ({"plate": "ABC1*34"}, "wildcard"),
        ({"authority": " "}, "authority: is missing"),
        ({"case_number": ""}, "case: is missing"),
        ({"reason": ""}, "reason: is missing"),
        ({"viewers": ()}, "people who see the hits: are missing"),
        ({"viewers": ("carla lima",)}, "'carla lima': is not possible"),
        ({"list_name": "Stolen cars"}, "'Stolen cars': is no id"),
        ({"reason": "dono frequenta o terreiro"}, "says with"),
    ],
)
def test_an_entry_that_lacks_something_is_refused_with_the_reason(
    lists: HotListRegister, clock: StoppedClock, values: dict[str, Any], words: str
) -> None:
    with pytest.raises(ViapublicaError, match=words) as refused:
        made(lists, entry(clock, **values))
    assert isinstance(refused.value, PolicyError) is ("terreiro" in str(values))
    assert lists.entries() == ()


def test_a_validity_is_bounded_and_not_over(lists: HotListRegister, clock: StoppedClock) -> None:
    for validity, words in (
        (_days(clock, MOST_DAYS + 1), "longer than 180 days"),
        (_days(clock, 3, -4), "has ended already"),
        (_days(clock, -1, 5), "ends before it begins"),
    ):
        with pytest.raises(RegistryError, match=words):
            made(lists, entry(clock, validity=validity))
    made(lists, entry(clock, validity=_days(clock, 5, 2)))
    assert [one.counts(clock.now_ms) for one in lists.entries()] == [False]


def test_a_plate_is_once_on_a_list_in_either_form_and_may_be_on_several(
    lists: HotListRegister, clock: StoppedClock
) -> None:
    made(lists, entry(clock, "ABC1234"))
    with pytest.raises(RegistryError, match="is on stolen already: entry 1"):
        made(lists, entry(clock, "ABC1C34"))
    made(lists, entry(clock, "ABC1C34", list_name="kidnapped"))
    lists.end([1], "duplicado", "ana", lambda _: None)
    made(lists, entry(clock, "ABC1234"))
    with pytest.raises(RegistryError, match="entry 1: has ended already"):
        lists.end([1], "duplicado", "ana", lambda _: None)
    with pytest.raises(RegistryError, match="entry 9: is on no hot-list"):
        lists.end([9], "duplicado", "ana", lambda _: None)


def test_the_revision_differs_after_each_change(lists: HotListRegister, clock: StoppedClock) -> None:
    seen = [lists.revision()]
    made(lists, entry(clock))
    seen.append(lists.revision())
    lists.end([1], "localizado", "ana", lambda _: None)
    seen.append(lists.revision())
    assert len(set(seen)) == 3


def test_what_cannot_be_reported_is_not_entered(lists: HotListRegister, clock: StoppedClock) -> None:
    def refuse(_: Sequence[ListEntry]) -> None:
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        lists.add([("", entry(clock))], "ana", refuse)
    assert lists.entries() == ()
    made(lists, entry(clock))
    with pytest.raises(OSError, match="disk"):
        lists.end([1], "localizado", "ana", refuse)
    assert len(lists.entries()) == 1


def _defaults(clock: StoppedClock) -> ListDefaults:
    return ListDefaults(
        list_name="stolen",
        authority="Polícia Civil",
        case_number="OF-90/2026",
        reason="veículo furtado",
        until=format_utc(clock.now_ms + 9 * DAY_MS),
        begin=format_utc(clock.now_ms),
        viewers=("pcmg",),
    )


def test_a_file_is_imported_with_the_values_of_its_lines_and_read_back_as_it_was_written(
    lists: HotListRegister, clock: StoppedClock, tmp_path: Path
) -> None:
    file = tmp_path / "list.csv"
    until = format_utc(clock.now_ms + 5 * DAY_MS)
    file.write_text(
        f"plate;severity;case;until;seen_by\nABC1234;;;;\n\nqrs-4t56;critical;IP-1/2026;{until};carla davi\n",
        encoding="utf-8-sig",
    )
    first, second = lists.add(read_list(file, _defaults(clock)), "ana", lambda _: None)
    assert (first.case_number, first.severity, first.viewers) == ("OF-90/2026", Severity.WARNING, ("pcmg",))
    assert (second.plate, second.case_number, second.viewers) == ("QRS4T56", "IP-1/2026", ("carla", "davi"))
    assert second.validity.until_ms - clock.now_ms == 5 * DAY_MS
    with (tmp_path / "again.csv").open("w") as stream:
        write_list(stream, lists.entries())
    lists.end([1, 2], "reimportado", "ana", lambda _: None)
    again = lists.add(read_list(tmp_path / "again.csv", ListDefaults()), "ana", lambda _: None)
    assert [replace(one, entry_id=0) for one in again] == [replace(one, entry_id=0) for one in (first, second)]


def test_every_line_that_is_wrong_double_or_expired_is_named_and_nothing_is_entered(
    lists: HotListRegister, clock: StoppedClock, tmp_path: Path
) -> None:
    file = tmp_path / "list.csv"
    past = format_utc(clock.now_ms - DAY_MS)
    made(lists, entry(clock, "JJJ1J11"))
    file.write_text(f"plate,until\nABC1D23,\nabc-1d23,\nAB,\nXYZ9Z99,{past}\nJJJ1J11,\nQRS4T56,\n", encoding="utf-8")
    with pytest.raises(RegistryError) as refused:
        lists.add(read_list(file, _defaults(clock)), "ana", lambda _: None)
    text = str(refused.value)
    assert "4 problems; nothing was entered" in text
    for words in (
        "line 3: plate: is on stolen already: line 2",
        "line 4: plate 'AB': has 2 characters",
        "line 5: validity: has ended already",
        "line 6: plate: is on stolen already: entry 1",
    ):
        assert words in text
    assert len(lists.entries()) == 1
    file.write_text("plate,until\nABC1D23,tomorrow\nABC1D24,\n")
    with pytest.raises(RegistryError, match="line 2: time 'tomorrow'"):
        read_list(file, _defaults(clock))
    file.write_text("plate,colour\nABC1D23,red\n")
    with pytest.raises(RegistryError, match="heading: has colour"):
        read_list(file, _defaults(clock))
    file.write_text("plate\nABC1D23\n")
    with pytest.raises(RegistryError, match="line 2: validity: has no end"):
        read_list(file, ListDefaults())
