"""Detection of moved views: real clips that are shifted, zoomed and turned, and changes of light that are no movement.

    python -m benchmarks.moved_views --data ../shared/data --data2 ../shared/data2 --out RESULTS.md

Each clip is a camera: its frames are looped, at two samples a second as the watch takes them. The view is a section of
the frame, so that a movement brings in what lies beside it. Constants were chosen on every second clip; the others are
only judged.
"""

from __future__ import annotations

import argparse
import itertools
import logging
import math
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import av
import cv2
import numpy as np
import numpy.typing as npt
import structlog

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

STEP_S: Final = 0.5
WIDTH: Final = 480
MOST_FRAMES: Final = 120
SECTION: Final = 0.8
"""Share of the frame that is the view; the rest comes in when it moves."""
WITHIN_S: Final = 2.0
MASK: Final = ((0.0, 0.0), (0.2, 0.0), (0.2, 0.4), (0.0, 0.4))

NOISE: Final = np.random.default_rng(17).normal(0, 1, (1200, 800)).astype(np.float32)

Gray = npt.NDArray[np.uint8]
Change = Callable[[Gray, int], Gray]
"""A view and the number of its sample to what the camera sends."""


@dataclass(frozen=True)
class Move:
    """A movement: shift as a share of the width, zoom as a factor, turn in degrees."""

    x: float = 0.0
    y: float = 0.0
    zoom: float = 1.0
    turn: float = 0.0

    def part(self, share: float) -> Move:
        return Move(self.x * share, self.y * share, 1 + (self.zoom - 1) * share, self.turn * share)


STILL: Final = Move()
MOVES: Final = {
    "shift 2 %": [Move(0.02), Move(-0.02), Move(0, 0.02), Move(0, -0.02), Move(0.0142, 0.0142)],
    "shift 3 to 5 %": [Move(0.03), Move(0, -0.04), Move(-0.05)],
    "shift 10 to 50 %": [Move(0.1), Move(-0.1, 0.05), Move(0.3), Move(0.5)],
    "zoom 3 %": [Move(zoom=1.03), Move(zoom=0.97)],
    "zoom 5 to 50 %": [Move(zoom=1.05), Move(zoom=1.1), Move(zoom=0.9), Move(zoom=1.5)],
    "turn 1.5°": [Move(turn=1.5), Move(turn=-1.5)],
    "turn 3 to 90°": [Move(turn=3), Move(turn=-8), Move(turn=20), Move(turn=90)],
}
SLOW: Final = {
    "slow shift to 2 %": Move(0.02),
    "slow zoom to 3 %": Move(zoom=1.03),
    "slow turn to 1.5°": Move(turn=1.5),
}
SLOW_SAMPLES: Final = 160
"""More than a minute: a mast that leans over days passes the same small steps."""


@dataclass(frozen=True)
class Clip:
    """Frames of a clip in gray, WIDTH wide, two a second, looped forwards and backwards."""

    name: str
    frames: list[Gray] = field(repr=False)

    def view(self, sample: int, move: Move = STILL) -> Gray:
        """The section of a frame that the camera shows after a movement."""
        count = len(self.frames)
        place = sample % max(1, 2 * count - 2)
        frame = self.frames[place if place < count else 2 * count - 2 - place]
        height, width = frame.shape
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), move.turn, move.zoom / SECTION)
        matrix[:, 2] += (move.x * width, move.y * width)
        return np.asarray(
            cv2.warpAffine(frame, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT),
            np.uint8,
        )


def read_clip(path: Path) -> Clip | None:
    """The clip; None where it is shorter than two seconds."""
    frames, next_s = [], 0.0
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for number, frame in enumerate(container.decode(stream)):
            at_s = frame.time if frame.time is not None else number / float(stream.average_rate or 25)
            if at_s >= next_s:
                height = round(frame.height * WIDTH / frame.width)
                frames.append(
                    cv2.resize(frame.to_ndarray(format="gray"), (WIDTH, height), interpolation=cv2.INTER_AREA)
                )
                next_s = at_s + STEP_S
            if len(frames) >= MOST_FRAMES:
                break
    return Clip(path.stem, [np.asarray(one, np.uint8) for one in frames]) if len(frames) >= 4 else None


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


