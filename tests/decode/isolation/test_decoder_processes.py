"""Decoders in processes of their own: the same frames as in this one, and crashes that end one session only."""

from __future__ import annotations

import gc
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
import pytest

from pipeline.decode.input_options import InputOptions
from pipeline.decode.isolation import decoder_processes, remote_session
from pipeline.decode.isolation.decoder_processes import DecoderProcesses
from pipeline.decode.settings import DecodeSettings
from pipeline.decode.state_log import StateLog
from pipeline.decode.supervised_source import open_source
from pipeline.domain.events import AlertEvent, Event
from pipeline.domain.frame import Frame
from pipeline.domain.ports import SourceState
from pipeline.domain.recording import PacketTap
from pipeline.engine.camera_feed import CameraFeed
from pipeline.engine.camera_health import HealthWatch
from pipeline.engine.fair_batcher import FairBatcher
from pipeline.engine.frame_queue import WhenFull
from pipeline.engine.source_alerts import SourceAlertWatch
from pipeline.errors import SourceError, StreamInterrupted
from tests.decode.clips import Recipe, encode, image
from tests.decode.test_stream_probe import damaged_in_its_first_image
from tests.decode.test_streams import QUICK, WatchedSource
from tests.servers.web import WebServer

CALM = QUICK.model_copy(update={"open_timeout_s": 60.0, "watchdog_s": 50.0, "read_timeout_s": 60.0})
"""Nothing but a crash ends a session, however busy the machine is."""
MASK = ((0.0, 0.0), (0.4, 0.0), (0.4, 0.4))
LONG = Recipe(frames=200)


@pytest.fixture(scope="module")
def processes() -> Iterator[DecoderProcesses]:
    with DecoderProcesses() as processes:
        yield processes


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebServer]:
    cv2.imwrite(str(tmp_path / "image.jpg"), image(0, (160, 120)))
    with WebServer(tmp_path) as server:
        yield server


