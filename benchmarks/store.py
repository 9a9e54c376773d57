"""Event store: insertion of one million plate reads, and latency of plate queries.

    python -m benchmarks.store            # chDB, and ClickHouse when clickhouse-server is installed
    python -m benchmarks.store chdb

Synthetic and seeded: seven days with a day's rhythm, 200 cameras of unequal traffic, a million different vehicles of
which few are seen often, two thirds with Mercosul plates, the rest old ones, 1 % of reads with one wrong character.
Writes benchmarks/results/store.md when both stores were measured.
"""

from __future__ import annotations

import math
import os
import random
import shutil
import statistics
import string
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from pipeline.app.queries import EventQueries
from pipeline.app.questions import Cameras, Count, Events, Plates
from pipeline.benchmark.results_page import machine, write_section
from pipeline.domain.audit import AuditEntry
from pipeline.domain.event_identity import UNIDENTIFIED, identified
from pipeline.domain.events import Kind, PlateReadEvent
from pipeline.domain.plate import layout_of, plate_key
from pipeline.domain.requester import Requester
from pipeline.store.backends.database import EventDatabase, migrate
from pipeline.store.backends.open_database import open_database
from pipeline.store.event_store import open_event_store
from pipeline.store.schema.tables import PLATE_READS
from pipeline.store.settings import ChdbSettings, ClickHouseSettings, StoreSettings

MEASURES = (
    "pipeline/store",
    "pipeline/app/queries.py",
)
"""The code that the figures are of."""

READS = 1_000_000
BATCH = 100_000
START_MS = 1_790_000_000_000
DAY_MS = 86_400_000
ROOT = Path(__file__).resolve().parents[1]


def plates(rng: random.Random, number: int) -> list[str]:
    found = []
    for _ in range(number):
        head = "".join(rng.choices(string.ascii_uppercase, k=3))
        digits = f"{rng.randrange(10_000):04}"
        mercosul = rng.random() < 2 / 3
        found.append(head + digits[0] + (rng.choice("ABCDEFGHIJ") if mercosul else digits[1]) + digits[2:])
    return found


