"""What is to go, asked of events, of bytes, and of rows of both databases: always the same answer."""

from __future__ import annotations

import uuid

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.domain.events import Event, PlateReadEvent, encode
from pipeline.errors import StoreError
from pipeline.store.backends.database import EventDatabase
from pipeline.store.erasure_selection import Selection
from pipeline.store.row_erasure import StoredEvents
from pipeline.store.schema.tables import TABLES
from tests.event_samples import START_MS, alert, count, health, incident_alert, plate_read, track
from tests.store.test_store import fill

PLATE = Selection.of("abc-1234", (), None, None)
WORDS = ["ABC1234", "abc-1c34", "seen ABC 1C34.", "ABC1C35", "XABC1234", "ABC12345", "", "it's \\ ABC1C34\n", "ABC1D34"]
SEPARATED = ["the ABC - 1234", "A B C 1 . C -- 34", "a/b/c/1/2/3/4", "abc, and 1234"]


def test_both_forms_of_a_converted_plate_go_and_no_other() -> None:
    for plate, wanted in [("ABC1234", True), ("ABC1C34", True), ("ABC1D34", False), ("ABC1235", False)]:
        assert PLATE.wants(plate_read(1, plate=plate), ()) is wanted
        assert Selection.of("ABC1C34", (), None, None).wants(plate_read(1, plate=plate), ()) is wanted


def test_a_read_goes_by_its_plate_and_by_its_key() -> None:
    assert PLATE.wants(msgspec.structs.replace(plate_read(1, plate="abc-1c34"), plate_key="ZZZ"), ())
    assert PLATE.wants(msgspec.structs.replace(plate_read(1, plate="ZZZ"), plate_key="ABC1C34"), ())


def test_the_track_that_carried_the_plate_goes_and_its_neighbor_stays() -> None:
    read = plate_read(5, plate="ABC1234")
    key = PLATE.track_of(read)
    assert key == ("cam-1", "7a4e", 5)
    assert PLATE.wants(track(5), {key})
    assert not PLATE.wants(track(6), {key})
    assert not PLATE.wants(track(5, camera="cam-2"), {key})
    assert PLATE.track_of(plate_read(6, plate="ABC1235")) is None
    assert PLATE.track_of(track(5)) is None


def test_an_alert_about_the_track_goes_with_it_and_one_about_no_track_stays() -> None:
    key = PLATE.track_of(plate_read(5, plate="ABC1234"))
    assert key is not None
    assert PLATE.wants(incident_alert(5), {key})
    assert not PLATE.wants(incident_alert(6), {key})
    assert not PLATE.wants(alert(5), {key, ("cam-1", "", 1)})


def test_an_incident_was_there_from_its_begin_to_the_alert() -> None:
    there = Selection.of(None, ["cam-1"], START_MS + 10_000, START_MS + 20_000)
    assert [there.wants(incident_alert(n), ()) for n in (9, 10, 29, 30)] == [False, True, True, False]


def test_words_that_name_the_plate_go() -> None:
    named = [msgspec.structs.replace(alert(1), detail=word) for word in WORDS]
    assert [PLATE.wants(event, ()) for event in named] == [True, True, True, False, False, False, False, True, False]
    apart = [msgspec.structs.replace(alert(1), detail=word) for word in SEPARATED]
    assert [PLATE.wants(event, ()) for event in apart] == [True, True, True, False]
    assert PLATE.wants(msgspec.structs.replace(alert(1), subject="ABC1C34"), ())
    assert PLATE.wants(health(1, detail="file ABC-1234.mp4"), ())
    assert not PLATE.wants(count(1), ())
    assert not Selection.of("A1", (), None, None).wants(msgspec.structs.replace(alert(1), detail="A1"), ())


def test_a_place_and_time_holds_all_that_was_there_during_any_of_it() -> None:
    there = Selection.of(None, ["cam-1"], START_MS + 10_000, START_MS + 20_000)
    assert there.wants(health(10), ())
    assert there.wants(health(19), ())
    assert not there.wants(health(9), ())
    assert not there.wants(health(20), ())
    assert not there.wants(health(15, camera="cam-2"), ())
    assert there.wants(track(30), ()), "it came before and left after"
    assert not there.wants(msgspec.structs.replace(track(30), first_ts_ms=START_MS + 20_000), ())
    assert there.wants(count(0), ()), "its minute holds the time"
    assert not there.wants(count(1), ())


