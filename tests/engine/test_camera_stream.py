"""What a stream follows: vehicles, persons and plates; faces are found to be covered and never followed."""

from __future__ import annotations

import numpy as np

from pipeline.analytics.settings import AnalyticsSettings
from pipeline.analytics.track_summarizer import TrackSummarizer
from pipeline.detect.build import build_tracker
from pipeline.detect.settings import TrackSettings
from pipeline.domain.camera import Camera, Scope
from pipeline.domain.detections import Detections
from pipeline.domain.labels import Label
from pipeline.engine.camera_stream import Stream
from tests.engine.frames import frame


def test_a_face_is_never_followed_but_still_covered() -> None:
    camera = Camera("cam", Scope.PUBLIC_ROAD)
    book = TrackSummarizer("cam", "take", AnalyticsSettings())
    stream = Stream(camera, "take", build_tracker(TrackSettings()), None, book)
    labels = np.array([Label.PERSON, Label.FACE], np.int16)
    for index in range(8):
        boxes = np.array([[10, 10, 60, 160], [25, 12, 45, 36]], np.float32) + index
        stream.follow(frame("cam", index), Detections(boxes, np.array([0.9, 0.8], np.float32), labels))
    assert {label for _, _, label in stream.tracks.detections} == {Label.PERSON}
    assert {label for _, _, label in stream.detections} == {Label.PERSON, Label.FACE}, "previews cover it"
