"""Convoys, trails, traffic and lists of plates: the same questions to chDB and to a ClickHouse server."""

from __future__ import annotations

import random
import string
from pathlib import Path

import msgspec
import pytest

from pipeline.domain.events import Event, PlateReadEvent
from pipeline.domain.plate import keys_near
from pipeline.errors import StoreError
from pipeline.store.backends.database import EventDatabase
from pipeline.store.event_store import EventStore, open_store
from pipeline.store.questions import Convoy, Interval, Plates, Speeds, Traffic, Trails
from pipeline.store.settings import StoreSettings
from tests.event_samples import START_MS, count, plate_read, track
from tests.store.test_store import NASTY, fill

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
HOUR_START_MS = START_MS - START_MS % HOUR_MS


@pytest.fixture
def store(store_settings: StoreSettings, tmp_path: Path, database: EventDatabase) -> EventStore:
    return open_store(store_settings, tmp_path)


class City:
    """Makes reads whose ids differ."""

    def __init__(self) -> None:
        self.reads: list[Event] = []

    def see(self, plate: str, camera: str, second: float) -> PlateReadEvent:
        read = plate_read(len(self.reads), camera=camera, plate=plate, ts_ms=START_MS + int(second * 1000))
        self.reads.append(read)
        return read


def fill_twice(database: EventDatabase, events: list[Event]) -> None:
    """As at-least-once delivery does: some of it comes again."""
    fill(database, events)
    fill(database, events[::-1])


# -- plates ------------------------------------------------------------------------------------------------------------


def test_a_list_finds_each_plate_newest_first(store: EventStore, database: EventDatabase) -> None:
    city = City()
    first = city.see("ABC1234", "a", 1)
    second = city.see("XYZ9A99", "a", 2)
    third = city.see("ABC1C34", "b", 3)
    city.see("QQQ0000", "b", 4)
    fill_twice(database, city.reads)
    assert store.plates("abc1234", "xyz-9a99", "nobody1") == [third, second, first]
    assert store.plates("abc1234", "abc1c34") == [third, first]
    assert store.plates("ABC1234", "XYZ9A99", limit=1, offset=1) == [second]
    assert store.plates("ABC1234", *(f"NIL{n}A00" for n in range(10)), "XYZ9A99", limit=2) == [third, second]
    assert store.plates("ABC1*", "X?Z*", like=True) == [third, second, first]
    store.close()


def test_one_wrong_character_is_forgiven_and_two_are_not(store: EventStore, database: EventDatabase) -> None:
    city = City()
    near = [
        city.see(plate, "a", n)
        for n, plate in enumerate(["ABC1C34", "ABC1234", "ABC1284", "AB01234", "8BC1C34", "ABC1Z34", "ABC1534"])
    ]
    for plate in ("AB01Z34", "BBC1D34", "ABC1C3", "ABC1C345", "BAC1C34"):
        city.see(plate, "a", 100)
    fill_twice(database, city.reads)
    for form in ("ABC1234", "ABC1C34"):
        assert store.plates(form, errors=1) == near[::-1]
        assert store.plates(form, errors=1, limit=3, offset=2) == near[::-1][2:5]
        assert store.plates(form) == [near[1], near[0]]
    store.close()


def test_a_list_longer_than_a_statement_is_asked_in_parts(store: EventStore, database: EventDatabase) -> None:
    city = City()
    rng = random.Random(3)
    names = ["".join(rng.choices(string.ascii_uppercase, k=7)) for _ in range(20_000)]
    reads = [city.see(plate, "a", n) for n, plate in enumerate(names[::500])]
    fill_twice(database, city.reads)
    assert store.plates(*names) == reads[::-1]
    assert store.plates(*names, limit=5, offset=7) == reads[::-1][7:12]
    store.close()


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (Plates(plates=()), "none is given"),
        (Plates(plates=("ABC1D23", "--")), "no letter or digit"),
        (Plates(plates=("A" * 1000,)), "more than 64"),
        (Plates(plates=("ABCDEFGHIJK",), errors=1), "too long"),
        (Plates(plates=("ABC1D23",), errors=2), "neither 0 nor 1"),
        (Plates(plates=("ABC1D2?",), errors=1, like=True), "pattern"),
        (Plates(plates=("A*" * 500,), like=True), "more than 200"),
        (Plates(plates=("A*",) * 101, like=True), "too many"),
        (Plates(plates=tuple(f"A{n}" for n in range(100_001))), "too many"),
        (Plates(plates=tuple(f"ABC1D{n}" for n in range(10, 10_000)), errors=1), "too many"),
        (Plates(plates=("ABC1D23",), limit=-1), "limit"),
        (Convoy(plate="*"), "no letter"),
        (Convoy(plate="ABC1D23", within_ms=0), "within_ms"),
        (Convoy(plate="ABC1D23", within_ms=10**30), "within_ms"),
        (Convoy(plate="ABC1D23", meetings=0), "meetings"),
        (Convoy(plate="ABC1D23", apart_ms=-1), "apart_ms"),
        (Convoy(plate="ABC1D23", offset=-1), "offset"),
        (Trails(plate="?"), "no letter"),
        (Trails(reads=0), "reads"),
        (Trails(within_ms=-1), "within_ms"),
        (Traffic(utc_offset_ms=10**12), "utc_offset_ms"),
        (Speeds(limit=10**9), "limit"),
    ],
)
def test_senseless_questions_are_refused(store: EventStore, question: Plates, words: str) -> None:
    with pytest.raises(StoreError, match=words):
        store.ask(question)
    store.close()


