"""Analysis of a batch of frames: one detector pass, tracking per camera, one OCR pass, events."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipeline.domain.events import Event
from pipeline.domain.frame import Frame
from pipeline.domain.network_identity import NetworkIdentity
from pipeline.domain.ports import Detector, OcrRequest, PlateReader
from pipeline.engine.camera_stream import CameraStream
from pipeline.observe.stage_timing import Stage, StageClock

StreamFactory = Callable[[Frame], CameraStream]
"""Makes the state of a new session from its first frame."""


class FrameAnalyzer:
    """Networks and the open streams of all cameras; used by one thread.

    Args:
        detector: finds objects.
        reader: reads plate crops; None where no camera may have its plates read.
        new_stream: makes the state of a new session of the frame's camera.
        stages: where time is measured.
    """

    def __init__(
        self, detector: Detector, reader: PlateReader | None, new_stream: StreamFactory, stages: StageClock
    ) -> None:
        self.reader = reader
        self._detector = detector
        self._new_stream = new_stream
        self._stages = stages
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

        Raises:
            ModelRuntimeError: a network failed.
        """
        with self._stages.stage(Stage.DETECT, items=len(batch)):
            found = self._detector.detect([frame.image for frame in batch])
        requests: list[OcrRequest] = []
        ended: list[CameraStream] = []
        with self._stages.stage(Stage.TRACK, items=len(batch)):
            for frame, detections in zip(batch, found, strict=True):
                requests += self._stream_of(frame, ended).follow(frame, detections)
        self._read(requests)
        with self._stages.stage(Stage.TRACK, items=len(batch)):
            cameras = dict.fromkeys(frame.camera_id for frame in batch)
            events = [event for camera_id in cameras for event in self._streams[camera_id].settle()]
            return events + [event for stream in ended for event in (*stream.settle(), *stream.close())]

    def close(self, camera_id: str) -> list[Event]:
        """End a camera's stream; returns the events of everything still open in it."""
        stream = self._streams.pop(camera_id, None)
        return [] if stream is None else stream.close()

    def close_all(self) -> list[Event]:
        """End every stream; returns the events of everything still open."""
        return [event for camera_id in list(self._streams) for event in self.close(camera_id)]

    def _stream_of(self, frame: Frame, ended: list[CameraStream]) -> CameraStream:
        """The frame's stream. A new session of a camera ends the old one, which is added to `ended`."""
        stream = self._streams.get(frame.camera_id)
        if stream is None or stream.stream_id != frame.stream_id:
            if stream is not None:
                ended.append(stream)
            stream = self._new_stream(frame)
            self._streams[frame.camera_id] = stream
        return stream

    def _read(self, requests: Sequence[OcrRequest]) -> None:
        """Read the crops of all cameras in one batch."""
        if not requests or self.reader is None:
            return
        with self._stages.stage(Stage.READ, items=len(requests)):
            for request, probabilities in zip(requests, self.reader.read([r.crop for r in requests]), strict=True):
                request.answer(probabilities)
