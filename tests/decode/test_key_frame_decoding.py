"""Key frames are enough while few frames are wanted, or while a decoder falls behind; then all are decoded again."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from pipeline.decode.frame_sampling import RateLimit
from pipeline.decode.input_options import InputOptions
from pipeline.decode.key_frame_decoding import KeyFrameDecoding
from pipeline.decode.settings import DecodeSettings
from pipeline.decode.supervised_source import open_source
from pipeline.domain.frame import Frame
from pipeline.domain.ports import SourceState
from tests.decode.clips import Recipe, encode
from tests.servers.web import WebServer

FPS = 25


@dataclass
class Packet:
    """What is read of an `av.Packet`."""

    pts: int | None
    is_keyframe: bool
    dts: int | None = None
    time_base: Fraction = Fraction(1, 90_000)


class Stream:
    """A camera whose packets are read at a given pace."""

    def __init__(self, key_every: int, limit: RateLimit | None = None) -> None:
        self.limit = limit or RateLimit()
        self.now_s = 0.0
        self.number = 0
        self.skipped: list[float | None] = []
        self.decoding = KeyFrameDecoding(self.limit, self.skipped.append, monotonic_s=lambda: self.now_s)
        self._key_every = key_every

    def read(self, frames: int, *, seconds_each: float = 1 / FPS, skipped_s: float | None = None) -> list[int]:
        """Numbers of the frames decoded; each takes some time, those that are skipped another one."""
        decoded = []
        for _ in range(frames):
            packet = Packet(self.number * 3600, self.number % self._key_every == 0)
            if self.decoding.skips(packet):
                self.now_s += seconds_each if skipped_s is None else skipped_s
            else:
                decoded.append(self.number)
                self.now_s += seconds_each
            self.now_s = max(self.now_s, self.number / FPS)  # none is read before it is sent
            self.number += 1
        return decoded


def test_a_rate_of_the_key_frames_or_less_decodes_only_these_and_returns_at_one() -> None:
    stream = Stream(FPS)
    assert len(stream.read(100)) == 100
    stream.limit.fps = 0.8
    decoded = stream.read(200)
    assert [number for number in decoded if number > 100] == [125, 150, 175, 200, 225, 250, 275]
    assert len(stream.skipped) == 200 - len(decoded)
    stream.limit.fps = None
    assert stream.read(60) == [*range(300, 360)]


def test_key_frames_are_kept_until_clearly_more_is_wanted() -> None:
    stream = Stream(FPS)
    stream.read(60)
    stream.limit.fps = 0.9
    stream.read(60)
    stream.limit.fps = 3.5
    assert len(stream.read(100)) == 4, "what the machine saves by it would change the rate back and forth"
    stream.limit.fps = 4.5
    assert len(stream.read(100)) > 75


@pytest.mark.parametrize("key_every", [300, 10_000], ids=["every twelve seconds", "never again"])
def test_rare_key_frames_are_not_enough(key_every: int) -> None:
    stream = Stream(key_every)
    stream.limit.fps = 0.3
    assert len(stream.read(900)) == 900


def test_a_decoder_that_falls_behind_decodes_key_frames_until_it_has_caught_up() -> None:
    stream = Stream(2 * FPS)
    stream.read(200)
    slow = stream.read(3000, seconds_each=1.3 / FPS, skipped_s=0.0)
    assert 0.3 * 3000 < len(slow) < 0.9 * 3000
    assert stream.now_s - stream.number / FPS < 4, "it stays near the present"
    calm = stream.read(1000, seconds_each=0.5 / FPS, skipped_s=0.0)
    assert calm[-500:] == [*range(stream.number - 500, stream.number)], "and decodes everything again"


def test_a_slow_clock_of_a_camera_is_not_mistaken_for_a_slow_decoder() -> None:
    stream = Stream(FPS)
    stream.read(8000, seconds_each=1.12 / FPS)
    assert len(stream.read(8000, seconds_each=1.12 / FPS)) > 7800


def test_what_a_network_held_back_is_decoded() -> None:
    stream = Stream(FPS)
    stream.read(500)
    stream.now_s += 4
    assert len(stream.read(500, seconds_each=0.2 / FPS)) == 500


def test_where_every_frame_is_recorded_none_is_skipped() -> None:
    stream = Stream(FPS)
    stream.read(60)
    stream.limit.fps = 0.5
    stream.read(30)
    assert stream.decoding.only
    assert not any(stream.decoding.skips(Packet(n * 3600, False), needed=True) for n in range(90, 110))


def test_frames_after_a_time_of_key_frames_only_are_those_of_the_camera(tmp_path: Path) -> None:
    """Over HTTP, as fast as it is read: no frame is predicted from one that was not decoded."""
    clip = encode(tmp_path / "clip.mp4", Recipe(frames=300))
    whole = {
        round(f.pts_s, 1): f.image.bgr() for f in open_source("file", str(clip), settings=DecodeSettings()).frames()
    }
    with WebServer(tmp_path) as server:
        url, options = server.url("clip.mp4"), InputOptions(ends=True)
        source = open_source("cam", url, settings=DecodeSettings(), options=options)
        seen: dict[float, Frame] = {}
        for frame in source.frames():
            seen[round(frame.pts_s, 1)] = frame
            if frame.pts_s > 5:
                source.limit_fps(1.0 if frame.pts_s < 20 else None)
        status = source.status()
    assert status.state is SourceState.ENDED
    assert status.delivered + status.drops["overload"] == 300, "each frame is counted once"
    assert status.decoded < 200
    assert [time for time in seen if 7 < time < 19] == [*range(8, 19)], "key frames"
    assert [time for time in seen if time >= 24] == [number / 10 for number in range(240, 300)]
    for time, frame in seen.items():
        assert np.array_equal(frame.image.bgr(), whole[time]), time
