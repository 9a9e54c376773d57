"""The measurement of this machine for capacity plans."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pipeline import __version__
from pipeline.config.camera_settings import CameraSettings
from pipeline.config.settings import Config
from pipeline.demo.camera_clip import ClipForm
from pipeline.domain.camera import Scope
from pipeline.engine.machine_measurement import MeasuredClip, RepeatedRuns, measure_machine
from pipeline.engine.measured_clips import make_clips
from pipeline.errors import ViapublicaError
from pipeline.inference.device import Backend
from pipeline.inference.machine_fingerprint import backend_version, processor, usable_cores
from pipeline.planning.demand import Demand
from pipeline.planning.measured import CameraCost, Device, Traffic
from pipeline.policy.sensitive.screen import TextKind, standard_screen

__all__ = ["MeasurementRequest", "measure_this_machine"]

_LOW_RATE: Final = 5.0
"""The second rate of analysis is this many times lower: with two rates, those in between follow."""
_CLIPS_SHARE: Final = 0.2
"""Of the time, for making the clips, as progress shows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasurementRequest:
    """What is measured.

    Attributes:
        demand: size, frame rate, codec, bit rate, rate of analysis and traffic of the cameras.
        seconds: that the measurement may last.
        video: stands for the cameras; None for rendered traffic of each density.
        config: networks and decoding; None for the defaults.
        name: of the device in the file.
    """

    demand: Demand
    seconds: float
    video: Path | None = None
    config: Config | None = None
    name: str = "this machine"


def measure_this_machine(request: MeasurementRequest, on_progress: Callable[[float], None] = lambda _: None) -> Device:
    """The device with the rows that were measured.

    Raises:
        PolicyError: the name says something sensitive about people.
        ViapublicaError: a network or the video cannot be used.
    """
    standard_screen().check("name", request.name, TextKind.PLACE)
    demand = request.demand
    width, height = map(int, demand.size.split("x"))
    if width % 2 or height % 2:
        raise ViapublicaError(f"--size {demand.size}", "has an odd width or height", "Video has even ones")
    form = ClipForm((width, height), demand.fps, demand.codec.value, demand.bitrate()[0].typical)
    traffic = _traffic(request)
    base = request.config or Config(cameras=(CameraSettings(id="none", source="none", scope=Scope.PUBLIC_ROAD),))
    with tempfile.TemporaryDirectory(prefix="viapublica-plan-") as folder:
        made: list[None] = []

        def on_clip() -> None:
            made.append(None)
            on_progress(_CLIPS_SHARE * len(made) / len(traffic))

        clips = make_clips(Path(folder), request.video, tuple(traffic), form, on_clip)
        asked = {name: MeasuredClip(path, seconds, demand.rate) for name, (path, seconds) in clips.items()}
        path, seconds = clips[_middle(traffic)]
        slow = {"low rate": MeasuredClip(path, seconds, demand.rate / _LOW_RATE)}
        results = measure_machine(
            base,
            {**asked, **slow},
            request.seconds * (1 - _CLIPS_SHARE),
            lambda done: on_progress(_CLIPS_SHARE + (1 - _CLIPS_SHARE) * done),
        )
    rows = [_row(request, traffic[name], demand.rate, results[name]) for name in asked]
    rows += [_row(request, traffic[_middle(traffic)], demand.rate / _LOW_RATE, results[name]) for name in slow]
    return Device(name=request.name, hardware=_hardware(), costs=tuple(rows))


def _traffic(request: MeasurementRequest) -> dict[str, Traffic]:
    """Densities that are measured, by name; a video is of one."""
    if request.demand.traffic is not None or request.video is not None:
        one = request.demand.traffic or Traffic.ORDINARY
        return {one.value: one}
    return {traffic.value: traffic for traffic in Traffic}


def _middle(traffic: dict[str, Traffic]) -> str:
    return Traffic.ORDINARY.value if Traffic.ORDINARY.value in traffic else next(iter(traffic))


def _row(request: MeasurementRequest, traffic: Traffic, rate: float, results: RepeatedRuns) -> CameraCost:
    demand = request.demand
    low, typical, high = (float(f"{seconds:.4g}") for seconds in results.machine_seconds)
    return CameraCost(
        size=demand.size,
        codec=demand.codec,
        fps=demand.fps,
        rate=rate,
        traffic=traffic,
        machine_seconds=(low, typical, high),
        analyzed=round(min(1.0, results.analyzed), 3),
        other_programs=round(results.other_programs, 2),
        rendered=request.video is None,
        source=_source(request, len(results.runs)),
    )


def _source(request: MeasurementRequest, runs: int) -> str:
    video = "a given video" if request.video else "rendered traffic"
    versions = ", ".join(filter(None, map(backend_version, (Backend.OPENVINO, Backend.ONNXRUNTIME))))
    return (
        f"viapublica {__version__} plan --measure, {runs} runs over {video}, {versions}, {datetime.now(UTC):%Y-%m-%d}"
    )


def _hardware() -> str:
    return f"{usable_cores()} cores {platform.machine()} ({processor()})"
