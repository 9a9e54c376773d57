"""Convoys, reads by vehicle, traffic and lists of plates: the same questions to chDB and to a ClickHouse server."""

from __future__ import annotations

import random
import string
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from pipeline.domain.event_identity import identified
from pipeline.domain.events import Event, PlateReadEvent
from pipeline.domain.route import DrivingLimits, GeoPoint
from pipeline.domain.times import DAY_MS, UtcOffset, format_time, parse_time, utc_offsets
from pipeline.errors import StoreError
from pipeline.store.backends.database import EventDatabase
from pipeline.store.event_store import open_event_store
from pipeline.store.questions import Clones, Convoy, Plates, Question, ReadsByVehicle, Route
from pipeline.store.settings import StoreSettings
from pipeline.store.traffic_questions import Speeds, Traffic
from tests.asking import Asking
from tests.event_samples import START_MS, count, plate_read, track
from tests.store.test_store import NASTY, fill

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
HOUR_START_MS = START_MS - START_MS % HOUR_MS


@pytest.fixture
def store(store_settings: StoreSettings, tmp_path: Path, database: EventDatabase) -> Asking:
    return Asking(open_event_store(store_settings, tmp_path, dict))


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


def test_a_list_finds_each_plate_newest_first(store: Asking, database: EventDatabase) -> None:
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


def test_one_wrong_character_is_forgiven_and_two_are_not(store: Asking, database: EventDatabase) -> None:
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


def test_a_list_longer_than_a_statement_is_asked_in_parts(store: Asking, database: EventDatabase) -> None:
    city = City()
    rng = random.Random(3)
    names = ["".join(rng.choices(string.ascii_uppercase, k=7)) for _ in range(20_000)]
    reads = [city.see(plate, "a", n) for n, plate in enumerate(names[::500])]
    fill_twice(database, city.reads)
    assert store.plates(*names) == reads[::-1]
    assert store.plates(*names, limit=5, offset=7) == reads[::-1][7:12]
    store.close()


SENSELESS: list[tuple[Question[Any], str]] = [
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
    (ReadsByVehicle(plate="?"), "no letter"),
    (ReadsByVehicle(reads=0), "reads"),
    (ReadsByVehicle(within_ms=-1), "within_ms"),
    (Traffic(utc_offsets=(UtcOffset(0, 10**12),)), "utc_offsets"),
    (Speeds(limit=10**9), "limit"),
    (Speeds(utc_offsets=(UtcOffset(-1, 0),)), "utc_offsets"),
    (Traffic(utc_offsets=(UtcOffset(0, 0),) * 2001), "utc_offsets"),
    (Route(plate="-", locations={}), "no letter"),
    (Route(plate="ABC1D23", locations={}, limit=10**9), "limit"),
    (Clones(plate="...", locations={}), "no letter"),
    (Clones(locations={}, offset=-1), "offset"),
    (Clones(locations={}, limits=DrivingLimits(speed_km_h=0)), "speed_km_h"),
]


def test_senseless_questions_are_refused(store: Asking) -> None:
    for question, words in SENSELESS:
        with pytest.raises(StoreError, match=words):
            store.ask(question)
    store.close()


# -- convoy ------------------------------------------------------------------------------------------------------------


def test_a_convoy_is_ranked_by_meetings(store: Asking, database: EventDatabase) -> None:
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


def test_two_vehicles_that_wait_together_met_once(store: Asking, database: EventDatabase) -> None:
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


# -- reads by vehicle --------------------------------------------------------------------------------------------------


