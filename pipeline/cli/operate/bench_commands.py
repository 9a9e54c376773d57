"""`viapublica bench`: measurements of this machine, as tables, JSON and results pages."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer

from pipeline.cli.common.console import err, print_json, print_table, say
from pipeline.cli.common.option_groups import with_option_groups
from pipeline.domain.times import format_duration

if TYPE_CHECKING:
    from pipeline.app.benchmarks import BenchmarkReport, ClipFormat, Setup

app = typer.Typer(
    help="Measure this machine: stages, pipeline, accuracy, soak, compare, gpu.\n\n"
    "Example: [bold]viapublica bench pipeline --size 720p --rate 5[/]",
    no_args_is_help=True,
)
_PEERS: Final = Path("~/.cache/viapublica/peers")

Clips = Annotated[
    list[Path] | None,
    typer.Option("--clip", exists=True, dir_okay=False, help="Video to be analyzed; without one, a drawn scene."),
]
Clip = Annotated[
    Path | None,
    typer.Option(
        "--clip", exists=True, dir_okay=False, help="Video that the cameras show; without one, a drawn scene."
    ),
]
Repeats = Annotated[int, typer.Option("--repeats", min=1, max=100, help="Counted measurements of each case.")]
NetworkSeconds = Annotated[
    float, typer.Option("--seconds", min=0.2, max=600, help="Of each measurement of the networks alone.")
]
Rate = Annotated[
    float | None, typer.Option("--rate", min=0.1, max=120, help="Analyzed frames/s of a camera; without: all.")
]
Length = Annotated[float, typer.Option("--clip-seconds", min=0.5, max=600, help="Length of the clips.")]


@dataclass(frozen=True)
class Common:
    """Options of every benchmark."""

    size: Annotated[str, typer.Option("--size", help="Frame size of the clips: 360p to 4k, or WIDTHxHEIGHT.")] = "720p"
    codec: Annotated[str, typer.Option("--codec", help="Codec of the clips: h264 or hevc.")] = "h264"
    fps: Annotated[int, typer.Option("--fps", min=1, max=120, help="Frames per second of the clips.")] = 25
    models: Annotated[
        Path | None, typer.Option("--models", envvar="VIAPUBLICA_MODELS", help="Folder with the weights.")
    ] = None
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON.")] = False
    markdown: Annotated[
        str | None,
        typer.Option(
            "--markdown", help="Results page: its section of this machine is replaced, a plot drawn beside it."
        ),
    ] = None


@app.command()
@with_option_groups
def stages(
    clip: Clips = None,
    clip_seconds: Length = 10.0,
    seconds: NetworkSeconds = 5.0,
    repeats: Repeats = 3,
    *,
    common: Common,
) -> None:
    """Speed of a whole run against the networks alone, and the time of each stage, with each backend.

    Example: [bold]viapublica bench stages --clip street.mp4 --seconds 3 --repeats 1[/]
    """
    from pipeline.app.benchmarks import stages_report

    _run(common, lambda progress: stages_report(_setup(common, clip, clip_seconds, repeats, seconds), progress))


@app.command()
@with_option_groups
def pipeline(
    clip: Clip = None,
    sizes: Annotated[list[str] | None, typer.Option("--sizes", help="Further frame sizes; may be repeated.")] = None,
    codecs: Annotated[list[str] | None, typer.Option("--codecs", help="Further codecs; may be repeated.")] = None,
    rate: Annotated[
        list[float] | None,
        typer.Option("--rate", min=0.1, max=120, help="Analyzed frames/s of a camera; may be repeated; without: all."),
    ] = None,
    most_cameras: Annotated[int, typer.Option("--most-cameras", min=1, max=1024, help="End of the search.")] = 64,
    seconds: Annotated[
        float, typer.Option("--seconds", min=1, max=3600, help="Counted for each number of cameras.")
    ] = 10.0,
    repeats: Repeats = 1,
    *,
    common: Common,
) -> None:
    """Live cameras until the machine lags, for each size, codec and rate; with processor and memory per camera.

    Example: [bold]viapublica bench pipeline --size 720p --sizes 1080p --rate 5 --seconds 3[/]
    """
    from pipeline.app.benchmarks import pipeline_report

    forms = [
        _form(common, size, codec, 10.0)
        for size in dict.fromkeys([common.size, *(sizes or ())])
        for codec in dict.fromkeys([common.codec, *(codecs or ())])
    ]
    setup = _setup(common, [clip] if clip else None, 10.0, repeats, seconds)
    _run(common, lambda progress: pipeline_report(setup, forms, rate or [None], most_cameras, progress))


@app.command()
@with_option_groups
def accuracy(
    clip: Clip = None,
    clip_seconds: Length = 20.0,
    cameras: Annotated[
        list[int] | None, typer.Option("--cameras", min=1, max=1024, help="Cameras at the same time; may be repeated.")
    ] = None,
    rate: Rate = None,
    *,
    common: Common,
) -> None:
    """Events of live cameras under load against an unhurried run over the same clip.

    Example: [bold]viapublica bench accuracy --clip street.mp4 --cameras 1 --cameras 8[/]
    """
    from pipeline.app.benchmarks import accuracy_report

    setup = _setup(common, [clip] if clip else None, clip_seconds, 1, clip_seconds, rate)
    _run(common, lambda progress: accuracy_report(setup, cameras or [1, 4, 16], progress))


@app.command()
@with_option_groups
def soak(
    clip: Clip = None,
    cameras: Annotated[int, typer.Option("--cameras", min=1, max=1024, help="Live cameras.")] = 4,
    rate: Rate = 5.0,
    seconds: Annotated[float, typer.Option("--seconds", min=3, max=1_000_000, help="Counted.")] = 3600.0,
    warm_up: Annotated[
        float, typer.Option("--warm-up", min=0, max=36_000, help="Seconds before anything counts.")
    ] = 60.0,
    *,
    common: Common,
) -> None:
    """Memory, threads, handles and lag of live cameras over time.

    Example: [bold]viapublica bench soak --cameras 4 --rate 5 --seconds 3600[/]
    """
    from pipeline.app.benchmarks import soak_report

    setup = _setup(common, [clip] if clip else None, 20.0, 1, seconds, rate)

    def report(progress: Callable[[str], None]) -> BenchmarkReport:
        return soak_report(setup, cameras, warm_up, progress, _elapsed(progress, warm_up + seconds))

    _run(common, report)


@app.command()
@with_option_groups
def compare(
    clip: Clips = None,
    clip_seconds: Length = 10.0,
    peer: Annotated[
        list[str] | None, typer.Option("--peer", help="ultralytics or fast-alpr; may be repeated; without: both.")
    ] = None,
    peers: Annotated[
        Path, typer.Option("--peers", help="Folder with an environment per peer; errors say how to make one.")
    ] = _PEERS,
    threads: Annotated[int, typer.Option("--threads", min=1, max=256, help="Processor threads of each network.")] = 2,
    repeats: Repeats = 3,
    *,
    common: Common,
) -> None:
    """Other programs on the same clips and weights, in one run, each in its own environment.

    Example: [bold]viapublica bench compare --clip street.mp4 --peer ultralytics --repeats 3[/]
    """
    from pipeline.app.benchmarks import PEERS, compare_report

    known = [one.name for one in PEERS]
    if unknown := set(peer or ()) - set(known):
        raise typer.BadParameter(f"{', '.join(sorted(unknown))} is not among {', '.join(known)}", param_hint="--peer")
    setup = _setup(common, clip, clip_seconds, repeats, clip_seconds)
    folder = peers.expanduser()
    _run(common, lambda progress: compare_report(setup, folder, progress, names=peer or known, threads=threads))


@app.command()
@with_option_groups
def gpu(
    clip: Clips = None,
    clip_seconds: Length = 10.0,
    seconds: NetworkSeconds = 5.0,
    repeats: Repeats = 3,
    *,
    common: Common,
) -> None:
    """The processor beside the GPU of this machine, by stages; an error says why where there is none.

    Example: [bold]viapublica bench gpu --clip street.mp4[/]
    """
    from pipeline.app.benchmarks import gpu_report

    _run(common, lambda progress: gpu_report(_setup(common, clip, clip_seconds, repeats, seconds), progress))


def _setup(
    common: Common, clips: list[Path] | None, clip_s: float, repeats: int, seconds: float, rate: float | None = None
) -> Setup:
    from pipeline.app.benchmarks import Setup, Workload

    return Setup(
        sources=tuple(clips or ()),
        form=_form(common, common.size, common.codec, clip_s),
        work=Workload(models=common.models, analyze_fps=rate),
        repeats=repeats,
        seconds=seconds,
        command=_shown_command(sys.argv[1:]),
    )


def _form(common: Common, size: str, codec: str, seconds: float) -> ClipFormat:
    from pipeline.app.benchmarks import CODECS, ClipFormat, size_of

    if codec not in CODECS:
        raise typer.BadParameter(f"{codec} is not among {', '.join(CODECS)}", param_hint="--codec")
    return ClipFormat(size_of(size), codec, common.fps, seconds)


def _shown_command(arguments: list[str]) -> str:
    """The command without where it writes, with the names of files only: a page shows no folders of a machine."""
    words: list[str] = []
    skip = False
    for argument in arguments:
        if skip or argument == "--json":
            skip = False
        elif argument in {"--markdown", "--models", "--peers"}:
            skip = True
        else:
            words.append(Path(argument).name if "/" in argument else argument)
    return shlex.join(["viapublica", *words])


def _elapsed(progress: Callable[[str], None], seconds: float) -> Callable[[], None]:
    """A tick that reports how much of some seconds has passed."""
    began_s = time.monotonic()

    def tick() -> None:
        passed_ms = round(1000 * (time.monotonic() - began_s))
        progress(f"{format_duration(passed_ms)} of about {format_duration(round(1000 * seconds))}")

    return tick


def _run(common: Common, measure: Callable[[Callable[[str], None]], BenchmarkReport]) -> None:
    """Measure with progress on standard error, then print and write the report."""
    from pipeline.app.benchmarks import write_results
    from pipeline.app.logging_setup import configure_logging

    configure_logging("error", "auto")
    with err.rich.status("preparing") as status:
        shown: list[str] = []

        def progress(line: str) -> None:
            if err.rich.is_terminal:
                status.update(line)
            elif not line[:1].isdecimal() and line not in shown:
                shown.append(line)
                say(err, line)

        report = measure(progress)
    written = write_results(report, common.markdown) if common.markdown else []
    if common.as_json:
        print_json(msgspec.to_builtins(report))
    else:
        print_table(report.title, report.columns, report.rows, report.environment.line())
        for note in report.notes:
            say(err, ("note:", "bold"), f" {note}")
    for path in written:
        say(err, f"written: {path}")
