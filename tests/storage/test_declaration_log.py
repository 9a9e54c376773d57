"""Declarations of cameras beside their segments: what held when, on the disk before the first packet."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.domain.camera import Camera, Scope, Surroundings
from pipeline.domain.camera_declaration import CameraDeclaration
from pipeline.errors import ConfigError
from pipeline.record.recorder import Recorder
from pipeline.record.recording_archive import RecordingArchive
from pipeline.record.settings import RecordSettings
from pipeline.storage.declaration_log import DeclarationLog
from tests.record.packets import clip, connect, declared, record, until

SQUARE = CameraDeclaration(
    Camera("cam", Scope.PUBLIC_SQUARE, "Praça 15", frozenset({Surroundings.TEMPLE}), -8.05, -34.9),
    "ab" * 32,
    (((0.0, 0.0), (0.5, 0.0), (0.5, 0.25)),),
    (("gate", ((0.1, 0.1), (0.2, 0.1), (0.2, 0.2))),),
    90,
)


@pytest.fixture
def log(tmp_path: Path) -> DeclarationLog:
    (tmp_path / "cam").mkdir()
    return DeclarationLog(tmp_path / "cam" / "declarations.jsonl")


def test_a_declaration_is_read_as_it_was_written(log: DeclarationLog) -> None:
    log.declare(SQUARE, 1000)
    (found,) = log.read()
    assert (found.declaration, found.from_ms, found.until_ms) == (SQUARE, 1000, None)


def test_the_declaration_of_a_time_is_the_one_that_held_then(tmp_path: Path, log: DeclarationLog) -> None:
    road = declared("cam")
    assert log.declare(road, 1000) is None
    before = log.declare(SQUARE, 2000)
    assert before is not None
    assert before.declaration == road
    archive = RecordingArchive(tmp_path)
    assert archive.declarations("cam", 999, 1000) == []
    held = [archive.declarations("cam", at, at + 1) for at in (1000, 1999, 2000, 99_999)]
    assert [[one.declaration for one in found] for found in held] == [[road], [road], [SQUARE], [SQUARE]]
    assert [one.declaration for one in archive.declarations("cam", 1500, 2000)] == [road]
    assert [one.declaration for one in archive.declarations("cam", 1500, 2001)] == [road, SQUARE]
    assert [one.declaration for one in archive.declarations("cam")] == [road, SQUARE]


def test_an_unchanged_declaration_is_written_once(tmp_path: Path, log: DeclarationLog) -> None:
    for at_ms in (1000, 2000, 3000):
        log.declare(SQUARE, at_ms)
    assert len((tmp_path / "cam" / "declarations.jsonl").read_text().splitlines()) == 1


def test_after_a_clock_was_set_back_both_declarations_count(tmp_path: Path, log: DeclarationLog) -> None:
    log.declare(SQUARE, 5000)
    log.declare(declared("cam"), 3000)
    archive = RecordingArchive(tmp_path)
    assert {one.declaration for one in archive.declarations("cam", 6000, 6001)} == {SQUARE, declared("cam")}
    assert [one.declaration for one in archive.declarations("cam", 4000, 4001)] == [declared("cam")]


@pytest.mark.parametrize(
    "change", [('"public-square"', '"public-road"'), ('"masks":[[', '"masks":[],"m":[['), ("{", "")]
)
def test_a_changed_line_is_an_error_and_never_another_scope(
    tmp_path: Path, log: DeclarationLog, change: tuple[str, str]
) -> None:
    log.declare(SQUARE, 1000)
    path = tmp_path / "cam" / "declarations.jsonl"
    path.write_text(path.read_text().replace(*change, 1))
    with pytest.raises(ConfigError, match=r"declarations.jsonl, line 1: is corrupt or was changed"):
        RecordingArchive(tmp_path).declarations("cam")


@pytest.mark.parametrize("written", [1, 2])
def test_a_file_that_is_cut_off_anywhere_is_an_error(tmp_path: Path, log: DeclarationLog, written: int) -> None:
    for declaration, at_ms in [(declared("cam"), 1000), (SQUARE, 2000)][:written]:
        log.declare(declaration, at_ms)
    path = tmp_path / "cam" / "declarations.jsonl"
    whole = path.read_bytes()
    for size in range(len(whole) - 1):  # The last octet is the end of a line, which editors add and remove.
        path.write_bytes(whole[:size])
        with pytest.raises(ConfigError, match="is corrupt or was changed"):
            log.read()
        with pytest.raises(ConfigError, match="is corrupt or was changed"):
            log.declare(SQUARE, 3000)
    path.write_bytes(whole[:-1])
    assert len(log.read()) == written


def test_a_file_of_an_earlier_version_is_read_and_completed(tmp_path: Path, log: DeclarationLog) -> None:
    path = tmp_path / "cam" / "declarations.jsonl"
    log.declare(declared("cam"), 1000)
    path.write_text(path.read_text().replace('"entries":1,', ""))
    assert len(log.read()) == 1
    log.declare(SQUARE, 2000)
    assert [one.declaration for one in log.read()] == [declared("cam"), SQUARE]
    assert path.read_text().count('"entries":2') == 2


def test_the_recorder_writes_the_declaration_for_this_user_only(tmp_path: Path) -> None:
    record(tmp_path / "video", clip(tmp_path))
    path = tmp_path / "video" / "cam" / "declarations.jsonl"
    assert oct(path.stat().st_mode & 0o777) == "0o600"
    (line,) = path.read_text().splitlines()
    entry = json.loads(line)
    assert entry["declaration"] == declared("cam").as_dict()
    assert entry["sha256"] == declared("cam").sha256


def test_a_camera_that_is_declared_anew_leaves_a_trace(tmp_path: Path) -> None:
    source = clip(tmp_path)
    renamed = replace(declared("cam"), camera=Camera("cam", Scope.PUBLIC_SQUARE, "Praça"))
    with Recorder(RecordSettings(dir=tmp_path / "video", days=3650)) as recorder:
        connect(recorder, source)
        recorder.remove_tap("cam")
        recorder.tap(renamed)
    found = RecordingArchive(tmp_path / "video").declarations("cam")
    assert [one.declaration for one in found] == [declared("cam"), renamed]
    assert found[0].until_ms == found[1].from_ms


def test_without_a_declaration_on_the_disk_nothing_is_recorded(tmp_path: Path) -> None:
    folder = tmp_path / "video" / "cam"
    folder.mkdir(parents=True)
    (folder / "declarations.jsonl").write_text("not a declaration\n")
    with Recorder(RecordSettings(dir=tmp_path / "video", days=3650, retry_s=0.1)) as recorder:
        connect(recorder, clip(tmp_path))
        until(lambda: "declarations.jsonl" in recorder.counts()["cam"].error, "the error is reported")
    assert RecordingArchive(tmp_path / "video").segments("cam") == []