def test_the_reads_of_a_vehicle_are_in_the_order_of_time(store: Asking, database: EventDatabase) -> None:
    city = City()
    third, first, second = city.see("ABC1C34", "c", 3), city.see("ABC1234", "a", 1), city.see("ABC1C34", "b", 2)
    city.see("XYZ9A99", "a", 1)
    fill_twice(database, city.reads)
    fill(database, [msgspec.structs.replace(first, schema_version=2, votes=9)])
    (vehicle,) = store.ask(ReadsByVehicle(plate="abc1234")).vehicles
    assert vehicle.plate_key == "ABC1C34"
    assert [(s.ts_ms, s.camera_id, s.plate, s.event_id) for s in vehicle.reads] == [
        (r.ts_ms, r.camera_id, r.plate, r.event_id) for r in (first, second, third)
    ]
    (later,) = store.ask(ReadsByVehicle(plate="abc1234", start_ms=START_MS + 2000, camera_ids=("a", "c"))).vehicles
    assert [s.camera_id for s in later.reads] == ["c"]
    assert store.ask(ReadsByVehicle(plate="NIL0A00")).vehicles == []
    store.close()


@pytest.mark.parametrize("reads", [1, 3, 7, 1000])
def test_reads_of_all_vehicles_come_in_pages_of_whole_vehicles(
    store: Asking, database: EventDatabase, reads: int
) -> None:
    city = City()
    for n in range(5):
        city.see(f"AAA{n}A00", "a", n)
        city.see(f"AAA{n}A00", "b" if n % 2 else "a", n + 60)
        city.see(f"AAA{n}A00", "c" if n % 2 else "a", n + 61 + n)
    fill_twice(database, city.reads)
    found: list[str] = []
    page = store.ask(ReadsByVehicle(reads=reads))
    while page.after is not None:
        found += [vehicle.plate_key for vehicle in page.vehicles]
        page = store.ask(ReadsByVehicle(reads=reads, after=page.after))
    assert [*found, *(vehicle.plate_key for vehicle in page.vehicles)] == ["AAA1A00", "AAA3A00"]
    assert {vehicle.plate_key for vehicle in store.ask(ReadsByVehicle(within_ms=2000)).vehicles} == {"AAA1A00"}
    assert {vehicle.plate_key for vehicle in store.ask(ReadsByVehicle(within_ms=4000)).vehicles} == {
        "AAA1A00",
        "AAA3A00",
    }
    assert store.ask(ReadsByVehicle(start_ms=START_MS + 10_000_000)).vehicles == []
    store.close()


# -- routes and clones -------------------------------------------------------------------------------------------------

LOCATIONS = {"se": GeoPoint(-23.550520, -46.633308), "paulista": GeoPoint(-23.561414, -46.655881)}
RIO = {"rio": GeoPoint(-22.906847, -43.172896)}


def test_a_route_has_the_newest_legs_in_the_order_of_time(store: Asking, database: EventDatabase) -> None:
    city = City()
    for second, camera in enumerate(["se", "paulista", "nowhere", "se"]):
        city.see("ABC1234" if second % 2 else "ABC1C34", camera, 600 * second)
    city.see("XYZ9A99", "se", 1)
    fill_twice(database, city.reads)
    whole = store.ask(Route(plate="abc-1234", locations=LOCATIONS))
    assert [(leg.from_camera_id, leg.to_camera_id) for leg in whole.legs] == [
        ("se", "paulista"),
        ("paulista", "nowhere"),
        ("nowhere", "se"),
    ]
    assert whole.legs[0].distance_m == pytest.approx(2_600, rel=0.02)
    assert [leg.distance_m for leg in whole.legs[1:]] == [None, None]
    assert (whole.unlocated, whole.only_read) == (("nowhere",), None)
    for limit, offset, legs in ((1, 0, whole.legs[2:]), (2, 1, whole.legs[:2]), (5, 3, [])):
        assert store.ask(Route(plate="ABC1C34", locations=LOCATIONS, limit=limit, offset=offset)).legs == legs
    once = store.ask(Route(plate="XYZ9A99", locations=LOCATIONS))
    assert once.legs == []
    assert once.only_read is not None
    assert (once.only_read.camera_id, once.only_read.ts_ms) == ("se", START_MS + 1000)
    assert store.ask(Route(plate="NIL0A00", locations={})).only_read is None
    store.close()


