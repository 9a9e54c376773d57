"""Event delivery: spool, Kafka clients, and the path from an engine's sink through Kafka and the ingester to the store.

    python -m benchmarks.backbone            # all, about five minutes
    python -m benchmarks.backbone --only-soak 1800  # half an hour at 2,000 events/s: memory

One broker (Tansu, memory), one producing process (this one), one ingester process, chDB; all on the same cores. Writes
benchmarks/results/backbone.md.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import psutil

from benchmarks.store import reads
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.queries import EventQueries, open_queries
from pipeline.app.questions import Count, Plates
from pipeline.benchmark.results_page import machine, write_table
from pipeline.domain.event_identity import identified
from pipeline.domain.events import Event, Kind, encode
from pipeline.domain.plate import layout_of, plate_key
from pipeline.domain.requester import Requester
from pipeline.errors import Backpressure, ViapublicaError
from pipeline.sink.build import build_sink
from pipeline.sink.kafka.consumer import open_consumer
from pipeline.sink.kafka.messages import Message
from pipeline.sink.kafka.producer import open_producer
from pipeline.sink.kafka.topics import create_missing_topics, topic_of
from pipeline.sink.settings import KafkaClient, KafkaSettings
from pipeline.sink.spool.settings import SpoolSettings
from pipeline.sink.spool.spool import Spool
from tests.event_samples import admit_all
from tests.servers.kafka import KafkaBroker

MEASURES = (
    "pipeline/sink",
    "pipeline/store",
)
"""The code that the figures are of."""

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "backbone.md"
STEP_S = 0.05


def spool_rate(events: Sequence[Event], folder: Path) -> float:
    """Events per second appended, read and confirmed, with interval sync."""
    payloads = [encode(event) for event in events]
    spool = Spool("bench", folder / "spool", SpoolSettings(retain_s=0))
    start = time.perf_counter()
    for first in range(0, len(payloads), 1000):
        spool.append(payloads[first : first + 1000])
        got = spool.read(1000)
        spool.acknowledge(got[-1].offset + 1)
    rate = len(payloads) / (time.perf_counter() - start)
    spool.close()
    return rate


def client_rates(broker: KafkaBroker, client: KafkaClient, events: Sequence[Event]) -> tuple[float, float]:
    """Messages per second of one producer (confirmed by the broker) and of one consumer."""
    kafka = KafkaSettings(brokers=(broker.address,), topic_prefix=f"bench-{client.value}", client=client)
    create_missing_topics(kafka)
    topic = topic_of(kafka, Kind.PLATE_READ)
    messages = [Message(topic, encode(event), event.camera_id.encode(), [("kind", b"plate_read")]) for event in events]
    producer = open_producer(kafka, "bench")
    producer.send(messages[:1000])
    start = time.perf_counter()
    for first in range(0, len(messages), 10_000):
        producer.send(messages[first : first + 10_000])
    sent = len(messages) / (time.perf_counter() - start)
    producer.close()
    consumer = open_consumer(kafka, [topic], "bench", 6.0, lambda _: None)
    found, start = 0, 0.0
    while found < len(messages):
        got = len(consumer.poll(0.2, 10_000))
        if got and not start:
            start, got = time.perf_counter(), 0  # from the first answer on: joining a group is not reading
        found += got
        if start and not got and found and found > 0.9 * len(messages):
            break
    received = found / (time.perf_counter() - start)
    consumer.close()
    return sent, received


@contextmanager
def city(folder: Path, broker: KafkaBroker, prefix: str) -> Iterator[tuple[KafkaSettings, psutil.Process]]:
    """An ingester in a process of its own, ready."""
    kafka = KafkaSettings(brokers=(broker.address,), topic_prefix=prefix, batch_interval_s=0.2)
    names = [f"cam-{number:03}" for number in range(200)]
    cameras = [{"id": name, "source": "none.mp4", "scope": "public-road"} for name in names]
    config = {
        "data_dir": str(folder / "ingest"),
        "cameras": cameras,
        "sinks": [msgspec.json.decode(kafka.model_dump_json(exclude_none=True))],
        "store": {"type": "chdb"},
        "retention": {"plate_reads": None, "tracks": None},
        "ingest": {
            "session_timeout_s": 6,
            "oldest_days": 36_500,
            "max_clock_lead_s": 2_592_000,
            "batch_interval_s": 0.5,
        },
    }
    (folder / "city.yaml").write_bytes(msgspec.json.encode(config))
    command = [
        sys.executable,
        "-m",
        "pipeline.cli",
        "kafka",
        "ingest",
        "--config",
        str(folder / "city.yaml"),
        "--quiet",
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield kafka, psutil.Process(process.pid)
        finally:
            process.terminate()


def queries(folder: Path) -> EventQueries:
    """The ingester's store."""
    return open_queries(ConfiguredStores.of_data_dir(folder / "ingest"), Requester.of_process())


