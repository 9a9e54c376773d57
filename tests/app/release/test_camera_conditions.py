"""Conditions of a camera: its configured declaration, those of its recording, and its own files only."""

from __future__ import annotations

import hashlib
import re
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.app.release.camera_conditions import camera_conditions
from pipeline.config import Config, load_config
from pipeline.domain.camera import Camera, Scope
from pipeline.domain.camera_declaration import CameraDeclaration
from pipeline.domain.disclosure import Content
from pipeline.domain.times import format_time
from pipeline.errors import RecordError, ReleaseError
from pipeline.record.file_layout import DECLARATIONS
from pipeline.record.recording_archive import RecordingArchive
from pipeline.storage.declaration_log import DeclarationLog
from tests.record.packets import BEGIN_MS, clip, declared, record_declared

SPAN = Content("cam", BEGIN_MS, BEGIN_MS + 4000)
NOW = ((0.0, 0.0), (0.5, 0.0), (0.5, 0.5))
THEN = ((0.5, 0.5), (1.0, 0.5), (1.0, 1.0))


@pytest.fixture
def config(tmp_path: Path) -> Config:
    path = tmp_path / "city.yaml"
    cameras = (f"{{id: {name}, source: 'rtsp://192.0.2.1/{name}', scope: public-road" for name in ("cam", "other"))
    masks = f", masks: [{[list(corner) for corner in NOW]}]}}"
    path.write_text("version: 1\ninstitution: SSP-MT\ncameras:\n" + "".join(f"  - {one}{masks}\n" for one in cameras))
    return load_config(path)


@pytest.fixture
def archive(tmp_path: Path) -> RecordingArchive:
    """Four seconds in four files."""
    record_declared(tmp_path / "video", clip(tmp_path, options={"g": "10", "bf": "2"}))
    return RecordingArchive(tmp_path / "video")


def test_the_masks_of_the_configuration_and_of_the_recording_are_drawn(
    config: Config, archive: RecordingArchive
) -> None:
    changed = CameraDeclaration(Camera("cam", Scope.PUBLIC_ROAD), masks=(THEN, NOW))
    DeclarationLog(archive.folder / "cam" / DECLARATIONS).declare(changed, BEGIN_MS + 2000)
    found = camera_conditions(config, archive, SPAN)
    assert found.declared.masks == (NOW,)
    assert [one.masks for one in found.recorded] == [(), (THEN, NOW)]
    assert found.masks == (NOW, THEN)
    early = camera_conditions(config, archive, replace(SPAN, end_ms=BEGIN_MS + 1000))
    assert early.masks == (NOW,), "the later declaration did not hold then"


def test_captions_stay_readable_only_in_areas_of_the_configuration_and_of_the_whole_recording(
    config: Config, archive: RecordingArchive
) -> None:
    held = replace(declared("cam"), ignore=(NOW, THEN))
    DeclarationLog(archive.folder / "cam" / DECLARATIONS).declare(held, BEGIN_MS + 2000)
    camera = config.cameras[0].model_copy(update={"ignore": (NOW,)})
    configured = config.model_copy(update={"cameras": (camera, *config.cameras[1:])})
    late = replace(SPAN, begin_ms=BEGIN_MS + 2500)
    assert camera_conditions(configured, archive, late).ignored_areas == (NOW,)
    assert camera_conditions(config, archive, late).ignored_areas == (), "the configuration has none"
    assert camera_conditions(configured, archive, SPAN).ignored_areas == (), "at the begin it was not declared"


def test_video_that_was_turned_otherwise_is_refused(config: Config, archive: RecordingArchive) -> None:
    turned = CameraDeclaration(Camera("cam", Scope.PUBLIC_ROAD), rotate=90)
    DeclarationLog(archive.folder / "cam" / DECLARATIONS).declare(turned, BEGIN_MS + 2000)
    with pytest.raises(ReleaseError, match="has rotate 0 now and had rotate 90 in the requested video"):
        camera_conditions(config, archive, SPAN)


def test_a_camera_that_is_not_configured_is_refused(config: Config, archive: RecordingArchive) -> None:
    with pytest.raises(ReleaseError, match="camera none: is not in the configuration"):
        camera_conditions(config, archive, replace(SPAN, camera_id="none"))
    with pytest.raises(RecordError, match="other: has no recorded video"):
        camera_conditions(config, archive, replace(SPAN, camera_id="other"))


def test_video_without_its_declaration_is_refused(config: Config, archive: RecordingArchive) -> None:
    (archive.folder / "cam" / DECLARATIONS).unlink()
    with pytest.raises(ReleaseError, match="was recorded without its declaration"):
        camera_conditions(config, archive, SPAN)


