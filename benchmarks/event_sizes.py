"""Bytes of one event of each kind: in the event store before and after merges, and in a Kafka topic.

Tracks are real ones of four clips, copied with other ids, times and cameras; plate reads are those of
`benchmarks.store`; counts, traffic figures (with speeds, headway and densities) and states are made up. A message's
bytes are its value, key and headers, compressed with zstd in batches of 64 KiB (typical) and 1 MiB (low), and not
compressed (high). Nothing here depends on the speed of the machine.

    python -m benchmarks.event_sizes --data ../shared/data --models ../shared/models
"""

from __future__ import annotations

import argparse
import random
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import zstandard

from benchmarks.store import START_MS, reads
from pipeline.benchmark.results_page import machine, write_table
from pipeline.config.load import parse_config
from pipeline.domain.events import (
    CountEvent,
    Event,
    HealthEvent,
    Kind,
    LineCountEvent,
    TrackEvent,
    ZoneStateEvent,
    decode,
    encode,
)
from pipeline.domain.speed_histogram import encode_speeds, percentile
from pipeline.engine.build import open_engine
from pipeline.store.backends.database import migrate
from pipeline.store.backends.open_database import open_database
from pipeline.store.schema.tables import TABLES
from pipeline.store.settings import ChdbSettings

RESULTS = Path(__file__).parent / "results" / "event_sizes.md"
MEASURES = ("pipeline/store/schema", "pipeline/domain/events.py")
"""Code that the figures depend on."""
CLIPS = ("people-walking", "person-bicycle-car-detection", "highway-motorbike", "car-detection")
EVENTS = 200_000
BATCH = 20_000
CAMERAS = 200
_MINUTE_MS = 60_000
Row = TypeVar("Row", TrackEvent, CountEvent, HealthEvent, LineCountEvent, ZoneStateEvent)
_AREAS = "3f2a91c04b7d"


def real_tracks(clips: Sequence[Path], models: Path) -> list[TrackEvent]:
    """Tracks of the clips at five analyzed frames per second."""
    with tempfile.TemporaryDirectory() as folder:
        cameras = "\n".join(
            f"  - {{id: {clip.stem}, source: {clip}, scope: public-road, analyze_fps: 5}}" for clip in clips
        )
        text = f"data_dir: {folder}\ncameras:\n{cameras}\nsinks: [{{type: jsonl}}]\n"
        config = parse_config(text, Path(folder) / "sizes.yaml").model_copy(update={"models_dir": models})
        with open_engine(config) as running:
            running.engine.run()
        lines = (Path(folder) / "events.jsonl").read_bytes().splitlines()
    return [event for line in lines if isinstance(event := decode(line), TrackEvent)]


def copies(rows: Sequence[Row], rng: random.Random) -> list[Row]:
    """Many events like these, over a week and many cameras, in the order of time."""
    times = sorted(START_MS + rng.randrange(7 * 86_400_000) for _ in range(EVENTS))
    return [_copy(rng.choice(rows), rng, number, ts_ms) for number, ts_ms in enumerate(times)]