def stored(folder: Path) -> int:
    """Plate reads that a query finds."""
    try:
        with queries(folder) as store:
            return store.ask(Count(kind=Kind.PLATE_READ)).value
    except ViapublicaError:
        return 0


def add(sink: Any, events: Sequence[Event]) -> None:
    while True:
        try:
            sink.add(events)
        except Backpressure as full:
            time.sleep(full.retry_after_s)
        else:
            return


def chain_rate(broker: KafkaBroker, folder: Path, events: Sequence[Event]) -> float:
    """Events per second from `add` to a query's answer, at steady state: the first tenth is not counted."""
    with city(folder, broker, "chain") as (kafka, _):
        sink = build_sink(kafka, folder / "engine", admit_all)
        tenth = len(events) // 10
        add(sink, events[:tenth])
        sink.flush(120)
        _until(folder, tenth, 120)
        start = time.perf_counter()
        for first in range(tenth, len(events), 2000):
            add(sink, events[first : first + 2000])
        _until(folder, len(events), 600)
        rate = (len(events) - tenth) / (time.perf_counter() - start)
        sink.close()
    return rate


def _until(folder: Path, count: int, timeout_s: float) -> None:
    until = time.monotonic() + timeout_s
    while stored(folder) < count:
        if time.monotonic() > until:
            raise RuntimeError(f"only {stored(folder)} of {count} events are stored after {timeout_s} s")
        time.sleep(0.1)


def latency(
    broker: KafkaBroker, folder: Path, rate: int, seconds: float
) -> tuple[list[float], list[tuple[float, float]]]:
    """Seconds from `add` to a query's answer, for one event of each 50 ms; memory of engine and ingester, in MB."""
    events = reads(count=int(rate * STEP_S))
    taken: list[tuple[str, float]] = []
    waits: list[float] = []
    memory: list[tuple[float, float]] = []
    stop = threading.Event()
    with city(folder, broker, "latency") as (kafka, ingester):
        sink = build_sink(kafka, folder / "engine", admit_all)

        def watch() -> None:
            store = queries(folder)
            reached = 0
            while not stop.is_set() or reached < len(taken):
                if reached < len(taken) and store.ask(Plates(plates=(taken[reached][0],))).value:
                    waits.append(time.monotonic() - taken[reached][1])
                    reached += 1
                else:
                    time.sleep(0.02)
            store.close()

        add(sink, [_renamed(event, 0, n) for n, event in enumerate(events)])
        _until(folder, len(events), 120)
        watcher = threading.Thread(target=watch)
        watcher.start()
        began = time.monotonic()
        for step in range(1, int(seconds / STEP_S)):
            made = [_renamed(event, step, n) for n, event in enumerate(events)]
            add(sink, made)
            taken.append((_asked_plate(step), time.monotonic()))
            if step % 200 == 0:
                engine_mb, ingester_mb = (each.memory_info().rss / 1e6 for each in (psutil.Process(), ingester))
                memory.append((engine_mb, ingester_mb))
            time.sleep(max(0.0, began + step * STEP_S - time.monotonic()))
        stop.set()
        watcher.join(120)
        sink.close()
    return waits, memory


def _asked_plate(step: int) -> str:
    """A plate of the old layout for each of 10,000 steps; others are refused as no plates."""
    return f"XXX{step % 10_000:04}"


