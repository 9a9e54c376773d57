"""An erasure in every place where this machine keeps events, and its proof."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.erasure.erase import Erasure, open_erasure
from pipeline.domain.camera import Camera, Scope
from pipeline.domain.events import Event, Kind, decode, encode
from pipeline.domain.plate import plate_forms
from pipeline.errors import SinkError, StoreBusy, StoreError
from pipeline.sink.build import build_sink
from pipeline.sink.jsonlines import JsonLinesWriter
from pipeline.sink.rejected_events import RejectedEventsFile
from pipeline.sink.settings import ChdbSinkSettings, JsonLinesSettings, KafkaSettings, SinkSettings
from pipeline.sink.spool.inspect_spool import summary
from pipeline.sink.spool.settings import SpoolSettings
from pipeline.sink.spool.spool import Spool
from pipeline.storage.locks import OwnerLock
from pipeline.store.backends.chdb import lock_path
from pipeline.store.backends.database import EventDatabase, migrate
from pipeline.store.backends.open_database import open_database
from pipeline.store.erasure_selection import Selection
from pipeline.store.event_store import open_event_store
from pipeline.store.row_erasure import StoredEvents
from pipeline.store.settings import ChdbSettings, ClickHouseSettings, StoreSettings
from tests.asking import Asking
from tests.event_samples import START_MS, alert, count, health, plate_read, records, track, wait_until
from tests.servers.clickhouse import ClickHouseServer
from tests.store.test_store import fill
from tests.store_fixtures import clickhouse_settings

PLATE = Selection.of("ABC1234", (), None, None)


def street() -> list[Event]:
    """Forty vehicles; numbers 3 and 4 are one, with the old plate and the converted one."""
    plates = {3: "ABC1234", 4: "ABC1C34"}
    reads = [plate_read(n, plate=plates.get(n, f"XYZ{n:04}")) for n in range(40)]
    return [*reads, *(track(n) for n in range(40)), *(count(n) for n in range(3)), health(1)]


def rest() -> list[Event]:
    return [e for e in street() if getattr(e, "track_id", 0) not in {3, 4}]


def spool(data_dir: Path, events: list[Event], name: str = "store") -> Spool:
    made = Spool(name, data_dir / "spool" / name, SpoolSettings(segment_bytes=4096))
    for event in events:
        made.append([encode(event)])
    return made


@contextlib.contextmanager
def erasing(
    data_dir: Path, *stores: StoreSettings, selection: Selection = PLATE, sinks: tuple[SinkSettings, ...] = ()
) -> Iterator[Erasure]:
    with open_erasure(selection, ConfiguredStores(data_dir, stores, sinks), timeout_s=60) as erasure:
        yield erasure


def found(erasure: Erasure) -> dict[str, int]:
    return {place.name: place.events for place in erasure.preview() if place.events}


def files_with(plate: str, folder: Path) -> list[str]:
    """Files below `folder` that hold a plate anywhere in their raw bytes: either form, any case, UTF-8 or UTF-16."""
    forms = [form for text in plate_forms(plate) for form in (text, text.lower(), f"{text[:3]}-{text[3:]}")]
    wanted = [form.encode(code) for form in forms for code in ("utf-8", "utf-16-le", "utf-16-be")]
    found = []
    for path in sorted(folder.rglob("*")):
        with contextlib.suppress(FileNotFoundError):  # a part that the database has just removed
            if path.is_file() and not path.is_socket() and any(text in path.read_bytes() for text in wanted):
                found.append(str(path.relative_to(folder)))
    return found


def test_a_vehicle_goes_from_every_table_and_no_other(
    database: EventDatabase, store_settings: StoreSettings, tmp_path: Path
) -> None:
    for _ in range(3):
        fill(database, street())
    with erasing(tmp_path, store_settings) as erasure:
        assert found(erasure) == {"plate_reads": 2, "tracks": 2}
        done = erasure.erase()
        assert {(f.name, f.events, f.left) for f in done if f.kind == "table"} == {
            ("plate_reads", 2, 0),
            ("tracks", 2, 0),
            ("counts", 0, 0),
            ("line_counts", 0, 0),
            ("zone_states", 0, 0),
            ("alerts", 0, 0),
            ("health", 0, 0),
        }
        assert {f.events for f in erasure.erase()} == {0}
    store = Asking(open_event_store(store_settings, tmp_path, dict))
    left = store.events(limit=1000)
    assert {e.event_id for e in left} == {e.event_id for e in rest()}
    assert store.plates("ABC1234") == store.plates("ABC1C34") == []
    store.close()


def test_a_place_and_time_goes_from_every_table(
    database: EventDatabase, store_settings: StoreSettings, tmp_path: Path
) -> None:
    fill(database, [*street(), *(plate_read(n, camera="cam-2") for n in range(40))])
    there = Selection.of(None, ["cam-1"], START_MS, START_MS + 30_000)
    with erasing(tmp_path, store_settings, selection=there) as erasure:
        assert found(erasure) == {"plate_reads": 40, "tracks": 40, "counts": 1, "health": 1}
        assert sum(f.left or 0 for f in erasure.erase()) == 0
    store = Asking(open_event_store(store_settings, tmp_path, dict))
    assert store.count(Kind.PLATE_READ) == 40
    assert store.count(Kind.COUNT) == 2
    store.close()


def test_what_was_erased_is_in_no_file_of_the_embedded_store(tmp_path: Path) -> None:
    database = open_database(ChdbSettings(), tmp_path, create=True)
    migrate(database)
    fill(database, street())

    def parts() -> int:
        return int(database.rows("SELECT toInt64(count()) AS n FROM system.parts WHERE NOT active")[0]["n"])

    database.command(
        "ALTER TABLE plate_reads DELETE WHERE plate_key = 'ABC1C34' AND ts_ms = 0"
    )  # by an earlier version
    assert files_with("ABC1234", tmp_path)
    with erasing(tmp_path, ChdbSettings()) as erasure:
        erasure.erase()
    assert parts() == 0
    definition = database.rows("SHOW CREATE TABLE plate_reads")
    assert "old_parts_lifetime" not in str(definition)
    database.close()
    assert files_with("ABC1234", tmp_path) == []


def test_a_server_that_logs_every_statement_keeps_no_trace_of_the_plate(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with ClickHouseServer(tmp_path / "server", logs_everything=True) as server:
        settings = clickhouse_settings(server, database="logged")
        database = open_database(settings, data, create=True)
        migrate(database)
        named = [msgspec.structs.replace(alert(n), detail=words) for n, words in [(1, "seen abc-1234"), (2, "XYZ0001")]]
        fill(database, [*street(), *named])
        with erasing(data, settings) as erasure:
            assert found(erasure) == {"plate_reads": 2, "tracks": 2, "alerts": 1}
            erasure.erase()
        assert not any("history" in words for words in erasure.out_of_reach)
        wait_until(lambda: not files_with("ABC1234", tmp_path))
        assert b"ALTER TABLE plate_reads DELETE" in (tmp_path / "server" / "server.log").read_bytes(), "it does log"
        assert files_with("XYZ0001", tmp_path), "the search itself works"
        database.command("SYSTEM FLUSH LOGS")
        logged = database.rows("SELECT query FROM system.query_log")
        assert logged, "inserts, which have no values in their text"
        assert not any("ABC1" in row["query"] or "abc-1" in row["query"] for row in logged)
        database.close()


def test_spools_refused_files_and_json_lines_lose_it_and_keep_the_rest(tmp_path: Path) -> None:
    events = street()
    with contextlib.closing(spool(tmp_path, events)) as one:
        one.acknowledge(20)
    refused = RejectedEventsFile(tmp_path / "refused" / "store.jsonl")
    (tmp_path / "refused").mkdir()
    for event in events:
        refused.append(event, "why not")
    for plate in ("ABC1C34", "ABC1C35"):  # as earlier versions wrote bytes that are no event
        old = {"at_ms": 1, "reason": "torn", "event": f'\\xff{{"plate":"{plate}"'}
        with refused.path.open("a") as file:
            file.write(json.dumps(old, separators=(",", ":")) + "\n")
    writer = JsonLinesWriter(tmp_path / "lines.jsonl", 8192)
    writer.open()
    for event in events:
        writer.write(records([event]))
    writer.close()
    sinks = (JsonLinesSettings(path=Path("lines.jsonl")), KafkaSettings(name="bus"))
    with erasing(tmp_path, sinks=sinks) as erasure:
        assert found(erasure) == {"store": 4, "lines.jsonl": 4, "store.jsonl": 5}
        assert any("Kafka topics viapublica.* of sink bus" in words for words in erasure.out_of_reach)
        assert {f.left for f in erasure.erase()} == {0}
    report, damaged = summary(tmp_path / "spool" / "store")
    assert (report.events, report.erased, report.missing, damaged) == (len(events) - 4, 4, 0, [])
    with contextlib.closing(Spool("store", tmp_path / "spool" / "store", SpoolSettings())) as again:
        assert again.status().acked == 20
        pending = [decode(record.payload) for record in again.read(1000)]
        assert pending == [e for e in events[20:] if e in rest()]
    lines = [line for path in tmp_path.glob("lines*.jsonl") for line in path.read_bytes().splitlines()]
    assert len(list(tmp_path.glob("lines*.jsonl"))) > 1, "rotated ones too"
    assert sorted(lines) == sorted(encode(event) for event in rest())
    kept = [json.loads(line)["event"] for line in refused.path.read_text().splitlines()]
    assert len(kept) == len(rest()) + 1
    assert "ABC1C35" in kept[-1]


def test_files_and_stores_that_are_configured_no_more_are_erased_or_named(tmp_path: Path) -> None:
    for name in ("before.jsonl", "out/deeper.jsonl"):
        writer = JsonLinesWriter(tmp_path / name, 8192)
        writer.open()
        writer.write(records([plate_read(3, plate="ABC1234"), plate_read(5)]))
        writer.close()
    foreign = tmp_path / "notes.jsonl"
    foreign.write_text('{"about": "ABC1234"}\n')
    database = open_database(ChdbSettings(path=Path("old")), tmp_path, create=True)
    migrate(database)
    database.close()
    with erasing(tmp_path, ChdbSettings(), sinks=(ChdbSinkSettings(),)) as erasure:
        assert found(erasure) == {"before.jsonl": 1, "deeper.jsonl": 1}
        erasure.erase()
        assert any(f"event store {tmp_path / 'old'}, which the configuration" in text for text in erasure.out_of_reach)
    assert files_with("ABC1234", tmp_path) == ["notes.jsonl"], "no file of this program"


def test_a_file_of_a_former_sink_is_erased_wherever_it_is_and_whatever_its_first_line(tmp_path: Path) -> None:
    data, outside = tmp_path / "data", tmp_path / "elsewhere" / "lines.json"
    for path in (data / "torn.jsonl", outside, outside.with_name("lines-20261130T040000Z.json")):
        path.parent.mkdir(exist_ok=True)
        lines = [encode(plate_read(3, plate="ABC1234")), encode(plate_read(5))]
        path.write_bytes(b'{"kind":"plate_rea\n' + b"".join(line + b"\n" for line in lines))
    for path in (outside, tmp_path / "unmounted" / "gone.jsonl"):
        build_sink(JsonLinesSettings(name=path.stem, path=path), data, lambda event: event).close(1)
    (tmp_path / "unmounted" / "gone.jsonl").unlink()
    with erasing(data, ChdbSettings(), sinks=(ChdbSinkSettings(),)) as erasure:
        assert found(erasure) == {"torn.jsonl": 1, "lines.json": 2}
        erasure.erase()
        assert [text for text in erasure.out_of_reach if "gone.jsonl, written under an earlier" in text]
        assert not [text for text in erasure.out_of_reach if "lines.json" in text]
        assert [text for text in erasure.out_of_reach if text.startswith("what sink lines delivered under an earlier")]
    assert files_with("ABC1234", tmp_path) == []


def test_copies_of_one_event_are_one_event(clickhouse_store: ClickHouseSettings, tmp_path: Path) -> None:
    only_in_a_spool = plate_read(50, plate="ABC1234")
    stores: tuple[StoreSettings, ...] = (clickhouse_store, ChdbSettings())
    stored: list[Event] = [plate_read(3, plate="ABC1234"), track(3), plate_read(5), track(5)]
    second: list[Event] = [track(3), plate_read(51, plate="ABC1C34")]
    for settings, events in zip(stores, (stored, second), strict=True):
        database = open_database(settings, tmp_path, create=True)
        migrate(database)
        fill(database, events)
        database.close()
    for name in ("store", "bus"):
        with contextlib.closing(spool(tmp_path, [*stored[:2], only_in_a_spool], name)):
            pass
    with erasing(tmp_path, *stores) as erasure:
        assert sum(place.events for place in erasure.preview()) == 10
        assert (erasure.events.by_kind, erasure.events.places) == ({"plate_read": 3, "track": 1}, 6)
        erasure.erase()
        assert erasure.events.by_kind == {"plate_read": 3, "track": 1}, "what was found before"
    there = Selection.of(None, ["cam-1"], START_MS, START_MS + 3_600_000)
    with contextlib.closing(spool(tmp_path, [track(5), track(6)])):
        pass
    with erasing(tmp_path, *stores, selection=there) as erasure:
        erasure.preview()
        assert erasure.events.by_kind == {"plate_read": 1, "track": 2}, "track 5 is in the table and in a spool"


def test_tracks_are_found_by_reads_that_lie_elsewhere(
    database: EventDatabase, store_settings: StoreSettings, tmp_path: Path
) -> None:
    fill(database, [track(n) for n in range(10)])
    with contextlib.closing(spool(tmp_path, [plate_read(3, plate="ABC1234"), plate_read(5)])):
        pass
    with erasing(tmp_path, store_settings) as erasure:
        assert found(erasure) == {"tracks": 1, "store": 1}
        erasure.erase()
    assert database.rows("SELECT toInt64(count()) AS n FROM tracks") == [{"n": 9}]


def test_stopped_between_two_places_it_is_finished_by_doing_it_again(
    database: EventDatabase, store_settings: StoreSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, street())
    with contextlib.closing(spool(tmp_path, street())):
        pass

    def failing(*_: object) -> None:
        raise StoreError("database", "went away")

    with erasing(tmp_path, store_settings) as erasure, monkeypatch.context() as broken:
        broken.setattr(StoredEvents, "erase", failing)
        with pytest.raises(StoreError, match="went away"):
            erasure.erase()
    with erasing(tmp_path, store_settings) as erasure:
        assert found(erasure) == {"plate_reads": 2, "tracks": 2, "store": 2}, "the reads still lead to the tracks"
        assert {f.left for f in erasure.erase()} == {0}


def test_events_left_behind_are_an_error(
    database: EventDatabase, store_settings: StoreSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, street())
    monkeypatch.setattr(StoredEvents, "erase", lambda *_: None)
    with erasing(tmp_path, store_settings) as erasure, pytest.raises(StoreError, match="2 in table plate_reads of"):
        erasure.erase()


def test_many_tracks_go_in_several_statements(
    database: EventDatabase, store_settings: StoreSettings, tmp_path: Path
) -> None:
    fill(database, [*(plate_read(n, plate="ABC1234") for n in range(1200)), *(track(n) for n in range(1300))])
    with erasing(tmp_path, store_settings) as erasure:
        assert found(erasure) == {"plate_reads": 1200, "tracks": 1200}
        erasure.erase()
    assert database.rows("SELECT toInt64(count()) AS n FROM tracks") == [{"n": 100}]


def test_a_running_owner_is_named(tmp_path: Path) -> None:
    running = spool(tmp_path, street())
    with pytest.raises(SinkError, match=r"process \d+ is writing it.*Stop that process"), erasing(tmp_path):
        pass
    running.close()
    (tmp_path / "events").mkdir()
    lock = OwnerLock(lock_path(tmp_path / "events"))
    assert lock.acquire()
    with pytest.raises(StoreBusy, match="owns this event store"), erasing(tmp_path, ChdbSettings()):
        pass
    lock.release()


def test_an_unknown_camera_is_refused_with_the_known_ones_and_every_known_one_is_not(
    database: EventDatabase, store_settings: StoreSettings, tmp_path: Path
) -> None:
    fill(database, [plate_read(1, camera="bikes")])
    with contextlib.closing(spool(tmp_path, [plate_read(2, camera="only-in-a-spool")])):
        pass

    def place(camera: str) -> Selection:
        return Selection.of(None, [camera], START_MS, START_MS + 60_000)

    for known in ("bikes", "only-in-a-spool"):
        with erasing(tmp_path, store_settings, selection=place(known)) as erasure:
            assert any(one.events for one in erasure.preview())
    with (
        pytest.raises(StoreError, match=r"camera 'bike': is neither configured .* nothing was erased.*mean bikes\?"),
        erasing(tmp_path, store_settings, selection=place("bike")),
    ):
        pass
    assert not (tmp_path / "erased").exists(), "no tombstone"
    configured = ConfiguredStores(tmp_path, (store_settings,), cameras={"bike": Camera("bike", Scope.PUBLIC_ROAD)})
    with open_erasure(place("bike"), configured) as erasure:
        assert not any(one.events for one in erasure.preview()), "a known camera without events can be erased"


def test_nothing_there_is_no_error(store_settings: StoreSettings, tmp_path: Path) -> None:
    with erasing(tmp_path / "nowhere", store_settings) as erasure:
        assert [f for f in erasure.preview() if f.events] == []
        assert [f for f in erasure.erase() if f.left] == []
    made = {path.name for path in (tmp_path / "nowhere").iterdir()}
    assert made == {"audit", "erased"}, "the record of the erasure, and that it was made"
