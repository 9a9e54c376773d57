"""A recording of a camera whose timestamps do not advance lasts as long as its packets arrived."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import pytest

from pipeline.decode.supervised_source import open_source
from pipeline.record.recorder import Recorder
from pipeline.record.recording_archive import RecordingArchive
from pipeline.record.segment_file import measure
from pipeline.record.settings import RecordSettings
from tests.decode.test_streams import QUICK
from tests.record.packets import BEGIN_MS, clip, declared, packets
from tests.servers.rtsp import encode_loop
from tests.servers.scripted_rtsp import ScriptedRtsp, nal_units, played


def test_files_begin_and_end_by_arrival_where_timestamps_stand_still(tmp_path: Path) -> None:
    source = clip(tmp_path, 20)
    still = [replace(one, pts=0, dts=0) for one in packets(source)]
    with Recorder(RecordSettings(dir=tmp_path / "video", segment_s=5, days=3650)) as recorder:
        with av.open(str(source)) as container:
            session = recorder.tap(declared("cam")).opened(
                container.streams.video[0], Fraction(container.streams.video[0].average_rate or 25)
            )
        for packet in still:
            session.packet(packet)
        session.closed("the cable was pulled")
    archive = RecordingArchive(tmp_path / "video")
    files = archive.segments("cam")
    assert [round((one.begin_ms - BEGIN_MS) / 1000) for one in files] == [0, 7, 14]
    assert [round((one.end_ms - BEGIN_MS) / 1000) for one in files] == [7, 14, 20]


def test_a_camera_whose_timestamps_stand_still_is_recorded_at_the_speed_of_arrival(tmp_path: Path) -> None:
    nals = nal_units(encode_loop(tmp_path / "loop.h264", seconds=1, size=(160, 120)).read_bytes())
    with (
        ScriptedRtsp(nals, packets=lambda: ((0, nal) for _, nal in played(nals)), pause_s=0.05) as server,
        Recorder(RecordSettings(dir=tmp_path / "video", fragment_s=0.5, days=3650)) as recorder,
    ):
        source = open_source("cam", server.url(), settings=QUICK, analyze_fps=5, tap=recorder.tap(declared("cam")))
        stop = threading.Timer(12, source.stop)
        stop.start()
        began_ms = None
        for _ in source.frames():
            began_ms = began_ms or time.time_ns() // 1_000_000
        ended_ms = time.time_ns() // 1_000_000
        stop.join()
        time.sleep(0.5)
    files = RecordingArchive(tmp_path / "video").segments("cam")
    assert began_ms is not None
    assert files[0].begin_ms == pytest.approx(began_ms, abs=2500)
    assert files[-1].end_ms == pytest.approx(ended_ms, abs=2500)
    stored_ms = sum(measure(one.path).length_ms for one in files)
    assert stored_ms == pytest.approx(ended_ms - began_ms, abs=2500), "a player shows it at the speed of the road"
