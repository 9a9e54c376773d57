"""Recorded video by camera and span: cut to the frame, across files and gaps, with errors for missing video."""

from __future__ import annotations

import itertools
import time
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.app.release.recorded_video import open_recorded
from pipeline.decode.concatenated_video import ConcatenatedVideo
from pipeline.decode.settings import DecodeSettings
from pipeline.errors import RecordError, UnsupportedMedia
from pipeline.record.recording_archive import RecordingArchive
from tests.decode.clips import Recipe, encode
from tests.record.packets import BEGIN_MS, clip, record

SETTINGS = DecodeSettings()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return clip(tmp_path, options={"g": "10", "bf": "2"})


@pytest.fixture
def archive(tmp_path: Path, source: Path) -> RecordingArchive:
    """Four seconds in four files, ten frames each."""
    record(tmp_path / "video", source)
    return RecordingArchive(tmp_path / "video")


def luma(video: ConcatenatedVideo) -> list[bytes]:
    return [np.ascontiguousarray(frame.image.planes().y).tobytes() for frame in video.frames()]


def truth(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray()[: frame.height].tobytes() for frame in container.decode(video=0)]


@pytest.mark.parametrize(("begin", "end"), [(0, 4000), (450, 2350), (900, 1100), (1000, 2000), (1999, 2001), (1, 99)])
def test_the_cut_is_exact_across_files(archive: RecordingArchive, source: Path, begin: int, end: int) -> None:
    wanted = [n for n in range(40) if begin <= n * 100 < end]
    if not wanted:
        with pytest.raises(UnsupportedMedia, match="has no frame in that span"):
            open_recorded(archive, "cam", BEGIN_MS + begin, BEGIN_MS + end, SETTINGS)
        return
    video, gaps = open_recorded(archive, "cam", BEGIN_MS + begin, BEGIN_MS + end, SETTINGS)
    every = truth(source)
    assert luma(video) == [every[n] for n in wanted]
    assert video.first_ms == BEGIN_MS + wanted[0] * 100
    frames = list(video.frames())
    assert [round(f.pts * video.facts.time_base * 1000) for f in frames] == [(n - wanted[0]) * 100 for n in wanted]
    assert [f.index for f in frames] == list(range(len(wanted)))
    assert gaps == []


def test_a_gap_stays_a_gap(tmp_path: Path, source: Path, archive: RecordingArchive) -> None:
    record(tmp_path / "video", source, begin_ms=BEGIN_MS + 10_000)
    video, gaps = open_recorded(archive, "cam", BEGIN_MS + 3500, BEGIN_MS + 10_500, SETTINGS)
    times = [round(frame.pts * video.facts.time_base * 1000) for frame in video.frames()]
    assert times == [0, 100, 200, 300, 400, 6500, 6600, 6700, 6800, 6900]
    assert [(gap.begin_ms - BEGIN_MS, gap.end_ms - BEGIN_MS) for gap in gaps] == [(4000, 10_000)]
    assert gaps[0].reason.startswith("the cable was pulled")


def test_an_unreadable_file_is_a_gap_between_the_others(tmp_path: Path, source: Path) -> None:
    record(tmp_path / "video", source)
    archive = RecordingArchive(tmp_path / "video")
    broken = archive.segments("cam")[1]
    broken.path.write_bytes(b"\0" * 1000)
    video, gaps = open_recorded(archive, "cam", BEGIN_MS, BEGIN_MS + 4000, DecodeSettings())
    assert len(list(video.frames())) == 30
    assert [(gap.begin_ms - BEGIN_MS, gap.end_ms - BEGIN_MS) for gap in gaps] == [(1000, 2000)]
    assert broken.path.name in gaps[0].reason


def test_masks_are_burnt_in(archive: RecordingArchive) -> None:
    whole = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    video, _ = open_recorded(archive, "cam", BEGIN_MS, BEGIN_MS + 1500, SETTINGS, masks=[whole])
    assert all(not any(image) for image in luma(video))


def test_video_that_overlaps_after_a_clock_was_set_back_still_rises(
    tmp_path: Path, source: Path, archive: RecordingArchive
) -> None:
    record(tmp_path / "video", source, begin_ms=BEGIN_MS + 3550)
    video, _ = open_recorded(archive, "cam", BEGIN_MS, BEGIN_MS + 8000, SETTINGS)
    stamps = [frame.pts for frame in video.frames()]
    assert all(a < b for a, b in itertools.pairwise(stamps))


def test_a_changed_size_is_reported_with_its_time(tmp_path: Path, archive: RecordingArchive) -> None:
    other = encode(tmp_path / "other.mp4", Recipe(size=(320, 240)))
    record(tmp_path / "video", other, begin_ms=BEGIN_MS + 4000)
    with pytest.raises(UnsupportedMedia, match=r"changes its size from 160×120 to 320×240 at 2025-06-01 12:00:04"):
        open_recorded(archive, "cam", BEGIN_MS, BEGIN_MS + 6000, SETTINGS)


@pytest.mark.parametrize(
    ("camera", "begin", "end", "problem"),
    [
        ("other", 0, 1000, "camera other: has no recorded video. Recorded are: cam"),
        ("cam", 1000, 1000, "is empty: it ends when it begins"),
        ("cam", 0, 86_400_001, "is longer than 24 hours"),
        ("cam", 60_000, 61_000, "was not recorded. The nearest video is from 2025-06-01 12:00:03"),
        ("cam", -9000, -8000, "was not recorded. The nearest video is from 2025-06-01 12:00:00"),
    ],
)
def test_missing_video_is_reported(archive: RecordingArchive, camera: str, begin: int, end: int, problem: str) -> None:
    with pytest.raises(RecordError, match=problem):
        open_recorded(archive, camera, BEGIN_MS + begin, BEGIN_MS + end, SETTINGS)


def test_a_future_span_is_refused(archive: RecordingArchive) -> None:
    now_ms = round(time.time() * 1000)
    with pytest.raises(RecordError, match=r"lies in the future; it is .* now"):
        open_recorded(archive, "cam", now_ms, now_ms + 3_600_000, SETTINGS)
