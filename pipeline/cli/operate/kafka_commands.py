"""`viapublica kafka`: ingestion, topics, dead letters and schemas of events in Kafka."""

from __future__ import annotations

import signal
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common.confirmation import confirmed
from pipeline.cli.common.console import err, out, print_json, print_table, say
from pipeline.cli.common.register_options import RegisterOption, register_of
from pipeline.cli.common.signals import signal_handler
from pipeline.config import load_config
from pipeline.domain.event_schemas import schema_of
from pipeline.domain.events import Kind
from pipeline.domain.plural import counted
from pipeline.domain.times import format_time
from pipeline.errors import ViapublicaError

if TYPE_CHECKING:
    from pipeline.app.ingest import IngestReloadReport, IngestRun, IngestStatus

app = typer.Typer(
    help="Events in Kafka: ingest, tail, dead-letters, schema.\n\n"
    "Example: [bold]viapublica kafka ingest --config configs/city.yaml[/]",
    no_args_is_help=True,
)
dead_letters_app = typer.Typer(
    help="Messages that no table takes: ls, replay, prune.\n\nExample: [bold]viapublica kafka dead-letters ls[/]",
    no_args_is_help=True,
)

ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", envvar="VIAPUBLICA_CONFIG", help="Configuration with the Kafka sink.")
]
SinkOption = Annotated[str | None, typer.Option("--sink", help="The Kafka sink, where there are several.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
LinesOption = Annotated[bool, typer.Option("--json", help="One JSON object per line.")]
_CONFIG = Path("viapublica.yaml")


@app.command()
def ingest(
    config: ConfigOption = _CONFIG,
    register: RegisterOption = None,
    once: Annotated[bool, typer.Option("--once", help="End when the topics have no more messages.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Last line: counts as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress line.")] = False,
) -> None:
    """Bring events from Kafka into the event store: large blocks, each event once, offsets committed after the insert.

    Several ingesters of one group share the partitions. What no table takes goes to the topic of dead letters. SIGHUP
    reads the cameras of the configuration again.

    Example: [bold]viapublica kafka ingest --config configs/city.yaml[/]

    Example: [bold]viapublica kafka ingest --config configs/city.yaml --once --json[/]
    """
    from pipeline.app.erasure.repeat import check_not_new
    from pipeline.app.hang_watchdog import ended_when_hanging
    from pipeline.app.ingest import IngestRun
    from pipeline.app.logging_setup import configure_logging

    settings = load_config(config, for_queries=True)
    configure_logging(settings.observability.log_level, settings.observability.log_format)
    check_not_new(settings.data_dir, register_of(register, config))
    handle = IngestRun(settings, config, once=once)
    with _ingest_signals(handle), ended_when_hanging(settings.data_dir):
        if err.rich.is_terminal and not quiet:
            with err.rich.status("reading") as progress:
                handle.run(lambda: progress.update(_progress(handle.status())), _print_reload)
        else:
            handle.run(on_reload=_print_reload)
    status = handle.status()
    if as_json:
        counts = {name: value for name, value in asdict(status).items() if name != "lag"}
        print_json(counts | {"lag": sum(status.lag.values())})
    else:
        say(out, _progress(status))
    if status.error:
        raise typer.Exit(1)


@app.command()
def tail(
    topic: Annotated[str, typer.Argument(help="plate-reads, tracks, counts, alerts, health or dead-letters.")],
    config: ConfigOption = _CONFIG,
    from_start: Annotated[bool, typer.Option("--from-start", help="Begin with the oldest message.")] = False,
    end: Annotated[bool, typer.Option("--end", help="End when there are no more messages.")] = False,
    camera: Annotated[list[str] | None, typer.Option("--camera", help="Only this camera; may be repeated.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, max=10**9, help="Messages at most.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line, with its place.")] = False,
    sink: SinkOption = None,
) -> None:
    """Show the messages of a topic, without taking anything from it, and without plates that may not be read.

    Example: [bold]viapublica kafka tail plate-reads --config configs/city.yaml[/]

    Example: [bold]viapublica kafka tail dead-letters --from-start --end --json[/]
    """
    from pipeline.app.kafka_topics import kafka_sink_of, topic_messages

    settings = load_config(config, for_queries=True)
    kafka = kafka_sink_of(settings, config, sink)
    shown, withheld = 0, Counter[str]()
    for message in topic_messages(settings, kafka, topic, cameras=camera or (), from_start=from_start, follow=not end):
        if as_json:
            print_json(
                {
                    "place": message.place,
                    "sent_ms": message.sent_ms,
                    "headers": message.headers,
                    "value": message.value,
                }
            )
        else:
            why = f"  [{message.headers['reason']}]" if "reason" in message.headers else ""
            say(out, f"{format_time(message.sent_ms)}  {message.place}  {message.key}  {message.value}{why}")
        shown += 1
        withheld[message.key or "cameras that are not declared"] += message.withheld
        if shown == limit:
            more = f"only {counted(shown, 'message')} listed, and there may be more: use a higher --limit"
            say(err, ("warning", "bold yellow"), f": {more}")
            break
    for camera_id, number in sorted((+withheld).items()):
        say(err, f"{camera_id}: {counted(number, 'message')} shown without what may not be read there")
    if not shown:
        say(err, "no messages")


@app.command()
def schema(
    kind: Annotated[Kind | None, typer.Argument(help="Kind of event; all by default.")] = None,
    directory: Annotated[Path | None, typer.Option("--out", help="Write files <kind>.v<version>.json here.")] = None,
) -> None:
    """Print the JSON Schema of the events in the topics, for programs that consume them.

    Example: [bold]viapublica kafka schema plate_read[/]

    Example: [bold]viapublica kafka schema --out docs/reference/schemas[/]
    """
    kinds = [kind] if kind else list(Kind)
    for one in kinds:
        name, text = schema_of(one)
        if directory is None:
            typer.echo(text, nl=False)
            continue
        try:
            directory.mkdir(parents=True, exist_ok=True)
            (directory / name).write_text(text, encoding="utf-8")
        except OSError as error:
            raise ViapublicaError(
                str(directory), f"cannot be written to ({error.strerror})", "Choose another place"
            ) from error
        say(err, str(directory / name))


@dead_letters_app.command("ls")
def list_dead_letters(config: ConfigOption = _CONFIG, as_json: LinesOption = False, sink: SinkOption = None) -> None:
    """Count the dead letters by topic and reason, with the newest of each.

    Example: [bold]viapublica kafka dead-letters ls --config configs/city.yaml[/]
    """
    from pipeline.app.kafka_topics import dead_letters, kafka_sink_of

    settings = load_config(config, for_queries=True)
    found = dead_letters(settings, kafka_sink_of(settings, config, sink))
    if as_json:
        for one in found:
            print_json({"topic": one.topic, "reason": one.reason, "count": one.count, "newest_ms": one.newest_ms})
    elif found:
        rows = [(one.topic, one.count, format_time(one.newest_ms), one.reason) for one in found]
        print_table("Dead letters", ["topic", "count", "newest", "reason"], rows)
    else:
        say(err, "no dead letters")


@dead_letters_app.command("replay")
def replay(
    config: ConfigOption = _CONFIG,
    reason: Annotated[str, typer.Option("--reason", help="Only those whose reason contains this text.")] = "",
    sink: SinkOption = None,
) -> None:
    """Send dead letters to their topics again: after an update that knows their version, or a fix of a table.

    Those that no table takes come back; identical ones are sent once, copies without a plate or value never. Events
    keep their ids, so none is counted twice.

    Example: [bold]viapublica kafka dead-letters replay --reason "schema version"[/]
    """
    from pipeline.app.kafka_topics import kafka_sink_of, replay_dead_letters

    settings = load_config(config, for_queries=True)
    sent = replay_dead_letters(settings, kafka_sink_of(settings, config, sink), reason)
    say(out, f"{counted(sent, 'dead letter')} sent again")


@dead_letters_app.command("prune")
def prune(config: ConfigOption = _CONFIG, sink: SinkOption = None, yes: YesOption = False) -> None:
    """Delete dead letters with content that may not be stored: earlier versions copied messages whole.

    Digests and events that the policy gate admits are retained. The topic is deleted and created again, so stop the
    ingesters first.

    Example: [bold]viapublica kafka dead-letters prune --config configs/city.yaml[/]
    """
    from pipeline.app.kafka_topics import kafka_sink_of, prune_dead_letters

    settings = load_config(config, for_queries=True)
    kafka = kafka_sink_of(settings, config, sink)
    if not confirmed(f"Delete and create again {kafka.topic_prefix}.dead-letters? Are all ingesters stopped?", yes=yes):
        raise typer.Exit(1)
    pruned = prune_dead_letters(settings, kafka)
    say(out, f"{counted(pruned.deleted, 'dead letter')} deleted, {pruned.retained} retained")


app.add_typer(dead_letters_app, name="dead-letters")


@contextmanager
def _ingest_signals(run: IngestRun) -> Iterator[None]:
    """SIGINT and SIGTERM: write and commit what was read; end at once. SIGHUP: reload.

    The SIGHUP of a terminal that was closed means the same as SIGTERM.
    """
    has_terminal = sys.stderr.isatty()

    def on_signal(number: int, _frame: FrameType | None) -> None:
        err.rich.print(
            f"[bold]{signal.Signals(number).name}[/]: writing and committing what was read; repeat to end at once"
        )
        run.stop()
        signal.signal(number, signal.SIG_DFL)

    def on_hangup(_number: int, _frame: FrameType | None) -> None:
        if has_terminal and not sys.stderr.isatty():
            run.stop()
        else:
            run.request_reload()

    with signal_handler(on_signal, signal.SIGINT, signal.SIGTERM), signal_handler(on_hangup, signal.SIGHUP):
        yield


def _print_reload(report: IngestReloadReport) -> None:
    for line in report.lines():
        say(err, ("SIGHUP", "bold"), f": {line}")


def _progress(status: IngestStatus) -> str:
    error = f"; {status.error}" if status.error else ""
    refused = f" ({sum(status.refused.values())} refused by policy)" if status.refused else ""
    left = sum(status.lag.values())
    stored, dead = counted(status.stored, "event"), counted(status.dead, "dead letter")
    return f"{stored} stored, {dead}{refused}, {left} to read{error}"
