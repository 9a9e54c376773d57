"""An engine that only makes events: `python -m tests.chaos.engine_program CONFIG LEDGER RATE`.

`RATE` events a second through the real sink of the configuration. A line of the ledger, ``first end``, says that the
sink has accepted the events of these numbers; it is written after that, so a kill in between leaves events that were
accepted and are not in the ledger: made again, with the same ids.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import time
from pathlib import Path

from pipeline.config import load_config
from pipeline.domain.events import Event
from pipeline.errors import Backpressure
from pipeline.sink.build import build_sink
from tests.event_samples import admit_all, plate_read, track

STEP = 100
CAMERAS = tuple(f"cam-{number}" for number in range(500))


def event(number: int) -> Event:
    """The event of this number: mostly reads, of 500 cameras, about now."""
    made: Event = (track if number % 4 == 0 else plate_read)(number, camera=CAMERAS[number % len(CAMERAS)])
    return made


def accepted(ledger: Path) -> list[tuple[int, int]]:
    """Spans of numbers, as far as the lines are whole."""
    if not ledger.is_file():
        return []
    lines = ledger.read_text().split("\n")[:-1]
    return [(int(first), int(end)) for first, end in (line.split() for line in lines)]


def main() -> None:
    faulthandler.register(signal.SIGUSR1)
    config, ledger = load_config(Path(sys.argv[1]), for_queries=True), Path(sys.argv[2])
    step_s = STEP / int(sys.argv[3])
    sink = build_sink(config.sinks[0], config.data_dir, admit_all)
    number = max((end for _, end in accepted(ledger)), default=0)
    lines = os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    due_s = time.monotonic()
    stopping: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stopping.append(number))
    while not stopping:
        try:
            sink.add([event(n) for n in range(number, number + STEP)])
        except Backpressure as full:
            time.sleep(full.retry_after_s)
            continue
        os.write(lines, f"{number} {number + STEP}\n".encode())
        number += STEP
        due_s = max(due_s + step_s, time.monotonic() - 1)  # after a pause it catches up a second's worth
        time.sleep(max(0.0, due_s - time.monotonic()))
    sink.close(300)


if __name__ == "__main__":
    main()
