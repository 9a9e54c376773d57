"""What a stream tracks: vehicles, persons and plates; faces are detected to be masked and never tracked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from pipeline.app.media import analyze_file
from pipeline.app.media.analyze_file import PlateFiles
from pipeline.decode.media_files import MediaFile
from pipeline.decode.settings import DecodeSettings
from pipeline.detect.build import build_tracker
from pipeline.detect.settings import TrackSettings
from pipeline.domain.detections import Detections, Tracks
from pipeline.domain.events import CountEvent, Event, Kind, event_id
from pipeline.domain.frame import BgrImage, Frame, Image
from pipeline.domain.labels import Label
from pipeline.domain.ports import CharacterProbabilities, OcrRequest
from pipeline.engine.camera_stream import CameraStream
from pipeline.lpr.settings import LprSettings
from tests.decode.clips import Recipe, encode
from tests.engine.frames import frame


class SpyTracker:
    """The real tracker; remembers the labels it was given."""

    def __init__(self) -> None:
        self.labels: set[int] = set()
        self._tracker = build_tracker(TrackSettings())

    def update(self, detections: Detections, ts_ms: int) -> Tracks:
        self.labels |= set(detections.labels.tolist())
        return self._tracker.update(detections, ts_ms)

    def finished(self) -> frozenset[int]:
        return self._tracker.finished()


class PersonWithFace:
    """A detector that finds a person, their face and a plate in every image."""

    name = "person-with-face"
    batch_size = 4

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        labels = [Label.PERSON, Label.FACE, Label.PLATE]
        boxes = [[10, 10, 60, 110], [25, 12, 45, 36], [70, 60, 110, 80]]
        return [Detections.build(boxes, [0.9, 0.8, 0.9], labels) for _ in images]

    def close(self) -> None: ...


class AlwaysA:
    """A reader that reads one letter."""

    name = "always-a"

    def read(self, crops: Sequence[BgrImage]) -> list[CharacterProbabilities]:
        return [CharacterProbabilities(np.array([[1.0, 0.0]], np.float32), "A_", "_") for _ in crops]


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

    def settle(self, ended: Collection[int], ts_ms: int) -> Sequence[Event]:
        self.ended += sorted(ended)
        return [self._event(ts_ms)]

    def close(self) -> Sequence[Event]:
        return [self._event(0)]

    def captions(self) -> Mapping[int, str]:
        return {1: self.name}

    def _event(self, ts_ms: int) -> CountEvent:
        identity = event_id("cam", "session", Kind.COUNT, self.name)
        return CountEvent(event_id=identity, camera_id="cam", ts_ms=ts_ms, label=self.name, count=1, stream_id="s")


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


def test_a_face_is_never_tracked_when_plates_of_a_video_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracker = SpyTracker()
    monkeypatch.setattr(analyze_file, "build_tracker", lambda *_: tracker)
    video = MediaFile(encode(tmp_path / "a.mp4", Recipe(frames=10)), is_clip=True)
    settings = LprSettings(min_sharpness=0, min_confidence=0)
    rows = list(PlateFiles(PersonWithFace(), AlwaysA(), settings, DecodeSettings()).voted(video))
    assert [row.plate for row in rows] == ["A"]
    assert tracker.labels == {Label.PERSON, Label.PLATE}


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