def test_a_plate_there_and_then_is_both() -> None:
    both = Selection.of("ABC1D23", ["cam-1"], START_MS + 10_000, None)
    assert both.wants(plate_read(10), ())
    assert not both.wants(plate_read(9), ())
    assert not both.wants(plate_read(10, camera="cam-2"), ())
    assert not both.wants(plate_read(10, plate="ABC1D24"), ())


@pytest.mark.parametrize(
    ("plate", "cameras", "start", "end", "match"),
    [
        ("--", [], None, None, "no letter or digit"),
        (None, [], None, None, "needs a plate"),
        (None, ["cam-1"], None, None, "needs a plate"),
        (None, ["cam-1"], 5, None, "needs a plate"),
        (None, [], 5, 9, "needs a plate"),
    ],
)
def test_what_would_be_nearly_everything_is_refused(
    plate: str | None, cameras: list[str], start: int | None, end: int | None, match: str
) -> None:
    with pytest.raises(StoreError, match=match):
        Selection.of(plate, cameras, start, end)


def test_bytes_that_are_no_event_go_when_they_hold_it() -> None:
    assert PLATE.wants_bytes(encode(plate_read(1, plate="ABC1234")), ())
    assert not PLATE.wants_bytes(encode(plate_read(1, plate="ABC1235")), ())
    assert PLATE.wants_bytes(b'\x00\xff{"plate":"ABC1C34","pla', ())
    assert not PLATE.wants_bytes(bytes(40), ())
    there = Selection.of(None, ["cam-1"], 0, 1)
    assert there.wants_bytes(b'{"camera_id":"cam-1","ts', ())
    assert not there.wants_bytes(b'{"camera_id":"cam-2","ts', ())


def _with_another_key(number: int, plate: str) -> PlateReadEvent:
    """A read as earlier versions took it from a spool that was written by hand."""
    return msgspec.structs.replace(plate_read(number, camera="a", plate=f"{plate[:3]}-{plate[3:]}"), plate_key="ZZZ")


_MS = st.integers(START_MS - 5_000, START_MS + 200_000)
_CAMERA = st.sampled_from(["a", "b'\\"])
_PLATE = st.sampled_from(["ABC1234", "ABC1C34", "ABC1D34", "X"])
_WORDS = st.sampled_from(WORDS + SEPARATED)
_NUMBER = st.integers(0, 90)
_ALERT = st.builds(lambda number, word: msgspec.structs.replace(alert(number), detail=word), _NUMBER, _WORDS)
_EVENTS = st.lists(
    st.one_of(
        st.builds(plate_read, _NUMBER, camera=_CAMERA, plate=_PLATE),
        st.builds(_with_another_key, _NUMBER, _PLATE),
        st.builds(track, _NUMBER, camera=_CAMERA),
        st.builds(count, st.integers(-1, 3), camera=_CAMERA),
        _ALERT,
        st.builds(incident_alert, _NUMBER, camera=_CAMERA),
        st.builds(health, _NUMBER, camera=_CAMERA, detail=_WORDS),
    ),
    max_size=25,
)
_SELECTIONS = st.one_of(
    st.builds(
        Selection,
        st.sampled_from(["ABC1C34", "X"]),
        st.sampled_from([(), ("a",), ("a", "b'\\"), ("none",)]),
        st.none() | _MS,
        st.none() | _MS,
    ),
    st.builds(Selection, st.just(""), st.sampled_from([("a",), ("a", "b'\\")]), _MS | st.just(-(2**62)), _MS),
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(_EVENTS, _SELECTIONS)
def test_rows_go_exactly_when_events_do(database: EventDatabase, events: list[Event], selection: Selection) -> None:
    events = [msgspec.structs.replace(event, event_id=uuid.uuid4()) for event in events]
    for table in TABLES.values():
        database.command(f"TRUNCATE TABLE {table.name}")
    fill(database, events)
    stored = StoredEvents(database, embedded=False)
    keys = {key for event in events if (key := selection.track_of(event)) is not None}
    assert stored.tracks(selection) == keys
    wanted = [event for event in events if selection.wants(event, keys)]
    counted = stored.counts(selection, sorted(keys))
    assert counted == {table.name: sum(isinstance(event, table.event) for event in wanted) for table in TABLES.values()}
