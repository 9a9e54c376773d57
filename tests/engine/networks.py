"""A tracker that remembers its input, and networks whose output is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.detect.build import build_tracker
from pipeline.detect.settings import TrackSettings
from pipeline.domain.detections import Detections, OpenTracks, Tracks
from pipeline.domain.frame import BgrImage, Image
from pipeline.domain.labels import Label
from pipeline.domain.network_identity import NetworkIdentity
from pipeline.domain.ports import CharacterProbabilities


class SpyTracker:
    """The real tracker; remembers the labels it was given."""

    def __init__(self) -> None:
        self.labels: set[int] = set()
        self._tracker = build_tracker(TrackSettings())

    def update(self, detections: Detections, ts_ms: int) -> Tracks:
        self.labels |= set(detections.labels.tolist())
        return self._tracker.update(detections, ts_ms)

    def open_tracks(self, ts_ms: int) -> OpenTracks:
        return self._tracker.open_tracks(ts_ms)

    def restart(self) -> None:
        self._tracker.restart()

    def finished(self) -> frozenset[int]:
        return self._tracker.finished()


class PersonWithFace:
    """A detector that finds a person, their face and a plate in every image."""

    name = "person-with-face"
    batch_size = 4
    networks: tuple[NetworkIdentity, ...] = ()

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        labels = [Label.PERSON, Label.FACE, Label.PLATE]
        boxes = [[10, 10, 60, 110], [25, 12, 45, 36], [70, 60, 110, 80]]
        return [Detections.build(boxes, [0.9, 0.8, 0.9], labels) for _ in images]

    def close(self) -> None: ...


class AlwaysA:
    """A reader that reads A1, as short as a plate may be."""

    name = "always-a"
    networks: tuple[NetworkIdentity, ...] = ()

    def read(self, crops: Sequence[BgrImage]) -> list[CharacterProbabilities]:
        return [
            CharacterProbabilities(np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], np.float32), "A1_", "_") for _ in crops
        ]
