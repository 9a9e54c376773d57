"""Benchmark of the stages: a run of files against the networks alone, and the time of each stage per frame."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from pipeline.benchmark.configuration import Workload, configuration
from pipeline.benchmark.process_usage import usage
from pipeline.benchmark.repeats import Progress, Spread, interleaved
from pipeline.config.settings import Config
from pipeline.decode.settings import DecodeSettings
from pipeline.decode.supervised_source import open_source
from pipeline.detect.build import build_detector
from pipeline.domain.frame import Frame
from pipeline.engine.build import open_engine
from pipeline.engine.run_report import RunReport
from pipeline.errors import SourceError

STAGES: Final = ("decode", "detect", "track", "read", "sink")
_RECORDED_FRAMES: Final = 12
"""Frames of each clip whose network inputs make up the ceiling."""


class StageFigures(msgspec.Struct, frozen=True):
    """Speed of one configuration.

    Attributes:
        frames: video frames of one run.
        run: frames per second of the whole run; ceiling: of the networks alone on inputs in memory.
        cpu_ms: processor milliseconds per frame of the whole run.
        analyzed: share of the frames that the networks were given.
        stage_ms: wall-clock milliseconds per frame by stage; threads overlap, so they do not add up to the run.
    """

    frames: int
    run: Spread
    ceiling: Spread
    cpu_ms: Spread
    analyzed: float
    stage_ms: dict[str, float]

    @property
    def of_ceiling(self) -> float:
        """Speed of the run as a share of the ceiling."""
        return self.run.median / self.ceiling.median


def measure_stages(
    clips: Sequence[Path], cases: Mapping[str, Workload], *, repeats: int, seconds: float, progress: Progress
) -> dict[str, StageFigures]:
    """Measure each case on the same clips, one camera per clip, read as fast as the machine can.

    Args:
        clips: the files.
        cases: what is compared.
        repeats: runs of each case; runs and ceilings of all cases take turns.
        seconds: of each measurement of a ceiling.
        progress: receives what is measured.

    Raises:
        ViapublicaError: a network or a clip cannot be used, or frames were lost.
    """
    with tempfile.TemporaryDirectory(prefix="viapublica-bench-") as folder, ExitStack() as stack:
        runs, ceilings = {}, {}
        measures: dict[str, Callable[[], float]] = {}
        for number, (name, work) in enumerate(cases.items()):
            runs[name] = FileRuns(Path(folder) / str(number), clips, work)
            ceilings[name] = NetworkCeiling(Path(folder) / f"ceiling-{number}", clips, work, seconds)
            stack.callback(ceilings[name].close)
            measures[f"{name}, run"] = runs[name].run
            measures[f"{name}, networks alone"] = ceilings[name].run
        found = interleaved(measures, repeats, progress)
    return {
        name: _figures(each, found[f"{name}, run"], found[f"{name}, networks alone"], repeats)
        for name, each in runs.items()
    }


def _figures(runs: FileRuns, run: Spread, ceiling: Spread, repeats: int) -> StageFigures:
    report = runs.reports[-1]
    frames = _decoded(report)
    stages = {
        stage: [1000 * _seconds(each, stage) / _decoded(each) for each in runs.reports[-repeats:]] for stage in STAGES
    }
    return StageFigures(
        frames=frames,
        run=run,
        ceiling=ceiling,
        cpu_ms=runs.cpu_ms(repeats),
        analyzed=sum(camera.analyzed for camera in report.cameras) / frames,
        stage_ms={stage: round(float(np.median(values)), 3) for stage, values in stages.items()},
    )


class FileRuns:
    """Runs over the same files, one camera per file, read as fast as the machine can.

    Attributes:
        reports: of the runs so far.

    Args:
        folder: for data and events; new.
        clips: the files.
        work: how they are analyzed.
    """

    def __init__(self, folder: Path, clips: Sequence[Path], work: Workload) -> None:
        self.reports: list[RunReport] = []
        self._folder = folder
        self._clips = clips
        self._work = work
        self._cpu_s: list[float] = []

    def run(self) -> float:
        """Video frames per second of one run, without loading the networks.

        Raises:
            SourceError: frames were lost.
        """
        config = configuration(self._folder / str(len(self.reports)), self._clips, self._work)
        with open_engine(config) as running:
            before_s = usage().cpu_s
            running.engine.run()
            self._cpu_s.append(usage().cpu_s - before_s)
            report = running.report()
        for camera in report.cameras:
            if camera.error or any(reason.startswith("queue-full") for reason in camera.drops):
                raise SourceError(camera.camera, camera.error or f"lost frames ({camera.drops})", "Use another clip")
        self.reports.append(report)
        return _decoded(report) / report.seconds

    def cpu_ms(self, repeats: int) -> Spread:
        """Processor milliseconds per frame of the last runs."""
        pairs = zip(self._cpu_s[-repeats:], self.reports[-repeats:], strict=True)
        return Spread.of([1000 * cpu_s / _decoded(report) for cpu_s, report in pairs])

    def found(self) -> str:
        """``5 tracks, 4 plates`` of the last run."""
        events = self.reports[-1].events
        return f"{events.get('track', 0)} tracks, {events.get('plate_read', 0)} plate reads"


class NetworkCeiling:
    """The networks of a detector alone, on inputs recorded from the clips and held in memory.

    Nothing is decoded, resized, tracked, read or written.

    Args:
        folder: for data; new.
        clips: the files.
        work: names the networks.
        seconds: of each measurement.
    """

    def __init__(self, folder: Path, clips: Sequence[Path], work: Workload, seconds: float) -> None:
        config = configuration(folder, clips, work)
        self._detector, self._inputs, self._frames = recorded_inputs(config, clips)
        self._seconds = seconds

    def run(self) -> float:
        """Frames per second."""
        done, began_s = 0, time.perf_counter()
        while time.perf_counter() - began_s < self._seconds or not done:
            for runtime, pairs in groupby(self._inputs, lambda pair: pair[0]):
                for _ in runtime.run_each(batch for _, batch in pairs):
                    pass
            done += self._frames
        return done / (time.perf_counter() - began_s)

    def close(self) -> None:
        """Release the networks."""
        self._detector.close()


class _InputRecorder:
    """Wraps a network's runtime and stores every input."""

    def __init__(self, runtime: Any, inputs: list[tuple[Any, npt.NDArray[Any]]]) -> None:
        self._runtime = runtime
        self._inputs = inputs

    def __getattr__(self, name: str) -> Any:
        return getattr(self._runtime, name)

    def run(self, batch: npt.NDArray[Any]) -> Any:
        self._inputs.append((self._runtime, batch.copy()))
        return self._runtime.run(batch)


