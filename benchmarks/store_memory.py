"""Memory of the embedded store while blocks of 1,000 current reads are inserted at full speed.

    python -m benchmarks.store_memory --blocks 6600     # as much as 55 minutes at 2,000 events/s

The share of the store in a longer soak test of engine and ingester, several times faster. Prints a line per 600 blocks.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import uuid
from pathlib import Path

import msgspec
import psutil

from benchmarks.store import reads
from pipeline.store.backends.database import migrate
from pipeline.store.backends.open_database import open_database
from pipeline.store.schema.tables import PLATE_READS
from pipeline.store.settings import ChdbSettings

BLOCK = 1000
EVERY = 600


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--blocks", type=int, default=6600)
    options = parser.parse_args()
    events, process = reads(count=BLOCK), psutil.Process()
    with tempfile.TemporaryDirectory(prefix="viapublica-bench-") as name:
        database = open_database(ChdbSettings(), Path(name), create=True)
        migrate(database)
        for block in range(1, options.blocks + 1):
            now_ms = int(time.time() * 1000)
            made = [
                msgspec.structs.replace(
                    event, event_id=uuid.UUID(int=(block << 32) + number + 1), ts_ms=now_ms, first_ts_ms=now_ms - 1000
                )
                for number, event in enumerate(events)
            ]
            database.insert(PLATE_READS, made)
            if block % EVERY == 0:
                print(f"{block * BLOCK:,} reads: {process.memory_info().rss / 1e6:.0f} MB", flush=True)
        database.close()


if __name__ == "__main__":
    main()
