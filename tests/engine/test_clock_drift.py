"""A camera's clock that runs too slow or too fast is reported once; late frames and new sessions are no drift."""

from __future__ import annotations

import re

import numpy as np
import pytest

from pipeline.detect.image_region import WholeImage
from pipeline.domain.camera import Camera, Scope
from pipeline.domain.frame import Frame
from pipeline.engine.clock_drift import ClockDriftWatch
from pipeline.policy.gate import Gate

IMAGE = WholeImage(np.zeros((4, 4, 3), np.uint8))


class Watched:
    """One live camera that sends a frame a second, late by up to a second now and then."""

    def __init__(self) -> None:
        self.watch = ClockDriftWatch()
        self.random = np.random.default_rng(5)
        self.arrived_s = self.pts_s = 0.0

    def send(self, minutes: float, rate: float = 1.0, stream_id: str = "5") -> list[tuple[str, str]]:
        found = []
        for _ in range(round(minutes * 60)):
            self.arrived_s += 1.0
            self.pts_s += rate
            late_s = float(self.random.exponential(0.2))
            ts_ms = round(self.arrived_s * 1000)
            frame = Frame("cam", stream_id, 0, self.pts_s, ts_ms, self.arrived_s + late_s, IMAGE)
            for alert in self.watch.check([frame], {"cam"}):
                assert Gate({"cam": Camera("cam", Scope.PUBLIC_ROAD)}).admit(alert) == alert
                found.append((alert.rule, alert.detail))
        return found


@pytest.mark.parametrize(("rate", "words"), [(0.99, "slow"), (1.005, "fast")], ids=["slow", "fast"])
def test_a_clock_that_drifts_is_reported_once_and_when_it_is_steady_again(rate: float, words: str) -> None:
    camera = Watched()
    assert camera.send(30) == []
    ((rule, detail),) = camera.send(30, rate)
    stated = re.fullmatch(rf"its clock is {words} by (\d+) s per hour or more: check its time server", detail)
    assert rule == "clock-drifts"
    assert stated is not None
    assert 7 <= int(stated[1]) <= abs(rate - 1) * 3600
    assert camera.send(30) == [("clock-steady", "its clock is steady again")]


def test_a_quartz_late_frames_steps_and_new_sessions_are_no_drift() -> None:
    camera = Watched()
    assert camera.send(20, 1.0001) == []
    camera.pts_s -= 30
    assert camera.send(20) == []
    assert camera.send(9, 0.99, stream_id="6") == []
    assert camera.send(9, 0.99, stream_id="7") == []


def test_recorded_video_is_not_judged_and_removed_cameras_are_forgotten() -> None:
    camera = Watched()
    camera.send(30, 0.99)
    camera.watch.forget("cam")
    assert camera.watch._clocks == {}
    frame = Frame("file", "5", 0, 0.0, 0, 0.0, IMAGE)
    assert camera.watch.check([frame], {"cam"}) == []
    assert camera.watch._clocks == {}