def test_clones_are_found_among_all_plates_newest_first(store: Asking, database: EventDatabase) -> None:
    city = City()
    for number in range(30):
        city.see(f"CLO{number % 10}A{number // 10:02}", "se", number)
        city.see(f"CLO{number % 10}A{number // 10:02}", "rio", number + 600)
        city.see(f"HON{number % 10}A{number // 10:02}", "se", number)
        city.see(f"HON{number % 10}A{number // 10:02}", "paulista", number + 600)
    city.see("LST0A00", "nowhere", 1)
    city.see("LST0A00", "rio", 2)
    fill_twice(database, city.reads)
    everywhere = {**LOCATIONS, **RIO, "blind": None}
    found = store.ask(Clones(locations=everywhere))
    assert [leg.plate_key for leg in found.legs] == [f"CLO{n % 10}A{n // 10:02}" for n in range(29, -1, -1)]
    assert found.unlocated == ("blind", "nowhere")
    assert store.ask(Clones(locations=everywhere, limit=3, offset=5)).legs == found.legs[5:8]
    assert store.ask(Clones(locations=everywhere, camera_ids=("se", "paulista"))).legs == []
    (one,) = store.ask(Clones(plate="CLO3A00", locations=everywhere)).legs
    assert (one.from_camera_id, one.to_camera_id, one.seconds) == ("se", "rio", 600.0)
    assert store.ask(Clones(plate="CLO3A00", locations=everywhere)).unlocated == ()
    fast = DrivingLimits(speed_km_h=2000, distance_m=400_000)
    assert store.ask(Clones(locations=everywhere, limits=fast)).legs == []
    store.close()


# -- traffic -----------------------------------------------------------------------------------------------------------


def test_counts_are_added_up_per_camera_class_and_time(store: Asking, database: EventDatabase) -> None:
    events: list[Event] = [count(n, camera=camera) for n in range(120) for camera in ("a", "b")]
    bus = msgspec.structs.replace(count(500, camera="a"), ts_ms=START_MS, label="bus", count=1)
    late = identified(msgspec.structs.replace(count(600, camera="a"), ts_ms=START_MS, count=2), 1)
    fill_twice(database, [*events, bus, late])
    fill(database, [msgspec.structs.replace(bus, schema_version=2, count=5)])
    less = identified(msgspec.structs.replace(count(0, camera="a"), count=0))  # of another analysis, or forged
    fill(database, [less])
    hours = store.ask(Traffic(camera_ids=("a",)))
    assert sum(row.count for row in hours if row.label == "car") == 120 * 7 + 2
    assert [row.count for row in hours if row.label == "bus"] == [5]
    assert all(row.start_ms % HOUR_MS == 0 for row in hours)
    assert [row.start_ms for row in hours] == sorted((row.start_ms for row in hours), reverse=True)
    minutes = store.ask(Traffic(every_ms=60_000, start_ms=START_MS, end_ms=START_MS + 2 * MINUTE_MS))
    assert [(row.camera_id, row.label, row.count) for row in minutes] == [
        ("a", "car", 7),
        ("b", "car", 7),
        ("a", "bus", 5),
        ("a", "car", 9),
        ("b", "car", 7),
    ]
    assert store.ask(Traffic(every_ms=60_000, limit=2, offset=1)) == store.ask(Traffic(every_ms=60_000))[1:3]
    (day,) = {row.start_ms for row in store.ask(Traffic(every_ms=DAY_MS, utc_offsets=(UtcOffset(0, -3 * HOUR_MS),)))}
    assert day % (24 * HOUR_MS) == 3 * HOUR_MS
    store.close()


def test_speeds_have_mean_median_and_85th_percentile_in_the_best_unit(store: Asking, database: EventDatabase) -> None:
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


