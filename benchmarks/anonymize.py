"""Recall of redaction masks and their share of the image, beside `deface`, on all data with ground truth.

    python -m benchmarks.anonymize --data ../shared/data --models ../shared/models --deface-python ENV/bin/python

`deface` is measured by its own code in an environment of its own (pip install deface), at its own settings: CenterFace
on the whole image, score 0.2, boxes enlarged by 1.3, taken as full boxes although it draws ellipses. It hides faces
only.
Writes benchmarks/results/anonymize.md and .png.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from models.training.figures import shown
from models.training.sources import EVALUATION_ONLY, Part, Sample, everything, load, upright
from pipeline.anonymize.redaction_masks import plan_masks
from pipeline.anonymize.settings import AnonymizeSettings, MaskSettings
from pipeline.anonymize.video_detections import VideoDetections
from pipeline.app.anonymize.progress import Silent
from pipeline.app.anonymize.redaction_run import Redactor
from pipeline.benchmark.results_page import machine, write_table
from pipeline.decode.file_video import FileVideo
from pipeline.decode.lazy_images import ArrayImage
from pipeline.decode.settings import DecodeSettings
from pipeline.detect.build import build_detector
from pipeline.detect.detector_pool import DetectorPool
from pipeline.detect.settings import DetectSettings
from pipeline.domain.detections import Detections
from pipeline.domain.ports import Detector
from pipeline.domain.redaction import OverlayText

MEASURES = (
    "pipeline/anonymize",
    "pipeline/app/anonymize",
    "pipeline/detect",
    "pipeline/inference",
    "pipeline/decode",
)
"""The code that the figures are of."""

ROOT: Final = Path(__file__).resolve().parents[1]
RESULTS: Final = ROOT / "benchmarks" / "results" / "anonymize.md"
PETS: Final = "pets09-s2l1/pedestrians.avi"
SETS: Final = {
    "person": (PETS, "pennfudan-street", "coco-val-people-vehicles"),
    "face": ("faces-web",),
    "plate": (
        "openalpr-br", "br-phone-plates", "br-street-plates", "br-mercosul-parking", "openalpr-eu", "openalpr-us",
        "alpr-unconstrained", "ro-dashcam-plates",
    ),
}  # fmt: skip
MASKED: Final = 0.9
"""Share of a labeled box from which the object counts as masked."""
CURVE: Final = (0.7, 0.5, 0.35, 0.25, 0.15, 0.1, 0.06)
"""Confirm scores of the curve, for plates 0.4 of them; the fourth is the default. Link scores are a third of each."""
LEAST: Final = 0.02
PEER: Final = """
import json, sys, cv2
from deface.centerface import CenterFace
net = CenterFace()
for line in sys.stdin:
    image = cv2.imread(line.strip())
    found, _ = net(image, threshold=0.2)
    rows = []
    for x1, y1, x2, y2 in found[:, :4].tolist():
        w, h = (x2 - x1) * 0.3, (y2 - y1) * 0.3
        rows.append([x1 - w, y1 - h, x2 + w, y2 + h])
    print(json.dumps(rows), flush=True)
