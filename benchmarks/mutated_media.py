"""Thousands of mutated videos and streams through decoder processes, beside a camera that must not notice any of them.

Files of H.264, HEVC and AV1 in MP4, MPEG-TS, Matroska and as raw streams, and H.264 over RTSP, each mutated by a seeded
generator (`tests/decode/mutated_media.py`); and decoders that are ended by SIGSEGV. Every file must end with a reason
or as a whole, every stream must be connected again, and nothing may be left of any of them.

    python -m benchmarks.mutated_media --files 1700 --streams 300
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import re
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import structlog

from pipeline.benchmark.results_page import machine, write_table
from pipeline.decode.isolation.decoder_processes import DecoderProcesses
from pipeline.decode.settings import DecodeSettings
from pipeline.decode.supervised_source import open_source
from pipeline.domain.ports import FrameSource
from pipeline.errors import SourceError
from tests.decode.mutated_media import mutated_files, mutated_stream, rtsp_units, whole_videos
from tests.servers.scripted_rtsp import ScriptedRtsp

MEASURES = ("pipeline/decode", "tests/decode/mutated_media.py")
"""The code that the figures are of."""

SETTINGS = DecodeSettings(max_decoder_memory_mb=256, refused_pause_s=0.05, backoff_initial_s=0.05, backoff_max_s=0.05)
NEIGHBOR = DecodeSettings(open_timeout_s=110, watchdog_s=100, read_timeout_s=110)
"""Nothing but a fault of ours ends its session, however busy the machine is."""
_CRASHED = re.compile(r"crashed|was killed|ended with|malformed")


@dataclass
class Outcome:
    """Outcomes of the mutated videos of one kind."""

    whole: int = 0
    damaged: int = 0
    refused: int = 0
    crashed: int = 0
    memory: int = 0
    frames: int = 0
    crashes: Counter[str] = field(default_factory=Counter)

    def add(self, source: FrameSource, frames: int, error: str) -> None:
        """Count a source that has ended."""
        self.frames += frames
        detail = error or source.status().detail
        if _CRASHED.search(detail):
            self.crashed += 1
            self.crashes[detail] += 1
        elif "MB" in detail:
            self.memory += 1
        elif error:
            self.refused += 1
        elif detail or source.status().drops:
            self.damaged += 1
        else:
            self.whole += 1


@dataclass
class Neighbor:
    """The camera beside them."""

    source: FrameSource
    frames: int = 0

    def read(self) -> None:
        """Thread body."""
        for _ in self.source.frames():
            self.frames += 1

    def check(self) -> None:
        """Its first session goes on.

        Raises:
            AssertionError: it does not.
        """
        status = self.source.status()
        if status.reconnects or status.decoder_crashes or status.state.value not in {"streaming", "connecting"}:
            raise AssertionError(f"the neighbor was disturbed: {status}")


@contextmanager
def neighbor(processes: DecoderProcesses, units: list[bytes]) -> Iterator[Neighbor]:
    """A camera that streams all the time."""
    with ScriptedRtsp(units, pause_s=0.2) as server:
        camera = Neighbor(open_source("neighbor", server.url(), settings=NEIGHBOR, processes=processes))
        thread = threading.Thread(target=camera.read)
        thread.start()
        try:
            while not camera.frames:
                time.sleep(0.05)
            yield camera
            camera.check()
        finally:
            camera.source.stop()
            thread.join()


def run_files(folder: Path, processes: DecoderProcesses, beside: Neighbor, count: int, seed: int) -> dict[str, Outcome]:
    """Decode mutated files, one after the other; a crash is counted, not raised."""
    outcomes: dict[str, Outcome] = {}
    for number, (name, data) in enumerate(mutated_files(whole_videos(folder), count, seed)):
        if number and not number % 100:
            print(f"{number} files, {psutil.Process().memory_info().rss / 1e6:.1f} MB", flush=True)
        path = folder / f"mutated.{name.rpartition('.')[2]}"
        path.write_bytes(data)
        source = open_source("file", str(path), settings=SETTINGS, start_ms=0, processes=processes)
        frames, error = 0, ""
        try:
            for frame in source.frames():
                frame.image.resized(64, 64)
                frames += 1
        except SourceError as raised:
            error = raised.problem
        outcomes.setdefault(name, Outcome()).add(source, frames, error)
        beside.check()
    return outcomes


def run_streams(processes: DecoderProcesses, beside: Neighbor, units: list[bytes], count: int, seed: int) -> Outcome:
    """One camera that sends another mutated stream at every connection."""
    outcome, numbers = Outcome(), iter(range(10**9))
    server = ScriptedRtsp(units, packets=lambda: mutated_stream(units, next(numbers), seed), pause_s=0.0)
    with server:
        source = open_source("stream", server.url(), settings=SETTINGS, processes=processes)
        seen = Counter[str]()

        def read() -> None:
            for frame in source.frames():
                frame.image.resized(64, 64)
                seen[frame.stream_id] += 1

        thread = threading.Thread(target=read)
        thread.start()
        try:
            while server.connections < count:
                time.sleep(0.1)
                beside.check()
        finally:
            source.stop()
            thread.join()
    status = source.status()
    outcome.crashed, outcome.frames = status.decoder_crashes, sum(seen.values())
    outcome.damaged = sum(1 for frames in seen.values() if frames)
    outcome.refused = server.connections - outcome.damaged
    return outcome


def run_segfaults(processes: DecoderProcesses, beside: Neighbor, units: list[bytes], count: int) -> Outcome:
    """One camera whose decoder is ended by SIGSEGV again and again; it must stream after each."""
    outcome = Outcome()
    with ScriptedRtsp(units) as server:
        settings = SETTINGS.model_copy(update={"refused_pause_s": 1.0})
        source = open_source("victim", server.url(), settings=settings, processes=processes)
        frames: list[int] = []
        thread = threading.Thread(target=lambda: frames.extend(frame.index for frame in source.frames()))
        thread.start()
        try:
            for number in range(count):
                before = len(frames)
                while len(frames) < before + 3:
                    time.sleep(0.02)
                newest_decoder().send_signal(signal.SIGSEGV)
                while source.status().decoder_crashes <= number:
                    time.sleep(0.02)
                outcome.crashes[source.status().detail] += 1
            before = len(frames)
            while len(frames) < before + 3:
                time.sleep(0.02)
        finally:
            source.stop()
            thread.join()
    outcome.crashed, outcome.frames = source.status().decoder_crashes, len(frames)
    beside.check()
    return outcome


def newest_decoder() -> psutil.Process:
    """The decoder process that was forked last."""
    server = next(child for child in psutil.Process().children() if "decoder_server" in " ".join(child.cmdline()))
    return max(server.children(), key=lambda process: process.pid)


def left() -> tuple[int, int, int, int]:
    """Processes, threads, descriptors and mapped slots of this process."""
    gc.collect()
    slots = Path("/proc/self/maps").read_text(encoding="utf-8").count("viapublica-frames")
    children = len(psutil.Process().children(recursive=True))
    return children, threading.active_count(), len(list(Path("/proc/self/fd").iterdir())), slots


def _settled(done: Callable[[tuple[int, int, int, int]], bool]) -> tuple[int, int, int, int]:
    """What is left, once that is as it should be, or after a minute."""
    until_s = time.monotonic() + 60
    while not done(found := left()) and time.monotonic() < until_s:
        time.sleep(0.1)
    return found


def run(files: int, streams: int, segfaults: int, seed: int) -> list[list[Any]]:
    """Rows of the table; raises when the neighbor was disturbed or something is left."""
    with tempfile.TemporaryDirectory() as name, DecoderProcesses() as processes:
        folder = Path(name)
        units = rtsp_units(folder)
        list(open_source("first", str(folder / "loop.h264"), settings=SETTINGS, processes=processes).frames())
        before, memory = _settled(lambda found: found[0] == 1), psutil.Process().memory_info().rss
        with neighbor(processes, units) as beside:
            outcomes = run_files(folder, processes, beside, files, seed)
            if streams:
                outcomes["h264 over RTSP"] = run_streams(processes, beside, units, streams, seed)
            if segfaults:
                outcomes["SIGSEGV"] = run_segfaults(processes, beside, units, segfaults)
            seen = beside.frames
        after = _settled(lambda found: found == before)
        if after != before:
            raise AssertionError(f"processes, threads, descriptors, slots: {before} before, {after} after")
        grown = (psutil.Process().memory_info().rss - memory) / 1e6
    rows: list[list[Any]] = []
    for kind, o in outcomes.items():
        counts = [o.whole, o.damaged, o.refused, o.memory, o.crashed]
        rows.append([kind, sum(counts), *counts])
    total = ["**all**", *(sum(row[column] for row in rows) for column in range(1, 7))]
    print(*(f"{kind}: {dict(o.crashes)}" for kind, o in outcomes.items() if o.crashes), sep="\n")
    print(f"the neighbor: {seen} frames in one session; memory of the engine {grown:+.1f} MB")
    return [*rows, total]


def main() -> None:
    """The command."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--files", type=int, default=1700)
    arguments.add_argument("--streams", type=int, default=300)
    arguments.add_argument("--segfaults", type=int, default=10)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    options = arguments.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    os.environ.setdefault("SVT_LOG", "0")
    rows = run(options.files, options.streams, options.segfaults, options.seed)
    write_table(
        options.out / "mutated_media.md",
        "Mutated videos and streams through decoder processes",
        f"{machine()} Command: `python -m benchmarks.mutated_media`, seed {options.seed}. The engine's process went "
        "on, a camera beside them streamed in one session all the time, and no process, thread, descriptor or shared "
        "memory was left. A stream counts as damaged when at least one of its frames was decoded.",
        columns=["input", "mutations", "decoded whole", "damaged", "refused", "out of memory", "decoder crashed"],
        rows=rows,
        measures=MEASURES,
    )


if __name__ == "__main__":
    main()
