"""The same questions to chDB and to a ClickHouse server."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.domain.event_writer import EventRecord, EventRefused
from pipeline.domain.events import ENGINE_ID, Event, Kind
from pipeline.errors import StoreError
from pipeline.store.answers.plates import like_pattern
from pipeline.store.backends.database import EventDatabase, bind, literal
from pipeline.store.event_store import open_event_store
from pipeline.store.schema.tables import TABLES
from pipeline.store.settings import StoreSettings
from pipeline.store.table_writer import TableWriter
from tests.asking import Asking
from tests.event_samples import START_MS, alert, count, health, one_of_each, plate_read, track

NASTY = [
    "it's",
    "\\",
    "\\'",
    "' OR 1=1 --",
    "'; DROP TABLE plate_reads; --",
    "{key}",
    "%(x)s",
    "a\tb\nc",
    "\0",
    "«»😀",
    "\\N",
    "$$",
]


def fill(database: EventDatabase, events: Sequence[Event]) -> None:
    writer = TableWriter("test", lambda: database)
    writer.open()
    writer.write([EventRecord(event, b"") for event in events])


@pytest.fixture
def store(store_settings: StoreSettings, tmp_path: Path, database: EventDatabase) -> Asking:
    return Asking(open_event_store(store_settings, tmp_path, dict))


def test_every_kind_comes_back_as_it_was(store: Asking, database: EventDatabase) -> None:
    events = one_of_each()
    fill(database, events)
    for event, kind in zip(events, Kind, strict=True):
        assert store.events(kind) == [event]
    assert {e.event_id for e in store.events()} == {e.event_id for e in events}
    store.close()


def test_tables_are_the_ones_the_program_writes(database: EventDatabase) -> None:
    for table in TABLES.values():
        rows = database.rows(f"DESCRIBE TABLE {table.name}")
        found = {row["name"]: row["type"] for row in rows if row["name"] != "ts"}
        assert found == {name: kind.value for name, kind in table.columns.items()}


def test_a_plate_is_found_in_both_forms_and_any_writing(store: Asking, database: EventDatabase) -> None:
    old, new, other = plate_read(1, plate="ABC1234"), plate_read(2, plate="ABC1C34"), plate_read(3, plate="ABC1C35")
    fill(database, [old, new, other])
    assert store.plates("abc-1234") == [new, old]
    assert store.plates("ABC1C34") == [new, old]
    assert store.plates("ABC1D34") == []
    store.close()


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("ABC*", {1, 2}),
        ("*34", {1, 2}),
        ("ABC1?34", {1, 2}),
        ("ABC12*", {1}),
        ("???1?3*", {1, 2}),
        ("*", {1, 2, 3}),
        ("B*", set()),
    ],
)
def test_wildcards_match_text_or_key(store: Asking, database: EventDatabase, pattern: str, expected: set[int]) -> None:
    fill(database, [plate_read(1, plate="ABC1234"), plate_read(2, plate="ABC1C34"), plate_read(3, plate="X_%9")])
    assert {read.track_id for read in store.plates(pattern, like=True)} == expected
    with pytest.raises(StoreError, match="no letter or digit"):
        store.plates("*")
    store.close()


def test_time_camera_and_pages_narrow_the_answer(store: Asking, database: EventDatabase) -> None:
    reads = [plate_read(n, camera=f"cam-{n % 2}") for n in range(10)]
    fill(database, reads)
    newest_first = reads[::-1]
    start, end = START_MS + 2000, START_MS + 8000
    assert store.plates("ABC1D23", start_ms=start, end_ms=end) == newest_first[2:8]
    assert store.plates("ABC1D23", camera_ids=["cam-1"]) == newest_first[::2]
    assert store.plates("ABC1D23", camera_ids=["cam-0", "cam-1"], limit=3, offset=4) == newest_first[4:7]
    assert store.events(Kind.PLATE_READ, camera_ids=["cam-0"], start_ms=start, limit=2) == newest_first[1:4:2]
    assert store.plates("ABC1D23", start_ms=-5, end_ms=2**62) == newest_first
    with pytest.raises(StoreError, match=r"neither configured nor in the event store\. Did you mean cam-"):
        store.plates("ABC1D23", camera_ids=["cam-9"])
    store.close()


def test_events_of_all_kinds_are_paged_together(store: Asking, database: EventDatabase) -> None:
    fill(database, [e for n in range(5) for e in one_of_each(n)])
    whole = store.events(limit=20)
    assert len(whole) == 20
    assert [e.ts_ms for e in whole] == sorted((e.ts_ms for e in whole), reverse=True)
    assert store.events(limit=4, offset=3) == whole[3:7]
    store.close()


@pytest.mark.parametrize(("limit", "offset"), [(-1, 0), (10**9, 0), (1, -1)])
def test_senseless_pages_are_refused(store: Asking, limit: int, offset: int) -> None:
    with pytest.raises(StoreError):
        store.events(limit=limit, offset=offset)
    store.close()


def test_an_event_written_often_shows_once_before_any_merge(store: Asking, database: EventDatabase) -> None:
    reads = [plate_read(n) for n in range(50)]
    for _ in range(3):
        fill(database, reads + reads)
    assert int(database.rows("SELECT count() AS n FROM plate_reads")[0]["n"]) > 50  # they are really there
    assert store.count(Kind.PLATE_READ) == 50
    assert store.plates("ABC1D23") == reads[::-1]
    assert store.events(Kind.PLATE_READ, limit=20, offset=20) == reads[::-1][20:40]
    assert store.cameras()[0].events[Kind.PLATE_READ] == 50
    store.close()


def test_the_newer_version_of_an_event_wins(store: Asking, database: EventDatabase) -> None:
    older = plate_read(1)
    newer = msgspec.structs.replace(older, schema_version=2, votes=9)
    fill(database, [newer])
    fill(database, [older])
    assert store.plates("ABC1D23") == [newer]
    store.close()


def test_cameras_tell_counts_last_seen_and_state(store: Asking, database: EventDatabase) -> None:
    fill(
        database,
        [
            plate_read(1, camera="a"),
            track(9, camera="a"),
            count(0, camera="b"),
            health(1, camera="a", state="streaming"),
            health(5, camera="a", state="stalled", detail="no frame within 5 s"),
        ],
    )
    a, b = store.cameras()
    assert (a.camera_id, a.last_seen_ms, a.state, a.detail) == ("a", START_MS + 9000, "stalled", "no frame within 5 s")
    assert a.events == dict.fromkeys(Kind, 0) | {Kind.PLATE_READ: 1, Kind.TRACK: 1, Kind.HEALTH: 2}
    assert (b.camera_id, b.state, b.state_since_ms) == ("b", "", None)
    store.close()


def test_alerts_of_the_engine_are_stored_and_make_it_no_camera(store: Asking, database: EventDatabase) -> None:
    own = msgspec.structs.replace(alert(3), camera_id=ENGINE_ID)
    fill(database, [plate_read(1, camera="a"), own])
    assert [camera.camera_id for camera in store.cameras()] == ["a"]
    assert store.events(Kind.ALERT, camera_ids=[ENGINE_ID]) == [own]
    store.close()


@pytest.mark.parametrize("text", NASTY)
def test_texts_are_values_never_sql(store: Asking, database: EventDatabase, text: str) -> None:
    event = plate_read(1, camera=text)
    quoted = plate_read(3, camera="'")
    fill(database, [event, plate_read(2), quoted])
    assert store.events(Kind.PLATE_READ, camera_ids=[text]) == ([event] if text != "'" else [quoted, event])
    assert store.plates(f"{text}ABC1D23", camera_ids=[text, "'"]) in ([quoted, event], [])
    assert store.count(Kind.PLATE_READ) == 3
    store.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(), min_size=1, max_size=20))
def test_literals_read_back(database: EventDatabase, texts: list[str]) -> None:
    columns = ", ".join(f"{literal(text)} AS c{n}" for n, text in enumerate(texts))
    assert list(database.rows(f"SELECT {columns}, {literal(texts)} AS l")[0].values()) == [*texts, texts]


def test_values_with_placeholders_in_them_are_not_filled_in() -> None:
    assert bind("{a} {b}", {"a": "{b}", "b": 1}) == "'{b}' 1"
    with pytest.raises(TypeError):
        literal(1.5)
    with pytest.raises(KeyError):
        bind("{missing}", {})


@given(st.text())
def test_patterns_have_only_our_wildcards(text: str) -> None:
    assert set(like_pattern(text)) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%_")
    assert like_pattern(text).count("%") == text.count("*")


def test_events_of_a_hundred_and_fifty_days_go_in_at_once(store: Asking, database: EventDatabase) -> None:
    reads = [plate_read(n, ts_ms=START_MS - n * 86_400_000) for n in range(150)]
    fill(database, reads)
    assert store.count(Kind.PLATE_READ) == 150
    store.close()


@pytest.mark.parametrize(
    "event",
    [
        plate_read(1, confidence=float("nan")),
        plate_read(1, ts_ms=-1),
        plate_read(1, ts_ms=2**33 * 1000),
        msgspec.structs.replace(plate_read(1), vehicle="\ud800"),
        msgspec.structs.replace(plate_read(1), votes=-1),
        msgspec.structs.replace(plate_read(1), votes=2**40),
        msgspec.structs.replace(track(1), speed_m_s=float("inf")),
    ],
)
def test_an_event_that_fits_no_column_is_refused_and_the_connection_lives(
    database: EventDatabase, event: Event
) -> None:
    with pytest.raises(EventRefused):
        fill(database, [event])
    fill(database, one_of_each())
    assert database.rows("SELECT count() AS n FROM plate_reads")[0]["n"] == 1


def test_pages_are_full_however_many_duplicates_lie_before_them(store: Asking, database: EventDatabase) -> None:
    old, new = [plate_read(n) for n in range(5)], plate_read(100)
    fill(database, old)
    for _ in range(40):
        fill(database, [new])
    assert store.events(Kind.PLATE_READ, limit=4) == [new, *old[:1:-1]]
    assert store.plates("ABC*", like=True, limit=2, offset=3) == old[2:0:-1]
    store.close()
