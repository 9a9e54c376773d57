"""`viapublica spool`: events on disk that wait for delivery, their integrity, and sending them again."""

from __future__ import annotations

from dataclasses import asdict
from itertools import islice
from typing import Annotated

import typer

from pipeline.app.spools import check_spools, list_spools, replay_spool, spooled_events, trim_spool
from pipeline.cli.common.console import err, print_json, print_table, say
from pipeline.cli.common.store_options import ConfigOption, DataOption, data_folder, stores_of
from pipeline.domain.plural import counted
from pipeline.domain.times import format_time, parse_time
from pipeline.errors import ViapublicaError

app = typer.Typer(
    help="Events on disk before delivery: ls, verify, cat, replay, trim.\n\n"
    "Example: [bold]viapublica spool ls --config configs/demo.yaml[/]",
    no_args_is_help=True,
)

SinkArgument = Annotated[str, typer.Argument(help="Name of the sink.")]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]
_COLUMNS = ("sink", "events", "undelivered", "oldest of these", "newest", "segments", "MB", "damaged", "missing")


@app.command()
def ls(config: ConfigOption = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Show the contents of each spool; also while a run writes to it.

    Example: [bold]viapublica spool ls --config configs/demo.yaml[/]
    """
    found = list_spools(data_folder(config, data))
    if as_json:
        print_json([asdict(one) for one in found])
        return
    print_table(
        "Spools",
        _COLUMNS,
        [
            (
                one.name,
                one.events,
                one.pending,
                _time(one.pending_ms),
                _time(one.last_ms),
                one.segments,
                round(one.size / 1e6, 1),
                one.damaged,
                one.missing,
            )
            for one in found
        ],
        "Delivered events stay for sinks[].spool.retain_s, so that they can be sent again.",
    )


@app.command()
def verify(
    sinks: Annotated[list[str] | None, typer.Argument(help="Sinks; all by default.")] = None,
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read every record and check its checksum. Status 1 if something is damaged or missing.

    Example: [bold]viapublica spool verify broker[/]
    """
    result = check_spools(data_folder(config, data), sinks or ())
    if as_json:
        print_json([asdict(one) for one in result.damage])
    elif result.damage:
        rows = [(one.sink, one.segment, one.from_byte, one.to_byte, one.what) for one in result.damage]
        print_table("Damage", ["sink", "segment", "from byte", "to byte", "what"], rows)
    else:
        say(err, f"{counted(result.checked, 'spool')} intact")
    if result.damage:
        raise typer.Exit(1)


@app.command()
def cat(
    sink: SinkArgument,
    config: ConfigOption = None,
    data: DataOption = None,
    pending: Annotated[bool, typer.Option("--pending", help="Only undelivered events.")] = False,
    start: Annotated[int, typer.Option("--from-offset", min=0, help="From this event on.")] = 0,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10**9, help="Events at most.")] = 10**9,
) -> None:
    """Print events as JSON lines: offset, time of acceptance, event.

    Example: [bold]viapublica spool cat broker --pending --limit 10[/]
    """
    events = spooled_events(stores_of(config, data), sink, pending=pending, start=start, limit=limit + 1)
    for one in islice(events, limit):
        print_json(asdict(one))
    for further in events:
        only = f"only {counted(limit, 'event')} listed, and there are more"
        say(err, ("warning", "bold yellow"), f": {only}: use --limit or --from-offset {further.offset}")


@app.command()
def replay(
    sink: SinkArgument,
    config: ConfigOption = None,
    data: DataOption = None,
    start: Annotated[int | None, typer.Option("--from-offset", min=0, help="Send again from this event on.")] = None,
    since: Annotated[str | None, typer.Option("--since", help="Or from this time on: 2h, today, 2026-11-22.")] = None,
) -> None:
    """Have the next run send delivered events again: for a broker or database that lost what it had confirmed.

    Their ids are the same, so tables and careful consumers count them once. The run must be stopped.

    Example: [bold]viapublica spool replay broker --since 2h[/]
    """
    if (start is None) == (since is None):
        raise ViapublicaError("spool replay", "needs --from-offset or --since, one of them", "Write --since 2h")
    since_ms = None if since is None else parse_time(since)
    again = replay_spool(stores_of(config, data), sink, offset=start, since_ms=since_ms)
    say(err, f"sink {sink}: the next run sends {counted(again.events, 'event')} from offset {again.offset} on")


@app.command()
def trim(
    sink: SinkArgument,
    config: ConfigOption = None,
    data: DataOption = None,
    undelivered: Annotated[
        bool, typer.Option("--undelivered", help="Also delete undelivered events. They are lost.")
    ] = False,
) -> None:
    """Delete delivered events now instead of after sinks[].spool.retain_s. The run must be stopped.

    Example: [bold]viapublica spool trim broker[/]
    """
    trimmed = trim_spool(stores_of(config, data), sink, undelivered=undelivered)
    say(err, f"{trimmed.size / 1e6:.1f} MB deleted; {trimmed.undelivered} undelivered events of sink {sink} given up")


def _time(ts_ms: int | None) -> str:
    return "-" if ts_ms is None else format_time(ts_ms)
