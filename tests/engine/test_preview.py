"""Permissions and number of preview images."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.detect.build import build_tracker
from pipeline.detect.settings import TrackSettings
from pipeline.domain.camera import Camera, Scope, Surroundings
from pipeline.domain.camera_declaration import CameraDeclaration
from pipeline.domain.detections import Detections
from pipeline.domain.hold import Hold
from pipeline.domain.labels import Label
from pipeline.engine.camera_stream import CameraStream
from pipeline.engine.disposal_report import DisposalReport
from pipeline.engine.preview import Preview, prune_previews
from pipeline.errors import AuditUnavailable
from pipeline.observe.settings import PreviewSettings
from pipeline.record.recorded_declaration import declarations_of
from pipeline.storage.disposal_log import DisposalLog
from tests.engine.frames import PlainImage, frame

SQUARE = Camera("cam", Scope.PUBLIC_SQUARE)
ROAD = Camera("cam", Scope.PUBLIC_ROAD)


def preview_in(folder: Path, every_s: float, keep: int, *, hides: bool = False, now_s: float | None = None) -> Preview:
    settings = PreviewSettings(dir=folder, every_s=every_s, keep=keep)
    clock_s = time.time if now_s is None else lambda: now_s
    preview = Preview(folder, settings, lambda _: hides, clock_s=clock_s)
    preview.declare(CameraDeclaration(SQUARE))
    return preview


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
    show(preview_in(tmp_path / "p", 1, 5), 0)
    show(preview_in(tmp_path / "q", 1, 5), 0)
    assert (tmp_path / "q").stat().st_mode & 0o777 == 0o700
    for folder in (tmp_path / "p" / "cam", tmp_path / "q" / "cam"):
        assert folder.stat().st_mode & 0o777 == 0o700
        (image,) = folder.iterdir()
        assert image.stat().st_mode & 0o777 == 0o600


def test_they_carry_what_their_camera_is_declared_to_be(tmp_path: Path) -> None:
    show(preview_in(tmp_path, 1, 5), 0)
    (image,) = (tmp_path / "cam").iterdir()
    copy = Path(shutil.copy(image, tmp_path / "copy.jpg"))
    assert declarations_of(copy, is_clip=False) == [CameraDeclaration(SQUARE)]


@pytest.mark.parametrize(
    "present",
    [
        CameraDeclaration(SQUARE),
        CameraDeclaration(ROAD, masks=(((0.0, 0.0), (0.5, 0.0), (0.5, 0.25)),)),
        CameraDeclaration(replace(ROAD, surroundings=frozenset({Surroundings.CLINIC}))),
    ],
    ids=["square", "masked", "clinic"],
)
@pytest.mark.parametrize("restarted", [False, True])
def test_images_of_an_earlier_declaration_are_deleted(
    tmp_path: Path, present: CameraDeclaration, restarted: bool
) -> None:
    settings = PreviewSettings(dir=tmp_path, every_s=0.1, keep=5)
    preview = Preview(tmp_path, settings, lambda _: False)
    preview.declare(CameraDeclaration(ROAD))
    show(preview, 0)
    preview.declare(CameraDeclaration(ROAD))
    assert len(names(tmp_path)) == 1, "an unchanged declaration deletes nothing"
    (tmp_path / "cam" / "abcdef012345-0000009.jpg").write_bytes(b"of an earlier version")
    (tmp_path / "cam" / "mine.jpg").write_bytes(b"x")
    later = Preview(tmp_path, settings, lambda _: True) if restarted else preview
    later.declare(present)
    assert names(tmp_path) == ["mine.jpg"], "also before the camera sends a frame again"
    show(later, 20)
    assert names(tmp_path) == ["abcdef012345-0000020.jpg", "mine.jpg"]


def test_images_with_plates_go_when_plates_are_forbidden_while_it_runs(tmp_path: Path) -> None:
    forbidden: set[str] = set()
    preview = Preview(tmp_path, PreviewSettings(dir=tmp_path, every_s=0.1, keep=5), forbidden.__contains__)
    preview.declare(CameraDeclaration(ROAD))
    show(preview, 0)
    forbidden.add("cam")
    show(preview, 10)
    show(preview, 20)
    assert names(tmp_path) == ["abcdef012345-0000010.jpg", "abcdef012345-0000020.jpg"]


def test_images_of_earlier_runs_are_counted_and_other_files_not_touched(tmp_path: Path) -> None:
    first = preview_in(tmp_path, 0.1, 3)
    for index in range(3):
        show(first, index)
    (tmp_path / "cam" / "mine.jpg").write_bytes(b"x")
    second = preview_in(tmp_path, 0.1, 3)
    show(second, 1)  # written anew, so now the newest
    show(second, 7)
    show(second, 8)
    assert names(tmp_path) == [f"abcdef012345-000000{n}.jpg" for n in (1, 7, 8)] + ["mine.jpg"]
    assert [path.name[-5] for path in second.latest()["cam"]] == ["1", "7", "8"]


def test_images_keep_their_interval_and_reconnections_need_no_memory(tmp_path: Path) -> None:
    preview = preview_in(tmp_path, 1.0, 50)
    for index in range(20):
        show(preview, index)
    assert len(names(tmp_path)) == 2
    for session in range(20):
        show(preview, 0, stream_id=f"{session:013d}")
    assert len(preview._last) == 1


def test_images_past_their_days_go_also_of_cameras_that_are_gone(tmp_path: Path) -> None:
    show(preview_in(tmp_path, 1, 50), 0)
    gone = tmp_path / "removed" / "abcdef012345-0000001.jpg"
    gone.parent.mkdir()
    gone.write_bytes(b"x")
    (tmp_path / "removed" / "mine.jpg").write_bytes(b"x")
    show(preview_in(tmp_path, 1, 50, now_s=time.time() + 6 * 86_400), 20)
    assert gone.exists()
    later = preview_in(tmp_path, 1, 50, now_s=time.time() + 8 * 86_400)
    show(later, 40)
    assert not gone.exists()
    assert (tmp_path / "removed" / "mine.jpg").exists()
    assert names(tmp_path) == ["abcdef012345-0000040.jpg"]
    assert len(later.latest()["cam"]) == 1


@pytest.mark.parametrize("hides", [False, True])
def test_a_camera_that_may_read_no_plates_shows_none(tmp_path: Path, hides: bool) -> None:
    stream = CameraStream("abcdef012345678", build_tracker(TrackSettings()), [])
    boxes = [[10, 10, 90, 80], [30, 60, 60, 70]]
    given = replace(frame("cam", 0, stream=stream.stream_id), image=PlainImage(120, 100))
    stream.follow(given, Detections.build(boxes, [0.9, 0.9], [Label.CAR, Label.PLATE]))
    preview_in(tmp_path, 1, 5, hides=hides).show(stream)
    (path,) = (tmp_path / "cam").iterdir()
    image, original = cv2.imread(str(path)), given.image.bgr()
    assert image is not None
    inside = (slice(40, 58), slice(20, 80))
    assert bool(np.abs(image[inside].astype(int) - original[inside].astype(int)).mean() > 20) is hides


def test_replaced_images_are_in_the_report_of_disposals_at_the_end(tmp_path: Path) -> None:
    report = DisposalReport(tmp_path / "data", tmp_path / "data" / "audit", None)
    settings = PreviewSettings(dir=tmp_path / "previews", every_s=0.1, keep=1)
    preview = Preview(tmp_path / "previews", settings, lambda _: False, disposing=report)
    for number in (0, 40, 80):
        show(preview, number)
    (tmp_path / "data").mkdir(exist_ok=True)
    preview.report_replaced()
    preview.report_replaced()
    (disposal,) = DisposalLog(tmp_path / "data").all()
    ((kind, camera, number, size),) = [(one.kind, one.name, one.number, one.size) for one in disposal.parts]
    assert (kind, camera, number) == ("previews", "cam", 2)
    assert size > 0


def test_held_images_stay_beyond_their_days_and_number(tmp_path: Path) -> None:
    settings = PreviewSettings(dir=tmp_path, every_s=0.1, keep=1)
    holds: list[Hold] = []
    preview = Preview(tmp_path, settings, lambda _: False, holds=lambda: holds)
    show(preview, 0)
    (image,) = (tmp_path / "cam").iterdir()
    # An hour before the second image: two files of one moment may have one time, and the hold would be on both.
    at_ms = image.stat().st_mtime_ns // 1_000_000 - 3_600_000
    hold = Hold("0c5f", "cam", at_ms, at_ms + 1, "ofício 12", "A. Souza", 0)
    os.utime(image, ns=(at_ms * 1_000_000, at_ms * 1_000_000))
    holds.append(hold)
    show(preview, 40)
    assert image.exists()
    assert prune_previews(tmp_path, 1, time.time() + 10 * 86_400, [hold])
    assert names(tmp_path) == [image.name]
    report = DisposalReport(tmp_path / "data", tmp_path / "data" / "audit", None)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "audit").write_text("a file in its place")
    later_s = time.time() + 10 * 86_400
    with pytest.raises(AuditUnavailable):
        prune_previews(tmp_path, 1, later_s, disposing=report)
    assert image.exists(), "nothing is deleted that is not in the audit before"
    (tmp_path / "data" / "audit").unlink()
    assert prune_previews(tmp_path, 1, later_s, disposing=report) == [image]
    (disposal,) = DisposalLog(tmp_path / "data").all()
    assert [(one.kind, one.name, one.number) for one in disposal.parts] == [("previews", "cam", 1)]
