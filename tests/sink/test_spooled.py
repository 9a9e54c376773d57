"""Spool, thread and retries around a writer; outages by a writer under the test's control."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from pipeline.domain.event_writer import EventRecord, EventRefused
from pipeline.domain.events import Event, encode
from pipeline.errors import Backpressure, SinkError
from pipeline.sink.event_json import to_json
from pipeline.sink.payload_digest import digest
from pipeline.sink.settings import DeliverySettings
from pipeline.sink.spool.settings import FullSpoolPolicy, SpoolSettings
from pipeline.sink.spool.spool import Spool
from pipeline.sink.spooled import SpooledSink
from tests.event_samples import admit_all, newer_read, one_of_each, plate_read, wait_until


class Other:
    """The other side: up or down, with events it never takes. Real servers are in the other files."""

    target = "other side"

    def __init__(self) -> None:
        self.up = True
        self.taken: list[Event] = []
        self.batches: list[int] = []
        self.payloads: list[bytes] = []
        self.poison: set[int] = set()
        self.stuck = threading.Event()
        self.stuck.set()
        self.opened = 0

    def open(self) -> None:
        if not self.up:
            raise SinkError(self.target, "connection refused by amqp://me:secret@host")
        self.opened += 1

    def write(self, records: Sequence[EventRecord]) -> None:
        self.stuck.wait(30)
        events = [record.event for record in records]
        if not self.up:
            raise OSError("gone")
        if any(getattr(event, "frame", None) in self.poison for event in events):
            raise EventRefused(self.target, "bad frame")
        self.batches.append(len(events))
        self.payloads += [record.payload for record in records]
        self.taken.extend(events)

    def close(self) -> None:
        pass


FAST = DeliverySettings(
    name="s",
    batch_events=10,
    batch_interval_s=0.02,
    retry_initial_s=0.02,
    retry_max_s=0.05,
    close_timeout_s=0.3,
)


def changed(**values: object) -> DeliverySettings:
    return FAST.model_copy(update=values)


def test_events_arrive_in_order_and_in_batches(tmp_path: Path) -> None:
    other, events = Other(), [plate_read(n) for n in range(45)]
    sink = SpooledSink(other, FAST, tmp_path, admit_all)
    sink.add(events)
    sink.flush(60)
    assert other.taken == events
    assert other.batches == [10, 10, 10, 10, 5]
    status = sink.status()
    assert (status.accepted, status.delivered, status.pending, status.oldest_pending_s, status.error) == (
        45,
        45,
        0,
        0,
        "",
    )
    sink.close()


def test_a_lone_event_waits_for_the_interval_but_not_for_a_flush(tmp_path: Path) -> None:
    other = Other()
    sink = SpooledSink(other, changed(batch_interval_s=3600), tmp_path, admit_all)
    sink.add([plate_read(1)])
    time.sleep(0.1)
    assert other.taken == []
    sink.flush(60)
    assert other.taken == [plate_read(1)]
    sink.close()


SMALL = SpoolSettings(segment_bytes=4096, max_bytes=2**16)


def test_full_means_all_or_nothing_with_a_time_to_try_again(tmp_path: Path) -> None:
    other = Other()
    other.up = False
    sink = SpooledSink(other, changed(spool=SMALL), tmp_path, admit_all)
    sink.add([plate_read(n) for n in range(80)])
    with pytest.raises(Backpressure) as full:
        sink.add([plate_read(n) for n in range(80, 280)])
    assert full.value.retry_after_s > 0
    assert sink.status().accepted == 80
    assert 0 < sink.status().spool_bytes <= 2**16
    sink.add([plate_read(n) for n in range(80, 85)])
    other.up = True
    sink.flush(60)
    assert [event.frame for event in other.taken] == list(range(85))  # type: ignore[union-attr]
    sink.add([plate_read(n) for n in range(85, 185)])  # what is delivered makes room
    sink.flush(60)
    sink.close()
    assert len(other.taken) == 185


def test_a_full_spool_may_be_told_to_give_up_its_oldest_and_says_how_many(tmp_path: Path) -> None:
    other = Other()
    other.up = False
    sink = SpooledSink(
        other, changed(spool=SMALL.model_copy(update={"when_full": FullSpoolPolicy.DROP_OLDEST})), tmp_path, admit_all
    )
    for n in range(400):
        sink.add([plate_read(n)])
    lost = sink.status().lost
    assert 0 < lost < 400
    assert sink.status().pending == 400 - lost
    other.up = True
    sink.flush(60)
    sink.close()
    assert [event.frame for event in other.taken] == list(range(lost, 400))  # type: ignore[union-attr]


def test_an_outage_shows_in_the_status_without_credentials_and_heals(tmp_path: Path) -> None:
    other = Other()
    other.up = False
    sink = SpooledSink(other, FAST, tmp_path, admit_all)
    wait_until(lambda: sink.status().retries > 2)
    assert "connection refused" in sink.status().error
    assert "secret" not in sink.status().error
    sink.add([plate_read(1)])
    with pytest.raises(SinkError, match=r"1 events are not delivered after 0\.05 s: .*connection refused"):
        sink.flush(0.05)
    other.up = True
    sink.flush(60)
    assert sink.status().error == ""
    other.up = False
    sink.add([plate_read(2)])
    wait_until(lambda: sink.status().error != "")
    assert sink.status().oldest_pending_s > 0
    other.up = True
    sink.flush(60)
    assert other.opened >= 2  # a connection that failed is not used again
    sink.close()


@pytest.mark.parametrize("poison", [{0}, {44}, {7, 8, 31}, set(range(45))])
def test_poison_is_put_aside_and_all_others_arrive_once_in_order(tmp_path: Path, poison: set[int]) -> None:
    other = Other()
    other.poison = poison
    sink = SpooledSink(other, FAST, tmp_path, admit_all)
    sink.add([plate_read(n) for n in range(45)])
    sink.flush(60)
    assert [event.frame for event in other.taken] == [n for n in range(45) if n not in poison]  # type: ignore[union-attr]
    assert sink.status().refused == len(poison)
    assert sink.status().delivered == 45 - len(poison)
    lines = [json.loads(line) for line in (tmp_path / "refused" / "s.jsonl").read_text().splitlines()]
    assert {line["event"]["frame"] for line in lines} == poison
    assert all("bad frame" in line["reason"] for line in lines)
    sink.close()


def test_what_a_dead_other_side_left_over_is_sent_first_on_the_next_start(tmp_path: Path) -> None:
    other = Other()
    other.up = False
    sink = SpooledSink(other, FAST, tmp_path, admit_all)
    sink.add([plate_read(n) for n in range(30)])
    sink.close()
    assert sink.status().pending == 30
    kept = list((tmp_path / "spool" / "s").iterdir())
    assert kept
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "spool" / "s", *kept))

    again = SpooledSink(other, FAST, tmp_path, admit_all)  # still dead: nothing is lost by a second try
    again.add([plate_read(n) for n in range(30, 40)])
    again.close()
    assert again.status().pending == 40

    other.up = True
    third = SpooledSink(other, FAST, tmp_path, admit_all)
    third.add([plate_read(99)])
    third.flush(60)
    third.close()
    assert [event.frame for event in other.taken] == [*range(40), 99]  # type: ignore[union-attr]
    SpooledSink(other, FAST, tmp_path, admit_all).close()
    assert len(other.taken) == 41, "what was confirmed is not sent again"


@pytest.mark.parametrize("delivering", [False, True])
def test_a_kill_loses_nothing_that_was_accepted(tmp_path: Path, delivering: bool) -> None:
    other = Other()
    other.up = delivering
    other.stuck.clear()
    sink = SpooledSink(other, FAST, tmp_path / "killed", admit_all)
    sink.add([plate_read(n) for n in range(30)])
    time.sleep(0.1)
    shutil.copytree(tmp_path / "killed", tmp_path / "found")  # what kill -9 leaves: the files as they are
    sink.give_up()
    other.stuck.set()
    sink.close()
    late = Other()
    again = SpooledSink(late, FAST, tmp_path / "found", admit_all)
    again.flush(60)
    again.close()
    assert [event.frame for event in late.taken] == list(range(30))  # type: ignore[union-attr]


def test_a_writer_that_hangs_at_the_end_cannot_remove_what_was_kept(tmp_path: Path) -> None:
    other = Other()
    other.stuck.clear()
    sink = SpooledSink(other, FAST, tmp_path, admit_all)
    sink.add([plate_read(n) for n in range(20)])
    sink.close()
    other.stuck.set()
    wait_until(lambda: bool(other.taken))
    time.sleep(0.1)
    late = Other()
    again = SpooledSink(late, FAST, tmp_path, admit_all)
    again.flush(60)
    again.close()
    assert len(late.taken) == 20


def test_a_damaged_event_is_told_and_the_others_are_sent(tmp_path: Path) -> None:
    other = Other()
    other.up = False
    sink = SpooledSink(other, FAST, tmp_path, admit_all)
    sink.add([plate_read(n) for n in range(5)])
    sink.close()
    (segment,) = (tmp_path / "spool" / "s").glob("*.seg")
    segment.write_bytes(segment.read_bytes().replace(b'"frame":3', b'"frame":4'))
    other.up = True
    again = SpooledSink(other, FAST, tmp_path, admit_all)
    again.flush(60)
    again.close()
    assert [event.frame for event in other.taken] == [0, 1, 2, 4]  # type: ignore[union-attr]
    assert again.status().lost == 1


def test_an_event_of_an_unknown_kind_in_the_spool_is_put_aside(tmp_path: Path) -> None:
    spool = Spool("s", tmp_path / "spool" / "s", SpoolSettings())
    strange = [b'{"kind":"weather"}', b"no json"]
    spool.append([encode(plate_read(1)), *strange, encode(plate_read(2))])
    spool.close()
    other = Other()
    sink = SpooledSink(other, FAST, tmp_path, admit_all)
    sink.flush(60)
    sink.close()
    assert other.taken == [plate_read(1), plate_read(2)]
    assert sink.status().refused == 2
    lines = [json.loads(line) for line in (tmp_path / "refused" / "s.jsonl").read_text().splitlines()]
    assert [line["event"] for line in lines] == [json.loads(digest(one)) for one in strange]
    assert not any(word in str(lines) for word in ("weather", "no json")), "it could be anything"


def test_events_of_a_later_version_in_the_spool_are_delivered_without_the_fields_unknown_here(tmp_path: Path) -> None:
    newer = newer_read(1)
    later = msgspec.structs.replace(plate_read(1), schema_version=2, event_id=newer.event_id)
    changed = msgspec.json.encode(msgspec.json.decode(encode(later)) | {"votes": "many"})
    spool = Spool("s", tmp_path / "spool" / "s", SpoolSettings())
    spool.append([encode(newer), changed])
    spool.close()
    other = Other()
    sink = SpooledSink(other, FAST, tmp_path, admit_all)
    sink.flush(60)
    sink.close()
    assert other.taken == [later]
    assert other.payloads == [encode(later)]
    assert (sink.status().newer, sink.status().refused) == (1, 1)
    assert "update the program, then replay" in (tmp_path / "refused" / "s.jsonl").read_text()


def test_a_writer_gets_the_very_bytes_that_were_accepted(tmp_path: Path) -> None:
    other = Other()
    sink = SpooledSink(other, FAST, tmp_path, admit_all)
    sink.add(one_of_each())
    sink.flush(60)
    sink.close()
    assert other.payloads == [to_json(event) for event in one_of_each()]


def test_an_event_that_is_no_json_ends_in_the_refused_file_not_nowhere(tmp_path: Path) -> None:
    other = Other()
    other.up = False
    sink = SpooledSink(other, FAST, tmp_path, admit_all)
    sink.add([msgspec.structs.replace(plate_read(1), vehicle="\ud800"), plate_read(2)])
    sink.close()
    other.up = True
    again = SpooledSink(other, FAST, tmp_path, admit_all)
    again.flush(60)
    again.close()
    assert other.taken == [plate_read(2)]
    (line,) = (tmp_path / "refused" / "s.jsonl").read_text().splitlines()
    assert str(plate_read(1).event_id) in line
    assert "cannot be written as JSON" in line
    assert "ABC1D23" not in line


def test_two_owners_of_one_sink_are_refused_by_name(tmp_path: Path) -> None:
    sink = SpooledSink(Other(), FAST, tmp_path, admit_all)
    with pytest.raises(SinkError, match=r"s: process \d+ uses this data folder"):
        SpooledSink(Other(), FAST, tmp_path, admit_all)
    sink.close()
    SpooledSink(Other(), FAST, tmp_path, admit_all).close()


def test_the_last_events_are_kept_even_when_there_is_no_room(tmp_path: Path) -> None:
    other = Other()
    other.up = False
    sink = SpooledSink(other, changed(spool=SMALL), tmp_path, admit_all)
    sink.add([plate_read(n) for n in range(90)])
    with pytest.raises(Backpressure):
        sink.add([plate_read(n) for n in range(90, 290)])
    sink.close(0.05, [plate_read(n) for n in range(90, 290)])
    other.up = True
    again = SpooledSink(other, FAST, tmp_path, admit_all)
    again.flush(60)
    again.close()
    assert [event.frame for event in other.taken] == list(range(290))  # type: ignore[union-attr]


def test_giving_up_cuts_the_patience_of_close_short_and_keeps_the_rest(tmp_path: Path) -> None:
    other = Other()
    other.up = False
    sink = SpooledSink(other, changed(retry_initial_s=0.01), tmp_path, admit_all)
    sink.add([plate_read(1)])
    closer = threading.Thread(target=sink.close, args=(3600.0,))
    closer.start()
    sink.give_up()
    closer.join(timeout=60)
    assert not closer.is_alive()
    assert sink.status().pending == 1


def test_after_close_nothing_is_accepted_and_close_is_harmless(tmp_path: Path) -> None:
    sink = SpooledSink(Other(), FAST, tmp_path, admit_all)
    sink.close()
    sink.close()
    with pytest.raises(SinkError, match="closed"):
        sink.add([plate_read(1)])
    sink.flush(1)


def test_many_threads_add_and_nothing_is_lost(tmp_path: Path) -> None:
    other = Other()
    sink = SpooledSink(other, changed(spool=SMALL), tmp_path, admit_all)

    def camera(number: int) -> None:
        for n in range(100):
            while True:
                try:
                    sink.add([plate_read(n, camera=f"cam-{number}")])
                    break
                except Backpressure:
                    time.sleep(0.01)

    threads = [threading.Thread(target=camera, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sink.flush(60)
    sink.close()
    assert len(other.taken) == 800
    for number in range(8):
        frames = [e.frame for e in other.taken if e.camera_id == f"cam-{number}"]  # type: ignore[union-attr]
        assert frames == list(range(100))


def test_encoded_size_promised_in_the_settings() -> None:
    assert len(encode(plate_read(1))) < 1000
