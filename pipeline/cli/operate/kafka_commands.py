"""`viapublica ingest`, `tail`, `dead-letters`, `schema`: the way of events through Kafka."""

from __future__ import annotations

import gc
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from pipeline.cli.common.console import err, out, print_json, print_table, tell
from pipeline.cli.common.signals import handled
from pipeline.cli.common.times import show_time
from pipeline.config import load_config
from pipeline.config.settings import Config
from pipeline.domain.event_schemas import schema_of
from pipeline.domain.events import Kind
from pipeline.engine.retention_worker import retention_kept
from pipeline.errors import ConfigError, ViapublicaError
from pipeline.observe import logs
from pipeline.sink.settings import KafkaSettings
from pipeline.store.settings import ChdbSettings, StoreSettings

ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", envvar="VIAPUBLICA_CONFIG", help="Configuration with the Kafka sink.")
]
app = typer.Typer(name="dead-letters", help="Messages that no table would take, and why.", no_args_is_help=True)


def ingest(
    config: ConfigOption = Path("viapublica.yaml"),
    once: Annotated[bool, typer.Option("--once", help="End when the topics have nothing more.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Last line: what was done, as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress line.")] = False,
) -> None:
    """Bring events from Kafka into the event store: large blocks, each event once, offsets committed after the insert.

    Several ingesters of one group share the partitions. What no table takes goes to the topic of dead letters.

    Example: [bold]viapublica ingest --config configs/city.yaml[/]

    Example: [bold]viapublica ingest --config configs/city.yaml --once --json[/]
    """
    from pipeline.policy.gate import Gate
    from pipeline.sink.build import build_writer
    from pipeline.sink.ingest.ingester import Ingester

    settings = load_config(config, for_queries=True)
    kafka, store = kafka_of(settings, config, settings.ingest.source), _store_of(settings, config)
    logs.configure(settings.observability.log_level, settings.observability.log_format)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    # A block is tens of thousands of objects without cycles: looking for some took a sixth of the time.
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)
    gate = Gate({camera.id: camera.camera() for camera in settings.cameras})
    ingester = Ingester(kafka, settings.ingest, build_writer(store, settings.data_dir), gate)
    thread = threading.Thread(target=ingester.run, kwargs={"until_read": once}, name="ingest", daemon=True)
    with ExitStack() as stack:
        stack.enter_context(_only_one(settings))
        stack.enter_context(_signals(ingester.stop))
        stack.enter_context(retention_kept(settings, [store], live=True))
        _serve(store, settings, stack)
        _measure(settings, ingester.status, stack)
        progress = stack.enter_context(err.status("reading")) if err.is_terminal and not quiet else None
        thread.start()
        while thread.is_alive():
            thread.join(0.2)
            if progress is not None:
                progress.update(_line(ingester.status()))
    status = ingester.status()
    if as_json:
        print_json(
            {name: value for name, value in asdict(status).items() if name != "lag"} | {"lag": sum(status.lag.values())}
        )
    else:
        tell(out, _line(status))
    if status.error:
        raise typer.Exit(1)


def _line(status: Any) -> str:
    trouble = f"; {status.error}" if status.error else ""
    return f"{status.stored} events stored, {status.dead} dead letters, {sum(status.lag.values())} to read{trouble}"


@contextmanager
def _only_one(settings: Config) -> Iterator[None]:
    """Two ingesters with one data folder and one group would be one member twice."""
    from pipeline.storage.folders import private_folder
    from pipeline.storage.locks import OwnerLock

    lock = OwnerLock(private_folder(settings.data_dir / "run") / f"ingest-{settings.ingest.group}.lock")
    if not lock.acquire():
        raise ViapublicaError(
            f"ingester of group {settings.ingest.group}",
            f"runs already on this data folder, as process {lock.owner_pid()}",
            "Give a second one another data_dir; ingesters of one group share the work",
        )
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _signals(stop: Any) -> Iterator[None]:
    def ask(number: int, _frame: FrameType | None) -> None:
        err.print(
            f"[bold]{signal.Signals(number).name}[/]: writing and committing what was read; once more ends at once"
        )
        stop()
        signal.signal(number, signal.SIG_DFL)

    with handled(ask, signal.SIGINT, signal.SIGTERM):
        yield


