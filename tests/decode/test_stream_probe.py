"""A short session says what a camera sends, or at which step it fails."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.decode.input_options import DEFAULT_INPUT, InputOptions
from pipeline.decode.privacy_masks import MaskBurner
from pipeline.decode.settings import DecodeSettings
from pipeline.decode.source_address import SourceAddress, parse_address
from pipeline.decode.stream_probe import first_image, probe_stream
from pipeline.errors import SourceError, UnsupportedMedia
from tests.servers.ports import free_port
from tests.servers.rtsp import RtspServer, encode_loop, why_no_server
from tests.servers.web import WebServer

SETTINGS = DecodeSettings(open_timeout_s=5)


def address(url: str) -> SourceAddress:
    return parse_address("gate", url, SETTINGS.protocols)


@pytest.mark.skipif(bool(why_no_server()), reason=why_no_server())
def test_an_rtsp_camera_is_described(tmp_path: Path) -> None:
    video = encode_loop(tmp_path / "video.h264", size=(320, 240), fps=10)
    with RtspServer(video, fps=10, credentials="user:p@ss/w#1") as server:
        url = server.url(0, "user:p%40ss%2Fw%231")
        found = probe_stream("gate", address(url), SETTINGS, DEFAULT_INPUT, seconds=1, wanted_fps=20)
        assert (found.codec, found.width, found.height, found.interlaced) == ("h264", 320, 240, False)
        assert found.connect_s is not None
        assert found.measured_fps == pytest.approx(10, rel=0.2)
        assert found.endpoint == f"127.0.0.1:{server.port}"
        assert any("analyze_fps is 20" in warning for warning in found.warnings)
        assert "p%40ss" not in str(found.as_json())
        with pytest.raises(SourceError, match="refuses the user name or password"):
            probe_stream("gate", address(server.url(0, "user:wrong")), SETTINGS, DEFAULT_INPUT, seconds=1)
        with pytest.raises(SourceError):
            probe_stream("gate", address(server.url(7, "user:p%40ss%2Fw%231")), SETTINGS, DEFAULT_INPUT, seconds=1)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("rtsp://camera.invalid/1", "host name camera.invalid is not known"),
        ("rtsp://127.0.0.1:{port}/1", "nothing listens on port"),
        ("nothing.mp4", "does not exist"),
    ],
)
def test_the_step_that_fails_is_named(url: str, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        probe_stream("gate", address(url.format(port=free_port())), SETTINGS, DEFAULT_INPUT, seconds=1)


def test_an_address_without_video_is_named(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<html></html>")
    with WebServer(tmp_path) as server:
        with pytest.raises(SourceError, match="has no such stream"):
            probe_stream("gate", address(server.url("none")), SETTINGS, DEFAULT_INPUT, seconds=1)
        with pytest.raises(SourceError, match="sends no video"):
            probe_stream("gate", address(server.url("page.html")), SETTINGS, DEFAULT_INPUT, seconds=1)


def test_a_folder_of_images_is_no_stream(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedMedia, match="images"):
        probe_stream("gate", address(str(tmp_path)), SETTINGS, DEFAULT_INPUT, seconds=1)


def test_the_first_image_has_its_privacy_masks(tmp_path: Path) -> None:
    video = encode_loop(tmp_path / "video.h264", size=(320, 240))
    burner = MaskBurner([((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))])
    image, at_ms = first_image("gate", address(str(video)), SETTINGS, DEFAULT_INPUT, burner)
    pixels = image.bgr()
    assert at_ms is None, "the file does not state when it was recorded"
    assert pixels[:, :158].max() < 20
    assert pixels[:, 170:].max() > 100


def test_masks_lie_where_they_are_declared_on_a_camera_that_hangs_upside_down(tmp_path: Path) -> None:
    video = encode_loop(tmp_path / "video.h264", size=(320, 240))
    burner = MaskBurner([((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))])
    upright, _ = first_image("gate", address(str(video)), SETTINGS, DEFAULT_INPUT, MaskBurner())
    turned, _ = first_image("gate", address(str(video)), SETTINGS, InputOptions(rotate=180), burner)
    pixels = turned.bgr()
    assert pixels[:, :158].max() < 20
    assert np.abs(pixels[:, 170:].astype(int) - upright.bgr()[::-1, ::-1][:, 170:]).mean() < 5


def test_a_stream_of_one_color_is_noticed(tmp_path: Path) -> None:
    import av

    path = tmp_path / "dark.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for _ in range(30):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((240, 320, 3), np.uint8), "bgr24")))
        container.mux(stream.encode(None))
    found = probe_stream("gate", address(str(path)), SETTINGS, DEFAULT_INPUT, seconds=1)
    assert any("shows nothing" in warning for warning in found.warnings)
    assert found.connect_s is None


def damaged_in_its_first_image(path: Path, images: int) -> Path:
    """The first of `images` ends after two thirds, so that those up to the second key frame are predicted from it."""
    import av

    video = encode_loop(path, size=(320, 240), fps=10)
    with av.open(str(video)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size][:images]
        data = [bytes(packet) for packet in packets]
    path.write_bytes(b"".join((data[0][: len(data[0]) * 2 // 3], *data[1:])))
    return path


def test_a_snapshot_skips_images_with_missing_parts_and_those_predicted_from_them(tmp_path: Path) -> None:
    whole = encode_loop(tmp_path / "whole.h264", size=(320, 240), fps=10)
    damaged = damaged_in_its_first_image(tmp_path / "damaged.h264", 40)
    begin, _ = first_image("gate", address(str(whole)), SETTINGS, DEFAULT_INPUT, MaskBurner())
    image, _ = first_image("gate", address(str(damaged)), SETTINGS, DEFAULT_INPUT, MaskBurner())
    # The pattern moves by (5, 3) per frame: the second key frame is the eleventh.
    moved = np.meshgrid(np.arange(320) + 50, np.arange(240) + 30)
    pattern = np.stack([moved[0], moved[1], moved[0] + moved[1] - 80], -1).astype(np.uint8)
    error = np.abs(image.bgr().astype(int) - pattern)
    assert np.median(error) < 8, "the whole image is that of the second key frame"
    assert np.abs(image.bgr()[:80].astype(int) - begin.bgr()[:80]).mean() > 10


def test_a_camera_that_sends_only_damaged_images_gives_no_snapshot(tmp_path: Path) -> None:
    damaged = damaged_in_its_first_image(tmp_path / "damaged.h264", 8)
    with pytest.raises(SourceError, match="no whole image in 8 frames: all were damaged"):
        first_image("gate", address(str(damaged)), SETTINGS, DEFAULT_INPUT, MaskBurner())


def test_damaged_frames_are_counted_and_are_a_warning(tmp_path: Path) -> None:
    damaged = damaged_in_its_first_image(tmp_path / "damaged.h264", 40)
    found = probe_stream("gate", address(str(damaged)), SETTINGS, DEFAULT_INPUT, seconds=3)
    assert (found.corrupt, found.damaged) == (0, 10)
    assert any("10 frames arrived damaged" in warning for warning in found.warnings)
    whole = encode_loop(tmp_path / "whole.h264", size=(320, 240), fps=10)
    found = probe_stream("gate", address(str(whole)), SETTINGS, DEFAULT_INPUT, seconds=3)
    assert (found.corrupt, found.damaged) == (0, 0)
