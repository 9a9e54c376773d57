"""What is told of cameras that die, come and go: enough to know, not enough to flood."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.decode.settings import DecodeSettings
from pipeline.decode.supervised_source import SupervisedSource, open_source
from pipeline.domain.events import HealthEvent
from pipeline.domain.ports import SourceState
from pipeline.engine.camera_feed import CameraFeed
from pipeline.engine.camera_health import HealthWatch
from pipeline.engine.fair_batcher import FairBatcher
from pipeline.engine.frame_queue import WhenFull
from pipeline.observe.stage_timing import StageClock

S = SourceState
REFUSED = "does not answer (Connection refused)"


class Watched:
    """A real source and feed, whose states the test sets, and a clock that it winds."""

    def __init__(self, url: str = "rtsp://127.0.0.1:1/x") -> None:
        source = open_source("cam", url, settings=DecodeSettings())
        assert isinstance(source, SupervisedSource)
        self.source = source
        slot = FairBatcher(1, 0).open_slot("cam", 1, WhenFull.DROP_OLDEST)
        self.feed = CameraFeed(source, slot, StageClock())
        self.now_s = 5_000.0
        self.watch = HealthWatch([self.feed], lambda: self.now_s)
        self.told: list[tuple[str, str]] = []

    def be(self, state: SourceState, detail: str = "", after_s: float = 0.0) -> None:
        self.now_s += after_s
        self.source._monitor.move(state, detail)
        self.look()

    def look(self, after_s: float = 0.0) -> None:
        self.now_s += after_s
        for event in self.watch.changes(lambda _: None):
            assert isinstance(event, HealthEvent)
            self.told.append((event.state, event.detail))

    def retry(self, detail: str, after_s: float = 2.0) -> None:
        """One more attempt that fails."""
        self.be(S.CONNECTING, detail, after_s)
        self.be(S.BACKING_OFF, detail)


@pytest.fixture
def camera() -> Watched:
    watched = Watched()
    watched.look()
    watched.be(S.STREAMING, after_s=1)
    assert watched.told == [("connecting", ""), ("streaming", "")]
    watched.told.clear()
    return watched


def test_an_outage_and_its_end_are_told_at_once(camera: Watched) -> None:
    camera.be(S.STALLED, "no frame for 3 s", after_s=9000)
    camera.be(S.BACKING_OFF, "sent no frame for 5 s", after_s=2)
    for _ in range(5):
        camera.retry(REFUSED)
    camera.be(S.CONNECTING, REFUSED, after_s=2)
    camera.be(S.STREAMING, after_s=0.1)
    assert camera.told == [
        ("stalled", "no frame for 3 s"),
        ("backing-off", "sent no frame for 5 s"),
        ("connecting", REFUSED),
        ("streaming", ""),
    ]


def test_a_camera_dead_for_a_day_is_told_of_once_an_hour(camera: Watched) -> None:
    camera.be(S.BACKING_OFF, REFUSED, after_s=9000)
    for _ in range(24 * 120):
        camera.retry(REFUSED, after_s=30)
    assert camera.told == [("backing-off", REFUSED)] + [("connecting", REFUSED)] * 24
    camera.told.clear()
    camera.be(S.CONNECTING, REFUSED, after_s=2)
    camera.be(S.STREAMING)
    assert camera.told == [("streaming", "")]


def test_a_new_reason_is_told_and_reasons_that_alternate_are_not_told_for_ever(camera: Watched) -> None:
    camera.be(S.BACKING_OFF, REFUSED, after_s=9000)
    camera.retry("sends no video in time")
    assert [detail for _, detail in camera.told] == [REFUSED, "sends no video in time"]
    for number in range(6 * 360):
        camera.retry(f"failed ({number % 2})", after_s=10)
    assert 12 <= len(camera.told) <= 6 + 12 + 5  # those that are free, the pauses up to an hour, and one an hour


def test_a_camera_that_comes_and_goes_does_not_flood_and_its_last_state_is_told(camera: Watched) -> None:
    for _ in range(1000):
        camera.be(S.BACKING_OFF, "ended the stream", after_s=1)
        camera.be(S.CONNECTING, "ended the stream", after_s=1)
        camera.be(S.STREAMING)
    assert len(camera.told) <= 20
    camera.look(after_s=59)
    camera.look(after_s=2)
    assert camera.told[-1] == ("streaming", "")


def test_the_end_is_told_however_restless_the_camera_was(camera: Watched) -> None:
    for _ in range(50):
        camera.be(S.BACKING_OFF, "ended the stream", after_s=1)
        camera.be(S.CONNECTING, "ended the stream")
        camera.be(S.STREAMING)
    camera.be(S.ENDED, "stopped")
    camera.look()
    assert camera.told[-1][0] == "ended"
    assert [state for state, _ in camera.told].count("ended") == 1


def test_a_file_is_told_of_when_it_fails_and_once(tmp_path: Path) -> None:
    file = Watched(str(tmp_path / "a.mp4"))
    file.look()
    file.be(S.STREAMING)
    assert file.told == []
    file.be(S.FAILED, "does not exist")
    file.feed.error = "crashed, in other words"
    file.look(after_s=9000)
    assert file.told == [("failed", "does not exist")]
