"""What was captured by accident goes at once from every place, recorded in the audit first, down to its raw bytes."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.erasure.discard import Discard, open_discard
from pipeline.app.erasure.erase import open_erasure
from pipeline.app.erasure.proof import ErasureProof, erase_with_proof, list_erasures
from pipeline.app.holds import decided_override
from pipeline.audit.record_search import RecordQuestion, search_records
from pipeline.domain.erasure import HoldOverride
from pipeline.domain.events import Event, PlateReadEvent, encode
from pipeline.domain.requester import Requester
from pipeline.errors import AuditUnavailable, PolicyError, SinkError, StoreError
from pipeline.record.holds import Holds
from pipeline.record.settings import RecordSettings
from pipeline.sink.jsonlines import JsonLinesWriter
from pipeline.sink.rejected_events import RejectedEventsFile
from pipeline.sink.settings import JsonLinesSettings
from pipeline.sink.spool.settings import SpoolSettings
from pipeline.sink.spool.spool import Spool
from pipeline.store.backends.database import migrate
from pipeline.store.backends.open_database import open_database
from pipeline.store.erasure_selection import Selection
from pipeline.store.settings import ChdbSettings
from tests.app.erasure.test_erase import files_with
from tests.event_samples import plate_read, records
from tests.record.packets import BEGIN_MS, clip, record
from tests.record.test_retention import begins
from tests.store.test_store import fill

THERE = Selection.of(None, ["cam-1"], BEGIN_MS + 1500, BEGIN_MS + 2500)
REQUESTER = Requester(user="ana", purpose="system-administration")


def read(number: int, plate: str, camera: str, after_ms: int) -> PlateReadEvent:
    one = plate_read(number, plate=plate, camera=camera, ts_ms=BEGIN_MS + after_ms)
    return msgspec.structs.replace(one, first_ts_ms=BEGIN_MS + after_ms - 100)


CAPTURED = read(1, "QQQ1Q11", "cam-1", 2000)
OTHERS: list[Event] = [read(2, "JJJ2J22", "cam-1", 9000), read(3, "KKK3K33", "cam-2", 2000)]


@pytest.fixture
def stores(tmp_path: Path) -> ConfiguredStores:
    """One captured read and two others in a store, a spool, JSON lines and a file of refused events; and images."""
    data, events = tmp_path / "data", [CAPTURED, *OTHERS]
    database = open_database(ChdbSettings(), data, create=True)
    migrate(database)
    fill(database, events)
    database.close()
    with contextlib.closing(Spool("store", data / "spool" / "store", SpoolSettings())) as spool:
        spool.append([encode(one) for one in events])
    lines = JsonLinesWriter(data / "lines.jsonl", 8192)
    lines.open()
    lines.write(records(events))
    lines.close()
    (data / "refused").mkdir()
    for one in events:
        RejectedEventsFile(data / "refused" / "store.jsonl").append(one, "why not")
    RejectedEventsFile(data / "refused" / "store.jsonl").append_withheld(CAPTURED, "not public")
    source = clip(tmp_path)
    for camera in ("cam-1", "cam-2"):
        record(data / "video", source, camera=camera)
        (data / "previews" / camera).mkdir(parents=True)
        (data / "previews" / camera / "0a1b2c-0000001.jpg").write_bytes(b"image of " + camera.encode())
    return ConfiguredStores(
        data,
        (ChdbSettings(),),
        (JsonLinesSettings(path=Path("lines.jsonl")),),
        record=RecordSettings(dir=data / "video"),
        previews=data / "previews",
    )


@contextlib.contextmanager
def discarding(stores: ConfiguredStores, reason: str = "interior de residência") -> Iterator[Discard]:
    proof = ErasureProof(str(stores.data_dir / "register.db"), "Ana Lima", reason)
    with open_discard(THERE, stores, proof, REQUESTER) as discard:
        yield discard


def audited(stores: ConfiguredStores) -> list[tuple[str, str, str]]:
    found = search_records(stores.audit_dir, RecordQuestion())
    return [(one["operation"], one["outcome"], json.dumps(one.get("cameras"))) for one in found]


def test_the_bytes_of_what_was_captured_are_in_no_file_and_all_others_stay(stores: ConfiguredStores) -> None:
    video = stores.data_dir / "video"
    gone = [path.read_bytes() for path in sorted((video / "cam-1").rglob("*.mp4"))[1:3]]
    assert len(files_with("QQQ1Q11", stores.data_dir)) >= 4, "the search finds it before"
    with discarding(stores) as discard:
        done = discard.discard()
        assert discard.erasure.held == []
    assert {place.kind for place in done.places if place.events} == {"table", "spool", "file", "video", "preview"}
    assert {place.left for place in done.places} == {0}
    assert files_with("QQQ1Q11", stores.data_dir) == []
    assert all(len(files_with(plate, stores.data_dir)) >= 4 for plate in ("JJJ2J22", "KKK3K33"))
    assert (begins(video, "cam-1"), begins(video, "cam-2")) == ([0, 3000], [0, 1000, 2000, 3000])
    every = [path.read_bytes() for path in stores.data_dir.rglob("*") if path.is_file()]
    assert not any(clip[-4096:] in one for clip in gone for one in every)
    assert sum(b"image of cam-1" in one for one in every) == 0 < sum(b"image of cam-2" in one for one in every)


def test_the_audit_has_its_record_and_the_register_its_proof(stores: ConfiguredStores) -> None:
    with discarding(stores) as discard:
        done = discard.discard()
    cameras = [where for *what, where in audited(stores) if what == ["disposal", "allowed"]]
    assert cameras == ['["cam-1"]', '["cam-1"]', "null"], "found, begun and finished; nothing of it as an erasure"
    assert len(audited(stores)) == len(cameras)
    (entered,) = list_erasures(str(stores.data_dir / "register.db"))
    assert entered.number == done.number
    assert entered.request["reason"].startswith("interior de residência (captação acidental, art. 15")


def test_nothing_is_discarded_when_the_audit_takes_no_record(stores: ConfiguredStores) -> None:
    stores.audit_dir.write_text("a file where the folder must be")
    before = files_with("QQQ1Q11", stores.data_dir)
    with pytest.raises(AuditUnavailable), discarding(stores) as discard:
        discard.discard()
    assert files_with("QQQ1Q11", stores.data_dir) == before


def test_a_discard_that_fails_has_a_second_record(stores: ConfiguredStores, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> None:
        raise SinkError("spool", "the disk went away")

    with discarding(stores) as discard:
        monkeypatch.setattr(discard.erasure, "erase", failing)
        with pytest.raises(SinkError):
            discard.discard()
    assert [one[:2] for one in audited(stores)] == [
        ("disposal", "allowed"),
        ("disposal", "allowed"),
        ("disposal", "failed"),
    ]


def test_held_video_stays_and_is_named(stores: ConfiguredStores) -> None:
    Holds(stores.data_dir / "video").hold("cam-1", BEGIN_MS + 2100, BEGIN_MS + 2200, "ofício 12", "A. Souza")
    with discarding(stores) as discard:
        discard.discard()
        assert len(discard.erasure.held) == 1
    assert begins(stores.data_dir / "video", "cam-1") == [0, 2000, 3000]


def test_a_hold_preserves_events_and_previews_until_a_second_person_decides_otherwise(stores: ConfiguredStores) -> None:
    holds = Holds(stores.data_dir / "video")
    at_ms = (stores.data_dir / "previews" / "cam-1" / "0a1b2c-0000001.jpg").stat().st_mtime_ns // 1_000_000
    held = [
        holds.hold("cam-1", *span, "ofício 12", "A. Souza")
        for span in ((BEGIN_MS, BEGIN_MS + 3000), (at_ms, at_ms + 1))
    ]
    before = files_with("QQQ1Q11", stores.data_dir)
    proof = ErasureProof(str(stores.data_dir / "register.db"), "Ana Lima", "pedido 1")
    plate = Selection.of("QQQ1Q11", (), None, None)
    for selection in (THERE, plate):
        with open_erasure(selection, stores) as erasure:
            done = erase_with_proof(erasure, proof)
            assert {note.english.split()[0] for note in erasure.held} >= {"events"}
            assert sum(place.events for place in done.places if place.kind in {"table", "spool", "preview"}) == 0
    assert files_with("QQQ1Q11", stores.data_dir) == before

    for wrong, error in (
        (HoldOverride((held[0],), "prevalece o direito do titular", "ana lima"), "who erases as well"),
        (HoldOverride((held[0],), " ", "Rui Souza"), "has no reason"),
        (HoldOverride(("unknown",), "porque sim", "Rui Souza"), "is not in force"),
    ):
        with pytest.raises(PolicyError, match=error):
            decided_override(wrong, stores, "Ana Lima")
    decided = decided_override(
        HoldOverride(tuple(held), "prevalece o direito do titular", "Rui Souza"), stores, "Ana Lima"
    )
    with open_erasure(plate, stores, override=decided) as erasure:
        done = erase_with_proof(erasure, proof)
    assert files_with("QQQ1Q11", stores.data_dir) == []
    page = next(path for path in done.documents if path.suffix == ".html").read_text()
    assert "prevalece o direito do titular (Rui Souza)" in page
    assert ("approval", "allowed") in {one[:2] for one in audited(stores)}
    assert len(holds.all()) == 2, "the holds stay in force"


@pytest.mark.parametrize(
    ("reason", "error"),
    [(" ", StoreError), ("veículo QQQ1Q11", StoreError), ("frequentadores da igreja evangélica", PolicyError)],
)
def test_its_reason_is_needed_and_describes_no_person(
    stores: ConfiguredStores, reason: str, error: type[Exception]
) -> None:
    opening = discarding(stores, reason)
    with pytest.raises(error):
        opening.__enter__()
    assert files_with("QQQ1Q11", stores.data_dir)
