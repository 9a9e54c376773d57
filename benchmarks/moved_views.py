"""Detection of moved views: real clips that are shifted, zoomed and turned, and changes of light that are no movement.

    python -m benchmarks.moved_views --data ../shared/data --data2 ../shared/data2 --out RESULTS.md

Each clip is a camera: its frames are looped, at two samples a second as the watch takes them. The view is a section of
the frame, so that a movement brings in what lies beside it. Constants were chosen on every second clip; the others are
only judged.
"""

from __future__ import annotations

import argparse
import itertools
import json
import logging
import math
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import structlog

from benchmarks.moved_view_clips import CHANGES, STEP_S, STILL, Change, Clip, Gray, Move, clips, steady
from pipeline.benchmark.results_page import machine, write_table
from pipeline.domain.camera import Camera, Scope
from pipeline.domain.camera_declaration import CameraDeclaration
from pipeline.domain.frame import Frame
from pipeline.engine.view_watch import ViewWatch
from pipeline.storage.confirmed_views import ConfirmedViews

MEASURES = (
    "pipeline/engine/view_shift.py",
    "pipeline/engine/view_reference.py",
    "pipeline/engine/view_judgement.py",
    "pipeline/engine/view_watch.py",
)
"""The code that the figures are of."""

WITHIN_S: Final = 2.0
MASK: Final = ((0.0, 0.0), (0.2, 0.0), (0.2, 0.4), (0.0, 0.4))

MOVES: Final = {
    "shift 2 %": [Move(0.02), Move(-0.02), Move(0, 0.02), Move(0, -0.02), Move(0.0142, 0.0142)],
    "shift 3 to 5 %": [Move(0.03), Move(0, -0.04), Move(-0.05)],
    "shift 10 to 50 %": [Move(0.1), Move(-0.1, 0.05), Move(0.3), Move(0.5)],
    "zoom 3 %": [Move(zoom=1.03), Move(zoom=0.97)],
    "zoom 5 to 50 %": [Move(zoom=1.05), Move(zoom=1.1), Move(zoom=0.9), Move(zoom=1.5)],
    "turn 1.5°": [Move(turn=1.5), Move(turn=-1.5)],
    "turn 3 to 90°": [Move(turn=3), Move(turn=-8), Move(turn=20), Move(turn=90)],
}
LARGE: Final = ("shift 10 to 50 %", "zoom 5 to 50 %")
"""Movements after which little of the confirmed view is left: their later trials too."""
LARGE_SAMPLES: Final = 50
SLOW: Final = {
    "slow shift to 2 %": Move(0.02),
    "slow zoom to 3 %": Move(zoom=1.03),
    "slow turn to 1.5°": Move(turn=1.5),
}
SLOW_SAMPLES: Final = 160
"""More than a minute: a mast that leans over days passes the same small steps."""


