"""Recall of redaction masks on variants of clips: non-square pixels, turned, small, in rain.

    python -m benchmarks.anonymize_variants --data ../shared/data --models ../shared/models

The reference is what detectors trained by others find with a score of 0.5 in the upright original, mapped into each
variant: persons, riders (persons on a two-wheeler, and those of `RIDERS`) and faces; and the plates that our own
detector finds with that score. References that are none (`REJECTED`) and plates too low to be read do not count.
Parameters were chosen on other parts of the clips: see `CLIPS`.
Writes benchmarks/results/anonymize_variants.md.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.anonymize_clips import FACES, MASKED, OTHER, masked_shares
from models.training.figures import shown
from pipeline.anonymize.mask_rendering import masked_share
from pipeline.anonymize.settings import AnonymizeSettings
from pipeline.app.anonymize.progress import Silent
from pipeline.app.anonymize.redaction_run import Redactor
from pipeline.benchmark.results_page import machine, write_table
from pipeline.decode.file_video import FileVideo
from pipeline.decode.lazy_images import ArrayImage
from pipeline.decode.settings import DecodeSettings
from pipeline.detect.build import build_detector
from pipeline.detect.detector_pool import DetectorPool, open_detector_pool
from pipeline.detect.settings import DetectSettings
from pipeline.domain.detections import Detections
from pipeline.domain.frame import BgrImage
from pipeline.domain.labels import Label
from pipeline.domain.ports import Detector
from pipeline.domain.redaction import OverlayText
from pipeline.domain.video import VideoFrame, VideoInfo
from pipeline.inference.machine_fingerprint import usable_cores
from pipeline.lpr.settings import LprSettings

MEASURES = (
    "pipeline/anonymize",
    "pipeline/app/anonymize",
    "pipeline/detect",
    "pipeline/inference",
    "pipeline/decode",
)
"""The code that the figures are of."""

RESULTS: Final = Path(__file__).resolve().parent / "results" / "anonymize_variants.md"
Boxes = npt.NDArray[np.float32]
Rows = Mapping[str, Sequence[Boxes]]
"""Kind to the reference boxes (n, 4) of each frame."""

CLIPS: Final = {
    "people-walking": ("clips/people-walking.mp4", 7.0),
    "person-bicycle-car-detection": ("clips/person-bicycle-car-detection.mp4", 32.5),
    "highway-motorbike, leaving": ("clips/highway-motorbike.mp4", 8.63),
    "highway-motorbike, oncoming": ("clips/highway-motorbike.mp4", 15.91),
    "pedestrians": ("pets09-s2l1/pedestrians.avi", 8.0),
    "egoblur-parking-plates": ("clips/egoblur-parking-plates.mp4", 0.0),
    "traffic-plates-nz": ("clips/traffic-plates-nz.mp4", 4.0),
}
"""File and first second. Parameters were chosen on people-walking before 5 s and highway-motorbike from 6 to 8.4 s."""
RIDERS: Final = {
    216: (462, 423, 515, 536), 221: (479, 367, 525, 460), 226: (491, 324, 533, 408), 231: (503, 292, 539, 367),
    236: (513, 265, 548, 332), 398: (261, 244, 289, 301), 406: (217, 268, 249, 337), 414: (160, 306, 196, 383),
    422: (82, 350, 126, 442),
}  # fmt: skip
"""The motorcyclists of highway-motorbike by frame, labeled by hand: other networks find no person there."""
REJECTED: Final = {"egoblur-parking-plates": ("person", "face")}
"""Kinds of reference that are wrong throughout a clip, as seen in its frames: the persons there are parts of a parked
car, the face is the sun."""
READABLE_PX: Final = LprSettings().min_height_px
"""Least height of a plate that counts, in the original; the plates of pedestrians are a white speck of 6 pixels."""
WIDTH: Final = 960
SCORE: Final = 0.5
KINDS: Final = ("person", "rider", "face", "plate")


@dataclass(frozen=True)
class Variant:
    """How a frame is changed, the aspect of its pixels, and where its boxes are then."""

    change: Callable[[BgrImage], npt.NDArray[np.uint8]]
    aspect: float = 1.0
    turns: int = 0

    def boxes(self, boxes: Boxes, shape: tuple[int, int], changed: tuple[int, int]) -> Boxes:
        """Boxes (n, 4) of a frame of that height and width in the changed one."""
        height, width = shape
        x1, y1, x2, y2 = boxes.T
        for _ in range(self.turns):
            x1, y1, x2, y2 = height - y2, x1, height - y1, x2
            height, width = width, height
        scale = np.array([changed[1] / width, changed[0] / height] * 2, np.float32)
        return np.asarray(np.stack([x1, y1, x2, y2], axis=1) * scale, np.float32)


def squeezed(width: float, height: float) -> Callable[[BgrImage], npt.NDArray[np.uint8]]:
    """Resizes to shares of width and height up to 1, else to pixels."""

    def change(image: BgrImage) -> npt.NDArray[np.uint8]:
        rows, columns = image.shape[:2]
        size = (round(width * columns if width <= 1 else width), round(height * rows if height <= 1 else height))
        return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)

    return change


def rained(image: BgrImage) -> npt.NDArray[np.uint8]:
    """White streaks over a third of the frame, other ones on each."""
    drops = (np.random.default_rng(int(image[::7, ::7].sum())).random(image.shape[:2]) > 0.985).astype(np.float32)
    streak = np.zeros((25, 25), np.float32)
    streak[:, 12] = 200
    return np.asarray(np.clip(image + cv2.filter2D(drops, -1, streak)[..., None], 0, 255), np.uint8)


VARIANTS: Final = {
    "upright": Variant(lambda image: image),
    "4:1 pixels": Variant(squeezed(0.25, 1), 4.0),
    "1:3 pixels": Variant(squeezed(1, 1 / 3), 1 / 3),
    "352×576": Variant(squeezed(352, 576), 0.0),
    "640 wide": Variant(squeezed(2 / 3, 2 / 3)),
    "turned 90°": Variant(lambda image: np.ascontiguousarray(np.rot90(image, -1)), turns=1),
    "turned 180°": Variant(lambda image: np.ascontiguousarray(np.rot90(image, -2)), turns=2),
    "turned 270°": Variant(lambda image: np.ascontiguousarray(np.rot90(image, -3)), turns=3),
    "rain": Variant(rained),
}


class ChangedVideo:
    """Frames in memory as a `Video`."""

    damaged = 0

    def __init__(self, images: Sequence[BgrImage], aspect: float, rate: Fraction) -> None:
        height, width = images[0].shape[:2]
        self._images, self._aspect = images, aspect
        self.facts = VideoInfo(width, height, 1 / rate, rate)

    def frames(self) -> Generator[VideoFrame, None, None]:
        """Every frame."""
        for number, image in enumerate(self._images):
            yield VideoFrame(number, number, ArrayImage(image, self._aspect))


@dataclass(frozen=True)
class Original:
    """Frames of a clip and the reference objects in them."""

    images: Sequence[BgrImage]
    rate: Fraction
    rows: Rows


def read(
    path: Path, start_s: float, frames: int, detectors: Sequence[Detector], rejected: Sequence[str] = ()
) -> Original:
    """Part of a clip; `detectors` are the other one, the one of faces, and ours; `rejected` kinds have no reference."""
    video = FileVideo(path, DecodeSettings(), start_s=start_s)
    images, rows = [], {kind: list[Boxes]() for kind in KINDS}
    for frame in itertools.islice(video.frames(), frames):
        size = WIDTH, round(frame.image.height * WIDTH / frame.image.width / 2) * 2
        image = np.asarray(cv2.resize(frame.image.bgr(), size, interpolation=cv2.INTER_AREA), np.uint8)
        images.append(image)
        other, faces, ours = (detector.detect([ArrayImage(image)])[0] for detector in detectors)
        rows["person"].append(other.labeled(Label.PERSON).boxes)
        rows["face"].append(faces.labeled(Label.FACE).boxes)
        rows["plate"].append(ours.labeled(Label.PLATE).boxes)
        rows["rider"].append(_riders(other))
        if path.stem == "highway-motorbike" and frame.index in RIDERS:
            labeled = np.array([RIDERS[frame.index]], np.float32) * np.float32(WIDTH / frame.image.width)
            rows["rider"][-1] = np.concatenate([rows["rider"][-1], labeled])
    rows["plate"] = [boxes[boxes[:, 3] - boxes[:, 1] >= READABLE_PX] for boxes in rows["plate"]]
    rows |= {kind: [np.empty((0, 4), np.float32)] * len(images) for kind in rejected}
    return Original(images, video.facts.rate, rows)


def _riders(found: Detections) -> Boxes:
    """Persons who share half of a two-wheeler's width and touch its height."""
    persons, wheels = (found.labeled(*labels).boxes for labels in ((Label.PERSON,), (Label.BICYCLE, Label.MOTORCYCLE)))
    low, high = (
        np.maximum(persons[:, None, :2], wheels[None, :, :2]),
        np.minimum(persons[:, None, 2:], wheels[None, :, 2:]),
    )
    shared = np.clip(high - low, 0, None) / np.maximum(wheels[:, 2:] - wheels[:, :2], 1)[None]
    riding: Boxes = persons[((shared[..., 0] >= 0.5) & (shared[..., 1] >= 0.2)).any(axis=1)]
    return riding


