"""Health events of cameras that fail, come and go: complete, and rate-limited."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.decode.settings import DecodeSettings
from pipeline.decode.supervised_source import SupervisedSource, open_source
from pipeline.domain.events import LIFE_SIGN, HealthEvent
from pipeline.domain.ports import SourceState
from pipeline.engine.camera_feed import CameraFeed
from pipeline.engine.camera_health import HealthWatch
from pipeline.engine.fair_batcher import FairBatcher
from pipeline.engine.frame_queue import WhenFull

S = SourceState
REFUSED = "does not answer (Connection refused)"


class WatchedCamera:
    """A real source and feed whose states the test sets, with a clock of its own."""

    def __init__(self, url: str = "rtsp://127.0.0.1:1/x") -> None:
        source = open_source("cam", url, settings=DecodeSettings())
        assert isinstance(source, SupervisedSource)
        self.source = source
        self.feed = CameraFeed(source, FairBatcher(1, 0).open_queue("cam", 1, WhenFull.DROP_OLDEST))
        self.now_s = 5_000.0
        self.watch = HealthWatch(lambda: self.now_s)
        self.reported: list[tuple[str, str]] = []
        self.signs_s: list[float] = []

    def be(self, state: SourceState, detail: str = "", after_s: float = 0.0) -> None:
        self.now_s += after_s
        self.source._monitor.move(state, detail)
        self.check()

    def check(self, after_s: float = 0.0, limited: SourceState | None = None) -> None:
        self.now_s += after_s
        for event in self.watch.changes([self.feed], lambda _: None, {"cam": limited} if limited else {}):
            assert isinstance(event, HealthEvent)
            if event.detail == LIFE_SIGN:
                self.signs_s.append(self.now_s)
                assert event.state == (limited or SourceState.STREAMING).value
            else:
                self.reported.append((event.state, event.detail))

    def retry(self, detail: str, after_s: float = 2.0) -> None:
        """One more attempt that fails."""
        self.be(S.CONNECTING, detail, after_s)
        self.be(S.BACKING_OFF, detail)


@pytest.fixture
def camera() -> WatchedCamera:
    watched = WatchedCamera()
    watched.check()
    watched.be(S.STREAMING, after_s=1)
    assert watched.reported == [("connecting", ""), ("streaming", "")]
    watched.reported.clear()
    return watched


def test_an_outage_and_its_end_are_reported_at_once(camera: WatchedCamera) -> None:
    camera.be(S.STALLED, "no frame within 3 s", after_s=9000)
    camera.be(S.BACKING_OFF, "sent no frame within 5 s", after_s=2)
    for _ in range(5):
        camera.retry(REFUSED)
    camera.be(S.CONNECTING, REFUSED, after_s=2)
    camera.be(S.STREAMING, after_s=0.1)
    assert camera.reported == [
        ("stalled", "no frame within 3 s"),
        ("backing-off", "sent no frame within 5 s"),
        ("connecting", REFUSED),
        ("streaming", ""),
    ]


def test_an_unreachable_camera_is_reported_once_an_hour(camera: WatchedCamera) -> None:
    camera.be(S.BACKING_OFF, REFUSED, after_s=9000)
    for _ in range(24 * 120):
        camera.retry(REFUSED, after_s=30)
    assert camera.reported == [("backing-off", REFUSED)] + [("connecting", REFUSED)] * 24
    camera.reported.clear()
    camera.be(S.CONNECTING, REFUSED, after_s=2)
    camera.be(S.STREAMING)
    assert camera.reported == [("streaming", "")]


def test_a_new_reason_is_reported_and_alternating_reasons_are_not_reported_forever(camera: WatchedCamera) -> None:
    camera.be(S.BACKING_OFF, REFUSED, after_s=9000)
    camera.retry("sends no video in time")
    assert [detail for _, detail in camera.reported] == [REFUSED, "sends no video in time"]
    for number in range(6 * 360):
        camera.retry(f"failed ({number % 2})", after_s=10)
    assert 12 <= len(camera.reported) <= 6 + 12 + 5  # the burst, the pauses up to an hour, and one an hour


def test_a_camera_that_comes_and_goes_is_rate_limited_and_its_last_state_is_reported(camera: WatchedCamera) -> None:
    for _ in range(1000):
        camera.be(S.BACKING_OFF, "ended the stream", after_s=1)
        camera.be(S.CONNECTING, "ended the stream", after_s=1)
        camera.be(S.STREAMING)
    assert len(camera.reported) <= 20
    camera.check(after_s=59)
    camera.check(after_s=2)
    assert camera.reported[-1] == ("streaming", "")


def test_the_end_is_reported_however_often_the_camera_changed(camera: WatchedCamera) -> None:
    for _ in range(50):
        camera.be(S.BACKING_OFF, "ended the stream", after_s=1)
        camera.be(S.CONNECTING, "ended the stream")
        camera.be(S.STREAMING)
    camera.be(S.ENDED, "stopped")
    camera.check()
    assert camera.reported[-1][0] == "ended"
    assert [state for state, _ in camera.reported].count("ended") == 1


def test_a_streaming_camera_sends_a_life_sign_soon_and_then_every_five_minutes(camera: WatchedCamera) -> None:
    begun_s = camera.now_s
    for _ in range(1000):
        camera.check(after_s=1)
    assert [at_s - begun_s for at_s in camera.signs_s] == [10, 310, 610, 910]
    assert camera.reported == []


def test_an_overloaded_camera_sends_life_signs_and_one_without_video_sends_none(camera: WatchedCamera) -> None:
    for _ in range(1000):
        camera.check(after_s=1, limited=SourceState.OVERLOADED)
    assert len(camera.signs_s) == 4
    camera.be(S.BACKING_OFF, REFUSED)
    for _ in range(1000):
        camera.check(after_s=1)
    assert len(camera.signs_s) == 4
    camera.be(S.CONNECTING, REFUSED)
    camera.be(S.STREAMING)
    camera.check(after_s=11)
    assert len(camera.signs_s) == 5


def test_a_file_is_reported_once_when_it_fails(tmp_path: Path) -> None:
    file = WatchedCamera(str(tmp_path / "a.mp4"))
    file.check()
    file.be(S.STREAMING)
    assert file.reported == []
    file.be(S.FAILED, "does not exist")
    file.feed.error = "crashed, in other words"
    file.check(after_s=9000)
    assert file.reported == [("failed", "does not exist")]
    assert file.signs_s == []