def decoders() -> list[psutil.Process]:
    """The decoder processes below this one, oldest first."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if "decoder_server" in " ".join(process.cmdline()) and process.parent() != psutil.Process():
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return sorted(found, key=lambda process: process.create_time())


def eventually(condition: Callable[[], object], what: str) -> None:
    until_s = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until_s, f"never: {what}"
        time.sleep(0.02)


def watched(
    url: str, processes: DecoderProcesses, camera_id: str = "cam", tap: PacketTap | None = None
) -> WatchedSource:
    camera = WatchedSource(url, CALM, camera_id)
    camera.source = open_source(camera_id, url, settings=CALM, processes=processes, tap=tap)
    return camera


def shown(frame: Frame) -> tuple[Any, ...]:
    pixels = frame.image.bgr()
    size = frame.image.width, frame.image.height, frame.image.sample_aspect
    return frame.stream_id, frame.index, frame.pts_s, frame.ts_ms, size, pixels.tobytes()


@pytest.mark.parametrize(
    ("name", "recipe", "wishes"),
    [
        ("a.mp4", Recipe(), {"masks": [MASK]}),
        ("a.ts", Recipe(pixels="yuv444p", size=(161, 121)), {"analyze_fps": 3, "masks": [MASK]}),
        ("a.avi", Recipe(codec="mjpeg", pixels="yuvj422p", options={}), {"options": InputOptions(rotate=90)}),
        ("a.mkv", Recipe(codec="ffv1", pixels="bgr0", frames=5, options={}), {"masks": [MASK]}),
    ],
)
def test_a_decoder_process_yields_the_frames_and_counts_of_this_process(
    tmp_path: Path, processes: DecoderProcesses, name: str, recipe: Recipe, wishes: dict[str, Any]
) -> None:
    path = str(encode(tmp_path / name, recipe))
    results, statuses, timed = [], [], []
    for where in (None, processes):
        seconds: list[float] = []
        source = open_source(
            "cam",
            path,
            settings=DecodeSettings(),
            start_ms=0,
            processes=where,
            on_decoded=lambda wall, cpu, seconds=seconds: seconds.append(wall + cpu),  # type: ignore[misc]
            **wishes,
        )
        results.append([shown(frame) for frame in source.frames()])
        status = source.status()
        statuses.append((status.state, status.detail, status.decoded, status.delivered, dict(status.drops)))
        timed.append(len(seconds))
    assert results[0]
    assert results[0] == results[1]
    assert statuses[0] == statuses[1]
    assert timed[0] == timed[1]


def test_frames_with_concealed_parts_are_marked_and_counted(tmp_path: Path, processes: DecoderProcesses) -> None:
    path = damaged_in_its_first_image(tmp_path / "damaged.h264", 40)
    for where in (None, processes):
        source = open_source("cam", str(path), settings=DecodeSettings(), start_ms=0, processes=where)
        assert [frame.index for frame in source.frames() if frame.damaged] == list(range(10))
        assert (source.status().decoded, source.status().damaged) == (40, 10)


def test_frames_that_are_stored_do_not_change_when_later_ones_are_decoded(
    tmp_path: Path, processes: DecoderProcesses
) -> None:
    path = str(encode(tmp_path / "a.mp4", Recipe(frames=40)))
    wanted = [frame.image.bgr() for frame in open_source("cam", path, settings=DecodeSettings(), start_ms=0).frames()]
    isolated = open_source("cam", path, settings=DecodeSettings(), start_ms=0, processes=processes)
    frames = list(isolated.frames())
    assert len(frames) == 40
    assert all(np.array_equal(frame.image.bgr(), pixels) for frame, pixels in zip(frames, wanted, strict=True))


def test_a_crash_of_a_decoder_ends_its_own_cameras_session_which_begins_again(
    web: WebServer, processes: DecoderProcesses
) -> None:
    with watched(web.url("mjpeg"), processes, "bystander") as bystander:
        first = bystander.more(2)
        with watched(web.url("mjpeg"), processes, "victim") as victim:
            before = victim.more(2)
            decoders()[-1].send_signal(signal.SIGSEGV)
            crashed = victim.until(lambda status: status.state is SourceState.BACKING_OFF, "a crash")
            again = victim.more(2)
            assert crashed.detail == "its decoder crashed (SIGSEGV)"
            assert (again.decoder_crashes, again.reconnects) == (1, 1)
            assert again.stream_id != before.stream_id
        unharmed = bystander.more(2)
    assert (unharmed.stream_id, unharmed.reconnects, unharmed.decoder_crashes) == (first.stream_id, 0, 0)


def test_an_alert_names_the_camera_whose_decoder_crashed_and_the_signal(
    web: WebServer, processes: DecoderProcesses
) -> None:
    source = open_source("gate-3", web.url("mjpeg"), settings=CALM, processes=processes)
    feed = CameraFeed(source, FairBatcher(1, 0).open_queue("gate-3", 2, WhenFull.DROP_OLDEST))
    health, alerts = HealthWatch(), SourceAlertWatch()
    sent: list[Event] = []

    def check() -> bool:
        sent.extend(alerts.about_cameras(health.changes([feed], lambda _: None, {})))
        return bool(sent)

    feed.start()
    try:
        eventually(lambda: source.status().decoded and not check(), "a frame")
        decoders()[-1].send_signal(signal.SIGABRT)
        eventually(check, "an alert")
    finally:
        feed.stop()
        feed.join(30)
    assert isinstance(sent[0], AlertEvent)
    named = sent[0].camera_id, sent[0].rule, sent[0].detail
    assert named == ("gate-3", "camera-lost", "its decoder crashed (SIGABRT)")


def test_a_file_whose_decoder_crashes_fails_and_does_not_end_as_if_it_were_complete(
    tmp_path: Path, processes: DecoderProcesses
) -> None:
    source = open_source("cam", str(encode(tmp_path / "a.mp4", LONG)), settings=DecodeSettings(), processes=processes)
    frames = source.frames()
    next(frames)
    decoders()[-1].send_signal(signal.SIGBUS)
    with pytest.raises(StreamInterrupted, match=r"its decoder crashed \(SIGBUS\)"):
        list(frames)
    assert source.status().state is SourceState.FAILED


def test_a_decoder_that_was_killed_names_the_memory_of_the_machine(tmp_path: Path, processes: DecoderProcesses) -> None:
    source = open_source("cam", str(encode(tmp_path / "a.mp4", LONG)), settings=DecodeSettings(), processes=processes)
    frames = source.frames()
    next(frames)
    decoders()[-1].kill()
    with pytest.raises(SourceError, match=r"was killed \(SIGKILL\).*memory runs out"):
        list(frames)


def test_a_decoder_that_needs_more_memory_than_it_may_take_is_named(
    tmp_path: Path, processes: DecoderProcesses
) -> None:
    path = encode(tmp_path / "a.mp4", Recipe(size=(5120, 2880), frames=3, options={"preset": "ultrafast"}))
    source = open_source("cam", str(path), settings=DecodeSettings(max_decoder_memory_mb=64), processes=processes)
    list(source.frames())
    assert source.status().detail.endswith("its decoder needs more than 64 MB of memory")
    enough = DecodeSettings(max_decoder_memory_mb=400)
    assert len(list(open_source("cam", str(path), settings=enough, processes=processes).frames())) == 3


def test_frames_count_against_the_memory_of_all_cameras(tmp_path: Path, processes: DecoderProcesses) -> None:
    from pipeline.decode.frame_memory import FrameMemory

    path, memory = str(encode(tmp_path / "a.mp4", Recipe(size=(1920, 1080), frames=2))), FrameMemory(limit_mb=16)
    with pytest.raises(SourceError, match="1920×1080 need about 24 MB; 16 of 16 MB"):
        list(open_source("cam", path, settings=DecodeSettings(), memory=memory, processes=processes).frames())
    assert memory.used_bytes == 0


def test_sessions_leave_no_process_thread_descriptor_or_memory(tmp_path: Path, processes: DecoderProcesses) -> None:
    path = str(encode(tmp_path / "a.mp4", LONG))

    def left() -> tuple[int, int, int, int]:
        gc.collect()
        maps = Path("/proc/self/maps").read_text().count("viapublica-frames")
        return len(decoders()), threading.active_count(), len(list(Path("/proc/self/fd").iterdir())), maps

    list(open_source("cam", path, settings=DecodeSettings(), processes=processes).frames())
    eventually(lambda: not decoders(), "the decoder has ended")
    before = left()
    assert before[3] == 0
    for _ in range(3):
        source = open_source("cam", path, settings=DecodeSettings(), processes=processes)
        frames = source.frames()
        frame = next(frames)
        assert left()[3] > 0
        source.stop()
        list(frames)
        del frame
    eventually(lambda: left() == before, f"as before: {before}, not {left()}")


def test_decoders_end_at_once_when_the_engine_is_killed(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.mp4", LONG)
    program = f"""
