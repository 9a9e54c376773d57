"""Clips of benchmarks have the asked format, and cameras send them in real time, without end or once."""

from __future__ import annotations

import itertools
import time
import urllib.error
import urllib.request
from pathlib import Path

import av
import pytest

from pipeline.benchmark.camera_sender import sending_cameras
from pipeline.benchmark.clips import ClipFormat, encode_clip, size_of
from pipeline.errors import SourceError, ViapublicaError


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encode_clip(None, tmp_path_factory.mktemp("clip") / "c.mp4", ClipFormat((320, 180), "h264", 10, 0.6))


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_a_short_source_is_repeated_in_the_asked_format(clip: Path, tmp_path: Path, codec: str) -> None:
    made = encode_clip(clip, tmp_path / "made.mp4", ClipFormat((160, 90), codec, 10, 1.5))
    with av.open(str(made)) as video:
        stream = video.streams.video[0]
        assert (stream.width, stream.height, stream.codec_context.name) == (160, 90, codec)
        assert stream.average_rate == 10
        assert sum(1 for _ in video.decode(video=0)) == 15


def test_a_camera_sends_in_real_time_and_its_time_goes_on_when_the_clip_repeats(clip: Path) -> None:
    with sending_cameras(clip, loop=True) as address:
        began_s = time.monotonic()
        with av.open(address(3)) as video:
            frames = [frame.time for frame, _ in zip(video.decode(video=0), range(12), strict=False)]
        assert time.monotonic() - began_s > 0.8
    steps = [after - before for before, after in itertools.pairwise(frames)]
    assert steps == pytest.approx([0.1] * 11, abs=0.01)


def test_a_camera_that_plays_once_is_gone_afterwards(clip: Path) -> None:
    with sending_cameras(clip, loop=False) as address:
        with av.open(address(0)) as video:
            assert sum(1 for _ in video.decode(video=0)) == 6
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(address(0), timeout=5)
        with urllib.request.urlopen(address(1), timeout=5) as other:
            assert other.status == 200


def test_sizes_have_names(tmp_path: Path) -> None:
    assert (size_of("720p"), size_of("640x360")) == ((1280, 720), (640, 360))
    for wrong in ("huge", "641x360", "0x0"):
        with pytest.raises(ViapublicaError, match="is not a frame size"):
            size_of(wrong)


def test_a_source_that_is_no_video_is_named(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no video")
    with pytest.raises(SourceError, match=r"notes\.txt"):
        encode_clip(text, tmp_path / "made.mp4", ClipFormat((160, 90), "h264", 10, 1))