def _serve(store: StoreSettings, settings: Config, stack: ExitStack) -> None:
    """Query commands reach the embedded store through us while we own it."""
    if isinstance(store, ChdbSettings):
        from pipeline.store.event_store import open_store
        from pipeline.store.local_endpoint import StoreServer, endpoint_path

        answers = open_store(store, settings.data_dir)
        stack.callback(answers.close)
        stack.callback(StoreServer(answers, endpoint_path(settings.data_dir)).close)


def _measure(settings: Config, status: Callable[[], Any], stack: ExitStack) -> None:
    """/metrics and /health, where they are wanted."""
    if settings.ingest.metrics_port is None:
        return
    from pipeline.observe.ingest_metrics import IngestMetrics, IngestSnapshot
    from pipeline.observe.metrics import MetricsServer

    def snapshot() -> IngestSnapshot:
        now = status()
        return IngestSnapshot(
            now.stored, now.dead, now.batches, now.refused, now.newer, now.retries, now.error, now.lag
        )

    elsewhere = settings.observability.metrics
    host = elsewhere.host if elsewhere is not None else "127.0.0.1"
    stack.enter_context(MetricsServer(IngestMetrics(snapshot), host, settings.ingest.metrics_port))


def _store_of(settings: Config, config: Path) -> StoreSettings:
    if settings.event_store is None:
        raise ConfigError(str(config), "has no event store to bring events into", "Name one under `store`")
    return settings.event_store


def kafka_of(settings: Config, config: Path, name: str | None) -> KafkaSettings:
    """The Kafka sink of a configuration: the named one, else the only one.

    Raises:
        ConfigError: there is none, none of this name, or several and no name.
    """
    found = [sink for sink in settings.sinks if isinstance(sink, KafkaSettings) and name in {None, sink.name}]
    if len(found) == 1:
        return found[0]
    if found:
        names = " or ".join(sink.name for sink in found)
        raise ConfigError(str(config), "has several Kafka sinks", f"Say which: {names}")
    wanted = f"no Kafka sink {name!r}" if name else "no Kafka sink"
    raise ConfigError(str(config), f"has {wanted}", "Add a sink of type kafka")


