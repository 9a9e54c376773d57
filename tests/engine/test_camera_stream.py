"""What a stream tracks: vehicles, persons and plates; faces are detected to be masked and never tracked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import cv2
import numpy as np

from pipeline.detect.build import build_tracker
from pipeline.detect.settings import TrackSettings
from pipeline.domain.detections import Detections, Tracks
from pipeline.domain.event_identity import UNIDENTIFIED
from pipeline.domain.events import CountEvent, Event
from pipeline.domain.frame import BgrImage, Frame
from pipeline.domain.labels import Label
from pipeline.domain.ports import CharacterProbabilities, OcrRequest
from pipeline.engine.camera_stream import CameraStream
from tests.engine.frames import PlainImage, frame
from tests.engine.networks import AlwaysA, PersonWithFace, SpyTracker


class Recorder:
    """An observer that remembers what it was called with, and has one event at each call."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.frames: list[int] = []
        self.ended: list[int] = []
        self.answers: list[CharacterProbabilities] = []

    def observe(self, frame: Frame, tracks: Tracks) -> Sequence[OcrRequest]:
        self.frames.append(frame.index)
        return [OcrRequest(frame.image.crop(0, 0, 4, 2), self.answers.append)]

    def needs_next(self) -> None:
        return None

    def settle(self, ended: Collection[int], ts_ms: int) -> Sequence[Event]:
        self.ended += sorted(ended)
        return [self._event(ts_ms)]

    def close(self) -> Sequence[Event]:
        return [self._event(0)]

    def captions(self) -> Mapping[int, str]:
        return {1: self.name}

    def _event(self, ts_ms: int) -> CountEvent:
        return CountEvent(event_id=UNIDENTIFIED, camera_id="cam", ts_ms=ts_ms, label=self.name, count=1, stream_id="5")


def labels_of(events: Sequence[Event]) -> list[str]:
    return [event.label for event in events if isinstance(event, CountEvent)]


def test_a_face_is_never_tracked_but_still_masked_in_previews() -> None:
    tracker = SpyTracker()
    stream = CameraStream("session", tracker, [])
    for index in range(8):
        (detections,) = PersonWithFace().detect([frame("cam", index).image])
        stream.follow(frame("cam", index), detections)
    assert tracker.labels == {Label.PERSON, Label.PLATE}
    assert {label for _, _, label in stream.tracks.detections} == {Label.PERSON, Label.PLATE}
    assert Label.FACE in {label for _, _, label in stream.detections}, "previews mask it"


def test_every_observer_gets_every_frame_and_their_events_keep_their_order() -> None:
    first, second = Recorder("first"), Recorder("second")
    stream = CameraStream("session", build_tracker(TrackSettings()), [first, second])
    assert stream.settle() == []
    (detections,) = PersonWithFace().detect([frame("cam", 0).image])
    requests = [request for index in range(6) for request in stream.follow(frame("cam", index), detections)]
    assert first.frames == second.frames == list(range(6))
    assert len(requests) == 12
    for request, probabilities in zip(requests, AlwaysA().read([r.crop for r in requests]), strict=True):
        request.answer(probabilities)
    assert len(first.answers) == len(second.answers) == 6
    assert labels_of(stream.settle()) == labels_of(stream.close()) == ["first", "second"]
    assert stream.captions() == {1: "second"}
    stream.follow(frame("cam", 600), Detections.empty())
    stream.settle()
    assert first.ended == second.ended != []


def test_an_interrupted_file_reports_nothing_incomplete_and_a_live_camera_all() -> None:
    def open_stream(*, repeatable: bool) -> CameraStream:
        stream = CameraStream("session", build_tracker(TrackSettings()), [Recorder("one")], repeatable=repeatable)
        (detections,) = PersonWithFace().detect([frame("cam", 0).image])
        stream.follow(frame("cam", 0), detections)
        return stream

    assert open_stream(repeatable=True).interrupt() == []
    assert labels_of(open_stream(repeatable=False).interrupt()) == ["one"]
    assert labels_of(open_stream(repeatable=True).close()) == ["one"], "it was read to its end"


class Scene(PlainImage):
    """An image of shaded areas, another one for each number."""

    def __init__(self, number: int) -> None:
        super().__init__(160, 120)
        self._areas = np.random.default_rng(number).integers(20, 230, (6, 8), np.uint8)

    def resized(self, width: int, height: int) -> BgrImage:
        gray = np.asarray(cv2.resize(self._areas, (width, height), interpolation=cv2.INTER_NEAREST))
        return np.repeat(gray[..., None], 3, axis=2)


def test_a_cut_ends_the_tracks_of_the_scene_before_it() -> None:
    """A car of the next scene in the same place is another car, and its plate is read again."""
    recorder = Recorder("only")
    stream = CameraStream("session", build_tracker(TrackSettings()), [recorder])
    (detections,) = PersonWithFace().detect([frame("cam", 0).image])
    ids = []
    for index in range(12):
        stream.follow(replace(frame("cam", index), image=Scene(index // 4)), detections)
        stream.settle()
        ids.append(set(stream.tracks.ids.tolist()))
    assert ids == [set(), *[{1, 2}] * 3, *[{3, 4}] * 4, *[{5, 6}] * 4]
    assert recorder.ended == [1, 2, 3, 4]
