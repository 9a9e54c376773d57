"""Decoding time is the time inside the decoder, not the time spent waiting for a source."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from pipeline.decode.decode_timer import DecodeTimer
from pipeline.decode.settings import DecodeSettings
from pipeline.decode.supervised_source import open_source
from tests.decode.clips import Recipe, encode
from tests.servers.rtsp import RtspServer, encode_loop, why_no_server


class Total:
    """Sums what a source reports."""

    def __init__(self) -> None:
        self.frames = 0
        self.seconds = self.cpu_seconds = 0.0

    def add(self, seconds: float, cpu_seconds: float) -> None:
        assert seconds >= 0
        assert cpu_seconds >= 0
        self.frames += 1
        self.seconds += seconds
        self.cpu_seconds += cpu_seconds


def test_a_slow_live_source_spends_little_of_its_time_decoding(tmp_path: Path) -> None:
    if reason := why_no_server():
        pytest.skip(reason)
    total = Total()
    with RtspServer(encode_loop(tmp_path / "loop.h264", seconds=2, fps=5, size=(320, 180)), fps=5) as server:
        source = open_source("cam", server.url(), settings=DecodeSettings(), on_decoded=total.add)
        began = time.monotonic()
        for number, _ in enumerate(source.frames()):
            if number == 12:
                break
        source.stop()
    waited_s = time.monotonic() - began
    assert total.frames >= 12
    assert 0 < total.seconds < waited_s / 4
    assert 0 < total.cpu_seconds < waited_s / 4


@pytest.mark.parametrize("analyze_fps", [None, 2.0])
def test_every_decoded_frame_of_a_file_is_measured(tmp_path: Path, analyze_fps: float | None) -> None:
    total = Total()
    clip = encode(tmp_path / "a.mp4", Recipe(size=(640, 360)))
    source = open_source(
        "cam", str(clip), settings=DecodeSettings(), analyze_fps=analyze_fps, start_ms=0, on_decoded=total.add
    )
    frames = list(source.frames())
    assert len(frames) == (30 if analyze_fps is None else 6)
    assert total.frames == source.status().decoded == 30
    assert total.seconds > 0
    assert total.cpu_seconds > 0


def test_a_consumer_that_takes_long_adds_nothing(tmp_path: Path) -> None:
    total = Total()
    clip = encode(tmp_path / "a.mp4", Recipe(frames=5))
    source = open_source("cam", str(clip), settings=DecodeSettings(), start_ms=0, on_decoded=total.add)
    waited_s = 0.0
    for _ in source.frames():
        time.sleep(0.3)
        waited_s += 0.3
    assert total.frames == 5
    assert total.seconds < waited_s / 2


def test_time_is_taken_once() -> None:
    timer = DecodeTimer()
    with timer:
        sum(range(100_000))
    seconds, cpu_seconds = timer.take()
    assert seconds > 0
    assert cpu_seconds > 0
    assert timer.take() == (0.0, 0.0)
