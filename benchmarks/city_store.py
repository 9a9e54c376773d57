"""A city's week in the embedded event store: 100 million plate reads of 20,000 cameras, asked, aged and erased.

    python -m benchmarks.city_store                 # half an hour and 12 GB of disk
    python -m benchmarks.city_store --reads 10      # million: a look

The reads are made by the database itself, in the order of time: eight million vehicles of unequal habits, a third with
old plates, one in a hundred read wrong. Asked at 1, 3, 10, 30 and 100 million. Writes benchmarks/results/city_store.md
and .png.
"""

from __future__ import annotations

import argparse
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tqdm import tqdm

from benchmarks.results_file import machine, write_table
from benchmarks.store import ms_of
from pipeline.app.erasure.erase import open_erasure
from pipeline.app.installation import Installation
from pipeline.app.queries import Clones, Convoy, EventQueries, Plates, Route
from pipeline.domain.requester import Requester
from pipeline.domain.route import GeoPoint
from pipeline.store.backends.database import EventDatabase, migrate
from pipeline.store.backends.open_database import open_database
from pipeline.store.erasure_selection import Selection
from pipeline.store.event_store import open_event_store
from pipeline.store.retention import drop_due
from pipeline.store.retention_settings import RetentionSettings
from pipeline.store.settings import ChdbSettings

ROOT: Final = Path(__file__).resolve().parents[1]
RESULTS: Final = ROOT / "benchmarks" / "results" / "city_store.md"
MILLION: Final = 1_000_000
CAMERAS, VEHICLES, DAYS = 20_000, 8_000_000, 7
DAY_MS: Final = 86_400_000
START_MS: Final = 1_790_035_200_000  # midnight in UTC
STEPS: Final = (1, 3, 10, 30, 100)
ASKED: Final = 200

_READS: Final = """
INSERT INTO plate_reads (event_id, camera_id, ts_ms, schema_version, plate, plate_key, layout, confidence, votes,
    vehicle, stream_id, track_id, first_ts_ms, x1, y1, x2, y2, frame)
WITH
    cityHash64(number, 1) / 18446744073709551616. AS one, cityHash64(number, 2) / 18446744073709551616. AS two,
    cityHash64(toUInt64(pow(one, 1.5) * {vehicles})) AS vehicle_hash,
    toInt64({start} + number * {spacing}) AS at,
    number % 100 = 0 AS wrong,
    char(65 + (wrong ? number : vehicle_hash) % 26, 65 + intDiv(vehicle_hash, 26) % 26,
        65 + intDiv(vehicle_hash, 676) % 26, 48 + intDiv(vehicle_hash, 17576) % 10) AS head,
    intDiv(vehicle_hash, 175760) % 10 AS fifth,
    char(48 + intDiv(vehicle_hash, 1757600) % 10, 48 + intDiv(vehicle_hash, 17576000) % 10) AS tail,
    vehicle_hash % 3 = 0 AS old,
    cityHash64(number, 3) AS noise
SELECT
    reinterpretAsUUID(sipHash128(number)),
    concat('cam-', leftPad(toString(toUInt32(pow(two, 1.5) * {cameras})), 5, '0')),
    at, 1, concat(head, char((old ? 48 : 65) + fifth), tail), concat(head, char(65 + fifth), tail),
    old ? 'br_old' : 'br_mercosul', 1 - pow(noise % 10000 / 10000., 4), 1 + noise % 29,
    ['car', 'car', 'car', 'motorcycle', 'truck', 'bus'][1 + noise % 6], 'take', number, at - noise % 4000,
    noise % 18000 / 10, noise % 9973 / 10, noise % 18000 / 10 + 110, noise % 9973 / 10 + 36, number % 1000000
FROM numbers({first}, {count})
SETTINGS max_insert_block_size = 500000, min_insert_block_size_rows = 500000, max_threads = 2
"""


