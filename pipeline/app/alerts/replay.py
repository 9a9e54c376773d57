"""Alert rules of a camera tried on a clip: the alerts that they would have made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from pipeline.config.camera_settings import CameraSettings
from pipeline.config.settings import Config
from pipeline.decode.supervised_source import open_source
from pipeline.detect.build import build_detector, build_tracker
from pipeline.detect.close_up_detector import CloseUpDetector
from pipeline.domain.events import AlertEvent, Event
from pipeline.domain.frame import Frame
from pipeline.engine.alert_rules import AlertRules
from pipeline.engine.camera_stream import CameraStream
from pipeline.engine.frame_analyzer import FrameAnalyzer
from pipeline.errors import ConfigError
from pipeline.observe.stage_timing import StageClock

_FRAMES_PER_REPORT = 8


def _ignore_position(share: float) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Replay:
    """A clip, and whose rules are tried on it.

    Attributes:
        clip: a video file.
        camera_id: the camera of the configuration whose zones, masks and rules are used.
        thresholds: that replace those of the configuration, by name.
        on_position: receives the share of the clip that was analyzed, now and then.
    """

    clip: Path
    camera_id: str
    thresholds: Mapping[str, float] = field(default_factory=dict)
    on_position: Callable[[float], None] = _ignore_position


class ReplayedAlert(NamedTuple):
    """An alert, and where in the clip it was made.

    Attributes:
        at_s: seconds from the clip's first frame; began_s: when the condition began, by the same clock.
    """

    at_s: float
    began_s: float
    alert: AlertEvent


def has_zones(config: Config, camera_id: str) -> bool:
    """Whether any zone is drawn for a camera, so that rules about zones can see something.

    Raises:
        ConfigError: there is no such camera.
    """
    return bool(_configured(config, camera_id).traffic_areas().zones)


def replayed_alerts(config: Config, replay: Replay) -> Iterator[ReplayedAlert]:
    """The alerts that the rules of a camera make of a clip; nothing is stored and nothing is sent.

    Raises:
        ConfigError: there is no such camera or threshold.
        SourceError: the clip cannot be decoded.
        ModelError: a network cannot be used.
    """
    camera = _camera(config, replay)
    begins: list[int] = []

    def new_stream(first: Frame) -> CameraStream:
        observer = AlertRules().observer(config, camera, first, live=False)
        return CameraStream(first.stream_id, build_tracker(config.detect.track), [observer], repeatable=True)

    detector = CloseUpDetector(build_detector(config.detect, config.models_dir))
    try:
        analyzer = FrameAnalyzer(detector, None, new_stream, StageClock())
        frames = _frames(config, camera, replay)
        while batch := list(islice(frames, detector.batch_size)):
            begins = begins or [batch[0].ts_ms]
            yield from _placed(analyzer.analyze(batch), begins[0])
        yield from _placed(analyzer.close_all(), begins[0] if begins else 0)
    finally:
        detector.close()


def _frames(config: Config, camera: CameraSettings, replay: Replay) -> Iterator[Frame]:
    source = open_source(
        camera.id,
        str(replay.clip),
        settings=config.decode,
        analyze_fps=camera.analyze_fps,
        masks=camera.masks,
        options=camera.input_options,
    )
    try:
        for number, frame in enumerate(source.frames()):
            if number % _FRAMES_PER_REPORT == 0 and (duration_s := source.status().duration_s):
                replay.on_position(min(1.0, frame.pts_s / duration_s))
            yield frame
    finally:
        source.stop()


def _placed(events: list[Event], begin_ms: int) -> Iterator[ReplayedAlert]:
    for event in events:
        if isinstance(event, AlertEvent):
            yield ReplayedAlert((event.ts_ms - begin_ms) / 1000, (event.began_ms - begin_ms) / 1000, event)


def _camera(config: Config, replay: Replay) -> CameraSettings:
    """The camera of the configuration, with the thresholds that are tried.

    Raises:
        ConfigError: there is none of that id, or no such threshold.
    """
    camera = _configured(config, replay.camera_id)
    if not replay.thresholds:
        return camera
    stated = camera.alerts.thresholds
    values = {name: getattr(stated, name) for name in stated.model_fields_set} | dict(replay.thresholds)
    try:
        thresholds = type(stated).model_validate(values)
    except ValueError as error:
        known = ", ".join(type(stated).model_fields)
        raise ConfigError("threshold", f"cannot be used: {_said(error)}", f"Thresholds are: {known}") from error
    return camera.model_copy(update={"alerts": camera.alerts.model_copy(update={"thresholds": thresholds})})


def _configured(config: Config, camera_id: str) -> CameraSettings:
    camera = next((one for one in config.cameras if one.id == camera_id), None)
    if camera is None:
        names = ", ".join(sorted(one.id for one in config.cameras))
        raise ConfigError(camera_id, "is no camera of the configuration", f"Name one of: {names}")
    return camera


def _said(error: ValueError) -> str:
    """The first problem of a validation in one line."""
    lines = str(error).splitlines()
    return " ".join(line.strip() for line in lines[1:3])
