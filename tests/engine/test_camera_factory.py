"""Sources of cameras, and the observers of their sessions, from the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config.settings import Config
from pipeline.decode.frame_memory import FrameMemory
from pipeline.decode.isolation.decoder_processes import DecoderProcesses
from pipeline.domain.detections import Detections
from pipeline.domain.events import CountEvent, TrackEvent
from pipeline.domain.labels import Label
from pipeline.engine.alert_rules import AlertRules
from pipeline.engine.camera_factory import CameraFactory, build_source
from pipeline.engine.fair_batcher import FairBatcher
from pipeline.engine.repeated_analyses import RepeatedAnalyses
from pipeline.errors import ConfigError
from pipeline.observe.stage_timing import StageClock
from pipeline.storage.stored_analyses import StoredAnalyses
from tests.analytics.street import box_at, frame


def test_only_http_addresses_can_be_declared_to_end() -> None:
    cameras = [
        {"id": name, "source": source, "scope": "public-road", "ends": True}
        for name, source in {"web": "https://10.0.0.7/a.mp4", "cam": "rtsp://10.0.0.7/1"}.items()
    ]
    config = Config.model_validate({"cameras": cameras})
    build_source(config, config.cameras[0])
    with pytest.raises(ConfigError, match="ends is only for http:// and https:// addresses"):
        build_source(config, config.cameras[1])


@pytest.mark.parametrize(("surroundings", "kinds"), [([], {TrackEvent, CountEvent}), (["temple"], {CountEvent})])
def test_at_a_sensitive_place_a_camera_counts_and_summarizes_no_track(
    tmp_path: Path, surroundings: list[str], kinds: set[type]
) -> None:
    camera = {"id": "cam", "source": "rtsp://10.0.0.7/1", "scope": "public-road", "surroundings": surroundings}
    config = Config.model_validate({"cameras": [camera], "data_dir": tmp_path, "analyze": {"adaptive": False}})
    factory = CameraFactory(
        FairBatcher(1, 0),
        StageClock(),
        None,
        FrameMemory(64),
        DecoderProcesses(),
        analyses=StoredAnalyses(tmp_path),
        repeated=RepeatedAnalyses(),
        rules=AlertRules(),
    )
    stream = factory.build(config, config.cameras[0]).new_stream(frame(0.0))
    for number in range(50):
        boxes = [box_at(200 + 10 * number, 400)]
        stream.follow(frame(number / 25), Detections.build(boxes, [0.9], [int(Label.CAR)]))
    assert {type(event) for event in stream.close()} == kinds
