"""Measurement of this machine: how much of it one camera takes, by real runs over files as fast as they go."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pipeline.config.camera_settings import CameraSettings
from pipeline.config.settings import Config
from pipeline.domain.camera import Scope
from pipeline.engine.build import open_engine
from pipeline.errors import ViapublicaError
from pipeline.inference.machine_fingerprint import usable_cores
from pipeline.observe.process_tree import TICKS_PER_SECOND, process_tree, processor_seconds
from pipeline.sink.settings import JsonLinesSettings

_LEAST_ROUNDS: Final = 2
_RUNS_WANTED: Final = 16
"""Runs into which the time is divided: their number of cameras follows from it."""
_MOST_CAMERAS: Final = 256
_CROWDED: Final = 0.9
"""Share of the processor, of all programs, from which this one waited for it."""


@dataclass(frozen=True, slots=True)
class MeasuredClip:
    """A video that stands for a camera.

    Attributes:
        path: of the file; seconds: its length.
        rate: frames per second that may be analyzed.
    """

    path: Path
    seconds: float
    rate: float


@dataclass(frozen=True, slots=True)
class MeasuredRun:
    """One run over a clip.

    Attributes:
        machine_seconds: wall-clock seconds for one second of one camera's video, without what other programs took.
        wall_seconds: the same with it.
        analyzed: share of the frames that might be analyzed; other_programs: share of the processor that they used.
    """

    machine_seconds: float
    wall_seconds: float
    analyzed: float
    other_programs: float


@dataclass(slots=True)
class RepeatedRuns:
    """The runs over one clip."""

    runs: list[MeasuredRun] = field(default_factory=list)

    @property
    def machine_seconds(self) -> tuple[float, float, float]:
        """Lowest, median and highest."""
        values = [run.machine_seconds for run in self.runs]
        return min(values), statistics.median(values), max(values)

    @property
    def analyzed(self) -> float:
        """Median share of analyzed frames."""
        return statistics.median(run.analyzed for run in self.runs)

    @property
    def other_programs(self) -> float:
        """Median share of the processor that other programs used."""
        return statistics.median(run.other_programs for run in self.runs)


def measure_machine(
    base: Config,
    clips: Mapping[str, MeasuredClip],
    seconds: float,
    on_progress: Callable[[float], None] = lambda _: None,
) -> dict[str, RepeatedRuns]:
    """Run every clip in turn, again and again, until the time is over.

    Args:
        base: detection, plate reading and decoding are those of this configuration; its cameras and sinks are not used.
        clips: by a name of the caller's.
        seconds: of all runs together; each clip is run at least twice, however long that takes.
        on_progress: called with the share that is done, after every run.

    Raises:
        ViapublicaError: a network cannot be used, or a clip cannot be decoded.
    """
    began_s = time.monotonic()
    first = next(iter(clips.values()))
    least = usable_cores()
    # The first run loads, tests and warms up, and says how many cameras a run of the wanted length has.
    once = _run(base, first, least)
    cameras = round(seconds / _RUNS_WANTED / (once.wall_seconds * first.seconds))
    cameras = max(2, least, min(cameras, _MOST_CAMERAS))
    results = {name: RepeatedRuns() for name in clips}
    rounds = 0
    while rounds < _LEAST_ROUNDS or time.monotonic() - began_s < seconds * (1 - 1 / (rounds + 1)):
        for name, clip in clips.items():
            results[name].runs.append(_run(base, clip, cameras))
            on_progress(min(1.0, (time.monotonic() - began_s) / seconds))
        rounds += 1
    return results


def _run(base: Config, clip: MeasuredClip, cameras: int) -> MeasuredRun:
    with tempfile.TemporaryDirectory(prefix="viapublica-plan-") as name:
        folder = Path(name)
        config = _config(base, clip, cameras, folder)
        with open_engine(config, autotune=True) as running:
            before = _Processor.now()
            running.engine.run()
            used = _Processor.now().since(before)
        report = running.report()
    if failed := next((camera for camera in report.cameras if camera.error or not camera.decoded), None):
        raise ViapublicaError(str(clip.path), failed.error or "holds no video", "Give another video")
    video_s = cameras * clip.seconds
    return MeasuredRun(
        used.own_seconds / video_s, used.wall_s / video_s, report.frames / (video_s * clip.rate), used.other_share
    )


def _config(base: Config, clip: MeasuredClip, cameras: int, folder: Path) -> Config:
    """The base's networks with cameras that are copies of a clip, and events into a file."""
    sources = [folder / f"{number}{clip.path.suffix}" for number in range(cameras)]
    for source in sources:
        source.symlink_to(clip.path.resolve())
    return base.model_copy(
        update={
            "data_dir": folder / "data",
            "cameras": tuple(
                CameraSettings(
                    id=f"measured-{source.stem}", source=str(source), scope=Scope.PUBLIC_ROAD, analyze_fps=clip.rate
                )
                for source in sources
            ),
            "sinks": (JsonLinesSettings(),),
            "store": None,
            "record": None,
            "observability": base.observability.model_copy(update={"metrics": None, "preview": None}),
        }
    )


@dataclass(frozen=True, slots=True)
class _Usage:
    """Use of the processor over some time.

    Attributes:
        wall_s: length; cores: processors that this process may use.
        own_s, all_s: processor seconds of this process with its children, and of all programs on those processors.
    """

    wall_s: float
    cores: int
    own_s: float
    all_s: float

    @property
    def other_share(self) -> float:
        """Share of the processors that other programs used."""
        return min(1.0, max(0.0, self.all_s - self.own_s) / (self.cores * self.wall_s))

    @property
    def own_seconds(self) -> float:
        """Wall-clock seconds without what other programs took, where all together filled the processors."""
        if self.all_s < _CROWDED * self.cores * self.wall_s:
            return self.wall_s
        # Ticks of the system are coarse: no run takes less than its own processor time.
        return max(self.wall_s * (1 - self.other_share), self.own_s / self.cores)


@dataclass(frozen=True, slots=True)
class _Processor:
    wall_s: float
    own_s: float
    all_s: float

    @classmethod
    def now(cls) -> _Processor:
        return cls(time.monotonic(), sum(map(processor_seconds, process_tree())), _busy_s())

    def since(self, before: _Processor) -> _Usage:
        return _Usage(self.wall_s - before.wall_s, usable_cores(), self.own_s - before.own_s, self.all_s - before.all_s)


def _busy_s() -> float:
    """Processor seconds of all programs since the start of the machine, on the processors that this process may use."""
    allowed = {f"cpu{number}" for number in os.sched_getaffinity(0)}
    lines = [line.split() for line in Path("/proc/stat").read_text(encoding="ascii").splitlines()]
    return sum(_busy(line[1:]) for line in lines if line[0] in allowed) / TICKS_PER_SECOND


def _busy(ticks: Sequence[str]) -> int:
    """Ticks of user, nice, system, interrupts and what the host took; idle and waiting for disks are left out."""
    user, nice, system, _idle, _waiting, *rest = map(int, ticks[:8])
    return user + nice + system + sum(rest)
