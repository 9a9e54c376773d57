"""`viapublica run`."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import msgspec
import typer

from pipeline.cli.console import drops_text, err, out, print_json, print_table
from pipeline.config import load_config
from pipeline.engine.build import open_engine
from pipeline.engine.memory import return_big_blocks
from pipeline.engine.report import RunReport
from pipeline.engine.runner import Engine
from pipeline.observe import logs
from pipeline.observe.live import LiveView


def run(
    config: Annotated[Path, typer.Argument(help="Configuration (YAML).", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Last line: the summary as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No live table.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit status 2 when a camera failed or an event was not delivered.")
    ] = False,
) -> None:
    """Run all cameras of a configuration, live or to the end of their files.

    Ctrl-C (SIGINT) or SIGTERM stops in good order: tracks are closed, events flushed. A second one stops at once.

    Example: [bold]viapublica run configs/demo.yaml[/]
    """
    settings = load_config(config)
    logs.configure(settings.observability.log_level, settings.observability.log_format)
    return_big_blocks()
    with open_engine(settings) as running:
        live = LiveView(running.sources, running.sinks, activities=running.activities, console=err, enabled=not quiet)
        with _stop_on_signals(running.engine), live:
            running.engine.run(on_tick=live.refresh)
    report = running.report()
    if as_json:
        print_json(msgspec.to_builtins(report))
    else:
        print_report(report)
    if strict and not report.ok:
        raise typer.Exit(2)


@contextmanager
def _stop_on_signals(engine: Engine) -> Iterator[None]:
    def stop(number: int, _frame: FrameType | None) -> None:
        if engine.stopping:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        err.print(f"[bold]{signal.Signals(number).name}[/]: finishing; once more to stop at once")
        engine.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def print_report(report: RunReport) -> None:
    """The summary for people."""
    print_table(
        "Cameras",
        ["camera", "state", "size", "decoded", "analysed", "dropped", "reconnects", "error"],
        [
            (
                c.camera,
                c.state,
                f"{c.width}×{c.height}",
                c.decoded,
                c.analysed,
                drops_text(c.drops),
                c.reconnects,
                c.error,
            )
            for c in report.cameras
        ],
    )
    print_table(
        "Sinks",
        ["sink", "accepted", "delivered", "pending", "retries", "error"],
        [tuple(sink.values()) for sink in report.sinks],
    )
    events = ", ".join(f"{count} {kind}" for kind, count in sorted(report.events.items())) or "no events"
    out.print(
        f"[bold]{report.frames}[/] frames in {report.seconds:.1f} s = [bold]{report.fps:.1f}[/] per second; {events}",
        highlight=False,
    )
    for sink, count in report.lost.items():
        out.print(f"[bold red]lost[/] {count} events of sink {sink}: it pushed back to the end", highlight=False)
    for reason, count in report.refused.items():
        out.print(f"[yellow]refused[/] {count} events: {reason}", highlight=False)
