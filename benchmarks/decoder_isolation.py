"""Cost of decoding in processes of their own: processor time per frame, delay of a frame, memory per camera.

A 720p clip is decoded as a run does it, every frame scaled for the network, in turns in this process and in a decoder
process. Live cameras (local RTSP) give the delay from the end of decoding to the thread that analyzes, and the memory.

    python -m benchmarks.decoder_isolation --clip ../shared/data/clips/car-detection.mp4
"""

from __future__ import annotations

import argparse
import gc
import os
import resource
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av
import psutil

from benchmarks.rtsp_soak import sample
from pipeline.benchmark.results_page import machine, write_table
from pipeline.decode.frame_memory import FrameMemory
from pipeline.decode.isolation.decoder_processes import DecoderProcesses
from pipeline.decode.settings import DecodeSettings
from pipeline.decode.supervised_source import open_source
from pipeline.engine.malloc_trim import return_big_blocks
from tests.servers.rtsp import RtspServer, encode_loop

MEASURES = ("pipeline/decode",)
"""The code that the figures are of."""

REPEATS = 4
FRAMES = 150
CAMERAS = 4
LIVE_S = 20.0
_REAPED_S = 3.0
"""Time of the server to collect a decoder and its processor time."""


def _processor_s(processes: DecoderProcesses | None) -> float:
    """User and system time of this process and, once they have ended, of its children and theirs."""
    total = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    return total + (sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]) if processes is not None else 0.0)


def reencode(source: Path, target: Path, frames: int) -> None:
    """The first frames of a clip as 1280×720 H.264, 25 frames per second, no B-frames, as a camera sends."""
    with av.open(str(source)) as clip, av.open(str(target), "w") as out:
        stream: Any = out.add_stream("libx264", rate=25, options={"preset": "veryfast", "crf": "23", "bf": "0"})
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        for index, frame in enumerate(islice(clip.decode(video=0), frames)):
            scaled = frame.reformat(1280, 720, "yuv420p")
            scaled.pts, scaled.time_base = index, Fraction(1, 25)
            out.mux(stream.encode(scaled))
        out.mux(stream.encode(None))


def _file_ms(clip: Path, *, isolated: bool) -> float:
    """Milliseconds of processor time per frame; the start of the server is not counted."""
    processes = DecoderProcesses() if isolated else None
    before = _processor_s(processes)
    if processes is not None:
        with processes:
            list(open_source("start", str(_empty(clip)), settings=DecodeSettings(), processes=processes).frames())
            time.sleep(_REAPED_S)
        started, before = _processor_s(processes) - before, _processor_s(processes)
        processes = DecoderProcesses()
    else:
        started = 0.0
    with ExitStack() as stack:
        if processes is not None:
            stack.enter_context(processes)
        source = open_source("cam", str(clip), settings=DecodeSettings(), start_ms=0, processes=processes)
        count = sum(1 for frame in source.frames() if frame.image.resized(640, 360).size)
        if processes is not None:
            time.sleep(_REAPED_S)
    return 1000 * (_processor_s(processes) - before - started) / count


def _empty(clip: Path) -> Path:
    """The clip's first frame alone."""
    first = clip.with_name("first.mp4")
    if not first.exists():
        reencode(clip, first, 1)
    return first


@contextmanager
def _live(urls: list[str], processes: DecoderProcesses | None) -> Iterator[list[list[float]]]:
    """Reading cameras, with the delays of their frames in seconds."""
    delays: list[list[float]] = [[] for _ in urls]
    memory = FrameMemory()
    sources = [
        open_source(f"cam-{n}", url, settings=DecodeSettings(), processes=processes, memory=memory)
        for n, url in enumerate(urls)
    ]

    def read(number: int) -> None:
        for frame in sources[number].frames():
            delays[number].append(time.monotonic() - frame.arrived_s)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(len(urls))]
    for thread in threads:
        thread.start()
    try:
        yield delays
    finally:
        for source in sources:
            source.stop()
        for thread in threads:
            thread.join()


def _live_figures(server: RtspServer, cameras: int, *, isolated: bool) -> tuple[float, float, float]:
    """Median and 95th percentile of the delay in milliseconds, and megabytes of all processes."""
    with ExitStack() as stack:
        processes = stack.enter_context(DecoderProcesses()) if isolated else None
        urls = [server.url(n) for n in range(cameras)]
        delays = stack.enter_context(_live(urls, processes))
        time.sleep(LIVE_S)
        gc.collect()
        memory = sample(psutil.Process()).memory_mb
        found = sorted(delay for camera in delays for delay in camera[5:])
    time.sleep(3)  # decoders take leave of their cameras
    return 1000 * statistics.median(found), 1000 * found[int(len(found) * 0.95)], memory


def run(clip: Path, out: Path) -> None:
    """Measure, and write the table."""
    rows: list[list[Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        sized = Path(folder) / "720p.mp4"
        reencode(clip, sized, FRAMES)
        _file_ms(sized, isolated=False)
        here, apart = [], []
        for _ in range(REPEATS):
            here.append(_file_ms(sized, isolated=False))
            apart.append(_file_ms(sized, isolated=True))
        ratio = statistics.median(b / a for a, b in zip(here, apart, strict=True))
        rows.append(
            [
                "processor time per frame of a file, ms",
                *(f"{statistics.median(v):.2f} ({min(v):.2f}–{max(v):.2f})" for v in (here, apart)),
            ]
        )
        rows.append(["the same, as a ratio of neighboring runs", 1, round(ratio, 3)])
        loop = encode_loop(Path(folder) / "loop.h264", source=clip, seconds=4, size=(1280, 720))
        with RtspServer(loop, mounts=CAMERAS) as server:
            few = [_live_figures(server, 1, isolated=isolated) for isolated in (False, True)]
            many = [_live_figures(server, CAMERAS, isolated=isolated) for isolated in (False, True)]
    rows.append([f"delay after decoding, {CAMERAS} live cameras, median, ms", *(round(f[0], 2) for f in many)])
    rows.append(["the same, 95th percentile", *(round(f[1], 2) for f in many)])
    rows.append(["memory with 1 live camera (PSS of all processes), MB", *(round(f[2], 1) for f in few)])
    rows.append([f"memory with {CAMERAS} live cameras, MB", *(round(f[2], 1) for f in many)])
    rows.append(
        ["per added camera, MB", *(round((b[2] - a[2]) / (CAMERAS - 1), 1) for a, b in zip(few, many, strict=True))]
    )
    write_table(
        out / "decoder_isolation.md",
        "Decoding in this process and in processes of their own",
        f"{machine()} Load {os.getloadavg()[0]:.0f}. Command: `python -m benchmarks.decoder_isolation`. "
        "1280×720 H.264 at 25 frames per second, every "
        f"frame scaled for the network; {REPEATS} repeats in turns, {FRAMES} frames each.",
        columns=["measurement", "`isolation: none`", "`isolation: process`"],
        rows=rows,
        measures=MEASURES,
    )


def main() -> None:
    """The command."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--clip", type=Path, required=True)
    arguments.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    options = arguments.parse_args()
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    return_big_blocks()
    run(options.clip, options.out)


if __name__ == "__main__":
    main()