def test_keys_near_a_plate_are_few_enough_for_point_reads() -> None:
    assert len(keys_near("ABC1C34")) < 500
    assert {"ABC1C34", "AB01234", "AB01C34", "ABC1Z34"} <= keys_near("ABC-1234")
    assert keys_near("ABC1234") == keys_near("ABC1C34")
    assert "ABC1K34" in keys_near("ABC1234")
    assert "ABC1034" not in keys_near("ABC1234"), "its key is ABC1A34"


# -- convoy ------------------------------------------------------------------------------------------------------------


def test_a_convoy_is_ranked_by_meetings(store: EventStore, database: EventDatabase) -> None:
    city = City()
    for n, camera in enumerate(["a", "b", "c", "d"]):
        at = n * 1000
        city.see("ABC1234" if n % 2 else "ABC1C34", camera, at)
        city.see("FRI3E00" if n % 2 else "FRI3400", camera, at + 9.999)
        if n < 2:
            city.see("HAL0F00", camera, at - 5)
        city.see(f"STR{n}A00", camera, at + 1)
        city.see("LAT3E00", camera, at + 10.001)
        city.see("OTH3E00", f"not-{camera}", at)
    fill_twice(database, city.reads)
    friend, half = store.ask(Convoy(plate="abc-1234"))
    assert (friend.plate, friend.plate_key, friend.meetings, friend.share, friend.cameras) == (
        "FRI3E00",
        "FRI3E00",
        4,
        1.0,
        4,
    )
    assert (friend.first_ts_ms, friend.last_ts_ms) == (START_MS, START_MS + 3_000_000)
    assert (half.plate, half.meetings, half.share) == ("HAL0F00", 2, 0.5)
    assert [c.plate_key for c in store.ask(Convoy(plate="ABC1C34", limit=1, offset=1))] == ["HAL0F00"]
    assert [c.plate_key for c in store.ask(Convoy(plate="ABC1C34", within_ms=10_001, meetings=3))] == [
        "FRI3E00",
        "LAT3E00",
    ]
    assert len(store.ask(Convoy(plate="ABC1C34", meetings=1))) == 6
    assert [c.meetings for c in store.ask(Convoy(plate="ABC1C34", camera_ids=("a", "b"), meetings=1))][:2] == [2, 2]
    assert store.ask(Convoy(plate="ABC1C34", end_ms=START_MS + 1)) == []
    assert store.ask(Convoy(plate="NIL0A00")) == []
    store.close()


def test_two_vehicles_that_wait_together_met_once(store: EventStore, database: EventDatabase) -> None:
    city = City()
    for second in range(0, 1200, 120):
        city.see("ABC1C34", "gate", second)
        city.see("QUE0E00", "gate", second + 3)
    fill_twice(database, city.reads)
    assert store.ask(Convoy(plate="ABC1C34")) == []
    (once,) = store.ask(Convoy(plate="ABC1C34", meetings=1))
    assert (once.meetings, once.share) == (1, 1.0)
    (often,) = store.ask(Convoy(plate="ABC1C34", apart_ms=0))
    assert often.meetings == 10
    store.close()


# -- trails ------------------------------------------------------------------------------------------------------------


def test_the_trail_of_a_plate_is_in_the_order_of_time(store: EventStore, database: EventDatabase) -> None:
    city = City()
    third, first, second = city.see("ABC1C34", "c", 3), city.see("ABC1234", "a", 1), city.see("ABC1C34", "b", 2)
    city.see("XYZ9A99", "a", 1)
    fill_twice(database, city.reads)
    fill(database, [msgspec.structs.replace(first, schema_version=2, votes=9)])
    (trail,) = store.ask(Trails(plate="abc1234")).trails
    assert trail.plate_key == "ABC1C34"
    assert [(s.ts_ms, s.camera_id, s.plate, s.event_id) for s in trail.seen] == [
        (r.ts_ms, r.camera_id, r.plate, r.event_id) for r in (first, second, third)
    ]
    (later,) = store.ask(Trails(plate="abc1234", start_ms=START_MS + 2000, camera_ids=("a", "c"))).trails
    assert [s.camera_id for s in later.seen] == ["c"]
    assert store.ask(Trails(plate="NIL0A00")).trails == []
    store.close()