def reads(seed: int = 7, count: int = READS) -> list[PlateReadEvent]:
    rng = random.Random(seed)
    vehicles = plates(rng, count)
    weights = [1 / math.sqrt(rank + 1) for rank in range(200)]
    cameras = rng.choices([f"cam-{n:03}" for n in range(200)], weights=weights, k=count)
    # In the order of time, as the pipeline makes them: sorted afterwards they would lie scattered in memory, and
    # every reader would measure cache misses.
    times = sorted(_moment(rng, number * 7 // count) for number in range(count))
    found = []
    for number, (camera, ts_ms) in enumerate(zip(cameras, times, strict=True)):
        plate = vehicles[int(len(vehicles) * rng.random() ** 3)]
        if rng.random() < 0.01:
            place = rng.randrange(7)
            plate = plate[:place] + rng.choice(string.ascii_uppercase + string.digits) + plate[place + 1 :]
        x, y = rng.uniform(0, 1800), rng.uniform(0, 1000)
        found.append(
            identified(
                PlateReadEvent(
                    event_id=UNIDENTIFIED,
                    camera_id=camera,
                    ts_ms=ts_ms,
                    plate=plate,
                    plate_key=plate_key(plate),
                    layout=layout_of(plate),
                    confidence=round(rng.betavariate(9, 1), 4),
                    votes=rng.randrange(1, 30),
                    vehicle=rng.choice(["car", "car", "car", "motorcycle", "truck", "bus"]),
                    stream_id="7a4e",
                    track_id=number,
                    first_ts_ms=ts_ms - rng.randrange(4000),
                    x1=round(x, 1),
                    y1=round(y, 1),
                    x2=round(x + 110, 1),
                    y2=round(y + 36, 1),
                    frame=number % 1_000_000,
                )
            )
        )
    return found


def _moment(rng: random.Random, day: int) -> int:
    hour = min(23.99, max(0.0, rng.gauss(13, 5)))
    return START_MS + int((day + hour / 24) * DAY_MS)


def ms_of(calls: list[Callable[[], object]]) -> tuple[float, float]:
    """Median and 95th percentile of the calls, milliseconds."""
    taken = []
    for call in calls:
        start = time.perf_counter()
        call()
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken), statistics.quantiles(taken, n=20)[-1]


def insert(database: EventDatabase, events: list[PlateReadEvent]) -> tuple[float, float, float]:
    """Rows per second from event structs to acknowledged: over all, in the median batch, per second of our own CPU."""
    rates = []
    begin, begin_cpu = time.perf_counter(), time.process_time()
    for start in range(0, len(events), BATCH):
        batch_start = time.perf_counter()
        database.insert(PLATE_READS, events[start : start + BATCH])
        rates.append(BATCH / (time.perf_counter() - batch_start))
    cpu_s = time.process_time() - begin_cpu
    return len(events) / (time.perf_counter() - begin), statistics.median(rates), len(events) / cpu_s


def encoding(events: list[PlateReadEvent]) -> float:
    """Rows per second of turning structs into columns, part of `insert`."""
    from pipeline.store.backends.chdb import _arrow_table

    _arrow_table(PLATE_READS, events[:10])
    start = time.perf_counter()
    for first in range(0, len(events), BATCH):
        _arrow_table(PLATE_READS, events[first : first + BATCH])
    return len(events) / (time.perf_counter() - start)


def questions(
    store: EventQueries, database: EventDatabase, events: list[PlateReadEvent]
) -> Iterator[tuple[str, float, float]]:
    rng = random.Random(1)
    chosen = [rng.choice(events) for _ in range(200)]
    columns = ", ".join(PLATE_READS.columns)

    def final(key: str) -> Callable[[], object]:
        return lambda: database.rows(
            f"SELECT {columns} FROM plate_reads FINAL WHERE plate_key = '{key}' ORDER BY ts_ms DESC LIMIT 100"
        )

    def plate(read: PlateReadEvent, **more: object) -> Callable[[], object]:
        return lambda: store.ask(Plates(plates=(read.plate,), **more))  # type: ignore[arg-type]

    day = [{"start_ms": r.ts_ms - DAY_MS // 2, "end_ms": r.ts_ms + DAY_MS // 2} for r in chosen]
    yield "one plate", *ms_of([plate(r) for r in chosen])
    yield "one plate, one day", *ms_of([plate(r, **d) for r, d in zip(chosen, day, strict=True)])
    yield "one plate, with FINAL instead of LIMIT 1 BY", *ms_of([final(r.plate_key) for r in chosen])
    few = chosen[:20]
    yield (
        "four characters and *",
        *ms_of([partial(store.ask, Plates(plates=(r.plate[:4] + "*",), like=True)) for r in few]),
    )
    yield (
        "newest 100 of one camera",
        *ms_of([partial(store.ask, Events(kind=Kind.PLATE_READ, camera_ids=(r.camera_id,))) for r in few]),
    )
    yield "newest 100 of all", *ms_of([lambda: store.ask(Events(kind=Kind.PLATE_READ))] * 20)
    yield "cameras", *ms_of([lambda: store.ask(Cameras())] * 20)
    yield "count", *ms_of([lambda: store.ask(Count(kind=Kind.PLATE_READ))] * 20)


def measure(name: str, settings: StoreSettings, data_dir: Path, events: list[PlateReadEvent]) -> list[str]:
    database = open_database(settings, data_dir, create=True)
    migrate(database)
    database.insert(PLATE_READS, events[:1000])  # imports and first parts; the ids come again below
    overall, median, per_cpu_s = insert(database, events)
    store = EventQueries(open_event_store(settings, data_dir, dict), Requester.of_process(), list[AuditEntry]().append)
    lines = [f"| {name} | insert, rows/s overall | {overall:,.0f} | |", f"| | insert, median batch | {median:,.0f} | |"]
    lines.append(f"| | insert, rows per CPU second of this process | {per_cpu_s:,.0f} | |")
    size = database.rows(
        "SELECT toInt64(sum(bytes)) AS b FROM system.parts WHERE active AND table = 'plate_reads'"
        if isinstance(settings, ClickHouseSettings)
        else "SELECT toInt64(sum(bytes_on_disk)) AS b FROM system.parts WHERE active AND table = 'plate_reads'"
    )
    lines.append(f"| | bytes per row on disk, before merges end | {size[0]['b'] / len(events):.0f} | |")
    for what, middle, p95 in questions(store, database, events):
        lines.append(f"| | {what}, ms | {middle:.1f} | {p95:.1f} |")
    assert store.ask(Count(kind=Kind.PLATE_READ)).value == len(events)
    store.close()
    database.close()
    print("\n".join(lines), flush=True)
    return lines


@contextmanager
def clickhouse(folder: Path) -> Iterator[ClickHouseSettings]:
    sys.path.insert(0, str(ROOT))
    from tests.servers.clickhouse import PASSWORD, ClickHouseServer

    with ClickHouseServer(folder) as server:
        yield ClickHouseSettings.model_validate(
            {"port": server.port, "login": {"user": "operator", "password": PASSWORD}, "timeout_s": 300}
        )


def main() -> None:
    wanted = sys.argv[1:] or ["chdb", "clickhouse"]
    start = time.perf_counter()
    events = reads()
    print(f"made {len(events):,} reads in {time.perf_counter() - start:.0f} s", flush=True)
    lines = [f"| both | turning events into columns, rows/s | {encoding(events):,.0f} | |"]
    folder = Path(tempfile.mkdtemp(prefix="viapublica-store-"))
    try:
        if "chdb" in wanted:
            lines += measure("chDB 26.9", ChdbSettings(), folder, events)
        if "clickhouse" in wanted and shutil.which("clickhouse-server"):
            with clickhouse(folder / "server") as settings:
                lines += measure("ClickHouse 18.16", settings, folder, events)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if len(wanted) > 1:
        write(lines)


def write(lines: list[str]) -> None:
    text = f"""{machine()} `python -m benchmarks.store`. Load average {os.getloadavg()[0]:.1f} (other work was running
when it is above 0.5).

Seven days, 200 cameras, batches of {BATCH:,}; inserts count from event structs to the store's acknowledgment (chDB:
fsync'd) and include turning structs into columns. Queries run right after the inserts, before merges end.

| store | what | value or median | p95 |
|---|---|---|---|
""" + "\n".join(lines)
    write_section(
        ROOT / "benchmarks" / "results" / "store.md", "Event store: one million plate reads", text, measures=MEASURES
    )


if __name__ == "__main__":
    main()
