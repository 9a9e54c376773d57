"""Benchmark of the pipeline: live cameras of one size, codec and rate are added until the machine lags."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from pathlib import Path

import msgspec

from pipeline.benchmark.camera_sender import sending_cameras
from pipeline.benchmark.clips import ClipFormat, encode_clip
from pipeline.benchmark.configuration import Workload
from pipeline.benchmark.live_load import LoadResult, run_cameras
from pipeline.benchmark.repeats import Progress


class CameraLimit(msgspec.Struct, frozen=True):
    """How many cameras of one kind this machine carries.

    Attributes:
        form: of the cameras; rate: frames per second of each that may be analyzed, None for all; analysis: which of
            them are.
        carried: the largest number that was measured without lag; 0 if one is too many.
        lagging: the smallest number that was measured with lag; None if none was reached.
        loads: what was measured, by number of cameras.
    """

    form: ClipFormat
    rate: float | None
    analysis: str
    carried: int
    lagging: int | None
    loads: list[LoadResult]


def measure_limits(
    source: Path | None,
    forms: Sequence[ClipFormat],
    rates: Sequence[float | None],
    work: Workload,
    *,
    seconds: float,
    most_cameras: int,
    repeats: int,
    progress: Progress,
) -> Iterator[CameraLimit]:
    """Measure every format with every rate, each with adaptive analysis and with that of every frame.

    Args:
        source: what the cameras see; None draws a scene.
        forms, rates: of the cameras.
        work: how they are analyzed; its rate and whether it is adaptive are replaced.
        seconds: counted for each number of cameras.
        most_cameras: where the search ends.
        repeats: runs at the limit, which must all be without lag.
        progress: receives what is measured.
    """
    with tempfile.TemporaryDirectory(prefix="viapublica-bench-") as folder:
        for number, form in enumerate(forms):
            progress(f"encoding {form.text()}")
            clip = encode_clip(source, Path(folder) / f"camera-{number}.mp4", form)
            with sending_cameras(clip, loop=True) as address:
                for rate, adaptive in product(rates, (True, False)):
                    own = msgspec.structs.replace(work, analyze_fps=rate, adaptive=adaptive)
                    yield _Case(form, own, address, progress).limit(seconds, most_cameras, repeats)


class _Case:
    """Cameras of one format, rate and analysis."""

    def __init__(self, form: ClipFormat, work: Workload, address: Callable[[int], str], progress: Progress) -> None:
        self._form = form
        self._work = work
        self._address = address
        self._progress = progress
        self._loads: dict[int, LoadResult] = {}

    def limit(self, seconds: float, most: int, repeats: int) -> CameraLimit:
        """Double the number until it lags, then bisect; the limit is measured again `repeats` - 1 times."""
        carried, lagging = 0, most + 1
        number = 1
        while number <= most and carried + 1 < lagging:
            if self._lags(number, seconds):
                lagging = number
            else:
                carried = number
            number = min(2 * carried, most) if lagging > most and carried < most else (carried + lagging) // 2
            if number == carried:
                break
        while carried and any(self._lags(carried, seconds) for _ in range(repeats - 1)):
            carried, lagging = carried - 1, carried
        return CameraLimit(
            form=self._form,
            rate=self._work.analyze_fps,
            analysis=self._work.analysis,
            carried=carried,
            lagging=lagging if lagging <= most else None,
            loads=[self._loads[number] for number in sorted(self._loads)],
        )

    def _lags(self, cameras: int, seconds: float) -> bool:
        rate = "all" if self._work.analyze_fps is None else f"{self._work.analyze_fps:g}/s"
        self._progress(f"{cameras} × {self._form.text()}, {rate}, {self._work.analysis}")
        with tempfile.TemporaryDirectory(prefix="viapublica-bench-") as folder:
            sources = [self._address(number) for number in range(cameras)]
            load = run_cameras(Path(folder), sources, self._work, seconds)
        worst = self._loads.get(cameras)
        if worst is None or load.lag_p95_s > worst.lag_p95_s:
            self._loads[cameras] = load
        return load.lags