def fill(database: EventDatabase, first: int, until: int, total: int) -> None:
    """Reads number `first` to `until` of `total`, half a million at a time."""
    spacing = DAYS * DAY_MS / total
    step = MILLION // 2
    for start in tqdm(range(first, until, step), desc=f"to {until / MILLION:g} million", unit="half million"):
        database.command(
            _READS.format(
                vehicles=VEHICLES, cameras=CAMERAS, start=START_MS, spacing=f"{spacing:.6f}", first=start,
                count=min(step, until - start),
            )
        )  # fmt: skip


def settle(database: EventDatabase, patience_s: float = 300) -> int:
    """Wait until the database merges nothing any more; how many parts there are."""
    quiet_since = began = time.monotonic()
    while time.monotonic() - quiet_since < 3 and time.monotonic() - began < patience_s:
        if database.rows("SELECT 1 AS one FROM system.merges LIMIT 1"):
            quiet_since = time.monotonic()
        time.sleep(0.25)
    return int(_parts(database)["parts"])


def _parts(database: EventDatabase) -> dict[str, Any]:
    return database.rows(
        "SELECT toInt64(count()) AS parts, toInt64(sum(rows)) AS stored, toInt64(sum(bytes_on_disk)) AS bytes "
        "FROM system.parts WHERE active AND table = 'plate_reads'"
    )[0]


