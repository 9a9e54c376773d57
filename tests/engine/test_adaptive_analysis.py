"""Adaptive analysis of a session: what is analyzed and skipped, and that events do not change by it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from pipeline.adaptive.controller import AdaptiveController
from pipeline.analytics.settings import AnalyticsSettings
from pipeline.analytics.track_summarizer import TrackSummarizer
from pipeline.detect.build import build_tracker
from pipeline.detect.settings import TrackSettings
from pipeline.domain.detections import Detections
from pipeline.domain.events import CountEvent, Event, TrackEvent
from pipeline.domain.frame import Frame, Image
from pipeline.domain.frame_decision import FrameDecision
from pipeline.domain.labels import Label
from pipeline.domain.network_identity import NetworkIdentity
from pipeline.engine.camera_stream import CameraStream
from pipeline.engine.frame_analyzer import FrameAnalyzer
from pipeline.observe.stage_timing import StageClock
from tests.adaptive.scenes import FPS, HEIGHT, WIDTH, Street, frame

SECONDS = 8
ENTERS = 110
"""Frame in which the vehicle comes in."""


class BrightVehicles:
    """Finds bright rectangles of at least 20 pixels; small ones, such as digits, are none."""

    name = "bright-vehicles"
    batch_size = 8
    networks: tuple[NetworkIdentity, ...] = ()

    def __init__(self) -> None:
        self.passes = 0

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        self.passes += len(images)
        return [self._one(image) for image in images]

    def _one(self, image: Image) -> Detections:
        bright = (image.bgr()[:, :, 1] > 225).astype(np.uint8)
        _, _, stats, _ = cv2.connectedComponentsWithStats(cv2.morphologyEx(bright, cv2.MORPH_OPEN, np.ones((5, 5))))
        boxes = [[x, y, x + w, y + h] for x, y, w, h, _ in stats[1:].tolist() if min(w, h) >= 20]
        return Detections.build(boxes, [0.9] * len(boxes), [int(Label.CAR)] * len(boxes))

    def close(self) -> None: ...


class Run:
    """Events and decisions of a session.

    Args:
        frames: of it.
        batch: frames per call of the analyzer.
        adaptive: False analyzes every frame.
        max_interval_s: see `AdaptiveController`.
    """

    def __init__(
        self, frames: Sequence[Frame], *, batch: int = 1, adaptive: bool = True, max_interval_s: float = 2.0
    ) -> None:
        self.decisions: list[FrameDecision] = []
        self.detector = BrightVehicles()

        def new_stream(first: Frame) -> CameraStream:
            controller = AdaptiveController(max_interval_s, TrackSettings().lost_s) if adaptive else None
            observer = TrackSummarizer("cam", "session", AnalyticsSettings())
            return CameraStream("session", build_tracker(TrackSettings()), [observer], adaptive=controller)

        analyzer = FrameAnalyzer(
            self.detector, None, new_stream, StageClock(), on_decision=lambda _, made: self.decisions.append(made)
        )
        self.events: list[Event] = []
        for start in range(0, len(frames), batch):
            self.events += analyzer.analyze(frames[start : start + batch])
        self.events += analyzer.close_all()

    @property
    def analyzed(self) -> list[int]:
        """Indices of the analyzed frames."""
        return [index for index, decision in enumerate(self.decisions) if decision.analyzes]

    def tracks(self) -> list[TrackEvent]:
        return [event for event in self.events if isinstance(event, TrackEvent)]

    def counts(self) -> list[tuple[str, int]]:
        return [(event.label, event.count) for event in self.events if isinstance(event, CountEvent)]


def crossing() -> list[Frame]:
    """An empty street; a vehicle crosses it, stops for two seconds and goes on, and another one follows."""
    street, frames = Street(), []
    for index in range(SECONDS * FPS):
        since = index - ENTERS
        moved = min(since, 40) + max(0, since - 90)
        boxes = [(-60 + 8 * moved, 200, 8 * moved, 240)] if since >= 0 else []
        boxes += [(WIDTH - 9 * (since - 20), 60, WIDTH + 70 - 9 * (since - 20), 100)] if since > 20 else []
        frames.append(frame(street.luma(*boxes), index))
    return frames


@pytest.fixture(scope="module")
def frames() -> list[Frame]:
    return crossing()


@pytest.fixture(scope="module")
def adaptive(frames: list[Frame]) -> Run:
    return Run(frames)


@pytest.fixture(scope="module")
def every(frames: list[Frame]) -> Run:
    return Run(frames, adaptive=False)


def test_without_it_every_frame_is_analyzed(every: Run, frames: list[Frame]) -> None:
    assert Counter(every.decisions) == {FrameDecision.FIRST: 1, FrameDecision.EVERY_FRAME: len(frames) - 1}


def test_an_empty_street_is_analyzed_at_the_maximum_interval_only(adaptive: Run) -> None:
    assert [index for index in adaptive.analyzed if index < ENTERS] == [0, 50, 100]
    assert adaptive.decisions[0] is FrameDecision.FIRST
    assert adaptive.decisions[50] is FrameDecision.INTERVAL
    assert set(adaptive.decisions[1:50]) == {FrameDecision.STILL}


def test_a_vehicle_that_enters_is_analyzed_in_its_first_frames(adaptive: Run) -> None:
    first = next(index for index in adaptive.analyzed if index > 100)
    assert ENTERS <= first <= ENTERS + 2
    assert adaptive.decisions[first] is FrameDecision.MOTION


def test_tracks_and_counts_are_those_of_every_frame(adaptive: Run, every: Run) -> None:
    assert adaptive.detector.passes < 0.45 * every.detector.passes
    assert adaptive.counts() == every.counts() == [("car", 2)]
    for ours, theirs in zip(adaptive.tracks(), every.tracks(), strict=True):
        assert ours.track_id == theirs.track_id
        assert (ours.first_ts_ms, ours.ts_ms) == pytest.approx((theirs.first_ts_ms, theirs.ts_ms), abs=200)
        assert ours.path_px == pytest.approx(theirs.path_px, rel=0.05)


@pytest.mark.parametrize("batch", [1, 7])
def test_the_same_frames_give_the_same_events_however_they_are_batched(
    adaptive: Run, frames: list[Frame], batch: int
) -> None:
    again = Run(frames, batch=batch)
    assert again.decisions == adaptive.decisions
    assert again.events == adaptive.events


def test_a_frame_is_analyzed_at_least_at_the_maximum_interval() -> None:
    street = Street()
    run = Run([frame(street.luma(), index) for index in range(60)], max_interval_s=0.4)
    assert run.analyzed == list(range(0, 60, 10))


def test_a_standing_vehicle_stays_one_track() -> None:
    street = Street()
    run = Run([frame(street.luma((200, 100, 300, 160)), index) for index in range(150)])
    assert [event.frames for event in run.tracks()] == [len(run.analyzed) - 1], "all but the one that confirms it"
    assert len(run.analyzed) <= 15


def test_a_clock_in_the_image_is_not_analyzed_for_long() -> None:
    street = Street()

    def with_clock(index: int) -> Frame:
        luma = street.luma()
        if index // FPS % 2:
            luma[HEIGHT - 30 : HEIGHT - 10, 10:26] = 235
        return frame(luma, index)

    run = Run([with_clock(index) for index in range(20 * FPS)])
    late = [index for index in run.analyzed if index >= 10 * FPS]
    assert run.decisions.count(FrameDecision.MOTION) >= 1
    assert len(late) <= 6, "once in two seconds, as without a clock"


def test_a_vehicle_is_found_where_a_clock_was_learned() -> None:
    street = Street()
    images = [street.luma((10, 300, 26, 318)) if index // 25 % 2 else street.luma() for index in range(400)]
    images += [street.luma((8 * step - 60, 290, 8 * step, 330)) for step in range(20)]
    run = Run([frame(luma, index) for index, luma in enumerate(images)])
    assert [event.label for event in run.tracks()] == ["car"]
