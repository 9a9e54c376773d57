"""An erasure reaches recorded video and previews, or says what is left and how to erase it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.erasure.erase import Erasure, open_erasure
from pipeline.domain.events import encode
from pipeline.errors import RecordError
from pipeline.record.camera_tap import RECORDER_LOCK
from pipeline.record.holds import Holds
from pipeline.record.settings import RecordSettings
from pipeline.sink.spool.settings import SpoolSettings
from pipeline.sink.spool.spool import Spool
from pipeline.storage.locks import locked
from pipeline.storage.written_paths import PathKind, WrittenPaths
from pipeline.store.erasure_selection import Selection
from tests.event_samples import plate_read
from tests.record.packets import BEGIN_MS, clip, record
from tests.record.test_retention import begins

PLACE = Selection.of(None, ["cam-1"], BEGIN_MS + 1500, BEGIN_MS + 2500)
PLATE = Selection.of("ABC1234", (), None, None)


@pytest.fixture
def stores(tmp_path: Path) -> ConfiguredStores:
    """Video of two cameras, four files each; two previews each; a spool with one read of the plate at the second."""
    source = clip(tmp_path)
    for camera in ("cam-1", "cam-2"):
        record(tmp_path / "video", source, camera=camera)
        folder = tmp_path / "previews" / camera
        folder.mkdir(parents=True)
        for number in range(2):
            (folder / f"0a1b2c-{number:07d}.jpg").write_bytes(b"image")
        (folder / "notes.txt").write_text("not ours")
    with contextlib.closing(Spool("store", tmp_path / "data" / "spool" / "store", SpoolSettings())) as spool:
        read = plate_read(1, plate="ABC1C34", camera="cam-2", ts_ms=BEGIN_MS + 1200)
        read = msgspec.structs.replace(read, first_ts_ms=BEGIN_MS + 200)
        spool.append([encode(read), encode(plate_read(2))])
    record_settings = RecordSettings(dir=tmp_path / "video")
    return ConfiguredStores(tmp_path / "data", (), record=record_settings, previews=tmp_path / "previews")


@contextlib.contextmanager
def erasing(stores: ConfiguredStores, selection: Selection) -> Iterator[Erasure]:
    with open_erasure(selection, stores) as erasure:
        yield erasure


def left_in(stores: ConfiguredStores, camera: str) -> list[str]:
    assert stores.previews is not None
    return sorted(path.suffix for path in (stores.previews / camera).iterdir())


def test_video_and_previews_of_the_place_and_time_go(stores: ConfiguredStores, tmp_path: Path) -> None:
    with erasing(stores, PLACE) as erasure:
        places = {(p.kind, p.name): p.events for p in erasure.preview()}
        assert (places["video", "cam-1"], places["preview", "cam-1"]) == (2, 2)
        assert {p.left for p in erasure.erase()} == {0}
        assert erasure.held == []
    assert begins(tmp_path / "video", "cam-1") == [0, 3000]
    assert begins(tmp_path / "video", "cam-2") == [0, 1000, 2000, 3000]
    assert (left_in(stores, "cam-1"), left_in(stores, "cam-2")) == ([".txt"], [".jpg", ".jpg", ".txt"])


def test_folders_that_the_configuration_names_no_more_are_erased_too(stores: ConfiguredStores, tmp_path: Path) -> None:
    written = WrittenPaths(stores.data_dir)
    written.add(PathKind.VIDEO, tmp_path / "video")
    written.add(PathKind.PREVIEWS, tmp_path / "previews")
    written.add(PathKind.PREVIEWS, tmp_path / "unmounted")
    now = replace(stores, record=RecordSettings(dir=tmp_path / "new"), previews=None)
    with erasing(now, PLACE) as erasure:
        assert {p.left for p in erasure.erase()} == {0}
        assert [text for text in erasure.out_of_reach if f"{tmp_path / 'unmounted'}, written under" in text]
    assert begins(tmp_path / "video", "cam-1") == [0, 3000]
    assert (left_in(stores, "cam-1"), left_in(stores, "cam-2")) == ([".txt"], [".jpg", ".jpg", ".txt"])


def test_held_video_stays_and_is_named_with_what_to_do(stores: ConfiguredStores, tmp_path: Path) -> None:
    hold_id = Holds(tmp_path / "video").hold("cam-1", BEGIN_MS + 2100, BEGIN_MS + 2200, "order 12", "A. Souza")
    with erasing(stores, PLACE) as erasure:
        erasure.erase()
        (note,) = erasure.held
    assert f"1 file preserved by hold {hold_id}, order 12 (A. Souza)" in note.english
    assert f"viapublica camera unhold {hold_id}" in note.portuguese
    assert begins(tmp_path / "video", "cam-1") == [0, 2000, 3000]


def test_every_hold_is_named_and_the_place_says_how_much_they_preserve(
    stores: ConfiguredStores, tmp_path: Path
) -> None:
    """Two holds on one file: who releases only the first still finds the file preserved."""
    holds = Holds(tmp_path / "video")
    named = {holds.hold("cam-1", BEGIN_MS + 2100, BEGIN_MS + 2200, reason, "A. Souza") for reason in ("12", "13")}
    with erasing(stores, PLACE) as erasure:
        assert [p.held for p in erasure.preview() if p.kind == "video"] == [1]
        (video,) = [p for p in erasure.erase() if p.kind == "video"]
        notes = [note.english for note in erasure.held]
    assert (video.events, video.left, video.held) == (1, 0, 1)
    assert len(notes) == 2
    assert all(any(hold_id in note for note in notes) for hold_id in named)


def test_the_times_of_the_whole_files_that_go_are_stated(stores: ConfiguredStores) -> None:
    with erasing(stores, PLACE) as erasure:
        (video,) = [p for p in erasure.erase() if p.kind == "video"]
    assert video.spans == ((BEGIN_MS + 1000, BEGIN_MS + 3000),), "the selection begins and ends within files"


def test_video_of_a_vehicle_is_named_with_its_command_and_its_previews_go(
    stores: ConfiguredStores, tmp_path: Path
) -> None:
    with erasing(stores, PLATE) as erasure:
        assert ("preview", "cam-2") in {(p.kind, p.name) for p in erasure.preview() if p.events == 2}
        erasure.erase()
        (words,) = [words for words in erasure.out_of_reach if "show the vehicle" in words]
    assert "recorded video of cam-2: 2 files" in words
    assert "`viapublica erase --camera cam-2 --from 2025-06-01T" in words
    assert len(begins(tmp_path / "video", "cam-2")) == 4, "others are in it, too"
    assert (left_in(stores, "cam-1"), left_in(stores, "cam-2")) == ([".jpg", ".jpg", ".txt"], [".txt"])


def test_nothing_is_erased_while_a_camera_is_being_recorded(stores: ConfiguredStores, tmp_path: Path) -> None:
    with (
        locked(tmp_path / "video" / "cam-1" / RECORDER_LOCK),
        pytest.raises(RecordError, match="is being recorded by another process"),
        erasing(stores, PLACE),
    ):
        pass


def test_without_a_configuration_video_and_previews_are_named_as_left(tmp_path: Path) -> None:
    with contextlib.closing(Spool("store", tmp_path / "spool" / "store", SpoolSettings())) as spool:
        spool.append([encode(plate_read(1, camera="cam-1"))])
    with open_erasure(PLACE, ConfiguredStores(tmp_path, ())) as erasure:
        assert any("recorded video, previews: no configuration was named" in words for words in erasure.out_of_reach)
