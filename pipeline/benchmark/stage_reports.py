"""Reports of the benchmarks that read files: stages, GPU, comparison with peers."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from pipeline.benchmark.compare import Compared, compare, peer_pythons
from pipeline.benchmark.configuration import Workload
from pipeline.benchmark.environment import environment
from pipeline.benchmark.gpu import gpu_devices
from pipeline.benchmark.repeats import Progress, rounded
from pipeline.benchmark.report import BenchmarkReport, Plot
from pipeline.benchmark.setup import Setup, prepared_clips
from pipeline.benchmark.stages import STAGES, StageFigures, measure_stages

_BACKENDS: Final = ("openvino", "onnxruntime")
_SPREAD: Final = "Medians, with lowest and highest, of interleaved repeats after one that warms up."


def stages_report(setup: Setup, progress: Progress) -> BenchmarkReport:
    """The default network as shipped and with every frame, and each other installed backend, with times by stage."""
    default, *others = [name for name in _BACKENDS if importlib.util.find_spec(name) is not None]
    every = _every_frame(setup.work)
    cases = {f"{default}, adaptive (default)": setup.work, f"{default}, every frame": every}
    cases |= {f"{name}, every frame": _with(every, backend=name) for name in others}
    return _stages("stages", "Stages of a run, and the networks' own ceiling", cases, setup, progress)


def gpu_report(setup: Setup, progress: Progress) -> BenchmarkReport:
    """The processor beside each device of the GPU.

    Raises:
        MissingComponent: there is no GPU that ONNX Runtime can use.
    """
    devices = gpu_devices()
    every = _every_frame(setup.work)
    cases = {"cpu, every frame": every} | {
        f"{device}, every frame": _with(every, device=device, backend="onnxruntime") for device in devices
    }
    return _stages("gpu", "Stages of a run on the GPU", cases, setup, progress)


def _with(work: Workload, **detect: Any) -> Workload:
    return msgspec.structs.replace(work, detect={**work.detect, **detect})


def _every_frame(work: Workload) -> Workload:
    return msgspec.structs.replace(work, adaptive=False)


def _stages(
    name: str,
    title: str,
    cases: Mapping[str, Workload],
    setup: Setup,
    progress: Progress,
) -> BenchmarkReport:
    where = environment()
    with prepared_clips(setup, progress) as clips:
        figures = measure_stages(clips, cases, repeats=setup.repeats, seconds=setup.seconds, progress=progress)
    return BenchmarkReport(
        benchmark=name,
        title=title,
        how=f"Frames of video per second through a whole run, one camera per file ({setup.shown}; "
        f"{setup.form.text()}), and of the networks alone on inputs in memory (ceiling of a run that analyzes every "
        "frame; an adaptive one is given the share *analyzed*). Milliseconds of wall clock "
        f"per frame by stage, whose threads overlap. {_SPREAD}",
        command=setup.command,
        environment=where,
        parameters={"clips": setup.shown, "format": setup.form.text(), "repeats": setup.repeats},
        columns=[
            *("case", "frames", "run, frames/s", "ceiling, frames/s", "run / ceiling", "analyzed", "CPU ms/frame"),
            *(f"{stage}, ms" for stage in STAGES),
        ],
        rows=[_stage_row(case, cases[case], each) for case, each in figures.items()],
        details={case: _figures(each) for case, each in figures.items()},
        plot=Plot(
            "bars",
            list(STAGES),
            {case: [each.stage_ms[stage] for stage in STAGES] for case, each in figures.items()},
            "ms per frame, wall clock in the stage",
            "",
        ),
    )


def _figures(each: StageFigures) -> dict[str, Any]:
    return {
        "run_fps": each.run.values,
        "ceiling_fps": each.ceiling.values,
        "cpu_ms": each.cpu_ms.values,
        "stage_ms": each.stage_ms,
        "analyzed": each.analyzed,
    }


def _stage_row(case: str, work: Workload, each: StageFigures) -> list[Any]:
    of_ceiling = "" if work.adaptive else f"{each.of_ceiling:.2f}"
    speeds = [each.run.text(), each.ceiling.text(), of_ceiling, f"{each.analyzed:.0%}"]
    return [case, each.frames, *speeds, each.cpu_ms.text(), *(rounded(each.stage_ms[stage]) for stage in STAGES)]


def compare_report(
    setup: Setup, environments: Path, progress: Progress, *, names: Sequence[str], threads: int
) -> BenchmarkReport:
    """viapublica, as shipped and with every frame, and its peers on the same clips and weights.

    Raises:
        MissingComponent: the environment of a peer is missing; the fix is the command that makes it.
    """
    peer_pythons(environments, names)  # before clips are encoded for minutes
    where = environment()
    own = _with(setup.work, threads=threads)
    cases = {f"viapublica, {work.analysis}": work for work in (own, _every_frame(own))}
    with prepared_clips(setup, progress) as clips:
        found = compare(
            clips, cases, environments, names=names, threads=threads, repeats=setup.repeats, progress=progress
        )
    return BenchmarkReport(
        benchmark="compare",
        title="Comparison with other programs",
        how=f"Frames of video per second ({setup.shown}; {setup.form.text()}, {setup.form.seconds:g} s each), "
        f"{threads} threads, the same detector weights, each program in its own environment, loading not counted. The "
        "other programs analyze every frame; viapublica does so in one row, and chooses, as shipped, in the other. "
        f"{_SPREAD}",
        command=setup.command,
        environment=where,
        parameters={"clips": setup.shown, "format": setup.form.text(), "repeats": setup.repeats, "threads": threads},
        columns=[
            *("program", "frames/s", *(f"{name} is faster by" for name in cases)),
            *("CPU ms/frame", "found", "version"),
        ],
        rows=[_compared_row(each, found[: len(cases)]) for each in found],
        details={each.title: {"fps": each.fps.values, "cpu_ms": each.cpu_ms.values} for each in found},
        notes=["What was found is counted by each program in its own way, and is no measure of accuracy."],
        plot=Plot(
            "bars", [each.title for each in found], {"frames/s": [each.fps.median for each in found]}, "frames/s", ""
        ),
    )


def _compared_row(each: Compared, ours: Sequence[Compared]) -> list[Any]:
    factors = ["" if each in ours else f"{own.fps.median / each.fps.median:.2f}" for own in ours]
    return [each.title, each.fps.text(), *factors, each.cpu_ms.text(), each.found, each.version]