def recorded_inputs(config: Config, clips: Sequence[Path]) -> tuple[Any, list[tuple[Any, npt.NDArray[Any]]], int]:
    """The detector, the inputs of all its networks over some frames of each clip, and how many frames that was."""
    detector: Any = build_detector(config.detect, config.models_dir)
    inputs: list[tuple[Any, npt.NDArray[Any]]] = []
    networks = [getattr(detector, name) for name in ("_objects", "_plates") if hasattr(detector, name)]
    for network in networks or [detector]:
        network._runtime = _InputRecorder(network._runtime, inputs)
    frames = [frame for clip in clips for frame in _some_frames(clip)]
    for frame in frames:
        detector.detect([frame.image])
    return detector, inputs, len(frames)


def _some_frames(clip: Path) -> Iterator[Frame]:
    """Frames spread over the clip; it is decoded twice, so that few frames are in memory."""
    count = sum(1 for _ in _frames(clip))
    chosen = set(np.linspace(0, count - 1, min(_RECORDED_FRAMES, count)).astype(int).tolist())
    yield from (frame for index, frame in enumerate(_frames(clip)) if index in chosen)


def _frames(clip: Path) -> Iterator[Frame]:
    return open_source(clip.stem, str(clip), settings=DecodeSettings()).frames()


def _decoded(report: RunReport) -> int:
    return sum(camera.decoded for camera in report.cameras)


def _seconds(report: RunReport, stage: str) -> float:
    return report.stages.get(stage, {"seconds": 0.0})["seconds"]
