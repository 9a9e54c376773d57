"""Network cameras that are lost, stall, refuse or send no video, and recover."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import cv2
import pytest
import structlog

from pipeline.decode.ffmpeg_errors import Retry, diagnose
from pipeline.decode.input_options import DEFAULT_INPUT, InputOptions
from pipeline.decode.settings import DecodeSettings
from pipeline.decode.source_address import parse_address
from pipeline.decode.supervised_source import open_source
from pipeline.domain.frame import Frame
from pipeline.domain.ports import RECORDING_ENDED, FrameSource, SourceState, SourceStatus
from tests.decode.clips import RED, Recipe, encode, image
from tests.servers.rtsp import RtspServer, encode_loop, why_no_server
from tests.servers.web import WebServer

QUICK = DecodeSettings(
    open_timeout_s=2.0,
    watchdog_s=0.6,
    read_timeout_s=1.5,
    backoff_initial_s=0.05,
    backoff_max_s=0.4,
    refused_pause_s=5.0,
)
PATIENT = QUICK.model_copy(update={"open_timeout_s": 120.0, "watchdog_s": 110.0, "read_timeout_s": 120.0})
"""With it, a stop that waits for FFmpeg takes longer than any busy machine."""
TIMEOUT_S = 60.0
STOP_S = 20.0


class WatchedSource:
    """A source read by a thread of its own, as the engine does; a context manager."""

    def __init__(
        self, url: str, settings: DecodeSettings = QUICK, camera_id: str = "cam", options: InputOptions = DEFAULT_INPUT
    ) -> None:
        self.source: FrameSource = open_source(camera_id, url, settings=settings, options=options)
        self.frames: list[Frame] = []
        self.states: list[SourceState] = []
        self.error: Exception | None = None
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> WatchedSource:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        began = time.monotonic()
        self.source.stop()
        self._thread.join(TIMEOUT_S)
        assert not self._thread.is_alive()
        assert time.monotonic() - began < STOP_S, "stop must not wait for FFmpeg"

    def _read(self) -> None:
        try:
            for frame in self.source.frames():
                self.frames.append(frame)
        except Exception as error:  # noqa: BLE001 - checked by the test
            self.error = error

    def until(self, condition: Callable[[SourceStatus], bool], what: str) -> SourceStatus:
        """Wait for it, noting the states passed on the way."""
        deadline = time.monotonic() + TIMEOUT_S
        while time.monotonic() < deadline:
            status = self.source.status()
            if not self.states or self.states[-1] is not status.state:
                self.states.append(status.state)
            if condition(status):
                return status
            time.sleep(0.02)
        raise AssertionError(f"never: {what}; {self.source.status()}")

    def more(self, count: int = 10) -> SourceStatus:
        """Wait for that many more frames."""
        wanted = len(self.frames) + count
        return self.until(lambda _: len(self.frames) >= wanted, f"{count} more frames")


@pytest.fixture(scope="session")
def loop_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encode_loop(tmp_path_factory.mktemp("rtsp") / "loop.h264", seconds=2, size=(320, 180))


@pytest.fixture
def rtsp(loop_file: Path) -> Iterator[RtspServer]:
    if reason := why_no_server():
        pytest.skip(reason)
    with RtspServer(loop_file) as server:
        yield server


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebServer]:
    with WebServer(tmp_path) as server:
        yield server


def test_the_stream_of_a_restarted_server_resumes(rtsp: RtspServer) -> None:
    with WatchedSource(rtsp.url()) as camera:
        first = camera.more()
        assert (first.state, first.width, first.height) == (SourceState.STREAMING, 320, 180)
        rtsp.kill()
        camera.until(lambda status: status.state is SourceState.BACKING_OFF, "backing off")
        gone = camera.until(lambda status: "refused" in status.detail, "says why")
        assert gone.reconnects == 0
        rtsp.start()
        again = camera.more()
        assert again.reconnects == 1
        assert again.stream_id != first.stream_id
    status = camera.source.status()
    assert (status.state, status.detail, camera.error) == (SourceState.ENDED, "stopped", None)
    sessions = {
        frame.stream_id: [f for f in camera.frames if f.stream_id == frame.stream_id] for frame in camera.frames
    }
    assert len(sessions) == 2
    for frames in sessions.values():
        assert frames[0].pts_s == 0.0
        assert all(a.index < b.index and a.pts_s <= b.pts_s for a, b in itertools.pairwise(frames))
    assert all(a.ts_ms <= b.ts_ms for a, b in itertools.pairwise(camera.frames))
    assert abs(camera.frames[-1].ts_ms - time.time() * 1000) < 3000


def test_a_short_stall_keeps_the_connection(rtsp: RtspServer) -> None:
    with WatchedSource(rtsp.url()) as camera:
        first = camera.more()
        rtsp.stall()
        stalled = camera.until(lambda status: status.state is SourceState.STALLED, "stalled")
        assert "no frame within 0.6 s" in stalled.detail
        rtsp.resume()
        again = camera.more()
        assert (again.state, again.stream_id, again.reconnects) == (SourceState.STREAMING, first.stream_id, 0)


def test_a_long_stall_ends_the_connection(rtsp: RtspServer) -> None:
    with WatchedSource(rtsp.url()) as camera:
        first = camera.more()
        rtsp.stall()
        lost = camera.until(lambda status: status.state is SourceState.BACKING_OFF, "backing off")
        assert "sent no frame within 1.5 s" in lost.detail
        assert camera.states[-3:] == [SourceState.STREAMING, SourceState.STALLED, SourceState.BACKING_OFF]
        time.sleep(1)
        rtsp.resume()
        again = camera.more()
        assert again.stream_id != first.stream_id
        assert again.reconnects == 1


@pytest.mark.soak
@pytest.mark.parametrize("outage", ["killed", "stalled"])
def test_streams_within_5_s_of_the_servers_return_after_10_s(rtsp: RtspServer, outage: str) -> None:
    with WatchedSource(rtsp.url(), DecodeSettings()) as camera:
        for _ in range(3):
            camera.more(25)
            (rtsp.kill if outage == "killed" else rtsp.stall)()
            time.sleep(10)
            before = len(camera.frames)
            (rtsp.start if outage == "killed" else rtsp.resume)()
            back = time.monotonic()
            camera.until(lambda _, before=before: len(camera.frames) > before, "a frame")  # type: ignore[misc]
            assert time.monotonic() - back < 5.0


def test_stop_interrupts_a_connection_that_hangs(rtsp: RtspServer) -> None:
    rtsp.stall()
    with WatchedSource(rtsp.url(), PATIENT) as camera:
        time.sleep(0.5)
        assert camera.source.status().state is SourceState.CONNECTING
    assert camera.frames == []
    rtsp.resume()


def test_stop_interrupts_a_stream_that_hangs(rtsp: RtspServer) -> None:
    with WatchedSource(rtsp.url(), PATIENT) as camera:
        camera.more()
        rtsp.stall()
        time.sleep(0.5)
    rtsp.resume()


def test_a_server_that_accepts_and_never_answers(rtsp: RtspServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        with WatchedSource(f"rtsp://127.0.0.1:{deaf.getsockname()[1]}/0") as camera:
            lost = camera.until(lambda status: status.state is SourceState.BACKING_OFF, "backing off")
        assert "does not answer" in lost.detail
    assert rtsp.url()


@pytest.mark.parametrize("digest", [False, True], ids=["basic", "digest"])
def test_wrong_credentials_are_named_and_not_shown(loop_file: Path, digest: bool) -> None:
    if reason := why_no_server():
        pytest.skip(reason)
    with RtspServer(loop_file, credentials="user:password", digest=digest) as server:
        with WatchedSource(server.url(credentials="user:hunter2")) as camera:
            lost = camera.until(lambda status: status.state is SourceState.BACKING_OFF, "backing off")
        assert "refuses the user name or password" in lost.detail
        assert "hunter2" not in str(camera.source.status())
        with WatchedSource(server.url(credentials="user:password")) as camera:
            camera.more()


def test_a_missing_path_is_named(rtsp: RtspServer) -> None:
    with WatchedSource(rtsp.url(9)) as camera:
        lost = camera.until(lambda status: status.state is SourceState.BACKING_OFF, "backing off")
    assert "has no such stream" in lost.detail


def test_a_recording_served_over_http_ends_if_it_is_declared(web: WebServer, tmp_path: Path) -> None:
    encode(tmp_path / "a.mp4", Recipe(audio="aac"))
    with WatchedSource(web.url("a.mp4"), options=InputOptions(ends=True)) as camera:
        status = camera.until(lambda status: status.state is SourceState.ENDED, "the end")
    assert (status.detail, status.decoded, len(camera.frames)) == (RECORDING_ENDED, 30, 30)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi", "list.m3u8", "moved"])
def test_a_camera_that_serves_a_recording_is_retried_and_read_once(web: WebServer, tmp_path: Path, name: str) -> None:
    """Nothing that a camera answers ends it for good, and no vehicle is counted at every attempt."""
    encode(tmp_path / (name if name in {"a.mkv", "a.avi"} else "a.mp4"))
    encode(tmp_path / "a.ts")
    (tmp_path / "list.m3u8").write_text("#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3.0,\na.ts\n#EXT-X-ENDLIST\n")
    with WatchedSource(web.url(name)) as camera:
        first = camera.until(lambda status: "ended as a recording of 3.0 s" in status.detail, "the end")
        assert first.state in {SourceState.BACKING_OFF, SourceState.CONNECTING}
        again = camera.until(lambda status: "still serves the recording" in status.detail, "the retry")
    assert "set ends: true if it is meant" in again.detail
    assert SourceState.ENDED not in camera.states
    assert len(camera.frames) == 30


def test_a_camera_whose_encoder_restarts_streams_again(web: WebServer, tmp_path: Path) -> None:
    encode(tmp_path / "a.ts")
    playlist, playing = tmp_path / "list.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3.0,\na.ts\n"
    playlist.write_text(f"{playing}#EXT-X-ENDLIST\n")
    with WatchedSource(web.url("list.m3u8")) as camera:
        camera.until(lambda status: "still serves the recording" in status.detail, "the end")
        playlist.write_text(playing)
        camera.until(lambda _: len(camera.frames) > 30, "the stream")


def test_hls_is_read_and_ends(web: WebServer, tmp_path: Path) -> None:
    for number in range(3):
        start = number * 1000
        encode(tmp_path / f"{number}.ts", Recipe(frames=10, stamps_ms=[start + n * 100 for n in range(10)]))
    lines = ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:1"]
    lines += [f"#EXTINF:1.0,\n{number}.ts" for number in range(3)]
    (tmp_path / "list.m3u8").write_text("\n".join([*lines, "#EXT-X-ENDLIST", ""]))
    with WatchedSource(web.url("list.m3u8"), options=InputOptions(ends=True)) as camera:
        camera.until(lambda status: status.state is SourceState.ENDED, "the end")
    assert len(camera.frames) == 30


def test_a_playlist_from_the_network_cannot_read_our_files(web: WebServer, tmp_path: Path) -> None:
    secret = encode(tmp_path / "secret.ts")
    text = f"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3.0,\nfile://{secret}\n#EXT-X-ENDLIST\n"
    (tmp_path / "list.m3u8").write_text(text)
    with WatchedSource(web.url("list.m3u8")) as camera:
        camera.until(lambda status: status.state is SourceState.BACKING_OFF, "backing off")
    assert camera.frames == []


def test_motion_jpeg_over_http(web: WebServer, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "image.jpg"), image(0, (160, 120)))
    with WatchedSource(web.url("mjpeg")) as camera:
        camera.more()
    pixel = camera.frames[0].image.crop(5, 5, 6, 6)[0, 0]
    assert abs(pixel.astype(int) - RED).max() < 30


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("rubbish", "no video"),
        ("hang", "no video"),
        ("gone.mp4", "has no such stream"),
        ("private/a.mp4", "refuses the user name or password"),
        ("text.txt", "no video"),
    ],
)
def test_answers_without_video_are_named_and_retried(web: WebServer, tmp_path: Path, path: str, words: str) -> None:
    (tmp_path / "text.txt").write_text("hello " * 10_000)
    with WatchedSource(web.url(path, credentials="admin:hunter2"), camera_id="gate-4") as camera:
        status = camera.until(lambda status: status.state is SourceState.BACKING_OFF, "backing off")
    assert words in status.detail
    assert "hunter2" not in str(camera.source.status())
    assert camera.error is None


def test_endless_redirections_are_retried_less_and_less(web: WebServer) -> None:
    address = parse_address("cam", web.url("round"), QUICK.protocols)
    with pytest.raises(av.FFmpegError) as raised:
        av.open(address.target, timeout=(2.0, 2.0))
    fault = diagnose("cam", address, raised.value)
    assert fault is not None
    assert fault.retry is Retry.EVER_LESS


def test_a_stream_that_ends_at_once_is_not_retried_faster(web: WebServer, tmp_path: Path) -> None:
    encode(tmp_path / "a.h264")  # has no length of its own: its end is taken for a loss of the stream
    settings = QUICK.model_copy(update={"backoff_initial_s": 0.1, "backoff_max_s": 60, "backoff_jitter": 0.0})
    with structlog.testing.capture_logs() as lines, WatchedSource(web.url("a.h264"), settings) as camera:
        camera.until(lambda status: status.reconnects == 3, "three more sessions")
    pauses = [line["pause_s"] for line in lines if line.get("state") == "backing-off"]
    assert pauses[:2] == [0.1, 0.2]  # further ones are only counted in the log


def test_no_thread_outlives_its_source_for_long(rtsp: RtspServer) -> None:
    for _ in range(3):
        with WatchedSource(rtsp.url()) as camera:
            camera.more(1)
    deadline = time.monotonic() + TIMEOUT_S
    while any(thread.name == "decode-cam" for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
