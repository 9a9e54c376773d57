"""Dazzled and dirty lenses: made ones on real clips, and the same clips without, in changing light.

Each clip is sampled once a second and looped for twenty minutes, while its light falls to a third and rises again. Made
positives begin after ten minutes: a light that scatters in the lens, or a smear that stays where it is.

    python -m benchmarks.image_defects --clips ../shared/data/clips ../shared/data2/clips-motorway
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import av
import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.moved_views import interval
from pipeline.benchmark.results_page import machine, write_table
from pipeline.engine.image_changes import Moment
from pipeline.engine.image_quality import SAMPLE_PX, Defect, judged_part
from pipeline.engine.lost_detail import LostDetail

MEASURES = ("pipeline/engine/lost_detail.py", "pipeline/engine/image_quality.py")
"""The code that the figures are of."""
_SECONDS: Final = 1200
_BEGINS_S: Final = 600
_MOST_SAMPLES: Final = 30
_Pixels = npt.NDArray[np.uint8]


def samples(path: Path) -> list[_Pixels]:
    """One image a second of a clip, as small as cameras' images are judged."""
    found: list[_Pixels] = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        next_s = 0.0
        for frame in container.decode(stream):
            if frame.time is None or frame.time < next_s:
                continue
            next_s = frame.time + 1.0
            image = frame.to_ndarray(format="bgr24")
            found.append(np.asarray(cv2.resize(image, SAMPLE_PX, interpolation=cv2.INTER_AREA), np.uint8))
            if len(found) >= _MOST_SAMPLES:
                break
    return found


def light(second: int) -> float:
    """Of the day: falls to a third within ten minutes, and rises again."""
    return 1.0 - 0.67 * (1 - abs(second - _SECONDS / 2) / (_SECONDS / 2))


def dazzled(image: _Pixels, at: tuple[float, float]) -> _Pixels:
    """With a light that shines into the lens: saturated around it, and a veil over the rest."""
    height, width = image.shape[:2]
    y, x = np.mgrid[:height, :width]
    far = np.hypot(x - at[0] * width, y - at[1] * height) / width
    glow = (300 * np.exp(-((far / 0.14) ** 2)) + 70 * np.exp(-far / 0.5))[..., None]
    return np.asarray(np.clip(0.75 * image + glow, 0, 255), np.uint8)


def dirty(image: _Pixels, at: tuple[float, float]) -> _Pixels:
    """With a smear on the glass: a third of the width wide, out of focus, a little darker."""
    height, width = image.shape[:2]
    y, x = np.mgrid[:height, :width]
    inside = np.hypot((x - at[0] * width) / (0.24 * width), (y - at[1] * height) / (0.36 * height))
    share = cv2.GaussianBlur((inside < 1).astype(np.float32), (0, 0), width / 80)[..., None]
    smeared = 0.85 * cv2.GaussianBlur(image, (0, 0), 9 * width / 320).astype(np.float32) + 12
    return np.asarray(np.clip((1 - share) * image + share * smeared, 0, 255), np.uint8)


def reported(found: list[_Pixels], made: object, at: tuple[float, float]) -> Iterator[tuple[int, Defect]]:
    """Seconds at which a defect is found, and which."""
    detail, noise = LostDetail(), np.random.default_rng(7)
    for second in range(_SECONDS):
        image = np.asarray(np.clip(found[second % len(found)] * light(second), 0, 255), np.uint8)
        if callable(made) and second >= _BEGINS_S:
            image = made(image, at)
        image = np.asarray(np.clip(image + noise.normal(0, 1.5, image.shape), 0, 255), np.uint8)
        now = Moment(float(second), second * 1000)
        detail.add(judged_part(image), now)
        if (one := detail.found(now)) is not None:
            yield second, one[0]


def is_found(found: Iterator[tuple[int, Defect]], wanted: Defect) -> bool:
    """Whether a defect is found after it was made."""
    return any(second >= _BEGINS_S and one is wanted for second, one in found)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--clips", type=Path, nargs="+", required=True, help="folders")
    arguments.add_argument("--every", type=int, default=1, help="of the clips by name, to save time")
    arguments.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    options = arguments.parse_args()
    paths = sorted(path for folder in options.clips for path in folder.glob("*.mp4"))[:: options.every]
    places = np.random.default_rng(11).uniform((0.25, 0.3), (0.75, 0.7), (len(paths), 2))
    seen = {"dazzled": 0, "dirty": 0}
    false, used = 0, 0
    for path, place in zip(paths, places, strict=True):
        found = samples(path)
        if len(found) < 3:
            continue
        used += 1
        at = (float(place[0]), float(place[1]))
        alarms = {defect for _, defect in reported(found, None, at)}
        false += bool(alarms)
        hits = {
            "dazzled": is_found(reported(found, dazzled, at), Defect.DAZZLED),
            "dirty": is_found(reported(found, dirty, at), Defect.DIRTY),
        }
        for name, hit in hits.items():
            seen[name] += hit
        print(path.name, sorted(one.name for one in alarms), hits, flush=True)
    rows = [[name, f"{hit} of {used}: {interval(hit, used)}"] for name, hit in seen.items()]
    rows.append(["clips without either that are reported", f"{false} of {used} ({used * _SECONDS / 3600:.1f} h)"])
    write_table(
        options.out / "image_defects.md",
        "Dazzled and dirty lenses, made on real clips",
        f"{machine()} Command: `python -m benchmarks.image_defects --every {options.every}`. "
        f"{_SECONDS // 60} minutes of each clip, looped, while its light falls to a third and rises again; intervals "
        "of 95 %. Dazzled: a light of a seventh of the width and its veil; dirty: a smear of half the width and two "
        "thirds of the height.",
        measures=MEASURES,
        columns=["defect", "detected"],
        rows=rows,
    )


if __name__ == "__main__":
    main()