class SentImage:
    """What a camera sends, with its privacy mask filled."""

    sample_aspect = 1.0

    def __init__(self, gray: Gray) -> None:
        self._gray = gray
        self.height, self.width = gray.shape
        corners = np.round(np.array(MASK) * (self.width, self.height)).astype(np.int32)
        cv2.fillPoly(self._gray, [corners], 0)

    def luma(self, width: int, height: int) -> Gray:
        return np.asarray(cv2.resize(self._gray, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


class Watched:
    """A camera whose view is watched."""

    def __init__(self, folder: Path) -> None:
        self.watch = ViewWatch(ConfirmedViews(folder))
        self.sample = 0
        self.cpu_s = 0.0
        camera = Camera("cam", Scope.PUBLIC_ROAD)
        self.watch.declare(CameraDeclaration(camera, masks=(MASK,)), live=True)

    def send(self, gray: Gray) -> bool:
        """One sample; whether the camera is blind after it."""
        at_s = self.sample * STEP_S
        image = SentImage(gray.copy())
        began = time.process_time()
        self.watch.check([Frame("cam", "1", self.sample, at_s, round(at_s * 1000), at_s, image)], {"cam"})  # type: ignore[arg-type]
        self.cpu_s += time.process_time() - began
        self.sample += 1
        return bool(self.watch.details)


def found_within(clip: Clip, change: Change, move: Callable[[int], Move], begin: int, samples: int) -> float | None:
    """Seconds from the begin of a movement until the camera is blind; None where it is not in time, -1 where before.

    Args:
        change: of the light; move: by the samples since the begin.
    """
    with tempfile.TemporaryDirectory() as folder:
        watched = Watched(Path(folder))
        for sample in range(begin):
            if watched.send(change(clip.view(sample), sample)):
                return -1.0
        for since in range(samples):
            if watched.send(change(clip.view(begin + since, move(since)), begin + since)):
                return (since + 1) * STEP_S
    return None


SHAKES: Final = 40
"""Samples between two seconds of trembling."""


def trembling(sample: int) -> Move:
    """A mast that trembles for a second and a half: up to 1.2 % of the width, in any direction."""
    if sample % SHAKES >= 3:
        return STILL
    randoms = random.Random(sample)
    return Move(randoms.uniform(-0.012, 0.012), randoms.uniform(-0.008, 0.008), 1, randoms.uniform(-0.4, 0.4))


def alarms(clip: Clip, change: Change, samples: int, move: Callable[[int], Move]) -> tuple[int, float]:
    """How often a camera that does not move becomes blind, and processor seconds of the watch."""
    count, was_blind = 0, False
    with tempfile.TemporaryDirectory() as folder:
        watched = Watched(Path(folder))
        for sample in range(samples):
            blind = watched.send(change(clip.view(sample, move(sample)), sample))
            count += blind and not was_blind
            was_blind = blind
        return count, watched.cpu_s


def interval(found: int, of: int) -> str:
    """Wilson's interval of a share, 95 %."""
    if not of:
        return "–"
    z, share = 1.96, found / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return f"{share:.3f} ({middle - half:.3f} to {middle + half:.3f})"


LONG: Final = 120
"""Samples, a minute, of each clip and change of light."""


def steady_move(move: Move) -> Callable[[int], Move]:
    """A movement that happens at once."""
    return lambda _: move


def slow_move(move: Move) -> Callable[[int], Move]:
    """A movement that takes `SLOW_SAMPLES`."""
    return lambda since: move.part(min(1.0, since / SLOW_SAMPLES))


def measure_clip(clip: Clip, chosen: bool, seen: dict[tuple[str, bool], list[float]], cost: list[float]) -> None:
    """Positive and negative trials on one clip: 1 or 0 per trial found, alarms per run of `LONG` samples."""
    begins = itertools.cycle((30, 47, 61, 38, 55))
    for name, moves in MOVES.items():
        for move in moves:
            found = found_within(clip, steady, steady_move(move), next(begins), 8)
            seen.setdefault((name, chosen), []).append(float(found is not None and 0 < found <= WITHIN_S))
    for name in LARGE:
        for move in MOVES[name]:
            found = found_within(clip, steady, steady_move(move), next(begins), LARGE_SAMPLES)
            seen.setdefault((f"{name}, within 25 s", chosen), []).append(float(found is not None and found > 0))
    for name, move in SLOW.items():
        at = found_within(clip, steady, slow_move(move), 60, SLOW_SAMPLES + 4)
        seen.setdefault((name, chosen), []).append(float(at is not None and at > 0.3 * SLOW_SAMPLES * STEP_S))
    for light, change in CHANGES.items():
        if light in ("exposure", "headlights", "infrared lamps", "fog", "compression pumps"):
            found = found_within(clip, change, steady_move(Move(0.03)), 70, 8)
            seen.setdefault((f"shift 3 %, {light}", chosen), []).append(
                float(found is not None and 0 < found <= WITHIN_S)
            )
        count, cpu_s = alarms(clip, change, LONG, lambda _: STILL)
        seen.setdefault((f"no movement: {light}", chosen), []).append(count)
        cost.append(cpu_s / LONG)
    count, _ = alarms(clip, steady, LONG, trembling)
    seen.setdefault(("no movement: trembling mast", chosen), []).append(count)


def table(seen: dict[tuple[str, bool], list[float]]) -> list[tuple[str, ...]]:
    """Rows of the results: what was shown, on the clips that constants were chosen on, and on the others."""
    rows = []
    for name in dict.fromkeys(name for name, _ in seen):
        cells = []
        for chosen in (True, False):
            values = seen.get((name, chosen), [])
            if name.startswith("no movement"):
                hours = len(values) * LONG * STEP_S / 3600
                cells.append(f"{sum(values):.0f} in {hours:.1f} h")
            else:
                cells.append(f"{sum(values):.0f} of {len(values)}: {interval(round(sum(values)), len(values))}")
        rows.append((name, *cells))
    return rows


@dataclass
class Trials:
    """Results of trials, by what was shown and whether constants were chosen on the clip."""

    seen: dict[tuple[str, bool], list[float]] = field(default_factory=dict)
    cost: list[float] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def measure(self, clip: Clip, chosen: bool) -> None:
        """Make the trials on one clip, and print those that went wrong."""
        of_clip: dict[tuple[str, bool], list[float]] = {}
        measure_clip(clip, chosen, of_clip, self.cost)
        wrong = [
            f"{name} {values}"
            for (name, _), values in of_clip.items()
            if any(one != (not name.startswith("no ")) for one in values)
        ]
        print(clip.name, "; ".join(wrong) or "all right", flush=True)
        self.names.append(clip.name)
        for key, values in of_clip.items():
            self.seen.setdefault(key, []).extend(values)

    def as_json(self) -> dict[str, Any]:
        """JSON values; `add` takes them."""
        return {"seen": [[*key, values] for key, values in self.seen.items()], "cost": self.cost, "names": self.names}

    def add(self, plain: dict[str, Any]) -> None:
        """Add what another run has saved."""
        for name, chosen, values in plain["seen"]:
            self.seen.setdefault((name, chosen), []).extend(values)
        self.cost += plain["cost"]
        self.names += plain["names"]


def quiet() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def main() -> None:
    """Run as `python -m benchmarks.moved_views`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--data2", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--clip", help="Only clips whose names contain this.")
    parser.add_argument("--every", type=int, default=1, help="Each so many clips of a half.")
    parser.add_argument("--save", type=Path, help="File for the trials, so that halves may run beside each other.")
    parser.add_argument("--load", type=Path, nargs="*", default=[], help="Files of --save, instead of trials.")
    parser.add_argument("--half", choices=("chosen", "judged"), help="Only this half of the clips.")
    args = parser.parse_args()
    quiet()
    trials = Trials()
    for path in args.load:
        trials.add(json.loads(path.read_text()))
    found = () if args.load else clips(args.data, args.data2)
    for number, clip in enumerate(found):
        chosen = number % 2 == 0
        if (args.clip and args.clip not in clip.name) or args.half == ("judged" if chosen else "chosen"):
            continue
        if number // 2 % args.every == 0:
            trials.measure(clip, chosen)
    seen, cost, names = trials.seen, trials.cost, trials.names
    if args.save:
        args.save.write_text(json.dumps(trials.as_json()))
    for row in table(seen):
        print(*row, sep=" | ")
    print(f"{1000 * sum(cost) / len(cost):.2f} ms of processor time per sample")
    if args.out:
        write_table(
            args.out,
            "Moved views",
            f"{len(names)} clips; {machine()} `python -m benchmarks.moved_views`.",
            measures=MEASURES,
            columns=("what the camera shows", "clips that constants were chosen on", "other clips"),
            rows=table(seen),
            after=f"Found: blind within {WITHIN_S:g} s; slow ones before their end. Processor time per sample "
            f"{1000 * sum(cost) / len(cost):.2f} ms, two samples a second. In brackets: 95 % (Wilson). "
            "The other clips are not wholly unseen: one of them was used to find errors, and two rules were relaxed "
            "after their results were known.",
        )


if __name__ == "__main__":
    main()
