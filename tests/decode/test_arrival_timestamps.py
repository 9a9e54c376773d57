"""A stream whose timestamps do not advance with time is placed and sampled by the time of arrival."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.decode.arrival_timestamps import UNRELIABLE_DETAIL, ArrivalTimestamps
from pipeline.decode.input_options import DEFAULT_INPUT
from pipeline.decode.settings import DecodeSettings
from pipeline.decode.source_address import parse_address
from pipeline.decode.stream_probe import probe_stream
from pipeline.decode.supervised_source import open_source
from tests.decode.test_streams import QUICK
from tests.servers.rtsp import encode_loop
from tests.servers.scripted_rtsp import Packet, ScriptedRtsp, nal_units, played

BASE = Fraction(1, 90_000)


def corrected(times: Iterable[tuple[float, float | None]], *, pulled: bool = False) -> tuple[list[float], list[str]]:
    """Seconds of the packets of (arrival, timestamp), and the warnings."""
    now, warnings = [0.0], []
    timestamps = ArrivalTimestamps(
        lambda event, **facts: warnings.append(event),  # noqa: ARG005
        pulled=pulled,
        monotonic_s=lambda: now[0],
    )
    found = []
    for arrived_s, stamp_s in times:
        ticks = None if stamp_s is None else round(stamp_s / BASE)
        packet: Any = SimpleNamespace(pts=ticks, dts=ticks, time_base=BASE)
        now[0] = arrived_s
        timestamps.correct(packet)
        found.append(0.0 if packet.pts is None else float(packet.pts * BASE))
    return found, warnings


def arrivals(seconds: float, fps: float = 20) -> list[float]:
    return [number / fps for number in range(int(seconds * fps))]


@pytest.mark.parametrize(
    "stamp_of",
    [
        lambda _at: 0.0,
        lambda _at: 7.0,
        lambda at: round(at * 20) % 3 * 0.04,
        lambda at: at / 10,
        lambda at: at / 2,
        lambda at: at * 3,
        lambda at: at * 90,
        lambda at: -at,
        lambda _at: None,
        lambda _at: random.Random(4).random() * 40_000,
    ],
    ids=["zero", "one value", "few values", "a tenth", "half", "triple", "ninetyfold", "back", "none", "same random"],
)
def test_timestamps_that_do_not_advance_with_time_become_times_of_arrival(
    stamp_of: Callable[[float], float | None],
) -> None:
    times, warnings = corrected((at, stamp_of(at)) for at in arrivals(60))
    assert warnings == ["timestamps_unreliable"], "once"
    later = times[20 * 10 :]
    assert later[-1] - later[0] == pytest.approx(50, abs=0.1)
    assert all(before < after for before, after in itertools.pairwise(later))


def bursts(seconds: int, every_s: int) -> Iterator[tuple[float, float]]:
    """A playlist's parts, each whole at once."""
    for at in arrivals(seconds):
        yield (at // every_s) * every_s + at % every_s / 100, at


@pytest.mark.parametrize(
    "times",
    [
        [(at, 5 + at) for at in arrivals(60)],
        [(at, at * 1.2) for at in arrivals(60)],
        [(at, at + random.Random(at).uniform(-0.1, 0.1)) for at in arrivals(60)],
        [(at if at < 20 else max(at, 28 + at / 1000), at) for at in arrivals(60)],
        [(max(0.001 * at, at - 10), at) for at in arrivals(60)],
        [(at, at + (86_400 if at > 30 else 0)) for at in arrivals(60)],
        [(at, at) for at in arrivals(200, fps=0.2)],
        list(bursts(60, 6)),
    ],
    ids=["plain", "a fifth fast", "jitter", "late and caught up", "stored before", "set once", "slow", "parts"],
)
def test_timestamps_that_advance_with_time_stay(times: list[tuple[float, float]]) -> None:
    found, warnings = corrected(times)
    assert warnings == []
    assert found == pytest.approx([stamp for _, stamp in times], abs=0.001)


def test_a_stream_that_comes_as_fast_as_it_is_read_may_be_fast_and_not_slow() -> None:
    assert corrected([(at, at * 5) for at in arrivals(20)], pulled=True)[1] == []
    assert corrected([(at, at / 2) for at in arrivals(20)], pulled=True)[1]


def standing_still(nals: list[bytes]) -> Iterator[Packet]:
    return ((0, nal) for _, nal in played(nals))


def test_a_camera_whose_timestamps_stand_still_is_analyzed_as_often_as_configured(tmp_path: Path) -> None:
    nals = nal_units(encode_loop(tmp_path / "loop.h264", seconds=1, size=(160, 120)).read_bytes())
    with ScriptedRtsp(nals, packets=lambda: standing_still(nals), pause_s=0.05) as server:
        source = open_source("cam", server.url(), settings=QUICK, analyze_fps=5)
        frames, until = [], time.monotonic() + 14
        for frame in source.frames():
            frames.append(frame)
            if time.monotonic() > until:
                status = source.status()
                source.stop()
    late = [frame for frame in frames if frame.arrived_s > frames[0].arrived_s + 8]
    passed_s = late[-1].arrived_s - late[0].arrived_s
    assert len(late) == pytest.approx(5 * passed_s, rel=0.3)
    assert late[-1].pts_s - late[0].pts_s == pytest.approx(passed_s, abs=0.5)
    assert late[-1].ts_ms - late[0].ts_ms == pytest.approx(passed_s * 1000, abs=500)
    assert status.detail == UNRELIABLE_DETAIL


def test_camera_test_names_timestamps_that_stand_still(tmp_path: Path) -> None:
    nals = nal_units(encode_loop(tmp_path / "loop.h264", seconds=1, size=(160, 120)).read_bytes())
    settings = DecodeSettings(open_timeout_s=5)
    with ScriptedRtsp(nals, packets=lambda: standing_still(nals), pause_s=0.05) as server:
        address = parse_address("gate", server.url(), settings.protocols)
        found = probe_stream("gate", address, settings, DEFAULT_INPUT, seconds=2, wanted_fps=5)
    assert any("timestamps" in warning and "stand still" in warning for warning in found.warnings), found.warnings
