"""`viapublica run`."""

from __future__ import annotations

import signal
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, Self

import msgspec
import typer

from pipeline.app.live_reload import LiveReload, ReloadReport
from pipeline.cli.common.console import drops_text, err, out, print_json, print_table, tell
from pipeline.config import load_config
from pipeline.engine.build import open_engine
from pipeline.engine.live_loop import Engine
from pipeline.engine.malloc_trim import return_big_blocks
from pipeline.engine.run_report import RunReport
from pipeline.engine.running_engine import RunningEngine
from pipeline.observe import logs
from pipeline.observe.live_table import LiveView


def run(
    config: Annotated[Path, typer.Argument(help="Configuration (YAML).", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Last line: the summary as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No live table.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit status 2 when a camera failed or an event was not delivered.")
    ] = False,
) -> None:
    """Run all cameras of a configuration, live or to the end of their files.

    Ctrl-C (SIGINT) or SIGTERM stops in good order: tracks are closed, events delivered. A second one keeps on disk what
    is not delivered yet, for the next start, and ends; a third ends at once. SIGHUP reloads the configuration: cameras
    that were added, removed or changed are started and stopped, the others go on.

    Example: [bold]viapublica run configs/demo.yaml[/]
    """
    settings = load_config(config)
    logs.configure(settings.observability.log_level, settings.observability.log_format)
    return_big_blocks()
    with RunSignals() as signals, open_engine(settings) as running, ExitStack() as stack:
        reload = stack.enter_context(LiveReload(config, running, _print_reload))
        signals.watch(running, reload)
        live = LiveView(running.sources, running.sinks, activities=running.activities, console=err, enabled=not quiet)
        with live:
            running.engine.run(on_tick=live.refresh)
    report = running.report()
    if as_json:
        print_json(msgspec.to_builtins(report))
    else:
        print_report(report)
    if strict and not report.ok:
        raise typer.Exit(2)


class RunSignals:
    """SIGINT and SIGTERM: finish in good order, then stop delivering, then end at once. SIGHUP: reload.

    The SIGHUP of a terminal that was closed means the same as SIGTERM.
    """

    def __init__(self) -> None:
        self._before: dict[int, Any] = {}
        self._has_terminal = sys.stderr.isatty()

    def watch(self, running: RunningEngine, reload: LiveReload) -> None:
        """Handle signals from now on; before, they end the program as usual."""
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, partial(self._stop, running.engine))
        self._before[signal.SIGHUP] = signal.signal(signal.SIGHUP, partial(self._reload, running.engine, reload))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _reload(self, engine: Engine, reload: LiveReload, _number: int, _frame: FrameType | None) -> None:
        if self._has_terminal and not sys.stderr.isatty():
            engine.stop()
        else:
            reload.request()

    def _stop(self, engine: Engine, number: int, _frame: FrameType | None) -> None:
        name = signal.Signals(number).name
        if not engine.stopping and not engine.dispatcher.closing:
            err.print(f"[bold]{name}[/]: finishing; once more to keep the undelivered events on disk and end")
            engine.stop()
            return
        err.print(f"[bold]{name}[/]: keeping the undelivered events on disk; once more ends at once")
        engine.stop()
        engine.dispatcher.give_up()
        signal.signal(number, signal.SIG_DFL)


def _print_reload(report: ReloadReport) -> None:
    for line in report.lines():
        tell(err, ("SIGHUP", "bold"), f": {line}")


def print_report(report: RunReport) -> None:
    """The summary for people."""
    print_table(
        "Cameras",
        ["camera", "state", "size", "decoded", "analyzed", "dropped", "reconnects", "error"],
        [
            (
                c.camera,
                c.state,
                f"{c.width}×{c.height}",
                c.decoded,
                c.analyzed,
                drops_text(c.drops),
                c.reconnects,
                c.error or c.detail or ("" if c.decoded else "no image"),
            )
            for c in report.cameras
        ],
    )
    print_table(
        "Sinks",
        ["sink", "accepted", "delivered", "pending", "refused", "lost", "retries", "error"],
        [tuple(sink.values()) for sink in report.sinks],
    )
    events = ", ".join(f"{count} {kind}" for kind, count in sorted(report.events.items())) or "no events"
    out.print(
        f"[bold]{report.frames}[/] frames in {report.seconds:.1f} s = [bold]{report.fps:.1f}[/] per second; {events}",
        highlight=False,
    )
    for sink, count in report.lost.items():
        tell(out, ("lost", "bold red"), f" {count} events of sink {sink}: it was full, and so was the disk")
    for reason, count in report.refused.items():
        tell(out, ("refused", "yellow"), f" {count} events: {reason}")
