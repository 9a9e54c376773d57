"""Copies of packets: the bytes of the source, cut at key frames, and nothing else of the file."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import av
import pytest

from pipeline.decode.packet_copy import copy_packets
from pipeline.errors import UnsupportedMedia
from tests.decode.clips import Recipe, encode


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(container.streams.video[0]) if packet.size]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Four seconds, ten frames and a key frame a second, with sound and a title."""
    return encode(tmp_path / "source.mp4", Recipe(frames=40, audio="aac", metadata={"title": "Rua Augusta"}))


@pytest.mark.parametrize(
    ("span_ms", "copied"),
    [
        ((0, 4000), (0, 40)),
        ((1000, 2000), (10, 20)),
        ((1001, 1999), (10, 20)),
        ((999, 2001), (0, 30)),
        ((-500, 1), (0, 10)),
    ],
)
def test_a_span_is_cut_at_the_key_frames_around_it(
    span_ms: tuple[int, int], copied: tuple[int, int], source: Path, tmp_path: Path
) -> None:
    first, last = copied
    done = copy_packets(source, tmp_path / "copy.mp4", *span_ms, tags={"comment": "Camera 1"})
    assert done is not None
    assert packets(tmp_path / "copy.mp4") == packets(source)[first:last]
    assert (done.packets, done.begin_ms, done.end_ms) == (last - first, first * 100, last * 100)
    assert done.source_sha256 == hashlib.sha256(source.read_bytes()).hexdigest()
    assert done.packets_sha256 == hashlib.sha256(b"".join(packets(source)[first:last])).hexdigest()
    with av.open(str(tmp_path / "copy.mp4")) as container:
        assert [stream.type for stream in container.streams] == ["video"], "no sound"
        assert "title" not in container.metadata
        assert container.metadata["comment"] == "Camera 1"
        assert sum(1 for _ in container.decode(video=0)) == last - first, "it can be played"


def test_a_span_without_video_has_no_copy(source: Path, tmp_path: Path) -> None:
    assert copy_packets(source, tmp_path / "copy.mp4", 4000, 5000, tags={}) is None
    assert copy_packets(source, tmp_path / "copy.mp4", -1000, 0, tags={}) is None


def test_h265_with_frames_out_of_order_is_copied(tmp_path: Path) -> None:
    made = tmp_path / "h265.mp4"
    how = ["-c:v", "libx265", "-x265-params", "log-level=none:keyint=10:min-keyint=10:bframes=3:open-gop=0"]
    pattern = ["-f", "lavfi", "-i", "testsrc=s=160x120:r=10:d=3"]
    subprocess.run(["ffmpeg", "-v", "error", *pattern, *how, str(made)], check=True)
    done = copy_packets(made, tmp_path / "copy.mp4", 1200, 1300, tags={})
    assert done is not None
    assert packets(tmp_path / "copy.mp4") == packets(made)[10:20]
    with av.open(str(tmp_path / "copy.mp4")) as container:
        assert sum(1 for _ in container.decode(video=0)) == 10


def test_a_file_that_is_no_video_is_named(tmp_path: Path) -> None:
    (tmp_path / "no.mp4").write_bytes(b"no video")
    with pytest.raises(UnsupportedMedia, match=r"no\.mp4"):
        copy_packets(tmp_path / "no.mp4", tmp_path / "copy.mp4", 0, 1000, tags={})
