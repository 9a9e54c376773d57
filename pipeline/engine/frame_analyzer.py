"""Analysis of a batch of frames: one detector pass, tracking per camera, one OCR pass, events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple, TypeVar

from pipeline.domain.detections import Detections
from pipeline.domain.events import Event
from pipeline.domain.frame import Frame
from pipeline.domain.frame_decision import FrameDecision
from pipeline.domain.network_identity import NetworkIdentity
from pipeline.domain.ports import CharacterProbabilities, Detector, OcrRequest, PlateReader
from pipeline.engine.camera_stream import CameraStream
from pipeline.observe.stage_timing import Stage, StageClock

StreamFactory = Callable[[Frame], CameraStream]
"""Makes the state of a new session from its first frame."""

OnFault = Callable[[str, Exception], None]
"""Receives the camera whose frame could not be analyzed, and why."""

OnDecision = Callable[[Frame, FrameDecision], None]
"""Receives a frame, and whether and why it is analyzed."""


class _CameraRequest(NamedTuple):
    """A crop to be read, with the camera that it comes from."""

    camera_id: str
    ocr: OcrRequest


def _raise(camera_id: str, error: Exception) -> None:  # noqa: ARG001
    raise error


def _ignore(frame: Frame, decision: FrameDecision) -> None:
    pass


_Item = TypeVar("_Item")


def in_turns(items: Iterable[_Item], camera: Callable[[_Item], str | None]) -> Iterator[list[_Item]]:
    """The items in order, divided so that no part has two of one camera; those without one are all in the first."""
    turns: list[list[_Item]] = []
    seen: Counter[str] = Counter()
    for item in items:
        camera_id = camera(item)
        turn = 0 if camera_id is None else seen[camera_id]
        if camera_id is not None:
            seen[camera_id] += 1
        turns += [[] for _ in range(len(turns), turn + 1)]
        turns[turn].append(item)
    yield from turns


class FrameAnalyzer:
    """Networks and the open streams of all cameras; used by one thread.

    Args:
        detector: finds objects.
        reader: reads plate crops; None where no camera may have its plates read.
        new_stream: makes the state of a new session of the frame's camera.
        stages: where time is measured.
        on_fault: called instead of raising, after the camera's stream was ended; frames of other cameras go on. By
            default the error is raised.
        on_decision: receives every frame, and whether and why it is analyzed.
    """

    def __init__(
        self,
        detector: Detector,
        reader: PlateReader | None,
        new_stream: StreamFactory,
        stages: StageClock,
        *,
        on_fault: OnFault = _raise,
        on_decision: OnDecision = _ignore,
    ) -> None:
        self.reader = reader
        self._detector = detector
        self._new_stream = new_stream
        self._stages = stages
        self._on_fault = on_fault
        self._on_decision = on_decision
        self._streams: dict[str, CameraStream] = {}

    @property
    def networks(self) -> tuple[NetworkIdentity, ...]:
        """The detector's networks, and the plate reader's where there is one."""
        return (*self._detector.networks, *(self.reader.networks if self.reader else ()))

    def stream(self, camera_id: str) -> CameraStream | None:
        """The open stream of a camera."""
        return self._streams.get(camera_id)

    def analyze(self, batch: Sequence[Frame]) -> list[Event]:
        """Detect, track and read a batch; returns the events that are due after it.

        Frames of a camera whose analysis is adaptive are decided one after the other, so that its events do not depend
        on what else is in a batch.

        Raises:
            Exception: what `on_fault` raises.
        """
        events: list[Event] = []
        for frames in self._in_turns(batch):
            if due := self._due(frames, events):
                events += self._analyze(due)
        return events

    def _in_turns(self, batch: Sequence[Frame]) -> Iterator[list[Frame]]:
        """The batch, divided so that no part has two frames of a camera whose analysis may be adaptive."""

        def camera(frame: Frame) -> str | None:
            stream = self._streams.get(frame.camera_id)
            return frame.camera_id if stream is None or stream.adaptive is not None else None

        return in_turns(batch, camera)

    def _due(self, frames: Sequence[Frame], events: list[Event]) -> list[Frame]:
        """The frames that are to be analyzed."""
        due = []
        with self._stages.stage(Stage.DECIDE, items=len(frames)):
            for frame in frames:
                stream = self._streams.get(frame.camera_id)
                try:
                    if stream is None or stream.stream_id != frame.stream_id:
                        decision = FrameDecision.FIRST
                    else:
                        decision = stream.decide(frame)
                except Exception as error:  # noqa: BLE001 - see `on_fault`
                    self._fail(frame.camera_id, error, events)
                    continue
                self._on_decision(frame, decision)
                if decision.analyzes:
                    due.append(frame)
        return due

    def _analyze(self, batch: Sequence[Frame]) -> list[Event]:
        events: list[Event] = []
        with self._stages.stage(Stage.DETECT, items=len(batch)):
            found = self._detect(batch, events)
        for turn in in_turns(found, lambda pair: pair[0].camera_id):
            self._observe(turn, events)
        return events

    def _observe(self, found: Sequence[tuple[Frame, Detections]], events: list[Event]) -> None:
        """Track and read frames of different cameras; their events are added to `events`."""
        requests: list[_CameraRequest] = []
        ended: list[tuple[str, CameraStream]] = []
        with self._stages.stage(Stage.TRACK, items=len(found)):
            for frame, detections in found:
                try:
                    followed = self._stream_of(frame, ended).follow(frame, detections)
                except Exception as error:  # noqa: BLE001 - see `on_fault`
                    self._fail(frame.camera_id, error, events)
                else:
                    requests += [_CameraRequest(frame.camera_id, request) for request in followed]
        self._read(requests, events)
        with self._stages.stage(Stage.TRACK, items=len(found)):
            for frame, _ in found:
                stream = self._streams.get(frame.camera_id)
                if stream is not None:
                    self._collect(frame.camera_id, [stream.settle], events)
            for camera_id, stream in ended:
                self._collect(camera_id, [stream.settle, stream.close], events)

    def close(self, camera_id: str) -> list[Event]:
        """End a camera's stream; returns the events of everything still open in it."""
        events: list[Event] = []
        stream = self._streams.pop(camera_id, None)
        if stream is not None:
            self._collect(camera_id, [stream.close], events)
        return events

    def interrupt(self, camera_id: str) -> list[Event]:
        """End a camera's stream before its session has ended; see `CameraStream.interrupt`."""
        events: list[Event] = []
        stream = self._streams.pop(camera_id, None)
        if stream is not None:
            self._collect(camera_id, [stream.interrupt], events)
        return events

    def close_all(self) -> list[Event]:
        """End every stream; returns the events of everything still open."""
        return [event for camera_id in list(self._streams) for event in self.close(camera_id)]

    def _stream_of(self, frame: Frame, ended: list[tuple[str, CameraStream]]) -> CameraStream:
        """The frame's stream. A new session of a camera ends the old one, which is added to `ended`."""
        stream = self._streams.get(frame.camera_id)
        if stream is None or stream.stream_id != frame.stream_id:
            if stream is not None:
                ended.append((frame.camera_id, stream))
            stream = self._new_stream(frame)
            self._streams[frame.camera_id] = stream
        return stream

    def _detect(self, batch: Sequence[Frame], events: list[Event]) -> list[tuple[Frame, Detections]]:
        """Frames with their objects; when the batch fails, each of its frames alone."""
        try:
            return list(zip(batch, self._detector.detect([frame.image for frame in batch]), strict=True))
        except Exception as error:  # noqa: BLE001 - see `on_fault`
            if len(batch) == 1:
                self._fail(batch[0].camera_id, error, events)
                return []
        return [pair for frame in batch for pair in self._detect([frame], events)]

    def _read(self, requests: Sequence[_CameraRequest], events: list[Event]) -> None:
        """Read the crops of all cameras in one batch."""
        for request, probabilities in self._recognize(requests, events):
            try:
                request.ocr.answer(probabilities)
            except Exception as error:  # noqa: BLE001 - see `on_fault`
                self._fail(request.camera_id, error, events)

    def _recognize(
        self, requests: Sequence[_CameraRequest], events: list[Event]
    ) -> list[tuple[_CameraRequest, CharacterProbabilities]]:
        """Requests with the reader's output; when the batch fails, each camera's alone."""
        if not requests or self.reader is None:
            return []
        try:
            with self._stages.stage(Stage.READ, items=len(requests)):
                return list(zip(requests, self.reader.read([r.ocr.crop for r in requests]), strict=True))
        except Exception as error:  # noqa: BLE001 - see `on_fault`
            cameras = dict.fromkeys(request.camera_id for request in requests)
            if len(cameras) == 1:
                self._fail(requests[0].camera_id, error, events)
                return []
        parts = ([request for request in requests if request.camera_id == camera_id] for camera_id in cameras)
        return [pair for part in parts for pair in self._recognize(part, events)]

    def _collect(self, camera_id: str, calls: Iterable[Callable[[], Sequence[Event]]], events: list[Event]) -> None:
        """Add the events that a camera's stream returns to `events`."""
        try:
            for call in calls:
                events += call()
        except Exception as error:  # noqa: BLE001 - see `on_fault`
            self._fail(camera_id, error, events)

    def _fail(self, camera_id: str, error: Exception, events: list[Event]) -> None:
        """End a camera's stream, whose state may be broken now; what it can still report is added to `events`."""
        stream = self._streams.pop(camera_id, None)
        if stream is not None:
            with suppress(Exception):
                events += stream.interrupt()
        self._on_fault(camera_id, error)
