"""What was erased is refused wherever it comes from; tombstones say nothing without their key, and end."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from pipeline.errors import StoreError
from pipeline.store.erasure_selection import Selection
from pipeline.store.tombstones import Tombstones
from tests.event_samples import START_MS, alert, count, health, incident_alert, plate_read, track

PLATE = Selection.of("ABC1234", (), None, None)
NOW_MS = START_MS + 60_000
LATER_MS = NOW_MS + 86_400_000


def erased(data_dir: Path, selection: Selection, *tracks: tuple[str, str, int]) -> Tombstones:
    made = Tombstones(data_dir)
    made.add(selection, tracks, NOW_MS, LATER_MS)
    return made


def test_both_forms_of_the_plate_are_refused_and_no_other(tmp_path: Path) -> None:
    stones = erased(tmp_path, PLATE)
    assert stones.erased(plate_read(1, plate="ABC1234"))
    assert stones.erased(plate_read(1, plate="ABC1C34"))
    assert not stones.erased(plate_read(1, plate="ABC1C35"))
    assert not stones.erased(count(1))
    named = [msgspec.structs.replace(alert(1), detail=text) for text in ("seen abc-1234.", "ABC1C34", "ABC1235")]
    assert [stones.erased(event) for event in named] == [True, True, False]
    assert stones.erased(health(1, detail="file ABC 1C34"))
    assert stones.erased(health(1, detail="the ABC - 1234"))
    assert stones.erased(health(1, detail="a b c 1 c 3 4"))
    assert stones.erased(msgspec.structs.replace(plate_read(1, plate="ABC1234"), plate_key="ZZZ"))


def test_its_tracks_are_refused_also_those_that_were_read_later(tmp_path: Path) -> None:
    read = plate_read(9, plate="ABC1234")
    stones = erased(tmp_path, PLATE, ("cam-1", read.stream_id, 5))
    assert [stones.erased(track(n)) for n in (5, 6, 9)] == [True, False, False]
    assert [stones.erased(incident_alert(n)) for n in (5, 6)] == [True, False]
    assert stones.erased(read)
    assert stones.erased(track(9))
    assert Tombstones(tmp_path).erased(track(9)), "another process knows it, too"


def test_what_happens_after_the_erasure_is_new(tmp_path: Path) -> None:
    stones = erased(tmp_path, PLATE)
    new = msgspec.structs.replace(plate_read(1, plate="ABC1234", ts_ms=NOW_MS + 5000), first_ts_ms=NOW_MS + 1)
    assert not stones.erased(new)


def test_a_video_whose_file_has_a_later_time_now_is_no_way_back(tmp_path: Path) -> None:
    stones = erased(tmp_path, PLATE, ("cam-1", "7a4e", 1))
    later = msgspec.structs.replace(plate_read(9, plate="ABC1C34", ts_ms=NOW_MS + 9000), first_ts_ms=NOW_MS + 8000)
    assert stones.erased(later), "copied, so that its modification time is new"
    assert stones.erased(msgspec.structs.replace(later, camera_id="cam-2"))
    assert stones.erased(track(9)), "with the track that carries it now"
    assert not stones.erased(msgspec.structs.replace(later, stream_id="beef"))
    live = erased(tmp_path / "live", PLATE, ("cam-1", "1795987689787", 1))
    assert not live.erased(msgspec.structs.replace(later, stream_id="1795987689787")), "a live camera sees it again"
    there = erased(tmp_path / "there", Selection.of("ABC1234", ["cam-1"], None, None), ("cam-1", "7a4e", 1))
    assert not there.erased(msgspec.structs.replace(later, camera_id="cam-2"))


def test_a_place_and_time_is_refused_and_its_neighbors_are_not(tmp_path: Path) -> None:
    stones = erased(tmp_path, Selection.of(None, ["cam-1"], START_MS + 10_000, START_MS + 20_000))
    assert stones.erased(health(15))
    assert stones.erased(count(0))
    assert not stones.erased(health(25))
    assert not stones.erased(health(15, camera="cam-2"))


def test_a_plate_at_a_place_is_refused_there_only(tmp_path: Path) -> None:
    stones = erased(tmp_path, Selection.of("ABC1234", ["cam-1"], None, None))
    assert stones.erased(plate_read(1, plate="ABC1234"))
    assert not stones.erased(plate_read(1, plate="ABC1234", camera="cam-2"))


def test_a_running_process_notices_what_another_adds(tmp_path: Path) -> None:
    running = Tombstones(tmp_path)
    assert not running.erased(plate_read(1, plate="ABC1234"))
    erased(tmp_path, PLATE)
    assert running.erased(plate_read(1, plate="ABC1234"))


def test_the_files_say_nothing_without_the_key_and_the_key_is_private(tmp_path: Path) -> None:
    erased(tmp_path, PLATE, ("cam-1", "5e55", 5))
    text = (tmp_path / "erased" / "tombstones.jsonl").read_text()
    assert not any(form in text.upper() for form in ("ABC1234", "ABC1C34", "CAM-1"))
    assert (tmp_path / "erased" / "key").stat().st_mode & 0o777 == 0o600
    assert Tombstones(tmp_path / "other").fingerprint("ABC1234") != Tombstones(tmp_path).fingerprint("ABC1234")
    assert Tombstones(tmp_path).fingerprint("abc-1234") == Tombstones(tmp_path).fingerprint("ABC1C34")
    (tmp_path / "erased" / "key").chmod(0o644)
    with pytest.raises(StoreError, match="can be read by others"):
        Tombstones(tmp_path).check()


def test_expired_tombstones_are_removed(tmp_path: Path) -> None:
    stones = erased(tmp_path, PLATE)
    assert stones.remove_expired(LATER_MS - 1) == 0
    assert stones.remove_expired(LATER_MS) == 1
    assert not stones.erased(plate_read(1, plate="ABC1234"))
    assert (tmp_path / "erased" / "tombstones.jsonl").read_bytes() == b""
    assert Tombstones(tmp_path / "none").remove_expired(LATER_MS) == 0


def test_damage_stops_storing_in_words(tmp_path: Path) -> None:
    stones = erased(tmp_path, PLATE)
    path = tmp_path / "erased" / "tombstones.jsonl"
    path.write_bytes(b"?" + path.read_bytes())
    with pytest.raises(StoreError, match=r"line 1: is corrupt, so it is not known what was erased"):
        stones.erased(plate_read(1))
    path.write_bytes(path.read_bytes()[1:])
    (tmp_path / "erased" / "key").unlink()
    with pytest.raises(StoreError, match="key: is missing"):
        Tombstones(tmp_path).check()


def test_a_plate_can_be_erased_after_a_place_whose_tombstone_needs_no_key(tmp_path: Path) -> None:
    erased(tmp_path, Selection.of(None, ["cam-2"], START_MS, START_MS + 20_000))
    assert not (tmp_path / "erased" / "key").exists()
    stones = erased(tmp_path, PLATE)
    assert stones.erased(plate_read(1, plate="ABC1234"))
    assert stones.erased(plate_read(1, plate="XYZ1A23", camera="cam-2")), "the place is still erased"
    (tmp_path / "erased" / "key").unlink()
    with pytest.raises(StoreError, match="key: is missing"):
        erased(tmp_path, Selection.of("XYZ1A23", (), None, None))


def test_a_line_that_a_crash_cut_off_is_none(tmp_path: Path) -> None:
    stones = erased(tmp_path, PLATE)
    with (tmp_path / "erased" / "tombstones.jsonl").open("ab") as file:
        file.write(b'{"until_ms": 1')
    assert stones.erased(plate_read(1, plate="ABC1234"))
    erased(tmp_path, Selection.of("XYZ1A23", (), None, None))
    assert stones.erased(plate_read(1, plate="XYZ1A23"))