def measure(original: Original, variant: Variant, pool: DetectorPool) -> tuple[dict[str, list[bool]], float]:
    """Whether each reference object of each kind is masked, and the mean masked share."""
    images = [np.asarray(variant.change(image), np.uint8) for image in original.images]
    shape, changed = original.images[0].shape[:2], images[0].shape[:2]
    aspect = variant.aspect or (shape[1] / shape[0]) / (changed[1] / changed[0])
    redactor = Redactor(ChangedVideo(images, aspect, original.rate), AnonymizeSettings(), OverlayText(), Silent())
    plan = redactor.plan(redactor.detect(pool))
    masked = {kind: list[bool]() for kind in KINDS}
    for number in range(len(images)):
        masks = plan.at(number).boxes
        for kind in KINDS:
            boxes = variant.boxes(original.rows[kind][number], (shape[0], shape[1]), (changed[0], changed[1]))
            masked[kind] += (masked_shares(boxes, masks, changed[1], changed[0]) >= MASKED).tolist()
    return masked, float(np.mean([masked_share(plan.at(n), changed[1], changed[0]) for n in range(len(images))]))


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path)
    parser.add_argument("--frames", type=int, default=25, help="of each clip")
    options = parser.parse_args()
    settings = DetectSettings(confidence=SCORE)
    detectors = [
        build_detector(settings.model_copy(update=changes), options.models)
        for changes in ({"model": OTHER}, {"model": FACES}, {"input_size": (1280, 1280)})
    ]
    wanted = DetectSettings(confidence=AnonymizeSettings().masks.min_score)
    cores = usable_cores()
    pools = [open_detector_pool(wanted, options.models, cores, multi_view=multi) for multi in (False, True)]
    originals = {
        name: read(options.data / path, start_s, options.frames, detectors, REJECTED.get(name, ()))
        for name, (path, start_s) in CLIPS.items()
    }
    rows: list[tuple[str, ...]] = []
    for title, variant in VARIANTS.items():
        for program, pool in zip(("default", "--fine"), pools, strict=True):
            masked = {kind: list[bool]() for kind in KINDS}
            shares = []
            for name, original in originals.items():
                of_clip, share = measure(original, variant, pool)
                shares.append(share)
                for kind in KINDS:
                    masked[kind] += of_clip[kind]
                counts = " ".join(f"{kind} {sum(hits)}/{len(hits)}" for kind, hits in of_clip.items())
                print(title, program, name, counts, f"{share:.3f}", flush=True)
            cells = [shown(sum(hits), len(hits)) for hits in masked.values()]
            rows.append((title, program, *cells, f"{100 * np.mean(shares):.1f} %"))
            print(*rows[-1], sep=" | ", flush=True)
    how = (
        f"`python -m benchmarks.anonymize_variants`. {machine()} {options.frames} frames each of {', '.join(CLIPS)}, "
        f"{WIDTH} pixels wide; masked: at least {100 * MASKED:.0f} % of the box. Persons, riders: by {OTHER} and by "
        f"hand; faces: by {FACES}; plates: by our own detector in the original at 1280 pixels; score {SCORE} and more. "
        f"Plates lower than {READABLE_PX:.0f} pixels in the original, which are not read, do not count, nor do a car "
        "and the sun of egoblur-parking-plates, which those networks take for persons and a face. The default "
        "searches turned and rainy videos in several views by itself."
    )
    columns = ("variant", "program", *(f"{kind}s masked" for kind in KINDS), "masked share")
    write_table(RESULTS, "Masked objects in variants of clips", how, measures=MEASURES, columns=columns, rows=rows)


if __name__ == "__main__":
    main()