def test_video_whose_declaration_came_later_is_refused(config: Config, tmp_path: Path) -> None:
    source = clip(tmp_path, options={"g": "10", "bf": "2"})
    for hours in (1, 0):
        record_declared(tmp_path / "video", source, begin_ms=BEGIN_MS - 3_600_000 * hours)
    archive = RecordingArchive(tmp_path / "video")
    (archive.folder / "cam" / DECLARATIONS).unlink()
    DeclarationLog(archive.folder / "cam" / DECLARATIONS).declare(declared("cam"), BEGIN_MS - 1000)
    assert camera_conditions(config, archive, SPAN).recorded
    with pytest.raises(ReleaseError, match="was recorded without its declaration"):
        camera_conditions(config, archive, replace(SPAN, begin_ms=BEGIN_MS - 3_600_000))


@pytest.mark.parametrize("linked", ["camera", "day", "file"])
def test_a_link_into_another_place_is_refused(
    config: Config, archive: RecordingArchive, tmp_path: Path, linked: str
) -> None:
    camera = archive.folder / "cam"
    day = next(path for path in camera.iterdir() if path.is_dir())
    place = {"camera": camera, "day": day, "file": next(day.glob("*.mp4"))}[linked]
    place.rename(tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ReleaseError, match=f"{place.name}: is a link"):
        camera_conditions(config, archive, SPAN)


def test_a_copy_of_another_cameras_video_is_refused(config: Config, archive: RecordingArchive) -> None:
    shutil.copytree(archive.folder / "cam", archive.folder / "other")
    with pytest.raises(ReleaseError, match="has the recording of camera cam in its folder"):
        camera_conditions(config, archive, replace(SPAN, camera_id="other"))


@pytest.mark.parametrize("hard_link", [False, True])
def test_one_file_of_another_camera_in_the_folder_is_refused(
    hard_link: bool, tmp_path: Path, config: Config, archive: RecordingArchive
) -> None:
    """Its masks would not apply, and the release would name the wrong camera: each file says who recorded it."""
    record_declared(tmp_path / "elsewhere", tmp_path / "clip.mp4", camera="square")
    other, own = (sorted(folder.rglob("*.mp4"))[1] for folder in (tmp_path / "elsewhere", archive.folder / "cam"))
    own.unlink()
    if hard_link:
        own.hardlink_to(other)
    else:
        shutil.copy(other, own)
    with pytest.raises(ReleaseError, match="recorded by camera square, as it says itself, not by camera cam"):
        camera_conditions(config, archive, SPAN)


def test_the_content_of_every_file_of_the_span_is_a_condition(config: Config, archive: RecordingArchive) -> None:
    files = sorted((archive.folder / "cam").rglob("*.mp4"))
    before = camera_conditions(config, archive, SPAN).recording
    assert [one.sha256 for one in before] == [hashlib.sha256(one.read_bytes()).hexdigest() for one in files]
    data = bytearray(files[1].read_bytes())
    data[-20] ^= 1
    files[1].write_bytes(data)
    now = camera_conditions(config, archive, SPAN).recording
    assert [one == other for one, other in zip(now, before, strict=True)] == [True, False, True, True]
    early = camera_conditions(config, archive, replace(SPAN, end_ms=BEGIN_MS + 500)).recording
    assert early == before[:1], "other files are no part of it"


def test_video_that_is_being_written_has_no_content_to_approve(
    config: Config, archive: RecordingArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = archive.segments("cam")[-1]
    written = replace(last, complete=False, end_ms=time.time_ns() // 1_000_000 - 1000)
    monkeypatch.setattr(archive, "segments", lambda *_: [written])
    with pytest.raises(RecordError, match="is still being written"):
        camera_conditions(config, archive, SPAN)
    killed = replace(written, end_ms=written.end_ms - 3_600_000)
    monkeypatch.setattr(archive, "segments", lambda *_: [killed])
    assert len(camera_conditions(config, archive, SPAN).recording) == 1, "of a recorder that was killed"


def test_a_time_without_video_is_refused_with_the_time_that_is_recorded(
    config: Config, archive: RecordingArchive
) -> None:
    later = replace(SPAN, begin_ms=BEGIN_MS + 3_600_000, end_ms=BEGIN_MS + 3_660_000)
    begin, end = (re.escape(format_time(at)) for at in (BEGIN_MS, BEGIN_MS + 4000))
    with pytest.raises(RecordError, match=rf"nothing is recorded between .* and .*; recorded is {begin} to {end}"):
        camera_conditions(config, archive, later)
    shutil.rmtree(next(path for path in (archive.folder / "cam").iterdir() if path.is_dir()))
    with pytest.raises(RecordError, match="nothing is recorded of it"):
        camera_conditions(config, archive, SPAN)
