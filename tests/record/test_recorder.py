"""Video as the camera sent it: whole, silent, where its time says, and readable whatever happened."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import pytest
from structlog.testing import capture_logs

from pipeline.decode.input_options import InputOptions
from pipeline.decode.settings import DecodeSettings
from pipeline.decode.supervised_source import open_source
from pipeline.record.camera_tap import DISK_TOO_SLOW
from pipeline.record.recorder import Recorder
from pipeline.record.recording_archive import RecordingArchive
from pipeline.record.settings import RecordSettings
from pipeline.storage.locks import locked
from tests.project.places import ROOT
from tests.record.packets import BEGIN_MS, clip, connect, declared, packets, record, until
from tests.servers.rtsp import RtspServer, encode_loop, why_no_server
from tests.servers.web import WebServer


def decoded(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray().tobytes() for frame in container.decode(video=0)]


@pytest.fixture(scope="module")
def loop_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encode_loop(tmp_path_factory.mktemp("rtsp") / "loop.h264", seconds=2, size=(320, 180))


@pytest.fixture
def rtsp(loop_file: Path) -> Iterator[RtspServer]:
    if reason := why_no_server():
        pytest.skip(reason)
    with RtspServer(loop_file) as server:
        yield server


@pytest.mark.parametrize("bf", ["0", "2"])
def test_video_is_what_the_camera_sent_in_files_named_by_utc(tmp_path: Path, bf: str) -> None:
    source = clip(tmp_path, options={"g": "10", "bf": bf})
    record(tmp_path / "video", source)
    files = RecordingArchive(tmp_path / "video").segments("cam")
    assert [one.begin_ms - BEGIN_MS for one in files] == [0, 1000, 2000, 3000]
    assert [one.end_ms - BEGIN_MS for one in files] == [1000, 2000, 3000, 4000]
    assert files[0].path.relative_to(tmp_path / "video").as_posix() == "cam/2025-06-01/20250601T120000.123Z.mp4"
    assert [image for one in files for image in decoded(one.path)] == decoded(source)
    assert {oct(one.path.stat().st_mode & 0o777) for one in files} == {"0o600"}
    assert {oct(one.path.parent.stat().st_mode & 0o777) for one in files} == {"0o700"}


@pytest.mark.parametrize("codec", ["libx265", "mpeg4", "mjpeg", "libvpx"])
def test_other_codecs_are_recorded_too(tmp_path: Path, codec: str) -> None:
    pixels = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    source = clip(tmp_path, codec=codec, pixels=pixels, options={"g": "10"}) if codec != "libvpx" else None
    if source is None:
        from tests.decode.clips import Recipe, encode

        source = encode(tmp_path / "clip.webm", Recipe(codec=codec, frames=40))
    recorder = record(tmp_path / "video", source)
    assert recorder.counts()["cam"].error == ""
    files = RecordingArchive(tmp_path / "video").segments("cam")
    assert len(files) > 1
    assert len([image for one in files for image in decoded(one.path)]) == 40


def test_sound_is_never_recorded(tmp_path: Path) -> None:
    clip(tmp_path, audio="aac")
    with WebServer(tmp_path) as web, Recorder(RecordSettings(dir=tmp_path / "video", days=3650)) as recorder:
        source = open_source(
            "cam",
            web.url("clip.mp4"),
            settings=DecodeSettings(),
            tap=recorder.tap(declared("cam")),
            options=InputOptions(ends=True),
        )
        assert len(list(source.frames())) == 40
    (file,) = RecordingArchive(tmp_path / "video").segments("cam")
    with av.open(str(file.path)) as container:
        assert [stream.type for stream in container.streams] == ["video"]
    assert decoded(file.path) == decoded(tmp_path / "clip.mp4")


def test_a_gap_has_its_reason(tmp_path: Path) -> None:
    source = clip(tmp_path)
    with Recorder(RecordSettings(dir=tmp_path / "video", segment_s=1, fragment_s=0.5, days=3650)) as recorder:
        connect(recorder, source)
        connect(recorder, source, begin_ms=BEGIN_MS + 60_000, reason="the power went")
    gaps = RecordingArchive(tmp_path / "video").gaps("cam", BEGIN_MS, BEGIN_MS + 70_000)
    assert [(gap.begin_ms - BEGIN_MS, gap.end_ms - BEGIN_MS, gap.reason) for gap in gaps] == [
        (4000, 60_000, "the cable was pulled"),
        (64_000, 70_000, "the power went; the recorder was stopped"),
    ] or gaps[-1].end_ms < BEGIN_MS + 70_000


def test_a_clock_that_jumps_begins_a_new_file(tmp_path: Path) -> None:
    source = clip(tmp_path, 2)
    sent = packets(source)
    jumped = [
        replace(one, pts=one.pts + 10**7, dts=one.pts + 10**7, arrived_ms=one.arrived_ms + 5000)
        for one in sent
        if one.pts is not None
    ]
    with Recorder(RecordSettings(dir=tmp_path / "video", days=3650)) as recorder:
        with av.open(str(source)) as container:
            take = recorder.tap(declared("cam")).opened(
                container.streams.video[0], Fraction(container.streams.video[0].average_rate or 25)
            )
        for packet in [*sent, *jumped]:
            take.packet(packet)
    files = RecordingArchive(tmp_path / "video").segments("cam")
    assert [one.begin_ms - BEGIN_MS for one in files] == [0, 5000]
    assert sum(len(decoded(one.path)) for one in files) == 40


def test_a_disk_that_is_too_slow_costs_video_and_nothing_else(tmp_path: Path) -> None:
    source = clip(tmp_path, 1, size=(640, 480), options={"g": "10", "crf": "0"})
    heavy = [replace(one, data=one.data + bytes(300_000)) for one in packets(source)]
    recorder = Recorder(RecordSettings(dir=tmp_path / "video", max_waiting_bytes=1_000_000, days=3650))
    with capture_logs() as logs, recorder:
        tap = recorder.tap(declared("cam"))
        until((tmp_path / "video/cam/.recorder.lock").exists, "the writer has begun")
        gate = threading.Event()
        writing = tap._segmenter  # type: ignore[attr-defined]
        write, writing.packet = writing.packet, lambda *given: (gate.wait(20), write(*given))
        with av.open(str(source)) as container:
            take = tap.opened(container.streams.video[0], Fraction(container.streams.video[0].average_rate or 25))
        for packet in heavy:
            take.packet(packet)
        assert recorder.overloaded() == {"cam": DISK_TOO_SLOW}
        gate.set()
        take.closed("over")
    counts = recorder.counts()["cam"]
    assert counts.dropped > 0
    assert counts.packets + counts.dropped == len(heavy)
    assert "too slow" in RecordingArchive(tmp_path / "video").gaps("cam")[-1].reason
    assert [line["fix"] for line in logs if line["event"] == "recording_overloaded"] == [DISK_TOO_SLOW], "one line"
    assert "the disk was too slow" not in [line.get("reason") for line in logs]


def test_what_cannot_begin_is_tried_again(tmp_path: Path) -> None:
    source, folder = clip(tmp_path), tmp_path / "video"
    (folder / "cam").mkdir(parents=True)
    chosen = RecordSettings(dir=folder, segment_s=1, fragment_s=0.5, days=3650, retry_s=0.1)
    with Recorder(chosen) as recorder:
        with locked(folder / "cam" / ".recorder.lock"):
            recorder.tap(declared("cam"))
            until(lambda: recorder.counts()["cam"].error != "", "the lock is met")
            connect(recorder, source)
        until(lambda: recorder.counts()["cam"].error == "", "the lock is had")
        connect(recorder, source, begin_ms=BEGIN_MS + 10_000)
    begins = [one.begin_ms - BEGIN_MS for one in RecordingArchive(folder).segments("cam")]
    assert begins[-4:] == [10_000, 11_000, 12_000, 13_000]


def test_two_recorders_of_one_camera_do_not_mix(tmp_path: Path) -> None:
    source = clip(tmp_path)
    settings = RecordSettings(dir=tmp_path / "video", segment_s=1, fragment_s=0.5, days=3650)
    with Recorder(settings) as first:
        connect(first, source)
        with Recorder(settings) as second:
            connect(second, source)
            until(lambda: "another process" in second.counts()["cam"].error, "it says so")
    assert len(RecordingArchive(tmp_path / "video").segments("cam")) == 4


def test_a_lost_camera_leaves_a_gap_and_is_recorded_again(rtsp: RtspServer, tmp_path: Path) -> None:
    quick = DecodeSettings(backoff_initial_s=0.05, backoff_max_s=0.3)
    with Recorder(RecordSettings(dir=tmp_path / "video", segment_s=1, fragment_s=0.2)) as recorder:
        source = open_source("cam", rtsp.url(), settings=quick, tap=recorder.tap(declared("cam")))
        thread = threading.Thread(target=lambda: list(source.frames()))
        thread.start()
        until(lambda: recorder.counts()["cam"].segments >= 1, "a file")
        rtsp.kill()
        before = recorder.counts()["cam"].packets
        down = time.monotonic()
        until(lambda: time.monotonic() > down + 1, "a second without the camera")
        rtsp.start()
        until(lambda: recorder.counts()["cam"].packets > before + 30, "more packets")
        source.stop()
        thread.join(60)
    files = RecordingArchive(tmp_path / "video").segments("cam")
    gaps = RecordingArchive(tmp_path / "video").gaps("cam", end_ms=files[-1].end_ms)
    assert len(gaps) == 1
    assert "connection" in gaps[0].reason or "ended" in gaps[0].reason
    assert all(a.end_ms <= b.begin_ms + 1 for a, b in itertools.pairwise(files))


def test_kill_9_loses_the_last_seconds_at_most(rtsp: RtspServer, tmp_path: Path) -> None:
    program = Path(__file__).with_name("recording_program.py")
    video = tmp_path / "video"
    process = subprocess.Popen(
        [sys.executable, str(program), rtsp.url(), str(video)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    archive = RecordingArchive(video)
    try:
        until(lambda: "cam" in archive.cameras() and len(archive.segments("cam")) >= 2, "the second file", 40)
        until(lambda: archive.segments("cam")[-1].end_ms - archive.segments("cam")[-1].begin_ms > 600, "fragments", 40)
    finally:
        process.kill()
        process.wait()
    files = archive.segments("cam")
    assert not files[-1].complete
    seen = [len(decoded(one.path)) for one in files]
    assert seen[-1] >= 12, "what was on the disk plays"
    with Recorder(RecordSettings(dir=video)) as recorder:
        recorder.tap(declared("cam"))
        until(lambda: all(one.complete for one in archive.segments("cam")), "adopted")
    assert [len(decoded(one.path)) for one in archive.segments("cam")] == seen
    until(lambda: bool(archive.gaps("cam")), "the gap is long enough to be one")
    assert archive.gaps("cam")[-1].reason.startswith("the recorder was killed")


def test_a_header_without_a_image_is_no_video(tmp_path: Path) -> None:
    record(tmp_path / "video", clip(tmp_path))
    first = RecordingArchive(tmp_path / "video").segments("cam")[0]
    bare = first.path.with_name("20250601T140000.000Z.mp4")
    bare.write_bytes(first.path.read_bytes()[:700])
    with Recorder(RecordSettings(dir=tmp_path / "video", days=3650)) as recorder:
        recorder.tap(declared("cam"))
        until(lambda: not bare.exists(), "it is removed")
    assert len(RecordingArchive(tmp_path / "video").segments("cam")) == 4


def test_a_full_disk_is_said_and_survived(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", small], capture_output=True, check=False)
    if made.returncode:
        pytest.skip(f"no small disk: {made.stderr.decode().strip()}")
    try:
        done = subprocess.run(
            [sys.executable, str(Path(__file__).with_name("full_disk_program.py")), str(small), str(tmp_path)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
    finally:
        subprocess.run(["umount", "-l", small], check=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "survived" in done.stdout
    assert "No space left" in done.stdout


def test_a_blind_camera_is_not_recorded_and_goes_on_with_a_key_frame(tmp_path: Path) -> None:
    source = clip(tmp_path, seconds=6, options={"g": "10", "bf": "0"})
    settings = RecordSettings(dir=tmp_path / "video", segment_s=1, fragment_s=0.5, days=3650)
    with Recorder(settings) as recorder, av.open(str(source)) as container:
        session = recorder.tap(declared("cam")).opened(container.streams.video[0], Fraction(10))
        for number, packet in enumerate(packets(source)):
            if number in (15, 35):
                recorder.blind("cam", "the camera was moved" if number == 15 else "")
            session.packet(packet)
        session.closed("the end")
    archive = RecordingArchive(tmp_path / "video")
    shown = [(one.begin_ms - BEGIN_MS, one.end_ms - BEGIN_MS) for one in archive.segments("cam")]
    assert shown == [(0, 1000), (1000, 1500), (4000, 5000), (5000, 6000)]
    assert next(iter(archive.gaps("cam"))).reason == "the camera was moved"
