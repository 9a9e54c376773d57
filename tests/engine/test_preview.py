"""Permissions and number of preview images."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.detect.build import build_tracker
from pipeline.detect.settings import TrackSettings
from pipeline.domain.detections import Detections
from pipeline.engine.camera_stream import CameraStream
from pipeline.engine.preview import Preview
from tests.engine.frames import frame


def show(preview: Preview, index: int, stream_id: str = "abcdef012345678") -> None:
    stream = CameraStream(stream_id, build_tracker(TrackSettings()), [])
    stream.follow(frame("cam", index, stream=stream_id), Detections.empty())
    preview.show(stream)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "cam").iterdir())


@pytest.fixture(autouse=True)
def _open_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_only_this_user_may_read_them(tmp_path: Path) -> None:
    (tmp_path / "p" / "cam").mkdir(parents=True)  # by an earlier version
    show(Preview(tmp_path / "p", 1, 5), 0)
    show(Preview(tmp_path / "q", 1, 5), 0)
    assert (tmp_path / "q").stat().st_mode & 0o777 == 0o700
    for folder in (tmp_path / "p" / "cam", tmp_path / "q" / "cam"):
        assert folder.stat().st_mode & 0o777 == 0o700
        (image,) = folder.iterdir()
        assert image.stat().st_mode & 0o777 == 0o600


def test_images_of_earlier_runs_are_counted_and_other_files_not_touched(tmp_path: Path) -> None:
    first = Preview(tmp_path, 0.1, 3)
    for index in range(3):
        show(first, index)
    (tmp_path / "cam" / "mine.jpg").write_bytes(b"x")
    second = Preview(tmp_path, 0.1, 3)
    show(second, 1)  # written anew, so now the newest
    show(second, 7)
    show(second, 8)
    assert names(tmp_path) == [f"abcdef012345-000000{n}.jpg" for n in (1, 7, 8)] + ["mine.jpg"]
    assert [path.name[-5] for path in second.latest()["cam"]] == ["1", "7", "8"]


def test_images_keep_their_interval_and_reconnections_need_no_memory(tmp_path: Path) -> None:
    preview = Preview(tmp_path, 1.0, 50)
    for index in range(20):
        show(preview, index)
    assert len(names(tmp_path)) == 2
    for session in range(20):
        show(preview, 0, stream_id=f"{session:013d}")
    assert len(preview._last) == 1