def places() -> dict[str, GeoPoint]:
    """The cameras on a grid, some 40 km wide."""
    return {f"cam-{n:05}": GeoPoint(-23.7 + n // 142 * 0.0027, -46.8 + n % 142 * 0.0027) for n in range(CAMERAS)}


def questions(store: EventQueries, plates: Sequence[str], end_ms: int) -> Iterator[tuple[str, float, float]]:
    """What is asked, with median and 95th percentile in milliseconds."""
    locations = places()

    def route(plate: str) -> Callable[[], object]:
        return lambda: store.ask(Route(plate=plate, locations=locations))

    def clones(plate: str) -> Callable[[], object]:
        return lambda: store.ask(Clones(plate=plate, locations=locations))

    def all_clones() -> object:
        return store.ask(Clones(locations=locations, start_ms=end_ms - DAY_MS // 24, end_ms=end_ms))

    few = plates[:20]
    yield "one plate", *ms_of([lambda p=p: store.ask(Plates(plates=(p,))) for p in plates])  # type: ignore[misc]
    yield "route of a plate", *ms_of([route(p) for p in plates])
    yield "clones of a plate", *ms_of([clones(p) for p in plates])
    yield "one plate, one wrong character", *ms_of([lambda p=p: store.ask(Plates(plates=(p,), errors=1)) for p in few])  # type: ignore[misc]
    yield "list of 1,000 plates", *ms_of([lambda: store.ask(Plates(plates=tuple(plates) * 5, limit=1000))] * 10)
    yield "convoy, one day", *ms_of([
        lambda p=p: store.ask(Convoy(plate=p, start_ms=end_ms - DAY_MS, end_ms=end_ms)) for p in few  # type: ignore[misc]
    ])  # fmt: skip
    yield "convoy, all days", *ms_of([lambda p=p: store.ask(Convoy(plate=p)) for p in few])  # type: ignore[misc]
    yield "clones among all plates, last hour", *ms_of([all_clones] * 5)


def measure(folder: Path, steps: Sequence[int]) -> tuple[list[tuple[Any, ...]], dict[str, list[float]]]:
    """Rows of the table, and what grows: name to a value per step."""
    database = open_database(ChdbSettings(), folder, create=True)
    migrate(database)
    database.command("TRUNCATE TABLE plate_reads")
    rows: list[tuple[Any, ...]] = []
    grown: dict[str, list[float]] = {}
    rng = random.Random(1)
    done, total = 0, steps[-1] * MILLION
    store = EventQueries(open_event_store(ChdbSettings(), folder), Requester.of_process())
    for step in steps:
        fill(database, done, step * MILLION, total)
        done = step * MILLION
        parts = settle(database)
        size = _parts(database)
        grown.setdefault("bytes per row", []).append(size["bytes"] / size["stored"])
        chosen = ", ".join(str(rng.randrange(done)) for _ in range(ASKED))
        plates = [row["plate"] for row in database.rows(f"SELECT plate FROM plate_reads WHERE track_id IN ({chosen})")]
        end_ms = START_MS + DAYS * DAY_MS * step // steps[-1]
        for what, median, p95 in questions(store, plates, end_ms):
            grown.setdefault(what, []).append(p95)
            rows.append((f"{step} million, {parts} parts", what, f"{median:.1f} ms", f"{p95:.1f} ms"))
            print(*rows[-1], flush=True)
    rows.append((f"{steps[-1]} million", "bytes per row", f"{grown['bytes per row'][-1]:.1f}", ""))
    store.close()
    rows += [(f"{steps[-1]} million", *row) for row in aged(database, folder)]
    database.close()
    return rows, grown


def aged(database: EventDatabase, folder: Path) -> Iterator[tuple[str, str, str]]:
    """Erase a plate that is seen much and one that is seen seldom, then drop a day."""
    by_reads = "SELECT plate_key, toInt64(count()) AS n FROM plate_reads GROUP BY plate_key HAVING n {} ORDER BY n DESC"
    for habit, condition in (("often", "<= 2000"), ("seldom", "<= 3")):
        row = database.rows(by_reads.format(condition) + " LIMIT 1")[0]
        start = time.perf_counter()
        with open_erasure(Selection(key=row["plate_key"]), Installation.of_data_dir(folder)) as erasure:
            findings = erasure.erase()
        taken = time.perf_counter() - start
        gone, left = sum(f.events for f in findings), sum(f.left or 0 for f in findings)
        yield f"erasure of a plate seen {habit} ({gone} reads, {left} left), with proof", f"{taken:.1f} s", ""
        print(habit, row, f"{taken:.1f} s", flush=True)
    today = datetime.fromtimestamp((START_MS + DAYS * DAY_MS) / 1000, UTC).date()
    start = time.perf_counter()
    dropped = drop_due(database, RetentionSettings(plate_reads=DAYS - 1), today)
    taken = time.perf_counter() - start
    yield f"drop of {len(dropped)} day ({sum(day.rows for day in dropped):,} reads)", f"{taken:.2f} s", ""
    print("dropped", dropped, f"{taken:.2f} s", flush=True)


def plot(steps: Sequence[int], grown: dict[str, list[float]], path: Path) -> None:
    """95th percentiles over the number of reads, both axes logarithmic."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(9, 5.5), layout="constrained")
    for what, values in grown.items():
        if what != "bytes per row":
            axes.loglog(steps, values, marker="o", label=what)
    axes.axhline(50, color="gray", linestyle=":", label="target of one plate: 50 ms")
    axes.axhline(1000, color="black", linestyle=":", label="target of route and clones: 1 s")
    axes.set_xticks(steps, [str(step) for step in steps])
    axes.set_xlabel("million plate reads")
    axes.set_ylabel("95th percentile, ms")
    axes.set_title("Questions to the embedded event store")
    axes.grid(visible=True, alpha=0.3)
    axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
    figure.savefig(path, dpi=110)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--reads", type=int, default=STEPS[-1], help="million reads at the end")
    parser.add_argument("--folder", type=Path, help="where the store is made; by default a temporary folder")
    options = parser.parse_args()
    steps = [step for step in STEPS if step < options.reads] + [options.reads]
    folder = Path(tempfile.mkdtemp(prefix="viapublica-city-", dir=options.folder))
    try:
        rows, grown = measure(folder, steps)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if options.reads != STEPS[-1]:
        return
    plot(steps, grown, RESULTS.with_suffix(".png"))
    how = (
        f"`python -m benchmarks.city_store`. {machine()} Seven days, {CAMERAS:,} cameras, {VEHICLES:,} vehicles; chDB, "
        f"questions after the merges have come to rest, {ASKED} plates drawn from the reads, {ASKED // 10} for the "
        "slower ones."
    )
    columns = ("reads", "what", "median or value", "95th percentile")
    write_table(
        RESULTS, "A city's week in the event store", how, columns=columns, rows=rows, after="![growth](city_store.png)"
    )


if __name__ == "__main__":
    main()