@pytest.mark.parametrize(
    ("zone", "days"),
    [
        # Its midnight does not exist: the day begins at 01:00 and has 23 hours.
        ("America/Sao_Paulo", {"2018-11-05 00:00:00 -02:00": 24, "2018-11-04 01:00:00 -02:00": 23}),
        ("America/New_York", {"2026-11-02 00:00:00 -05:00": 24, "2026-11-01 00:00:00 -04:00": 25}),
        ("America/New_York", {"2026-03-09 00:00:00 -04:00": 24, "2026-03-08 00:00:00 -05:00": 23}),
        ("America/Sao_Paulo", {"2019-02-17 00:00:00 -03:00": 24, "2019-02-16 00:00:00 -02:00": 25}),
        ("Asia/Kathmandu", {"2026-03-09 00:00:00 +05:45": 24, "2026-03-08 00:00:00 +05:45": 24}),
    ],
)
@pytest.mark.parametrize("bounded", [True, False], ids=["with --from and --to", "open"])
def test_days_are_those_of_the_zone_also_when_its_clocks_change(
    store: Asking, database: EventDatabase, zone: str, days: dict[str, int], bounded: bool
) -> None:
    place = ZoneInfo(zone)
    newest, oldest = (parse_time(day[:10], place) for day in days)
    hours = range(oldest, newest + 24 * HOUR_MS, HOUR_MS)
    events: list[Event] = [
        msgspec.structs.replace(count(n), ts_ms=ts_ms + 30 * MINUTE_MS, count=1) for n, ts_ms in enumerate(hours)
    ]
    events += [msgspec.structs.replace(track(n), ts_ms=ts_ms + 30 * MINUTE_MS) for n, ts_ms in enumerate(hours)]
    fill(database, events)
    start_ms, end_ms = (oldest, newest + 24 * HOUR_MS) if bounded else (None, None)
    offsets = utc_offsets(start_ms, end_ms, place)
    by_day = Traffic(every_ms=DAY_MS, start_ms=start_ms, end_ms=end_ms, utc_offsets=offsets)
    assert {format_time(row.start_ms, place): row.count for row in store.ask(by_day)} == days
    speeds = Speeds(every_ms=DAY_MS, start_ms=start_ms, end_ms=end_ms, utc_offsets=offsets)
    assert {format_time(row.start_ms, place): row.tracks for row in store.ask(speeds)} == days
    by_hour = store.ask(Traffic(utc_offsets=offsets))
    assert [row.start_ms for row in by_hour] == list(hours)[::-1], "an hour that comes twice is two hours"
    assert {row.count for row in by_hour} == {1}
    late = msgspec.structs.replace(by_day, start_ms=newest - HOUR_MS, end_ms=newest)
    late = msgspec.structs.replace(late, utc_offsets=utc_offsets(late.start_ms, late.end_ms, place))
    (row,) = store.ask(late)
    assert format_time(row.start_ms, place) == list(days)[1], "a range within a day"
    store.close()


@pytest.mark.parametrize("text", NASTY)
def test_hostile_texts_are_values_in_every_question(store: Asking, database: EventDatabase, text: str) -> None:
    plate = f"{text}ABC1D23"
    fill_twice(
        database, [plate_read(1, camera=text), plate_read(2, camera=text, plate="FRI3E00"), count(1, camera=text)]
    )
    cameras = (text,)
    assert len(store.plates("ABC1D23", plate, camera_ids=cameras)) == 1
    assert len(store.plates("ABC1D23", f"{text[:3]}ABC1D2", errors=1, camera_ids=cameras)) == 1
    assert len(store.plates("ABC1D23", f"{text}*", like=True, camera_ids=cameras)) in (1, 2)
    (friend,) = store.ask(Convoy(plate="ABC1D23", meetings=1, camera_ids=cameras))
    assert friend.plate == "FRI3E00"
    assert store.ask(Convoy(plate=plate, meetings=1, camera_ids=cameras)) in ([friend], [])
    assert len(store.ask(ReadsByVehicle(plate="ABC1D23", camera_ids=cameras)).vehicles) == 1
    assert store.ask(ReadsByVehicle(after=text, camera_ids=cameras)).vehicles == []
    assert store.ask(Traffic(camera_ids=cameras))[0].camera_id == text
    assert store.ask(Speeds(camera_ids=cameras)) == []
    store.close()