def steady(gray: Gray, sample: int) -> Gray:
    """As it is, with the noise of a sensor."""
    return with_noise(gray, sample, 2.0)


def with_noise(gray: Gray, sample: int, sigma: float) -> Gray:
    """Other noise in each sample: sections of one larger field."""
    height, width = gray.shape
    y, x = sample * 37 % 200, sample * 53 % 200
    return np.clip(gray + sigma * NOISE[y : y + height, x : x + width], 0, 255).astype(np.uint8)


def dusk(gray: Gray, sample: int) -> Gray:
    """Light that falls to a twentieth within a minute and comes back, with the noise of a dark sensor."""
    light = 0.525 + 0.475 * math.cos(2 * math.pi * sample / 240)
    return with_noise(
        np.clip(gray * light * (1 + 0.6 * (1 - light)), 0, 255).astype(np.uint8), sample, 2 + 6 * (1 - light)
    )


def exposure(gray: Gray, sample: int) -> Gray:
    """Steps of exposure, as when the sun comes out."""
    gain = (1.0, 1.6, 0.5, 2.2, 0.8)[sample // 15 % 5]
    return with_noise(np.clip(gray * gain, 0, 255).astype(np.uint8), sample, 2)


def infrared(gray: Gray, sample: int) -> Gray:
    """Infrared lamps that are switched every half minute: light in the middle, inverted tones of what is green."""
    if sample // 60 % 2 == 0:
        return steady(gray, sample)
    height, width = gray.shape
    y, x = np.mgrid[0:height, 0:width]
    light = np.exp(-(((x / width - 0.5) / 0.45) ** 2 + ((y / height - 0.6) / 0.5) ** 2))
    tones = np.clip(40 + 190 * np.abs(gray / 255.0 - 0.45), 0, 255)
    return with_noise((tones * light).astype(np.uint8), sample, 6)


def rain(gray: Gray, sample: int) -> Gray:
    """Streaks, and less contrast."""
    randoms = random.Random(sample)
    image = (gray * 0.6 + 60).astype(np.uint8)
    for _ in range(250):
        x, y = randoms.randrange(gray.shape[1]), randoms.randrange(gray.shape[0])
        cv2.line(image, (x, y), (x - 4, y + randoms.randrange(10, 30)), randoms.randrange(150, 220), 1)
    return image


def compression(gray: Gray, sample: int) -> Gray:
    """Pumping: hardly any detail before each key frame."""
    quality = (40, 20, 10, 5)[sample % 4]
    encoded = cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE), np.uint8)


def headlights(gray: Gray, sample: int) -> Gray:
    """Glare that crosses a darkened image."""
    image = (gray * 0.35).astype(np.float32)
    height, width = gray.shape
    y, x = np.mgrid[0:height, 0:width]
    for offset in (0, 37):
        at_x, at_y = (sample * 61 + offset * 9) % width, height * (0.4 + 0.4 * ((sample * 13 + offset) % 50) / 50)
        image += 255 * np.exp(-((x - at_x) ** 2 + (y - at_y) ** 2) / (2 * 45.0**2))
    return with_noise(np.clip(image, 0, 255).astype(np.uint8), sample, 3)


