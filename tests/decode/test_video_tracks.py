"""What a file holds besides the analyzed track is named, and nothing of it leaves unseen."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from pipeline.decode.file_video import FileVideo
from pipeline.decode.input_options import InputOptions
from pipeline.decode.settings import DecodeSettings
from pipeline.decode.supervised_source import open_source
from pipeline.domain.frame import Frame
from pipeline.domain.ports import FrameSource, SourceState
from pipeline.errors import UnsupportedMedia
from tests.decode.clips import GREEN, RED, Recipe, encode
from tests.decode.test_streams import WatchedSource
from tests.servers.web import WebServer

SETTINGS = DecodeSettings()


def two_tracks(path: Path, sizes: Sequence[tuple[int, int]] = ((160, 120), (320, 240))) -> Path:
    """A file whose first track is red and whose second is green, ten frames each."""
    with av.open(str(path), "w") as container:
        streams: list[Any] = []
        for width, height in sizes:
            stream: Any = container.add_stream("libx264", rate=10)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            streams.append(stream)
        for _ in range(10):
            for stream, color in zip(streams, (RED, GREEN), strict=True):
                pixels = np.full((stream.height, stream.width, 3), color, np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "bgr24")))
        for stream in streams:
            container.mux(stream.encode(None))
    return path


def trimmed(path: Path, skip_s: float = 1.0) -> Path:
    """A file of 30 frames, of which its edit list shows ten from `skip_s` on, as phones trim videos."""
    data = bytearray(encode(path, Recipe(options={"g": "5", "bf": "0"})).read_bytes())
    at = data.find(b"elst") + 12
    with av.open(str(path)) as container:
        base = container.streams.video[0].time_base or 1
    data[at : at + 8] = struct.pack(">Ii", 1000, int(skip_s / base))
    path.write_bytes(data)
    return path


def read(path: Path, options: InputOptions = InputOptions()) -> tuple[list[Frame], FrameSource]:  # noqa: B008
    source = open_source("cam", str(path), settings=SETTINGS, start_ms=0, options=options)
    return list(source.frames()), source


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebServer]:
    with WebServer(tmp_path) as server:
        yield server


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "mov"])
def test_a_second_track_is_named_as_not_analyzed(suffix: str, tmp_path: Path) -> None:
    frames, source = read(two_tracks(tmp_path / f"a.{suffix}"))
    assert len(frames) == 10
    assert source.status().not_read == ("video track 2 (320×240)",)


@pytest.mark.parametrize(("track", "size", "color"), [(1, (160, 120), RED), (2, (320, 240), GREEN)])
def test_a_track_is_chosen_by_its_number(
    track: int, size: tuple[int, int], color: tuple[int, int, int], tmp_path: Path
) -> None:
    frames, source = read(two_tracks(tmp_path / "a.mp4"), InputOptions(track=track))
    assert {(frame.image.width, frame.image.height) for frame in frames} == {size}
    assert np.abs(frames[0].image.crop(5, 5, 6, 6)[0, 0].astype(int) - color).max() < 30
    assert source.status().not_read == ()


def test_a_track_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedMedia, match="no video track 3, only 2"):
        read(two_tracks(tmp_path / "a.mp4"), InputOptions(track=3))


def test_a_redaction_refuses_tracks_that_it_would_not_see(tmp_path: Path) -> None:
    path = two_tracks(tmp_path / "a.mp4")
    with pytest.raises(UnsupportedMedia, match="holds 2 video tracks") as raised:
        FileVideo(path, SETTINGS)
    assert "--track" in raised.value.fix
    video = FileVideo(path, SETTINGS, options=InputOptions(track=2))
    assert len(list(video.frames())) == 10
    assert video.not_read == ("video track 1 (160×120)",)


def test_a_cover_image_is_no_track(tmp_path: Path) -> None:
    _, source = read(encode(tmp_path / "a.mp4", Recipe(audio="aac")))
    assert source.status().not_read == ()


def test_frames_that_an_edit_list_hides_are_named(tmp_path: Path) -> None:
    path = trimmed(tmp_path / "a.mp4")
    frames, source = read(path)
    assert len(frames) == 10
    (hidden,) = source.status().not_read
    assert hidden.startswith("20 of 30 frames")
    video = FileVideo(path, SETTINGS)
    assert len(list(video.frames())) == 10
    assert video.not_read == (hidden,)


def test_ordinary_edit_lists_hide_nothing(tmp_path: Path) -> None:
    _, source = read(encode(tmp_path / "a.mp4", Recipe(options={"g": "30", "bf": "3"})))
    assert source.status().not_read == ()


def test_the_largest_variant_of_a_playlist_is_read(web: WebServer, tmp_path: Path) -> None:
    lines = ["#EXTM3U"]
    for name, size in {"small": (160, 120), "large": (320, 240), "middle": (240, 180)}.items():
        encode(tmp_path / f"{name}.ts", Recipe(size=size, frames=20))
        playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2.0,\n{name}.ts\n#EXT-X-ENDLIST\n"
        (tmp_path / f"{name}.m3u8").write_text(playlist)
        lines += [f"#EXT-X-STREAM-INF:BANDWIDTH={size[0] * 1000},RESOLUTION={size[0]}x{size[1]}", f"{name}.m3u8"]
    (tmp_path / "all.m3u8").write_text("\n".join([*lines, ""]))
    with WatchedSource(web.url("all.m3u8"), options=InputOptions(ends=True)) as camera:
        status = camera.until(lambda status: status.state is SourceState.ENDED, "the end")
    assert (status.width, status.height, status.not_read) == (320, 240, ())
    assert len(camera.frames) == 20
