"""How fast a clip is anonymized: ours, `deface`, and the ceiling (decode, one pass per frame, encode) in one run.

    python -m benchmarks.anonymize_speed --clip ../shared/data/clips/people-walking.mp4 --deface ENV/bin/deface

The ceiling has no masks: each frame is decoded in a thread, analyzed, and encoded in a thread, once. Ours reads the
clip twice. All take turns. Writes benchmarks/results/anonymize_speed.md and .png.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Generator
from pathlib import Path
from queue import Queue
from typing import Final

from pipeline.anonymize.settings import AnonymizeSettings
from pipeline.anonymize.video_encoder import VideoEncoder
from pipeline.app.anonymize.prefetch import prefetched
from pipeline.app.anonymize.progress import Silent
from pipeline.app.anonymize.redaction_run import RedactionSummary, Redactor
from pipeline.benchmark.results_page import machine, write_table
from pipeline.decode.file_video import FileVideo
from pipeline.decode.settings import DecodeSettings
from pipeline.detect.detector_pool import DetectorPool, open_detector_pool
from pipeline.detect.settings import DetectSettings
from pipeline.domain.redaction import OverlayText
from pipeline.domain.video import Planes, VideoFrame
from pipeline.inference.machine_fingerprint import usable_cores

MEASURES = (
    "pipeline/anonymize",
    "pipeline/app/anonymize",
    "pipeline/detect",
    "pipeline/inference",
    "pipeline/decode",
)
"""The code that the figures are of."""

RESULTS: Final = Path(__file__).resolve().parent / "results" / "anonymize_speed.md"
ROUNDS: Final = 3


def ours(clip: Path, pool: DetectorPool, settings: AnonymizeSettings, out: Path) -> tuple[float, RedactionSummary]:
    start = time.perf_counter()
    redactor = Redactor(FileVideo(clip, DecodeSettings()), settings, OverlayText(), Silent())
    seen = redactor.detect(pool)
    done = redactor.render(seen, redactor.plan(seen), out)
    return time.perf_counter() - start, done


def ceiling(clip: Path, pool: DetectorPool, settings: AnonymizeSettings, out: Path) -> float:
    start = time.perf_counter()
    video = FileVideo(clip, DecodeSettings())
    waiting: Queue[tuple[Planes, int] | None] = Queue(4)

    def encode() -> None:
        with VideoEncoder(out, video.facts, settings) as writer:
            while (item := waiting.get()) is not None:
                writer.write(*item)
            writer.finish()

    thread = threading.Thread(target=encode)
    thread.start()
    frames: Generator[VideoFrame, None, None] = prefetched(video.frames())
    for frame, _ in pool.detect(frames):
        waiting.put((frame.image.planes(), frame.pts))
    waiting.put(None)
    thread.join()
    return time.perf_counter() - start


def deface(program: str, clip: Path, out: Path) -> float:
    start = time.perf_counter()
    subprocess.run([program, str(clip), "-o", str(out)], check=True, capture_output=True)
    return time.perf_counter() - start


def plot(done: RedactionSummary, path: Path) -> None:
    """Milliseconds per frame of each stage."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    names = list(done.stages_s)
    values = [1000 * done.stages_s[name] / done.frames for name in names]
    figure, axis = plt.subplots(figsize=(8, 2.6), constrained_layout=True)
    bars = axis.barh(names[::-1], values[::-1])
    axis.bar_label(bars, fmt="%.1f", padding=3)
    axis.set(xlabel="ms per frame", title="Where the time of `viapublica anonymize` goes")
    axis.margins(x=0.12)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--clip", type=Path, required=True)
    parser.add_argument("--models", type=Path)
    parser.add_argument("--deface", help="the program deface of another environment")
    options = parser.parse_args()
    settings = AnonymizeSettings()
    wanted = DetectSettings(confidence=settings.masks.min_score)
    pool = open_detector_pool(wanted, options.models, usable_cores())
    times: dict[str, list[float]] = {"viapublica anonymize": [], "ceiling": [], "deface": []}
    with tempfile.TemporaryDirectory(prefix="viapublica-bench-") as name:
        folder = Path(name)
        for number in range(ROUNDS):
            seconds, done = ours(options.clip, pool, settings, folder / "ours.mp4")
            times["viapublica anonymize"].append(seconds)
            times["ceiling"].append(ceiling(options.clip, pool, settings, folder / "ceiling.mp4"))
            if options.deface and number == 0:
                times["deface"].append(deface(options.deface, options.clip, folder / "deface.mp4"))
    middle = {program: statistics.median(found) for program, found in times.items() if found}
    mine = middle["viapublica anonymize"]
    rows = [
        (program, f"{1000 * value / done.frames:.1f} ms", f"{value / mine:.2f}")
        for program, value in sorted(middle.items(), key=lambda item: item[1])
    ]
    for row in rows:
        print(*row, sep=" | ")
    facts = FileVideo(options.clip, DecodeSettings()).facts
    how = (
        f"`python -m benchmarks.anonymize_speed`. {machine()} {options.clip.name}: {done.frames} frames of "
        f"{facts.width}×{facts.height}, median of {ROUNDS} turns (deface: one)."
    )
    plot(done, RESULTS.with_suffix(".png"))
    write_table(
        RESULTS,
        "How fast a clip is anonymized",
        how,
        measures=MEASURES,
        columns=("program", "per frame", "time over ours"),
        rows=rows,
        after=f"![Stages]({RESULTS.stem}.png)",
    )


if __name__ == "__main__":
    main()
