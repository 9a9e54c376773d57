"""The gate before delivery: what waits on disk is judged again, by the present declaration of its camera."""

from __future__ import annotations

from pathlib import Path

import msgspec

from pipeline.domain.camera import Camera, Scope, Surroundings
from pipeline.domain.events import Event, HealthEvent
from pipeline.policy.gate import Gate
from pipeline.sink.event_json import to_json
from pipeline.sink.spool.settings import SpoolSettings
from pipeline.sink.spool.spool import Spool
from pipeline.sink.spooled import SpooledSink
from tests.event_samples import count, health, plate_read, track
from tests.sink.test_spooled import FAST, Other

ROAD = Camera("cam-1", Scope.PUBLIC_ROAD)
TEMPLE = Camera("cam-1", Scope.PUBLIC_ROAD, surroundings=frozenset({Surroundings.TEMPLE}))


def spooled_before(data_dir: Path, *events: Event) -> None:
    """A spool that no gate has seen: written by hand, or by a run under another configuration."""
    (data_dir / "spool").mkdir(parents=True)
    spool = Spool("s", data_dir / "spool" / "s", SpoolSettings())
    spool.append([to_json(event) for event in events])
    spool.close()


def deliver(data_dir: Path, gate: Gate) -> tuple[Other, SpooledSink]:
    other = Other()
    sink = SpooledSink(other, FAST, data_dir, gate.admit_stored)
    sink.flush(60)
    sink.close()
    return other, sink


def test_a_spool_written_by_hand_passes_the_gate(tmp_path: Path) -> None:
    creed = msgspec.structs.replace(track(2), label="evangelico, sindicalizado")
    spooled_before(tmp_path, plate_read(1, plate="TMP1234"), creed, count(3), plate_read(4, camera="unknown"))
    other, sink = deliver(tmp_path, Gate({"cam-1": TEMPLE}))
    assert other.taken == [count(3)]
    assert sink.status().refused == 3
    refused = (tmp_path / "refused" / "s.jsonl").read_text()
    assert len(refused.splitlines()) == 3
    assert not any(text in refused for text in ("TMP1234", "TMP1C34", "evangelico", "ABC1D23"))


def test_what_is_refused_leaves_nothing_of_its_text_in_the_data_folder(tmp_path: Path) -> None:
    """Neither a plate of a square under a name of its own, nor a creed in whatever place."""

    def read(**changes: object) -> bytes:
        return msgspec.json.encode(msgspec.json.decode(to_json(plate_read(1, plate="TMP5678"))) | changes)

    written = [
        read(religion="evangelico TMP5678"),
        read(layout="evangelico"),
        read(kind="evangelico"),
        read(plate="EVANGELICO HIV POSITIVO", plate_key="EVANGELICOHIVPOSITIVO", layout="other", camera_id="road"),
        read(plate="TMP5678", plate_key="ZZZ", camera_id="road"),
        read(confidence=-5, camera_id="road"),
        read(schema_version=2, votes="evangelico TMP5678"),
        read(camera_id="evangelico"),
        b"evangelico TMP5678",
    ]
    (tmp_path / "spool").mkdir(parents=True)
    spool = Spool("s", tmp_path / "spool" / "s", SpoolSettings())
    spool.append(written)
    spool.close()
    gate = Gate({"cam-1": Camera("cam-1", Scope.PUBLIC_SQUARE), "road": Camera("road", Scope.PUBLIC_ROAD)})
    other, sink = deliver(tmp_path, gate)
    assert (other.taken, sink.status().refused) == ([], len(written))
    refused = (tmp_path / "refused" / "s.jsonl").read_text()
    assert len(refused.splitlines()) == len(written)
    for text in ("TMP5678", "TMP5G78", "evangelico", "EVANGELICO", "ZZZ"):
        assert text not in refused


def test_no_event_takes_the_place_of_another_one_by_its_id(tmp_path: Path) -> None:
    read, counted = plate_read(1), count(2)
    forged: list[Event] = [
        msgspec.structs.replace(read, plate="XYZ9A99", plate_key="XYZ9A99"),
        msgspec.structs.replace(plate_read(3), event_id=read.event_id),
        msgspec.structs.replace(counted, count=0),
    ]
    spooled_before(tmp_path, read, counted, *forged)
    other, sink = deliver(tmp_path, Gate({"cam-1": ROAD}))
    assert other.taken == [read, counted]
    assert sink.status().refused == 3
    refused = (tmp_path / "refused" / "s.jsonl").read_text()
    assert refused.count("its id is not that of what it says") == 3
    assert "XYZ9A99" not in refused


def test_a_camera_reclassified_while_its_events_wait_is_judged_as_it_is_now(tmp_path: Path) -> None:
    gate = Gate({"cam-1": ROAD})
    other = Other()
    other.up = False
    sink = SpooledSink(other, FAST, tmp_path, gate.admit_stored)
    sink.add([plate_read(1), count(2), track(3)])
    gate.declare(TEMPLE)
    other.up = True
    sink.flush(60)
    sink.close()
    assert other.taken == [count(2)]


def test_events_of_a_camera_that_was_removed_are_delivered_by_its_last_declaration(tmp_path: Path) -> None:
    spooled_before(tmp_path, plate_read(1), count(2))
    other, _ = deliver(tmp_path, Gate({}, {"cam-1": ROAD}))
    assert other.taken == [plate_read(1), count(2)]
    spooled_before(tmp_path / "again", plate_read(1), count(2))
    other, _ = deliver(tmp_path / "again", Gate({}, {"cam-1": TEMPLE}))
    assert other.taken == [count(2)]


def test_a_withdrawn_camera_sends_nothing_new_and_its_stored_events_arrive(tmp_path: Path) -> None:
    gate = Gate({"cam-1": ROAD})
    gate.withdraw("cam-1")
    assert gate.refusal(plate_read(1)) is not None
    spooled_before(tmp_path, plate_read(1))
    assert deliver(tmp_path, gate)[0].taken == [plate_read(1)]


def test_a_replay_passes_the_gate_again(tmp_path: Path) -> None:
    gate = Gate({"cam-1": ROAD})
    other = Other()
    sink = SpooledSink(other, FAST, tmp_path, gate.admit_stored)
    sink.add([plate_read(1)])
    sink.flush(60)
    sink.close()
    spool = Spool("s", tmp_path / "spool" / "s", SpoolSettings())
    spool.rewind(0)
    spool.close()
    again, sink = deliver(tmp_path, Gate({"cam-1": TEMPLE}))
    assert (again.taken, sink.status().refused) == ([], 1)


def test_a_detail_is_bounded_on_its_way(tmp_path: Path) -> None:
    spooled_before(tmp_path, health(1, detail="does not answer, refused by Maria"))
    other, _ = deliver(tmp_path, Gate({"cam-1": ROAD}))
    (event,) = other.taken
    assert isinstance(event, HealthEvent)
    assert event.detail == "does not answer, refused by …"
    assert b"Maria" not in other.payloads[0]
