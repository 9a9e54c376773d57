"""One camera whose frames cannot be analyzed does not end the analysis of the others."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

from pipeline.domain.detections import Detections, Tracks
from pipeline.domain.events import AlertEvent, Event, Severity
from pipeline.domain.frame import BgrImage, Frame, Image
from pipeline.domain.ports import CharacterProbabilities, OcrRequest
from pipeline.engine.camera_feed import CameraFeed
from pipeline.engine.camera_stream import CameraStream
from pipeline.engine.fair_batcher import FairBatcher
from pipeline.engine.frame_analyzer import FrameAnalyzer
from pipeline.engine.frame_queue import WhenFull
from pipeline.observe.stage_timing import StageClock
from tests.engine.frames import PlainImage, frame
from tests.engine.networks import AlwaysA, PersonWithFace, SpyTracker

ERROR = ValueError("axis 1 is out of bounds")
PLACES = ["detect", "track", "observe", "read", "answer", "settle"]


class Observer:
    """Reads a crop of every frame and reports it; fails in one place."""

    def __init__(self, camera_id: str, broken: str) -> None:
        self._camera_id = camera_id
        self._broken = broken
        self._answers = 0
        self.answered_before: list[int] = []

    def _pass(self, place: str) -> None:
        if self._broken == place:
            raise ERROR

    def observe(self, seen: Frame, tracks: Tracks) -> Sequence[OcrRequest]:
        self._pass("observe")
        self.answered_before.append(self._answers)
        return [OcrRequest(seen.image.crop(0, 0, 4, 2), self._answer)]

    def _answer(self, _: CharacterProbabilities) -> None:
        self._pass("answer")
        self._answers += 1

    def needs_next(self) -> None:
        return None

    def settle(self, ended: Collection[int], ts_ms: int) -> Sequence[Event]:
        self._pass("settle")
        return []

    def close(self) -> Sequence[Event]:
        self._pass("close")
        return [
            AlertEvent(
                event_id=uuid4(),
                camera_id=self._camera_id,
                ts_ms=1,
                rule="read",
                severity=Severity.WARNING,
                detail=str(self._answers),
            )
        ]

    def captions(self) -> Mapping[int, str]:
        return {}


class BrokenTracker(SpyTracker):
    def update(self, detections: Detections, ts_ms: int) -> Tracks:
        raise ERROR


class BadImage(PlainImage):
    """An image that the detector and the reader choke on."""


class Detector(PersonWithFace):
    def detect(self, images: Sequence[Image]) -> list[Detections]:
        if any(isinstance(image, BadImage) for image in images):
            raise ERROR
        return super().detect(images)


class Reader(AlwaysA):
    def __init__(self, fail_on: Callable[[BgrImage], bool]) -> None:
        self._fail_on = fail_on

    def read(self, crops: Sequence[BgrImage]) -> list[CharacterProbabilities]:
        if any(map(self._fail_on, crops)):
            raise ERROR
        return super().read(crops)


def analyzer(place: str, **wishes: Any) -> FrameAnalyzer:
    """With a camera `bad` that fails in one place."""

    def new_stream(first: Frame) -> CameraStream:
        broken = place if first.camera_id == "bad" else ""
        tracker = BrokenTracker() if broken == "track" else SpyTracker()
        return CameraStream(first.stream_id, tracker, [Observer(first.camera_id, broken)])

    reader = Reader(lambda crop: place == "read" and crop[0, 0, 0] == 0)
    return FrameAnalyzer(Detector(), reader, new_stream, StageClock(), **wishes)


class BlackImage(PlainImage):
    def crop(self, x1: int, y1: int, x2: int, y2: int) -> BgrImage:
        return np.zeros_like(super().crop(x1, y1, x2, y2))


def batch(place: str, index: int) -> list[Frame]:
    frames = [frame(camera, index) for camera in ("a", "bad", "z")]
    image = BadImage() if place == "detect" else BlackImage()
    bad = frames[1]
    frames[1] = Frame(bad.camera_id, bad.stream_id, bad.index, bad.pts_s, bad.ts_ms, bad.arrived_s, image)
    return frames


@pytest.mark.parametrize("place", PLACES)
def test_a_camera_that_fails_does_not_cost_the_others_a_frame(place: str) -> None:
    faults: list[tuple[str, Exception]] = []
    whole = analyzer(place, on_fault=lambda camera, error: faults.append((camera, error)))
    for index in range(5):
        whole.analyze(batch(place, index))
    assert faults == [("bad", ERROR)] * 5
    reports = {event.camera_id: event.detail for event in whole.close_all() if isinstance(event, AlertEvent)}
    assert {camera: reports[camera] for camera in ("a", "z")} == {"a": "5", "z": "5"}


def test_a_stream_that_cannot_be_closed_does_not_cost_the_others_their_events() -> None:
    faults: list[str] = []
    whole = analyzer("close", on_fault=lambda camera, _: faults.append(camera))
    whole.analyze(batch("close", 0))
    assert [event.camera_id for event in whole.close_all()] == ["a", "z"]
    assert faults == ["bad"]


@pytest.mark.parametrize("place", PLACES)
def test_without_a_receiver_the_error_is_raised(place: str) -> None:
    with pytest.raises(ValueError, match="axis 1"):
        analyzer(place).analyze(batch(place, 0))


class Source:
    """A source that notes what is asked of it."""

    camera_id = "cam"

    def __init__(self, live: bool) -> None:
        self.live = live
        self.interrupted = ""
        self.stopped = False

    def interrupt(self, problem: str) -> None:
        self.interrupted = problem

    def stop(self) -> None:
        self.stopped = True


@pytest.mark.parametrize("live", [True, False])
def test_a_live_camera_connects_again_and_a_file_ends_as_failed(live: bool) -> None:
    source: Any = Source(live)
    feed = CameraFeed(source, FairBatcher(1, 0.0).open_queue("cam", 2, WhenFull.WAIT))
    feed.fail(ERROR)
    if live:
        assert source.interrupted == "its analysis failed (ValueError: axis 1 is out of bounds)"
        assert (source.stopped, feed.error) == (False, "")
    else:
        assert source.stopped
        assert feed.error == "cam: its analysis failed (ValueError: axis 1 is out of bounds)"


def test_a_frame_is_observed_after_the_answers_about_the_one_before_whatever_the_batch() -> None:
    observers: list[Observer] = []

    def new_stream(first: Frame) -> CameraStream:
        observers.append(Observer(first.camera_id, ""))
        return CameraStream(first.stream_id, SpyTracker(), observers[-1:])

    whole = FrameAnalyzer(Detector(), AlwaysA(), new_stream, StageClock())
    whole.analyze([frame(camera, index) for index in range(3) for camera in ("a", "b")])
    assert [observer.answered_before for observer in observers] == [[0, 1, 2], [0, 1, 2]]