import time
from pipeline.decode.isolation.decoder_processes import DecoderProcesses
from pipeline.decode.settings import DecodeSettings
from pipeline.decode.supervised_source import open_source
frames = open_source("cam", {str(path)!r}, settings=DecodeSettings(), start_ms=0, processes=DecoderProcesses()).frames()
next(frames)
print("ready", flush=True)
time.sleep(600)
"""
    engine = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert engine.stdout is not None
    while "ready" not in (line := engine.stdout.readline()):
        assert line, "the program ended"
    below = psutil.Process(engine.pid).children(recursive=True)
    assert len(below) == 2
    below[1].suspend()  # as if FFmpeg hung: it runs no code of ours
    engine.kill()
    engine.wait()
    engine.stdout.close()
    below[1].resume()
    _, alive = psutil.wait_procs(below, timeout=60)
    assert not alive


def test_decoders_go_on_without_their_server_which_is_started_again(web: WebServer) -> None:
    with DecoderProcesses() as processes, watched(web.url("mjpeg"), processes) as first:
        before = first.more(2)
        server = decoders()[-1].parent()
        assert server is not None
        server.kill()
        with watched(web.url("mjpeg"), processes) as second:
            second.more(2)
        assert first.more(2).stream_id == before.stream_id


def test_a_decoder_of_a_file_that_hangs_is_reported_and_ended(
    tmp_path: Path, processes: DecoderProcesses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_session, "_STALLED_S", 0.5)
    monkeypatch.setattr(remote_session, "_HUNG_S", 2.0)
    source = open_source("cam", str(encode(tmp_path / "a.mp4", LONG)), settings=DecodeSettings(), processes=processes)
    frames, details = source.frames(), []
    monkeypatch.setattr(StateLog, "change", lambda *change, **_: details.append((change[1], change[3])))
    next(frames)
    hung = decoders()[-1]
    hung.suspend()
    with pytest.raises(StreamInterrupted, match="its decoder made no progress within 2 s"):
        list(frames)
    assert (SourceState.STALLED, "its decoder made no progress within 0.5 s") in details
    assert source.status().state is SourceState.FAILED
    eventually(lambda: not hung.is_running(), "the decoder has ended")


def test_a_decoder_of_a_camera_that_hangs_is_killed_with_its_session(
    web: WebServer, processes: DecoderProcesses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_session, "_GRACE_S", 0.2)
    with watched(web.url("mjpeg"), processes) as camera:
        camera.more(2)
        hung = decoders()[-1]
        hung.suspend()
    eventually(lambda: not hung.is_running(), "the decoder has ended")


def test_a_decoder_server_that_hangs_is_replaced_and_its_decoders_go_on(
    web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoder_processes, "_ANSWER_S", 0.5)
    with DecoderProcesses() as processes, watched(web.url("mjpeg"), processes) as first:
        before = first.more(2)
        server = decoders()[-1].parent()
        assert server is not None
        server.suspend()
        with watched(web.url("mjpeg"), processes) as second:
            assert second.more(2).decoder_crashes == 0
        assert not server.is_running()
        assert first.more(2).stream_id == before.stream_id


def test_a_password_is_in_no_argument_and_no_variable(
    web: WebServer, processes: DecoderProcesses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode(tmp_path / "a.mp4")
    monkeypatch.setenv("CAMERA_PASSWORD", "password")
    address = web.url("private/mjpeg").replace("://", "://user:password@")
    with DecoderProcesses() as own, watched(address, own):
        eventually(decoders, "a decoder")
        for process in psutil.Process().children(recursive=True):
            assert "password" not in " ".join(process.cmdline())
            assert b"password" not in Path(f"/proc/{process.pid}/environ").read_bytes()


def test_signals_of_a_service_manager_do_not_end_decoders(tmp_path: Path, processes: DecoderProcesses) -> None:
    source = open_source("cam", str(encode(tmp_path / "a.mp4", LONG)), settings=DecodeSettings(), processes=processes)
    frames = source.frames()
    next(frames)
    decoder = decoders()[-1]
    for process in (decoder, decoder.parent()):
        assert process is not None
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            process.send_signal(number)
    assert sum(1 for _ in frames) == 199


def test_a_rate_that_an_overload_lowers_reaches_the_decoder(web: WebServer, processes: DecoderProcesses) -> None:
    with watched(web.url("mjpeg"), processes) as camera:
        camera.more(2)
        camera.source.limit_fps(1.0)
        camera.until(lambda status: status.drops.get("overload", 0) > 3, "frames are left out")
        camera.source.limit_fps(None)
        camera.more(10)