def _renamed(event: Any, step: int, number: int) -> Event:
    # Of now, as a city's are: spread over the seven days of `reads`, every block would touch 28 partitions, not four.
    now_ms = int(time.time() * 1000)
    fields: dict[str, Any] = {"ts_ms": now_ms, "first_ts_ms": now_ms - 1000, "frame": (step << 32) + number}
    if number == step % 100:
        plate = _asked_plate(step)
        fields |= {"plate": plate, "plate_key": plate_key(plate), "layout": layout_of(plate)}
        fields["camera_id"] = f"cam-{step % 200:03}"
    renamed: Event = msgspec.structs.replace(event, **fields)
    return identified(renamed)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--soak", type=float, default=40.0, help="seconds at 2,000 events per second")
    parser.add_argument("--only-soak", type=float, help="nothing but seconds at 2,000 events per second: memory")
    parser.add_argument("--events", type=int, default=1_000_000, help="events through the whole chain")
    options = parser.parse_args()
    if options.only_soak:
        soak(options.only_soak)
        return
    events = reads(count=options.events)
    gc.freeze()
    rows: list[tuple[str, str]] = []

    def add_row(what: str, figure: str) -> None:
        print(f"{what}: {figure}", flush=True)
        rows.append((what, figure))

    with tempfile.TemporaryDirectory(prefix="viapublica-bench-") as name, KafkaBroker() as broker:
        folder = Path(name)
        add_row(
            "spool alone, interval sync, appended + read + confirmed", f"{spool_rate(events, folder):,.0f} events/s"
        )
        python = client_rates(broker, KafkaClient.PYTHON, events[:200_000])
        fast = client_rates(broker, KafkaClient.CONFLUENT, events[:200_000])
        for what, one, other in zip(("producer", "consumer"), python, fast, strict=True):
            add_row(f"{what}, kafka-python", f"{one:,.0f} messages/s")
            add_row(f"{what}, confluent-kafka", f"{other:,.0f} messages/s, {other / one:.1f} times kafka-python")
        add_row(
            "spool + Kafka + ingest + chDB, one producer, one ingester (confluent)",
            f"{chain_rate(broker, _made(folder / 'chain'), events):,.0f} events/s",
        )
        waits, _ = latency(broker, _made(folder / "latency"), 2000, options.soak)
        cuts = statistics.quantiles(waits, n=100)
        add_row("from `add` to a query's answer at 2,000 events/s, median", f"{statistics.median(waits):.2f} s")
        add_row("the same, 99th percentile", f"{cuts[98]:.2f} s")
    how = (
        f"`python -m benchmarks.backbone`. {machine()} Broker, producer, ingester and store share the cores; messages "
        f"of {len(encode(events[0]))} bytes."
    )
    write_table(RESULTS, "The way of events", how, measures=MEASURES, columns=("what", "figure"), rows=rows)


def soak(seconds: float) -> None:
    """Memory of engine and ingester at 2,000 events per second, to benchmarks/results/backbone_soak.md."""
    with tempfile.TemporaryDirectory(prefix="viapublica-bench-") as name, KafkaBroker() as broker:
        waits, memory = latency(broker, _made(Path(name) / "latency"), 2000, seconds)
    tenth = len(memory) // 10
    tenths = [_mean(memory[part * tenth : (part + 1) * tenth]) for part in range(10)]
    rows = [
        (f"{10 * part} to {10 * (part + 1)} %", f"{engine:.0f} MB", f"{ingester:.0f} MB")
        for part, (engine, ingester) in enumerate(tenths)
    ]
    early, late = _mean(memory[2 * tenth : 4 * tenth]), _mean(memory[-2 * tenth :])
    changes = [f"{100 * (after / before - 1):+.1f} %" for before, after in zip(early, late, strict=True)]
    rows.append(("from the third and fourth to the last two tenths", changes[0], changes[1]))
    print(f"both: {100 * (sum(late) / sum(early) - 1):+.1f} %", flush=True)
    rows.append(("99th percentile of the way", f"{statistics.quantiles(waits, n=100)[98]:.2f} s", ""))
    how = f"`python -m benchmarks.backbone --only-soak {seconds:.0f}`. {machine()} Resident memory, every 10 s."
    path = RESULTS.with_name("backbone_soak.md")
    write_table(
        path,
        "Memory of engine and ingester at 2,000 events/s",
        how,
        measures=MEASURES,
        columns=("of the time", "engine", "ingester with chDB"),
        rows=rows,
    )
    print(path.read_text(encoding="utf-8"))


def _mean(memory: Sequence[tuple[float, float]]) -> tuple[float, float]:
    engine, ingester = zip(*memory, strict=True)
    return statistics.mean(engine), statistics.mean(ingester)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


if __name__ == "__main__":
    main()
