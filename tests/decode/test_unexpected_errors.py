"""Whatever goes wrong in one live camera is an outage with a reason: it connects again, always."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import pytest
import structlog

from pipeline.decode.capture_session import CaptureSession
from pipeline.decode.frame_conversion import FrameConverter
from pipeline.decode.input_options import InputOptions
from pipeline.decode.reader_thread import ReaderThread
from pipeline.decode.settings import DecodeSettings
from pipeline.decode.supervised_source import open_source
from pipeline.decode.video_container import VideoContainer
from pipeline.domain.ports import SourceState
from pipeline.errors import RecordError, SourceError
from tests.decode.clips import Recipe, encode, image
from tests.decode.test_streams import QUICK, WatchedSource
from tests.servers.web import WebServer

ERRORS: list[Exception] = [
    UnicodeDecodeError("utf-8", b"\xe2mera", 0, 1, "invalid continuation byte"),
    ValueError("negative dimensions are not allowed"),
    KeyError("disposition"),
    MemoryError(),
    RuntimeError("can't start new thread"),
    OSError(24, "Too many open files"),
    ZeroDivisionError("division by zero"),
    AssertionError(),
    RecordError("cam", "cannot be recorded"),
    cv2.error("(-215:Assertion failed)"),
]
ORDINARY = ERRORS[1]
PLACES: dict[str, tuple[type, str]] = {
    "open": (VideoContainer, "_open"),
    "choose the stream": (VideoContainer, "_video_stream"),
    "start a session": (CaptureSession, "frames"),
    "decode": (VideoContainer, "_decoded"),
    "convert": (FrameConverter, "make"),
    "start a thread": (ReaderThread, "__init__"),
    "wait for a frame": (ReaderThread, "next"),
}


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebServer]:
    cv2.imwrite(str(tmp_path / "image.jpg"), image(0, (160, 120)))
    with WebServer(tmp_path) as server:
        yield server


def failing(real: Callable[..., Any], error: Exception, after: int, times: int) -> Callable[..., Any]:
    """`real`, which raises `times` times after its first `after` calls."""
    calls = iter(range(10**9))

    def call(*args: Any, **kwargs: Any) -> Any:
        if after <= next(calls) < after + times:
            raise error
        return real(*args, **kwargs)

    return call


def break_place(monkeypatch: pytest.MonkeyPatch, place: str, error: Exception, after: int = 0) -> None:
    owner, name = PLACES[place]
    monkeypatch.setattr(owner, name, failing(getattr(owner, name), error, after, times=2))


@pytest.mark.parametrize(
    ("place", "error"),
    [
        pytest.param(
            place,
            error,
            id=f"{type(error).__name__}-{place}",
            marks=() if place == "decode" or error is ORDINARY else pytest.mark.soak,
        )
        for error in ERRORS
        for place in PLACES
    ],
)
def test_any_error_of_a_live_camera_is_an_outage(
    place: str, error: Exception, web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_place(monkeypatch, place, error)
    with structlog.testing.capture_logs() as lines, WatchedSource(web.url("mjpeg")) as camera:
        camera.more(3)
    reasons = [line["detail"] for line in lines if line.get("state") == SourceState.BACKING_OFF]
    assert len(reasons) == 2
    assert all(str(error) in why or type(error).__name__ in why or "Too many open" in why for why in reasons)
    assert camera.error is None


@pytest.mark.parametrize("place", ["decode", "convert", "wait for a frame"])
def test_an_error_amid_a_stream_is_an_outage_too(place: str, web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    break_place(monkeypatch, place, TypeError("'NoneType' object is not subscriptable"), after=5)
    with WatchedSource(web.url("mjpeg")) as camera:
        camera.until(lambda _: len({frame.stream_id for frame in camera.frames}) > 1, "another session")
        camera.more(3)
    assert camera.source.status().reconnects > 0


def test_an_unexpected_error_is_logged_once_with_its_traceback(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    break_place(monkeypatch, "convert", KeyError("disposition"))
    with structlog.testing.capture_logs() as lines, WatchedSource(web.url("mjpeg")) as camera:
        camera.more(3)
    (line,) = [line for line in lines if line["event"] == "unexpected_error"]
    assert line["camera"] == "cam"
    assert "KeyError" in line["error"]
    assert isinstance(line["exc_info"], KeyError)


def test_frames_that_cannot_be_analyzed_are_an_outage(web: WebServer) -> None:
    with WatchedSource(web.url("mjpeg")) as camera:
        first = camera.more(3)
        camera.source.interrupt("its analysis failed (ValueError: too small)")
        lost = camera.until(lambda status: "analysis" in status.detail, "an outage")
        assert lost.state in {SourceState.BACKING_OFF, SourceState.CONNECTING}
        again = camera.until(lambda status: status.reconnects > 0, "connected again")
    assert again.stream_id != first.stream_id


def test_any_error_of_a_file_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = encode(tmp_path / "a.mp4")
    for error in ERRORS:
        with monkeypatch.context() as patch:
            break_place(patch, "decode", error)
            source = open_source("cam", str(path), settings=DecodeSettings())
            with pytest.raises(SourceError, match="cam"):
                list(source.frames())
            assert source.status().state is SourceState.FAILED, error


def titled(path: Path) -> Path:
    """A clip whose title is Latin-1, as recorders and DVD tools write it."""
    encode(path, Recipe(metadata={"title": "Camera Praca"}))
    data = path.read_bytes()
    assert data.count(b"Camera Praca") == 1
    path.write_bytes(data.replace(b"Camera Praca", "Câmera Praça".encode("latin-1")))
    return path


@pytest.mark.parametrize("suffix", ["avi", "mkv", "mp4", "ts"])
def test_tags_that_are_not_utf8_do_not_matter(suffix: str, tmp_path: Path) -> None:
    path = encode(tmp_path / f"a.{suffix}") if suffix == "ts" else titled(tmp_path / f"a.{suffix}")
    if suffix != "ts":
        with pytest.raises(UnicodeDecodeError):
            av.open(str(path))
    frames = list(open_source("cam", str(path), settings=DecodeSettings()).frames())
    assert len(frames) == 30


def test_a_stream_with_such_a_tag_is_read(web: WebServer, tmp_path: Path) -> None:
    titled(tmp_path / "a.avi")
    with WatchedSource(web.url("a.avi"), QUICK, options=InputOptions(ends=True)) as camera:
        camera.until(lambda status: status.state is SourceState.ENDED, "the end")
    assert len(camera.frames) == 30
