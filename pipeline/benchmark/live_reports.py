"""Reports of the benchmarks with live cameras: cameras until lag, accuracy under load, soak."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from pipeline.benchmark.accuracy import measure_accuracy
from pipeline.benchmark.camera_limit import CameraLimit, measure_limits
from pipeline.benchmark.clips import ClipFormat
from pipeline.benchmark.environment import environment
from pipeline.benchmark.live_load import MOST_LAG_S, MOST_LOST, WARM_UP_S, LoadResult
from pipeline.benchmark.repeats import Progress
from pipeline.benchmark.report import BenchmarkReport, Plot
from pipeline.benchmark.setup import Setup, prepared_clips
from pipeline.benchmark.soak import soak


def pipeline_report(
    setup: Setup, forms: Sequence[ClipFormat], rates: Sequence[float | None], most_cameras: int, progress: Progress
) -> BenchmarkReport:
    """Cameras until lag, for each format and rate, adaptive and with every frame."""
    where = environment()
    limits = list(
        measure_limits(
            next(iter(setup.sources), None),
            forms,
            rates,
            setup.work,
            seconds=setup.seconds,
            most_cameras=most_cameras,
            repeats=setup.repeats,
            progress=progress,
        )
    )
    largest = max(limits, key=lambda limit: len(limit.loads))
    return BenchmarkReport(
        benchmark="pipeline",
        title="Cameras until lag",
        how=f"Live cameras of one kind (MPEG-TS over HTTP from this machine, {setup.shown}), "
        f"doubled and bisected until the machine lags: an overloaded camera, more than {MOST_LOST:.0%} of the frames "
        f"lost, or a 95th percentile of more than {MOST_LAG_S:g} s from a decoded frame to the end of its analysis. "
        f"Of the frames/s that a camera delivers, adaptive analysis, the default, chooses. "
        f"Each number for {setup.seconds:g} s after {WARM_UP_S:g} s that warm up; the limit {setup.repeats} times.",
        command=setup.command,
        environment=where,
        parameters={"seconds": setup.seconds, "most_cameras": most_cameras, "repeats": setup.repeats},
        columns=[
            *("camera", "frames/s", "analysis", "cameras without lag", "with lag", "lag p95, s"),
            *("cores", "cores per camera", "MB", "MB per added camera"),
        ],
        rows=[_limit_row(limit) for limit in limits],
        notes=_limit_notes(limits, most_cameras),
        details={"loads": [_load_details(limit) for limit in limits]},
        plot=Plot(
            "lines",
            [load.cameras for load in largest.loads],
            {"processor cores in use": [load.cpu for load in largest.loads]},
            f"cameras of {largest.form.text()}",
            "cores",
        ),
    )


def _limit_row(limit: CameraLimit) -> list[Any]:
    rate = "all" if limit.rate is None else f"{limit.rate:g}"
    load = next((load for load in limit.loads if load.cameras == limit.carried), None)
    head: list[Any] = [limit.form.text(), rate, limit.analysis, limit.carried, limit.lagging or "not reached"]
    if load is None:
        return [*head, "", "", "", "", ""]
    per_camera = f"{load.cpu / load.cameras:.2f}"
    return [*head, load.lag_p95_s, load.cpu, per_camera, load.memory_mb, _memory_per_camera(limit.loads)]


def _memory_per_camera(loads: Sequence[LoadResult]) -> str:
    first, last = loads[0], loads[-1]
    added = last.cameras - first.cameras
    return f"{(last.memory_mb - first.memory_mb) / added:.1f}" if added else ""


def _limit_notes(limits: Sequence[CameraLimit], most: int) -> list[str]:
    notes = []
    if any(limit.lagging is None for limit in limits):
        notes.append(
            f"The search ended at {most} cameras without lag where the table says so: the machine carries more."
        )
    if any(limit.lagging is not None and limit.lagging > limit.carried + 1 for limit in limits):
        notes.append("The limit lies between both numbers.")
    return notes


def _load_details(limit: CameraLimit) -> dict[str, Any]:
    loads = [{**msgspec.structs.asdict(load), "samples": None, "lags": load.lags} for load in limit.loads]
    return {"format": limit.form.text(), "rate": limit.rate, "analysis": limit.analysis, "loads": loads}


def accuracy_report(setup: Setup, numbers: Sequence[int], progress: Progress) -> BenchmarkReport:
    """Events of cameras in real time against the unhurried run over the same clip."""
    where = environment()
    form, work = setup.form, setup.work
    with prepared_clips(setup, progress) as (clip, *_):
        unhurried, found = measure_accuracy(clip, form.seconds, numbers, work, progress)
    tracks, plates = sum(unhurried.tracks.values()), len(unhurried.plates)
    rate = "all frames" if work.analyze_fps is None else f"{work.analyze_fps:g} frames/s"
    return BenchmarkReport(
        benchmark="accuracy",
        title="Accuracy under load",
        how=f"Cameras that play {setup.shown} ({form.text()}, {rate}, {work.analysis}) at the same time in "
        f"real time, against the run over the file, which has all the time it needs and reports {tracks} tracks and "
        f"{plates} plates. Mean of the cameras; plates by text; counts: largest deviation of a class in any camera.",
        command=setup.command,
        environment=where,
        parameters={"format": form.text(), "seconds": form.seconds, "cameras": list(numbers)},
        columns=["cameras", "plates", "other plates per camera", "tracks", "counts off by", "frames lost"],
        rows=[
            [each.cameras, each.plates, each.other_plates, each.tracks, f"{each.counts:.1%}", f"{each.lost:.1%}"]
            for each in found
        ],
        details={"unhurried": msgspec.to_builtins(unhurried)},
        notes=[] if tracks else ["The clip shows no tracks: agreement on it says nothing. Give another --clip."],
        plot=Plot(
            "lines",
            [each.cameras for each in found],
            {"plates": [each.plates for each in found], "tracks": [each.tracks for each in found]},
            "cameras",
            "share of the unhurried run's",
        ),
    )


def soak_report(
    setup: Setup, cameras: int, warm_up_s: float, progress: Progress, on_tick: Callable[[], None]
) -> BenchmarkReport:
    """Growth of memory, threads and handles, and lag."""
    where = environment()
    form, seconds = setup.form, setup.seconds
    with prepared_clips(setup, progress) as (clip, *_):
        load, grown = soak(clip, cameras, setup.work, seconds, warm_up_s=warm_up_s, on_tick=on_tick)
    rows: list[list[Any]] = [
        ["memory, slope per camera, MB/h", grown.memory_mb_per_hour],
        ["memory, mean of the first and last third, MB", f"{grown.memory_first_mb} → {grown.memory_last_mb}"],
        ["threads, last third against the first", f"{grown.threads:+g}"],
        ["open handles, last third against the first", f"{grown.handles:+g}"],
        ["files in shared memory, last third against the first", f"{grown.shared_memory:+g}"],
        ["lag, median of the first and last third, s", f"{grown.lag_first_s:.2f} → {grown.lag_last_s:.2f}"],
        ["lag, 95th percentile, s", load.lag_p95_s],
        ["processor cores in use", load.cpu],
        ["frames analyzed", load.analyzed],
        ["frames lost", load.lost],
    ]
    short = ["Shorter than half an hour: a slope of memory over minutes is mostly warm-up."] if seconds < 1800 else []
    return BenchmarkReport(
        benchmark="soak",
        title="Soak",
        how=f"{cameras} live cameras of {form.text()}, {setup.work.analysis}, which play {setup.shown} in a loop, for "
        f"{seconds:g} s after {warm_up_s:g} s that warm up. Memory is the proportional set size of all processes.",
        command=setup.command,
        environment=where,
        parameters={"cameras": cameras, "seconds": seconds, "format": form.text()},
        columns=["measured", "figure"],
        rows=rows,
        notes=short,
        details={"samples": msgspec.to_builtins(load.samples), "growth": msgspec.to_builtins(grown)},
        plot=Plot(
            "lines",
            [sample.at_s / 60 for sample in load.samples],
            {"memory, MB": [sample.usage.memory_mb for sample in load.samples]},
            "minutes",
            "MB",
        ),
    )
