"""Fills a small disk, delivers into it, makes room, and sees that everything arrived. Run by test_outages."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from pipeline.domain.events import Kind
from pipeline.sink.build import build_sink
from pipeline.sink.settings import ChdbSinkSettings, JsonLinesSettings
from pipeline.store.event_store import open_event_store
from tests.asking import Asking
from tests.event_samples import admit_all, plate_read

kind, small, data_dir = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
total = {"chdb": 100_100, "jsonl": 20_100}[kind]
fast = {"batch_interval_s": 0.02, "retry_initial_s": 0.05, "retry_max_s": 0.2}
if kind == "chdb":
    settings: ChdbSinkSettings | JsonLinesSettings = ChdbSinkSettings.model_validate({"path": small / "events", **fast})
else:
    settings = JsonLinesSettings.model_validate({"path": small / "e.jsonl", **fast})

sink = build_sink(settings, data_dir, admit_all)
sink.add([plate_read(n) for n in range(100)])
sink.flush(60)

ballast = small / "ballast"
with ballast.open("wb", buffering=0) as file:
    try:
        while file.write(bytes(65536)) == 65536:
            pass
    except OSError:
        pass

sink.add([plate_read(n) for n in range(100, total)])
until = time.monotonic() + 60
while "space" not in sink.status().error and "full" not in sink.status().error:
    assert time.monotonic() < until, sink.status()
    time.sleep(0.02)
print("said:", sink.status().error)
assert sink.status().pending > 0

ballast.unlink()
sink.flush(60)
assert sink.status().error == ""
sink.close()
if isinstance(settings, ChdbSinkSettings):
    store = Asking(open_event_store(settings, data_dir, dict))
    assert store.count(Kind.PLATE_READ) == total, store.count(Kind.PLATE_READ)
    store.close()
else:
    lines = (small / "e.jsonl").read_bytes().splitlines()
    assert len(lines) == len(set(lines)) == total, len(lines)
print("survived")