def truck(gray: Gray, sample: int) -> Gray:
    """A truck that fills most of the frame for three seconds, every ten, and stands there for one of them."""
    phase = sample % 20
    if phase >= 7:
        return steady(gray, sample)
    height, width = gray.shape
    box = np.random.default_rng(sample // 20).integers(40, 220, (12, 20), np.uint8)
    side = cv2.resize(box, (round(width * 0.9), round(height * 0.95)), interpolation=cv2.INTER_NEAREST)
    left = round(width * (1.0 - 0.33 * min(phase, 3) - 0.33 * max(0, phase - 4)))
    image = gray.copy()
    x1, x2 = max(0, left), min(width, left + side.shape[1])
    if x1 < x2:
        image[height - side.shape[0] :, x1:x2] = side[:, x1 - left : x2 - left]
    return steady(image, sample)


def fog(gray: Gray, sample: int) -> Gray:
    """Fog that comes and goes within two minutes."""
    share = 0.5 - 0.45 * math.cos(2 * math.pi * sample / 240)
    return with_noise((gray * (1 - share) + 190 * share).astype(np.uint8), sample, 2)


CHANGES: Final[dict[str, Change]] = {
    "none but noise": steady,
    "dusk and dawn": dusk,
    "exposure": exposure,
    "infrared lamps": infrared,
    "rain": rain,
    "compression pumps": compression,
    "headlights": headlights,
    "trucks": truck,
    "fog": fog,
}
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


HAND_HELD: Final = ("car-detection", "highway-motorbike", "person-bicycle-car-detection")
"""Clips of cameras that a person holds: they drift by up to 4 %, which the watch finds. Their own movement is undone by
another method, ECC of whole frames (G. Evangelidis, E. Psarakis, 2008), before they are used."""
NOT_USED: Final = ("egoblur-parking-plates", "street-parked-cars")
"""Cameras that turn."""


def held_still(clip: Clip) -> Clip:
    """The clip less the movement of its camera; frames whose movement is not found are left out."""
    first, frames = clip.frames[0], [clip.frames[0]]
    matrix: Any = np.eye(2, 3, dtype=np.float32)
    no_mask: Any = None
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 60, 1e-5)
    for frame in clip.frames[1:]:
        try:
            _, matrix = cv2.findTransformECC(first, frame, matrix, cv2.MOTION_EUCLIDEAN, criteria, no_mask, 5)
        except cv2.error:
            continue
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        moved = cv2.warpAffine(frame, matrix, first.shape[::-1], flags=flags, borderMode=cv2.BORDER_REFLECT)
        frames.append(np.asarray(moved, np.uint8))
    return Clip(clip.name, frames)


def still_cameras(data2: Path) -> Iterator[Clip]:
    """Pole and web cameras, by day and night, of which there are single images: each seventh."""
    for folder in ("br-manaus-cctv", "cctv-junctions", "highway-poles"):
        for path in sorted((data2 / folder / "images").iterdir())[::7]:
            image = np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), np.uint8)
            size = WIDTH, round(image.shape[0] * WIDTH / image.shape[1])
            yield Clip(
                f"{folder}/{path.stem[:12]}",
                [np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)],
            )


def clips(data: Path, data2: Path) -> Iterator[Clip]:
    """The shared clips of cameras that do not move; of those of one motorway camera, each third."""
    motorway = sorted((data2 / "clips-motorway").iterdir())
    one_camera = [path for path in motorway if path.name.startswith("625_")]
    others = [path for path in motorway if path not in one_camera]
    for path in sorted([*(data / "clips").glob("*.mp4"), *one_camera[::3], *others]):
        if path.stem not in NOT_USED and (clip := read_clip(path)) is not None:
            yield held_still(clip) if clip.name in HAND_HELD else clip
    yield from still_cameras(data2)


LONG: Final = 240
"""Samples, two minutes, of each clip and change of light."""


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


def quiet() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def main() -> None:
    """Run as `python -m benchmarks.moved_views`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--data2", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--clip", help="Only clips whose names contain this.")
    parser.add_argument("--half", choices=("chosen", "judged"), help="Only this half of the clips.")
    args = parser.parse_args()
    quiet()
    seen: dict[tuple[str, bool], list[float]] = {}
    cost: list[float] = []
    names: list[str] = []
    for number, clip in enumerate(clips(args.data, args.data2)):
        chosen = number % 2 == 0
        if (args.clip and args.clip not in clip.name) or args.half == ("judged" if chosen else "chosen"):
            continue
        names.append(clip.name)
        before = {key: len(values) for key, values in seen.items()}
        measure_clip(clip, chosen, seen, cost)
        wrong = [
            f"{name} {values[before.get((name, half), 0) :]}"
            for (name, half), values in seen.items()
            if half == chosen
            and any(one != (not name.startswith("no ")) for one in values[before.get((name, half), 0) :])
        ]
        print(clip.name, "; ".join(wrong) or "all right", flush=True)
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
            f"{1000 * sum(cost) / len(cost):.2f} ms, two samples a second. In brackets: 95 % (Wilson).",
        )


if __name__ == "__main__":
    main()
