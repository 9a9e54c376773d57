"""`viapublica run`."""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any, Self

import msgspec
import typer

from pipeline.cli.common.console import drops_text, err, out, print_json, print_table, say
from pipeline.cli.common.default_config import ConfigArgument, argument_config
from pipeline.domain.plural import counted

if TYPE_CHECKING:
    from pipeline.app.live_run import LiveRun, ReloadReport, RunReport


def run(
    config: ConfigArgument = None,
    as_json: Annotated[bool, typer.Option("--json", help="Last line: the summary as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No live table.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit status 2 when a camera failed or an event was not delivered.")
    ] = False,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace",
            help="Analyze a file again also with fewer frames or other networks than before; its rows are replaced.",
        ),
    ] = False,
) -> None:
    """Run all cameras of a configuration, live or to the end of their files.

    Ctrl-C (SIGINT) or SIGTERM stops in good order: tracks are closed, events delivered. A second one leaves undelivered
    events on disk for the next start and ends; a third ends at once. SIGHUP reloads the configuration: cameras that
    were added, removed or changed are started and stopped, the others are not interrupted.

    Example: [bold]viapublica run configs/demo.yaml[/]
    """
    # Here, so that help and completion load no network.
    from pipeline.app.hang_watchdog import ended_when_hanging
    from pipeline.app.live_run import open_live_run
    from pipeline.app.logging_setup import configure_logging
    from pipeline.cli.operate.live_table import LiveTable
    from pipeline.config import load_config

    path = argument_config(config, "run")
    settings = load_config(path)
    configure_logging(settings.observability.log_level, settings.observability.log_format)
    with (
        RunSignals() as signals,
        ended_when_hanging(settings.data_dir),
        open_live_run(settings, path, _print_reload, replace=replace, autotune=True) as handle,
    ):
        signals.watch(handle)
        with LiveTable.of_run(handle, err.rich, enabled=not quiet) as table:
            handle.run(on_tick=table.refresh if table.visible else None)
    report = handle.report()
    if as_json:
        print_json(msgspec.to_builtins(report))
    else:
        print_report(report)
    if strict and not report.ok:
        raise typer.Exit(2)


class RunSignals:
    """SIGINT and SIGTERM: finish in good order; leave undelivered events on disk; end at once. SIGHUP: reload.

    The SIGHUP of a terminal that was closed means the same as SIGTERM.
    """

    def __init__(self) -> None:
        self._before: dict[int, Any] = {}
        self._has_terminal = sys.stderr.isatty()

    def watch(self, run: LiveRun) -> None:
        """Let signals stop a run from now on; before, they end the process."""
        from pipeline.app.live_run import StopStage

        def on_signal(number: int, _frame: FrameType | None) -> None:
            name = signal.Signals(number).name
            if run.stop() is StopStage.FINISHING:
                err.rich.print(f"[bold]{name}[/]: finishing; repeat to leave undelivered events on disk and end")
                return
            err.rich.print(f"[bold]{name}[/]: leaving undelivered events on disk; repeat to end at once")
            signal.signal(number, signal.SIG_DFL)

        def on_hangup(_number: int, _frame: FrameType | None) -> None:
            if self._has_terminal and not sys.stderr.isatty():
                run.stop()
            else:
                run.reload()

        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, on_signal)
        self._before[signal.SIGHUP] = signal.signal(signal.SIGHUP, on_hangup)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


def _print_reload(report: ReloadReport) -> None:
    for line in report.lines():
        say(err, ("SIGHUP", "bold"), f": {line}")


def print_report(report: RunReport) -> None:
    """The summary of a run as tables."""
    print_table(
        "Cameras",
        ["camera", "state", "size", "decoded", "analyzed", "skipped", "dropped", "reconnects", "error"],
        [
            (
                c.camera,
                c.state,
                f"{c.width}×{c.height}",
                c.decoded,
                c.analyzed,
                c.skipped,
                drops_text(c.drops),
                c.reconnects,
                c.error or c.detail or ("" if c.decoded else "no image"),
            )
            for c in report.cameras
        ],
    )
    for camera in (*report.removed, *report.cameras):
        if camera.not_analyzed:
            fix = "; choose a track with cameras[].track" if "video track" in " ".join(camera.not_analyzed) else ""
            parts = ", ".join(camera.not_analyzed)
            say(out, ("not analyzed", "bold yellow"), f" {camera.camera}: {parts}{fix}")
        if camera.damaged:
            of = f"{camera.damaged} of {counted(camera.decoded, 'frame')}"
            say(out, ("damaged", "bold yellow"), f" {camera.camera}: {of} arrived without all of their data")
    print_table(
        "Sinks",
        ["sink", "accepted", "delivered", "pending", "refused", "lost", "retries", "error"],
        [tuple(sink.values()) for sink in report.sinks],
    )
    events = ", ".join(f"{count} {kind}" for kind, count in sorted(report.events.items())) or "no events"
    out.rich.print(
        f"[bold]{report.frames}[/] frames in {report.seconds:.1f} s = [bold]{report.fps:.1f}[/] per second; {events}",
        highlight=False,
    )
    for network in report.networks:
        for backend, reason in network.rejected.items():
            failed = f" {network.model} with {backend}: {reason}; {network.backend} runs it"
            say(out, ("failed the known-answer test", "bold yellow"), failed)
    for sink, count in report.lost.items():
        say(out, ("lost", "bold red"), f" {counted(count, 'event')} of sink {sink}: its queue and the disk were full")
    for reason, count in report.refused.items():
        say(out, f"{counted(count, 'event')} ", ("refused", "yellow"), f": {reason}")