def tail(
    topic: Annotated[str, typer.Argument(help="plate-reads, tracks, counts, alerts, health or dead-letters.")],
    config: ConfigOption = Path("viapublica.yaml"),
    from_start: Annotated[bool, typer.Option("--from-start", help="Begin with the oldest that is kept.")] = False,
    end: Annotated[bool, typer.Option("--end", help="End when there is nothing more.")] = False,
    camera: Annotated[list[str] | None, typer.Option("--camera", help="Only this camera; may be repeated.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, max=10**9, help="So many messages at most.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line, with its place.")] = False,
    sink: Annotated[str | None, typer.Option("--sink", help="The Kafka sink, where there are several.")] = None,
) -> None:
    """Show what passes through a topic, without taking anything from it.

    Example: [bold]viapublica tail plate-reads --config configs/city.yaml[/]

    Example: [bold]viapublica tail dead-letters --from-start --end --json[/]
    """
    from pipeline.sink.kafka import tail as topics

    kafka = kafka_of(load_config(config, for_queries=True), config, sink)
    shown = 0
    for message in topics.tail(kafka, topic, from_start=from_start, follow=not end):
        key = (message.key or b"").decode(errors="replace")
        if camera and key not in camera:
            continue
        headers = message.header_texts()
        value = (message.value or b"").decode(errors="replace")
        if as_json:
            print_json({"place": message.place, "sent_ms": message.ts_ms, "headers": headers, "value": value})
        else:
            why = f"  [{headers['reason']}]" if "reason" in headers else ""
            tell(out, f"{show_time(message.ts_ms)}  {message.place}  {key}  {value}{why}")
        shown += 1
        if shown == limit:
            return
    if not shown:
        tell(err, "nothing there")


@app.command("ls")
def list_dead(
    config: ConfigOption = Path("viapublica.yaml"),
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False,
    sink: Annotated[str | None, typer.Option("--sink", help="The Kafka sink, where there are several.")] = None,
) -> None:
    """Count the dead letters by topic and reason, with the newest of each.

    Example: [bold]viapublica dead-letters ls --config configs/city.yaml[/]
    """
    from pipeline.sink.kafka.tail import tail as read

    kafka = kafka_of(load_config(config, for_queries=True), config, sink)
    counts: dict[tuple[str, str], tuple[int, int]] = {}
    for letter in read(kafka, "dead-letters", from_start=True, follow=False):
        headers = letter.header_texts()
        key = (headers.get("source_topic", "?"), headers.get("reason", "?"))
        number, newest = counts.get(key, (0, 0))
        counts[key] = (number + 1, max(newest, letter.ts_ms))
    found = [
        {"topic": topic, "reason": reason, "count": number, "newest_ms": newest}
        for (topic, reason), (number, newest) in sorted(counts.items())
    ]
    if as_json:
        for row in found:
            print_json(row)
    elif found:
        rows = [(row["topic"], row["count"], show_time(int(str(row["newest_ms"]))), row["reason"]) for row in found]
        print_table("Dead letters", ["topic", "count", "newest", "reason"], rows)
    else:
        tell(err, "no dead letters")


@app.command("replay")
def replay_dead(
    config: ConfigOption = Path("viapublica.yaml"),
    reason: Annotated[str, typer.Option("--reason", help="Only those whose reason has these words.")] = "",
    sink: Annotated[str | None, typer.Option("--sink", help="The Kafka sink, where there are several.")] = None,
) -> None:
    """Send dead letters to their topics again: after an update that knows their version, or a mended table.

    Those that still fit nowhere come back; one that lies there several times is sent once. Events have their old ids,
    so none is counted twice.

    Example: [bold]viapublica dead-letters replay --reason "schema version"[/]
    """
    from pipeline.sink.kafka.connection import broker_errors, target_of
    from pipeline.sink.kafka.messages import Message
    from pipeline.sink.kafka.producer import open_producer
    from pipeline.sink.kafka.tail import tail as read

    kafka = kafka_of(load_config(config, for_queries=True), config, sink)
    again: dict[tuple[str, bytes | None, bytes | None], Message] = {}  # what came back several times goes once
    for letter in read(kafka, "dead-letters", from_start=True, follow=False):
        headers = letter.header_texts()
        source, why = (headers.get(name, "") for name in ("source_topic", "reason"))
        if reason in why and source.startswith(f"{kafka.topic_prefix}."):
            kept = [(n, v) for n, v in letter.headers if n != "reason" and not n.startswith("source_")]
            again[source, letter.key, letter.value] = Message(source, letter.value, letter.key, kept)
    messages = list(again.values())
    with broker_errors(target_of(kafka)):
        producer = open_producer(kafka, target_of(kafka))
        try:
            for start in range(0, len(messages), 10_000):
                producer.send(messages[start : start + 10_000])
        finally:
            producer.close()
    tell(out, f"{len(messages)} dead letters sent again")


def schema(
    kind: Annotated[Kind | None, typer.Argument(help="Kind of event; all when left out.")] = None,
    directory: Annotated[Path | None, typer.Option("--out", help="Write files <kind>.v<version>.json here.")] = None,
) -> None:
    """Print the JSON Schema of the events as they travel, for those who read the topics.

    Example: [bold]viapublica schema plate_read[/]

    Example: [bold]viapublica schema --out docs/schemas[/]
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
            raise ViapublicaError(str(directory), f"cannot be written to: {error.strerror}") from error
        tell(err, str(directory / name))