@pytest.mark.parametrize("reads", [1, 3, 7, 1000])
def test_trails_of_all_plates_come_in_pages_of_whole_plates(
    store: EventStore, database: EventDatabase, reads: int
) -> None:
    city = City()
    for n in range(5):
        city.see(f"AAA{n}A00", "a", n)
        city.see(f"AAA{n}A00", "b" if n % 2 else "a", n + 60)
        city.see(f"AAA{n}A00", "c" if n % 2 else "a", n + 61 + n)
    fill_twice(database, city.reads)
    found: list[str] = []
    page = store.ask(Trails(reads=reads))
    while page.after is not None:
        found += [trail.plate_key for trail in page.trails]
        page = store.ask(Trails(reads=reads, after=page.after))
    assert [*found, *(trail.plate_key for trail in page.trails)] == ["AAA1A00", "AAA3A00"]
    assert {trail.plate_key for trail in store.ask(Trails(within_ms=2000)).trails} == {"AAA1A00"}
    assert {trail.plate_key for trail in store.ask(Trails(within_ms=4000)).trails} == {"AAA1A00", "AAA3A00"}
    assert store.ask(Trails(start_ms=START_MS + 10_000_000)).trails == []
    store.close()


# -- traffic -----------------------------------------------------------------------------------------------------------


def test_counts_are_added_up_per_camera_class_and_time(store: EventStore, database: EventDatabase) -> None:
    events: list[Event] = [count(n, camera=camera) for n in range(120) for camera in ("a", "b")]
    bus = msgspec.structs.replace(count(500, camera="a"), ts_ms=START_MS, label="bus", count=1)
    late = msgspec.structs.replace(count(600, camera="a"), ts_ms=START_MS, count=2)
    fill_twice(database, [*events, bus, late])
    fill(database, [msgspec.structs.replace(bus, schema_version=2, count=5)])
    hours = store.ask(Traffic(camera_ids=("a",)))
    assert sum(row.count for row in hours if row.label == "car") == 120 * 7 + 2
    assert [row.count for row in hours if row.label == "bus"] == [5]
    assert all(row.start_ms % HOUR_MS == 0 for row in hours)
    assert [row.start_ms for row in hours] == sorted((row.start_ms for row in hours), reverse=True)
    minutes = store.ask(Traffic(by=Interval.MINUTE, start_ms=START_MS, end_ms=START_MS + 2 * MINUTE_MS))
    assert [(row.camera_id, row.label, row.count) for row in minutes] == [
        ("a", "car", 7),
        ("b", "car", 7),
        ("a", "bus", 5),
        ("a", "car", 9),
        ("b", "car", 7),
    ]
    assert store.ask(Traffic(by=Interval.MINUTE, limit=2, offset=1)) == store.ask(Traffic(by=Interval.MINUTE))[1:3]
    (day,) = {row.start_ms for row in store.ask(Traffic(by=Interval.DAY, utc_offset_ms=-3 * HOUR_MS))}
    assert day % (24 * HOUR_MS) == 3 * HOUR_MS
    store.close()


def test_speeds_have_mean_median_and_85th_percentile_in_the_best_unit(
    store: EventStore, database: EventDatabase
) -> None:
    calibrated: list[Event] = [
        msgspec.structs.replace(track(n, camera="a", speed_m_s=float(n)), ts_ms=HOUR_START_MS + n)
        for n in range(1, 101)
    ]
    plain: list[Event] = [
        msgspec.structs.replace(track(n, camera="b"), ts_ms=HOUR_START_MS + n, speed_px_s=80.5) for n in range(3)
    ]
    fill_twice(database, [*calibrated, *plain])
    a, b = store.ask(Speeds())
    assert (a.camera_id, a.label, a.start_ms, a.tracks, a.unit) == ("a", "car", HOUR_START_MS, 100, "m/s")
    assert a.mean == 50.5
    assert a.median == pytest.approx(50.5, abs=0.5)
    assert a.p85 == pytest.approx(85.5, abs=0.5)
    assert (b.camera_id, b.tracks, b.unit, b.mean, b.median, b.p85) == ("b", 3, "px/s", 80.5, 80.5, 80.5)
    assert store.ask(Speeds(limit=1, offset=1)) == [b]
    store.close()


@pytest.mark.parametrize("text", NASTY)
def test_hostile_texts_are_values_in_every_question(store: EventStore, database: EventDatabase, text: str) -> None:
    plate = f"{text}ABC1D23"
    fill_twice(
        database, [plate_read(1, camera=text), plate_read(2, camera=text, plate="FRI3E00"), count(1, camera=text)]
    )
    cameras = (text, "'")
    assert len(store.plates("ABC1D23", plate, camera_ids=cameras)) == 1
    assert len(store.plates("ABC1D23", f"{text[:3]}ABC1D2", errors=1, camera_ids=cameras)) == 1
    assert len(store.plates("ABC1D23", f"{text}*", like=True, camera_ids=cameras)) in (1, 2)
    (friend,) = store.ask(Convoy(plate="ABC1D23", meetings=1, camera_ids=cameras))
    assert friend.plate == "FRI3E00"
    assert store.ask(Convoy(plate=plate, meetings=1, camera_ids=cameras)) in ([friend], [])
    assert len(store.ask(Trails(plate="ABC1D23", camera_ids=cameras)).trails) == 1
    assert store.ask(Trails(after=text, camera_ids=cameras)).trails == []
    assert store.ask(Traffic(camera_ids=cameras))[0].camera_id == text
    assert store.ask(Speeds(camera_ids=cameras)) == []
    store.close()