"""
"""deface.deface.scale_bb enlarges by `mask_scale - 1` on every side."""


@dataclass
class RunStatistics:
    """Labeled objects of one kind in one set."""

    labeled: int = 0
    masked: int = 0
    held_out: int = 0
    held_out_masked: int = 0
    shares: list[float] = field(default_factory=list)
    needless: list[float] = field(default_factory=list)

    def add(self, sample: Sample, boxes: npt.NDArray[Any], masks: npt.NDArray[Any], size: Any) -> None:
        height, width = size
        bitmap = np.zeros((height, width), bool)
        for x1, y1, x2, y2 in _whole(masks, width, height):
            bitmap[y1:y2, x1:x2] = True
        wanted = np.zeros((height, width), bool)
        for x1, y1, x2, y2 in _whole(boxes, width, height):
            is_masked = bitmap[y1:y2, x1:x2].mean() >= MASKED
            self.labeled += 1
            self.masked += is_masked
            if sample.part is Part.JUDGE or sample.source in EVALUATION_ONLY:
                self.held_out += 1
                self.held_out_masked += is_masked
            wanted[y1:y2, x1:x2] = True
        self.shares.append(float(bitmap.mean()))
        self.needless.append(float((bitmap & ~wanted).mean()))


def _whole(boxes: npt.NDArray[Any], width: int, height: int) -> list[tuple[int, int, int, int]]:
    limits = np.array([width, height] * 2)
    rows = np.clip(np.rint(np.asarray(boxes, np.float64).reshape(-1, 4)), 0, limits).astype(int).tolist()
    return [(x1, y1, max(x2, x1 + 1), max(y2, y1 + 1)) for x1, y1, x2, y2 in rows]


def settings_of(confirm: float) -> MaskSettings:
    default = MaskSettings()
    if confirm == default.confirm_score:
        return default
    plate = 0.4 * confirm
    return MaskSettings(
        confirm_score=confirm,
        link_score=max(LEAST, confirm / 3),
        plate_confirm_score=plate,
        plate_link_score=min(plate, max(LEAST, plate / 3)),
    )


def still(detections: Detections, size: tuple[int, int], settings: MaskSettings) -> npt.NDArray[np.float32]:
    """Masks of a single image."""
    one = VideoDetections(np.zeros(1), [detections], np.zeros(1, np.int64), size[1], size[0])
    return plan_masks(one, settings).at(0).boxes


def pets_masks(data: Path, detector: Detector) -> dict[float, dict[int, npt.NDArray[np.float32]]]:
    """Confirm score to frame to masks of the video, tracked over time."""
    video = FileVideo(data / PETS, DecodeSettings())
    seen = Redactor(video, AnonymizeSettings(), OverlayText(), Silent()).detect(DetectorPool([detector]))
    found: dict[float, dict[int, npt.NDArray[np.float32]]] = {}
    for score in CURVE:
        plan = plan_masks(seen, settings_of(score))
        found[score] = {number: plan.at(number).boxes for number in range(len(seen))}
    return found


def measure(data: Path, detector: Detector, peer: Peer | None) -> dict[tuple[str, str, str], RunStatistics]:
    """(set, kind, program) to counts; the program is a confirm score of ours or ``deface``."""
    tallies: dict[tuple[str, str, str], RunStatistics] = defaultdict(RunStatistics)
    pets = pets_masks(data, detector)
    wanted = {folder: kind for kind, folders in SETS.items() for folder in folders}
    samples = [s for s in everything(data) if s.source in wanted and (s.source != PETS or s.boxes)]
    for sample, stored in load(samples):
        kind = wanted[sample.source]
        labeled = [box.xyxy for box in sample.boxes if box.label == kind]
        image, boxes = upright(stored, labeled, sample.turn)
        size = image.shape[:2]
        if sample.source != PETS:
            detections = detector.detect([ArrayImage(image)])[0]
        for score in CURVE:
            masks = pets[score][sample.frame] if sample.source == PETS else still(detections, size, settings_of(score))
            tallies[sample.source, kind, f"{score:g}"].add(sample, boxes, masks, size)
        if peer is not None and kind != "plate":
            tallies[sample.source, kind, "deface"].add(sample, boxes, peer.masks(image), size)
    return tallies


class Peer:
    """`deface` in its own interpreter."""

    def __init__(self, python: str, folder: Path) -> None:
        self._image = folder / "image.png"
        self._process = subprocess.Popen(
            [python, "-c", PEER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def masks(self, image: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
        cv2.imwrite(str(self._image), image)
        pipe_in, pipe_out = self._process.stdin, self._process.stdout
        if pipe_in is None or pipe_out is None:
            raise RuntimeError("deface has no pipes")
        pipe_in.write(f"{self._image}\n")
        pipe_in.flush()
        answer = next(line for line in pipe_out if line.startswith("["))  # it prints other lines too
        return np.array(json.loads(answer), np.float64).reshape(-1, 4)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


def rows_of(tallies: Mapping[tuple[str, str, str], RunStatistics], default: float) -> Iterable[tuple[str, ...]]:
    for (folder, kind, program), tally in sorted(tallies.items()):
        if program not in {"deface", f"{default:g}"}:
            continue
        yield (
            folder,
            kind,
            "deface" if program == "deface" else "viapublica",
            shown(tally.masked, tally.labeled),
            shown(tally.held_out_masked, tally.held_out) if tally.held_out else "-",
            f"{100 * np.mean(tally.shares):.1f} %",
            f"{100 * np.mean(tally.needless):.1f} %",
        )


def plot(tallies: Mapping[tuple[str, str, str], RunStatistics], path: Path) -> None:
    """Recall against the needlessly masked share of the image, a line per set."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(13, 4), constrained_layout=True)
    for axis, (kind, folders) in zip(axes, SETS.items(), strict=True):
        for folder in folders:
            line = [tallies[folder, kind, f"{score:g}"] for score in CURVE]
            x = [100 * float(np.mean(tally.needless)) for tally in line]
            y = [tally.masked / max(1, tally.labeled) for tally in line]
            drawn = axis.plot(x, y, marker="o", markersize=3, label=folder.split("/")[0])[0]
            axis.plot(x[3], y[3], marker="o", markersize=8, color=drawn.get_color())
            if (folder, kind, "deface") in tallies:
                peer = tallies[folder, kind, "deface"]
                axis.plot(
                    100 * float(np.mean(peer.needless)), peer.masked / max(1, peer.labeled), "x",
                    color=drawn.get_color(), markersize=8,
                )  # fmt: skip
        axis.set(title=f"{kind}s", xlabel="of the image masked needlessly, %", ylabel="masked")
        axis.grid(alpha=0.3)
        axis.legend(fontsize=7)
    figure.suptitle("Large dot: the default threshold; cross: deface, in the color of its set")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path)
    parser.add_argument("--deface-python", help="interpreter of an environment with deface")
    parser.add_argument("--size", type=int, default=0, help="longest side of the network's input; its own by default")
    options = parser.parse_args(arguments)
    size = (options.size, options.size) if options.size else None
    detector = build_detector(DetectSettings(confidence=LEAST, input_size=size), options.models)
    with tempfile.TemporaryDirectory(prefix="viapublica-bench-") as folder:
        peer = Peer(options.deface_python, Path(folder)) if options.deface_python else None
        try:
            tallies = measure(options.data, detector, peer)
        finally:
            if peer is not None:
                peer.close()
    rows = list(rows_of(tallies, MaskSettings().confirm_score))
    for row in rows:
        print(*row, sep=" | ")
    if size is None:
        plot(tallies, RESULTS.with_suffix(".png"))
        how = (
            f"`python -m benchmarks.anonymize`. {machine()} Masked: at least {100 * MASKED:.0f} % of the labeled box "
            "is masked. Needless: masked, and in no labeled box; many of these are unlabeled people."
        )
        columns = ("set", "kind", "program", "masked, all", "masked, held out", "masked share", "needlessly")
        write_table(
            RESULTS, "Masked objects, and the share of the image", how, measures=MEASURES, columns=columns, rows=rows
        )


if __name__ == "__main__":
    main()
