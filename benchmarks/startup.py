"""Start-up of the commands: wall time and CPU time of fresh processes, and the modules they import.

Queries are measured twice: over the local endpoint of a process that owns the embedded store, and on the store's
folder. The store holds one event, so the times are those of the program, not of the query.

    python -m benchmarks.startup
"""

from __future__ import annotations

import importlib.metadata
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from pipeline.benchmark.results_page import machine, write_table

MEASURES = (
    "pipeline/cli",
    "pipeline/app/live_run.py",
    "pipeline/sink",
    "pipeline/store",
)
"""The code that the figures are of."""

RESULTS = Path(__file__).parent / "results" / "startup.md"
TIMES = 7
SHOWN = ("numpy", "pydantic", "ruamel.yaml", "chdb", "kafka", "sqlalchemy", "cv2", "av", "onnxruntime")
PACKAGES = ("typer", "rich", "pydantic", "numpy", "chdb", "sqlalchemy")
CONFIG = """\
data_dir: data
cameras: [{id: gate, source: gate.mp4, scope: public-road}]
sinks: [{type: chdb}]
"""
OWNER = """
import sys
from pathlib import Path
from pipeline.domain.event_identity import UNIDENTIFIED, identified
from pipeline.domain.events import HealthEvent
from pipeline.sink.build import build_sink
from tests.event_samples import admit_all
from pipeline.sink.settings import ChdbSinkSettings
from pipeline.store.settings import ChdbSettings
from pipeline.store.event_store import open_event_store
from pipeline.store.local_endpoint import StoreServer, endpoint_path
data = Path(sys.argv[1])
sink = build_sink(ChdbSinkSettings(batch_interval_s=0), data, admit_all)
sink.add([identified(HealthEvent(event_id=UNIDENTIFIED, camera_id="gate", ts_ms=0, state="streaming", detail=""))])
sink.flush(60)
store = open_event_store(ChdbSettings(), data, dict)
server = StoreServer(store, endpoint_path(data))
print("ready", flush=True)
sys.stdin.read()
server.close()
store.close()
sink.close()
"""


class Start(NamedTuple):
    """One finished process: wall time and CPU time in milliseconds."""

    wall_ms: float
    cpu_ms: float


def start(arguments: Sequence[str], folder: Path) -> Start:
    """Run a command to its end."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
    )
    _, _, usage = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - began
    process.returncode = 0
    return Start(1000 * wall_s, 1000 * (usage.ru_utime + usage.ru_stime))


def imported(arguments: Sequence[str], folder: Path) -> list[str]:
    """Those of `SHOWN` that a command imports."""
    program = (
        "import sys; from pipeline.cli.app import main; sys.argv = ['viapublica', *sys.argv[1:]]\n"
        "try: main()\nexcept SystemExit: pass\nprint('loaded:', *sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, cwd=folder, check=True
    )
    loaded = set(done.stdout.rsplit("loaded:", 1)[1].split())
    return [name for name in SHOWN if name in loaded]


def row(name: str, arguments: Sequence[str], folder: Path) -> list[str]:
    """A command's line of the table: median and range."""
    start(arguments, folder)  # warms the file cache
    starts = [start(arguments, folder) for _ in range(TIMES)]
    walls = sorted(one.wall_ms for one in starts)
    cpu = statistics.median(one.cpu_ms for one in starts)
    modules = ", ".join(imported(arguments, folder)) or "–"
    return [f"`{name}`", f"{statistics.median(walls):.0f}", f"{walls[0]:.0f}–{walls[-1]:.0f}", f"{cpu:.0f}", modules]


@contextmanager
def owner(folder: Path) -> Iterator[None]:
    """A process that owns the embedded store and answers over the local endpoint."""
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(folder / "data")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            raise SystemExit("the store did not open")
        yield


def main() -> None:
    """Measure every command, write the table."""
    load = os.getloadavg()[0]
    overview = {name: name.split() for name in ("--help", "--version", "run --help", "kafka --help", "release --help")}
    offline = {name: name.split() for name in ("config check v.yaml", "config explain", "models list", "spool ls")}
    queries = {name: name.split() for name in ("plates ABC1D23", "events", "cameras", "traffic", "route ABC1D23")}
    with tempfile.TemporaryDirectory(prefix="viapublica-startup-") as name:
        folder = Path(name)
        for file in ("v.yaml", "viapublica.yaml"):
            (folder / file).write_text(CONFIG, encoding="utf-8")
        with owner(folder):
            rows = [row(name, words, folder) for name, words in (overview | offline).items()]
            rows += [row(f"{name}, run alive", words, folder) for name, words in queries.items()]
        rows += [row(f"{name}, store closed", words, folder) for name, words in queries.items()]
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    write_table(
        RESULTS,
        "Start-up of the commands",
        f"Median of {TIMES} fresh processes after one that warms the file cache, and their range; CPU is user and "
        f"system time of one process. {machine()} {versions}. Load average before: "
        f"{load:.1f}; with other work on the machine only the CPU times count. `python -m benchmarks.startup`.",
        measures=MEASURES,
        columns=["command", "wall, ms", "range, ms", "CPU, ms", "imports, among others"],
        rows=rows,
    )


if __name__ == "__main__":
    main()
