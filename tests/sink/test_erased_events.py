"""What was erased does not come back from a spool, and what is ahead of time is set aside."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import pytest

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.erasure.erase import open_erasure
from pipeline.domain.camera import Camera, Scope
from pipeline.domain.events import Event
from pipeline.policy.clock_lead import ClockLead
from pipeline.policy.gate import Gate
from pipeline.store.erasure_selection import Selection
from pipeline.store.tombstones import Tombstones
from tests.app.erasure.test_erase import files_with
from tests.event_samples import START_MS, plate_read, track
from tests.sink.test_delivery_gate import deliver, spooled_before

ROAD = Camera("cam-1", Scope.PUBLIC_ROAD)
PLATE = Selection.of("ABC1234", (), None, None)


def gate(data_dir: Path) -> Gate:
    return Gate({"cam-1": ROAD}, conditions=[Tombstones(data_dir).refusal])


def erase(data_dir: Path) -> None:
    with open_erasure(PLATE, ConfiguredStores(data_dir, ())) as erasure:
        erasure.erase()


def test_a_spool_that_is_restored_after_the_erasure_delivers_nothing_of_it(tmp_path: Path) -> None:
    events: list[Event] = [plate_read(1, plate="ABC1234"), track(1), plate_read(2), track(2)]
    (tmp_path / "data").mkdir()
    erase(tmp_path / "data")
    spooled_before(tmp_path / "data", *events)
    other, sink = deliver(tmp_path / "data", gate(tmp_path / "data"))
    assert other.taken == [plate_read(2), track(2)]
    assert sink.status().refused == 2
    assert not (tmp_path / "data" / "refused" / "s.jsonl").exists(), "a note would bring it back"


def test_the_erasure_itself_leaves_a_tombstone_that_names_no_plate(tmp_path: Path) -> None:
    spooled_before(tmp_path, plate_read(1, plate="ABC1234"), plate_read(2))
    erase(tmp_path)
    assert files_with("ABC1234", tmp_path) == []
    assert Tombstones(tmp_path).erased(plate_read(9, plate="ABC1C34"))
    other, _ = deliver(tmp_path, gate(tmp_path))
    assert other.taken == [plate_read(2)]


def test_events_ahead_of_time_are_set_aside_for_people(tmp_path: Path) -> None:
    spooled_before(tmp_path, plate_read(1), plate_read(2, ts_ms=START_MS + 90_000))
    lead = ClockLead(60, lambda: START_MS)
    other, sink = deliver(tmp_path, Gate({"cam-1": ROAD}, conditions=[lead.refusal]))
    assert other.taken == [plate_read(1)]
    assert sink.status().refused == 1
    (line,) = (tmp_path / "refused" / "s.jsonl").read_text().splitlines()
    assert "its time is in the future" in line
    assert str(START_MS + 90_000) in line


@pytest.mark.parametrize("ahead_s", [1800, 90_000])
def test_reads_of_a_camera_whose_clock_is_fast_stay_erased(tmp_path: Path, ahead_s: int) -> None:
    """Half an hour ahead, as is allowed; or as far as an earlier version stored it."""
    ahead_ms = time.time_ns() // 1_000_000 + ahead_s * 1000
    read = plate_read(1, plate="ABC1234", ts_ms=ahead_ms)
    read = msgspec.structs.replace(read, first_ts_ms=ahead_ms - 5, stream_id="1795987689787")  # of a live camera
    spooled_before(tmp_path, read)
    erase(tmp_path)
    assert files_with("ABC1234", tmp_path) == []
    stones = Tombstones(tmp_path)
    assert stones.erased(read), "from the topic, to another group"
    if ahead_s == 1800:
        waiting = msgspec.structs.replace(
            read, track_id=7, ts_ms=ahead_ms + 1_700_000, first_ts_ms=ahead_ms + 1_600_000
        )
        assert stones.erased(waiting), "a later one that waits in a topic"
    later_ms = ahead_ms + 3_700_000
    later = msgspec.structs.replace(read, track_id=9, ts_ms=later_ms, first_ts_ms=later_ms - 5)
    assert not stones.erased(later), "seen again after the erasure"
    assert stones.remove_expired(ahead_ms) == 0
