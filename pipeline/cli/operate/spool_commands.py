"""`viapublica spool`: what waits for the sinks, whether it is whole, and sending it again."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.cli.common.console import err, print_json, print_table, tell
from pipeline.cli.common.store_options import ConfigOption, DataOption, data_folder
from pipeline.domain.times import format_time, parse_time
from pipeline.errors import ViapublicaError
from pipeline.sink.spool.inspect_spool import acked, spool_of, spools, summary, walk
from pipeline.sink.spool.record_format import Record
from pipeline.sink.spool.settings import SpoolSettings
from pipeline.sink.spool.spool import Spool

app = typer.Typer(help="Events on disk that wait for the sinks: ls, verify, cat, replay, trim.", no_args_is_help=True)

SinkArgument = Annotated[str, typer.Argument(help="Name of the sink.")]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]


@app.command("ls")
def ls(config: ConfigOption = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """What each spool holds; also while a run writes to it.

    Example: [bold]viapublica spool ls --config configs/demo.yaml[/]
    """
    found = [summary(folder)[0] for folder in spools(data_folder(config, data))]
    if as_json:
        print_json([asdict(one) for one in found])
        return
    print_table(
        "Spools",
        ["sink", "events", "not confirmed", "oldest of these", "newest", "segments", "MB", "damaged", "missing"],
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
        "Confirmed events stay for sinks[].spool.retain_s, so that they can be sent again.",
    )


@app.command("verify")
def verify(
    sinks: Annotated[list[str] | None, typer.Argument(help="Sinks; all by default.")] = None,
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read every record and check its checksum. Status 1 if something is damaged or missing.

    Example: [bold]viapublica spool verify broker[/]
    """
    root = data_folder(config, data)
    folders = [spool_of(root, sink) for sink in sinks] if sinks else spools(root)
    columns = ("sink", "segment", "from_byte", "to_byte", "what")
    rows: list[tuple[Any, ...]] = []
    for folder in folders:
        found, places = summary(folder)
        rows += [(folder.name, path.name, damage.start, damage.end, damage.reason) for path, damage in places]
        if found.missing:
            rows.append((folder.name, "", 0, 0, f"{found.missing} missing"))
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    elif rows:
        print_table("Damage", columns, rows)
    else:
        tell(err, f"{len(folders)} spools are whole")
    if rows:
        raise typer.Exit(1)


@app.command("cat")
def cat(
    sink: SinkArgument,
    config: ConfigOption = None,
    data: DataOption = None,
    pending: Annotated[bool, typer.Option("--pending", help="Only what is not confirmed.")] = False,
    start: Annotated[int, typer.Option("--from-offset", min=0, help="From this event on.")] = 0,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10**9, help="Events at most.")] = 10**9,
) -> None:
    """Print events as JSON lines: offset, when it was accepted, the event.

    Example: [bold]viapublica spool cat broker --pending --limit 10[/]
    """
    folder = spool_of(data_folder(config, data), sink)
    first = max(start, acked(folder) if pending else 0)
    records = (found.item for found in walk(folder) if isinstance(found.item, Record) and found.item.offset >= first)
    for record in islice((record for record in records if not record.erased), limit):
        print_json({"offset": record.offset, "accepted_ms": record.written_ms, "event": _event(record)})


@app.command("replay")
def replay(
    sink: SinkArgument,
    config: ConfigOption = None,
    data: DataOption = None,
    start: Annotated[int | None, typer.Option("--from-offset", min=0, help="Send again from this event on.")] = None,
    since: Annotated[str | None, typer.Option("--since", help="Or from this time on: 2h, today, 2026-11-22.")] = None,
) -> None:
    """Have the next run send kept events again: for a broker or database that lost what it had confirmed.

    Their ids are the same, so tables and careful consumers count them once. The run must be stopped.

    Example: [bold]viapublica spool replay broker --since 2h[/]
    """
    if (start is None) == (since is None):
        raise ViapublicaError("spool replay", "needs --from-offset or --since, one of them", "Write --since 2h")
    folder = spool_of(data_folder(config, data), sink)
    offset = start if start is not None else _offset_at(folder, parse_time(since or ""))
    spool = Spool(sink, folder, SpoolSettings())
    try:
        spool.rewind(offset)
        status = spool.status()
    finally:
        spool.close()
    tell(err, f"{status.pending} events of {sink}, from offset {status.acked} on, are sent by the next run")


@app.command("trim")
def trim(
    sink: SinkArgument,
    config: ConfigOption = None,
    data: DataOption = None,
    undelivered: Annotated[
        bool, typer.Option("--undelivered", help="Also give up what is not confirmed. It is lost.")
    ] = False,
) -> None:
    """Delete confirmed events now instead of after their retained window. The run must be stopped.

    Example: [bold]viapublica spool trim broker[/]
    """
    folder = spool_of(data_folder(config, data), sink)
    spool = Spool(sink, folder, SpoolSettings())
    try:
        before = spool.status()
        if undelivered:
            spool.acknowledge(before.next_offset)
        spool.trim()
        after = spool.status()
    finally:
        spool.close()
    freed = (before.size - after.size) / 1e6
    tell(err, f"{freed:.1f} MB freed; {before.pending - after.pending} unconfirmed events of {sink} given up")


def _offset_at(folder: Path, since_ms: int) -> int:
    """Offset of the first event accepted then or later."""
    for found in walk(folder):
        if isinstance(found.item, Record) and found.item.written_ms >= since_ms:
            return found.item.offset
    raise ViapublicaError(f"spool {folder.name}", "holds no event since then", "Look with `viapublica spool ls`")


def _event(record: Record) -> Any:
    try:
        return json.loads(record.payload)
    except ValueError:
        return record.payload.decode("utf-8", "backslashreplace")


def _time(ts_ms: int | None) -> str:
    return "-" if ts_ms is None else format_time(ts_ms)