def _copy(row: Row, rng: random.Random, number: int, ts_ms: int) -> Row:
    fields: dict[str, Any] = {"event_id": uuid.UUID(int=rng.getrandbits(128), version=4), "ts_ms": ts_ms}
    fields["camera_id"] = f"cam-{rng.randrange(CAMERAS):03}"
    if isinstance(row, TrackEvent):
        fields |= {"first_ts_ms": ts_ms - (row.ts_ms - row.first_ts_ms), "track_id": number, "stream_id": "7a4e"}
        fields |= {"path_px": row.path_px * rng.uniform(0.9, 1.1), "speed_px_s": row.speed_px_s * rng.uniform(0.9, 1.1)}
    if isinstance(row, CountEvent):
        fields |= {"ts_ms": ts_ms // _MINUTE_MS * _MINUTE_MS, "count": rng.randrange(1, 30)}
    if isinstance(row, LineCountEvent | ZoneStateEvent):
        fields |= {"ts_ms": ts_ms // _MINUTE_MS * _MINUTE_MS, **_figures(row, rng)}
    copied: Row = msgspec.structs.replace(row, **fields)
    return copied


def _figures(row: LineCountEvent | ZoneStateEvent, rng: random.Random) -> dict[str, Any]:
    """Figures of a minute as `pipeline.analytics.minute_figures` rounds them."""
    if isinstance(row, LineCountEvent):
        speeds = [max(1.0, rng.gauss(14, 3)) for _ in range(rng.randrange(1, 20))]
        mean = round(sum(speeds) / len(speeds), 2)
        figures = {"count": len(speeds), "speeds": encode_speeds(speeds), "mean_m_s": mean}
        return figures | {"p85_m_s": round(percentile(speeds, 0.85), 2), "headway_s": round(60 / len(speeds), 2)}
    occupancy = round(rng.uniform(0.02, 8), 4)
    queue = round(occupancy * rng.random(), 4) if rng.random() < 0.3 else 0.0
    return {
        "occupancy": occupancy,
        "occupancy_max": int(occupancy) + rng.randrange(1, 4),
        "queue": queue,
        "queue_max": int(queue) + (queue > 0),
        "seen_s": round(rng.uniform(59.4, 60.0), 2),
        "density_m2": round(occupancy / 420, 6),
        "density_km": round(1000 * occupancy / 60, 6),
    }


def of_areas() -> tuple[list[LineCountEvent], list[ZoneStateEvent]]:
    """Lines and zones of classes, without their figures."""
    identity, classes = uuid.UUID(int=0), ("car", "car", "motorcycle", "bus", "truck", "person", "bicycle")
    common: dict[str, Any] = {"event_id": identity, "camera_id": "", "ts_ms": 0, "stream_id": "7a4e", "areas": _AREAS}
    lines = [
        LineCountEvent(**common, line=line, direction=direction, label=label, count=1)
        for line in ("stop line", "bridge")
        for direction in ("to the center", "to the river")
        for label in classes
    ]
    empty: dict[str, Any] = {"occupancy": 0.0, "occupancy_max": 0, "queue": 0.0, "queue_max": 0, "seen_s": 60.0}
    zones = [
        ZoneStateEvent(**common, **empty, zone=zone, label=label) for zone in ("lane 1", "lane 2") for label in classes
    ]
    return lines, zones


def made_up() -> tuple[list[CountEvent], list[HealthEvent]]:
    identity = uuid.UUID(int=0)
    counts = [
        CountEvent(event_id=identity, camera_id="", ts_ms=0, label=label, count=1, stream_id="7a4e")
        for label in ("car", "car", "motorcycle", "bus", "truck", "person", "bicycle")
    ]
    states = [HealthEvent(event_id=identity, camera_id="", ts_ms=0, state="streaming", detail="", stream_id="7a4e")]
    return counts, states


def stored_bytes(kind: Kind, events: Sequence[Event]) -> tuple[float, float]:
    """Bytes of a row on disk: after merges, and right after the inserts."""
    table = TABLES[kind]
    size = (
        f"SELECT toInt64(sum(bytes_on_disk)) AS bytes, toInt64(sum(rows)) AS stored FROM system.parts "
        f"WHERE active AND table = '{table.name}'"
    )
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(ChdbSettings(), Path(folder), create=True)
        migrate(database)
        for start in range(0, len(events), BATCH):
            database.insert(table, events[start : start + BATCH])
        before = database.rows(size)[0]
        database.command(f"OPTIMIZE TABLE {table.name} FINAL")
        after = database.rows(size)[0]
        database.close()
    return after["bytes"] / after["stored"], before["bytes"] / before["stored"]


def sent_bytes(events: Sequence[Event]) -> tuple[float, float, float]:
    """Bytes of a message: in large batches, in usual ones, and not compressed."""
    messages = [
        encode(event) + event.camera_id.encode() + b"kind" + b"schema_version" + b"plate_read1" for event in events
    ]
    plain = sum(map(len, messages))
    large, usual = (_compressed(messages, size) / len(messages) for size in (1 << 20, 1 << 16))
    return large, usual, plain / len(messages)


def _compressed(messages: Sequence[bytes], size: int) -> int:
    return sum(len(zstandard.compress(batch)) for batch in _batches(messages, size))


def _batches(messages: Sequence[bytes], size: int) -> Iterator[bytes]:
    batch = bytearray()
    for message in messages:
        batch += message
        if len(batch) >= size:
            yield bytes(batch)
            batch.clear()
    if batch:
        yield bytes(batch)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True)
    options = parser.parse_args()
    rng = random.Random(7)
    tracks = real_tracks([options.data / "clips" / f"{name}.mp4" for name in CLIPS], options.models)
    counts, states = made_up()
    lines, zones = of_areas()
    kinds: dict[Kind, Sequence[Event]] = {
        Kind.PLATE_READ: reads(count=EVENTS),
        Kind.TRACK: copies(tracks, rng),
        Kind.COUNT: copies(counts, rng),
        Kind.HEALTH: copies(states, rng),
        Kind.LINE_COUNT: copies(lines, rng),
        Kind.ZONE_STATE: copies(zones, rng),
    }
    rows = []
    for kind, events in kinds.items():
        merged, inserted = stored_bytes(kind, events)
        large, usual, plain = sent_bytes(events)
        rows.append((kind.value, *(f"{value:.0f}" for value in (merged, inserted, large, usual, plain))))
        print(*rows[-1], flush=True)
    write_table(
        RESULTS,
        "Bytes of an event",
        f"`python -m benchmarks.event_sizes`. {machine()} {EVENTS:,} events of each kind over seven days and {CAMERAS} "
        f"cameras; tracks like the {len(tracks)} of four clips; chDB.",
        measures=MEASURES,
        columns=("kind", "stored, merged", "stored, inserted", "sent, zstd 1 MiB", "sent, zstd 64 KiB", "sent, plain"),
        rows=rows,
    )


if __name__ == "__main__":
    main()
