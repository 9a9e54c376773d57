"""How much of whom is covered, at what share of the image, beside `deface`; on all that has ground truth.

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

from benchmarks.results_file import machine, write_table
from models.training.figures import shown
from models.training.sources import EVALUATION_ONLY, Sample, everything, load, upright
from pipeline.anonymize.redaction_masks import plan_covers
from pipeline.anonymize.settings import AnonymizeSettings, CoverSettings, MarkText
from pipeline.anonymize.video_detections import Sightings
from pipeline.app.release.redaction_run import Anonymizer
from pipeline.decode.file_video import FileVideo
from pipeline.decode.lazy_images import ArrayImage
from pipeline.decode.settings import DecodeSettings
from pipeline.detect.build import build_detector
from pipeline.detect.detector_pool import DetectorPool
from pipeline.detect.settings import DetectSettings
from pipeline.domain.detections import Detections
from pipeline.domain.ports import Detector

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
HIDDEN: Final = 0.9
"""Somebody is hidden when so much of his labeled box lies under covers."""
CURVE: Final = (0.7, 0.5, 0.35, 0.25, 0.15, 0.1, 0.06)
"""Thresholds of the curve, for plates 0.4 of them; the fourth is the default. `faint` is a third of each."""
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
    hidden: int = 0
    held_out: int = 0
    held_out_hidden: int = 0
    shares: list[float] = field(default_factory=list)
    needless: list[float] = field(default_factory=list)

    def add(self, sample: Sample, boxes: npt.NDArray[Any], covers: npt.NDArray[Any], size: Any) -> None:
        height, width = size
        mask = np.zeros((height, width), bool)
        for x1, y1, x2, y2 in _whole(covers, width, height):
            mask[y1:y2, x1:x2] = True
        wanted = np.zeros((height, width), bool)
        for x1, y1, x2, y2 in _whole(boxes, width, height):
            hidden = mask[y1:y2, x1:x2].mean() >= HIDDEN
            self.labeled += 1
            self.hidden += hidden
            if sample.validation or sample.source in EVALUATION_ONLY:
                self.held_out += 1
                self.held_out_hidden += hidden
            wanted[y1:y2, x1:x2] = True
        self.shares.append(float(mask.mean()))
        self.needless.append(float((mask & ~wanted).mean()))


def _whole(boxes: npt.NDArray[Any], width: int, height: int) -> list[tuple[int, int, int, int]]:
    limits = np.array([width, height] * 2)
    rows = np.clip(np.rint(np.asarray(boxes, np.float64).reshape(-1, 4)), 0, limits).astype(int).tolist()
    return [(x1, y1, max(x2, x1 + 1), max(y2, y1 + 1)) for x1, y1, x2, y2 in rows]


def settings_of(sure: float) -> CoverSettings:
    default = CoverSettings()
    if sure == default.sure:
        return default
    plate = 0.4 * sure
    return CoverSettings(
        sure=sure, faint=max(LEAST, sure / 3), plate_sure=plate, plate_faint=min(plate, max(LEAST, plate / 3))
    )


def still(detections: Detections, size: tuple[int, int], settings: CoverSettings) -> npt.NDArray[np.float32]:
    """Covers of a single image."""
    one = Sightings(np.zeros(1), [detections], np.zeros(1, np.int64), size[1], size[0])
    return plan_covers(one, settings).of(0).boxes


def pets_covers(data: Path, detector: Detector) -> dict[float, dict[int, npt.NDArray[np.float32]]]:
    """Threshold to frame to covers of the video, followed in time."""
    video = FileVideo(data / PETS, DecodeSettings())
    seen = Anonymizer(video, AnonymizeSettings(), MarkText(), lambda _, __: None).look(DetectorPool([detector]))
    found: dict[float, dict[int, npt.NDArray[np.float32]]] = {}
    for sure in CURVE:
        plan = plan_covers(seen, settings_of(sure))
        found[sure] = {number: plan.of(number).boxes for number in range(len(seen))}
    return found


def measure(data: Path, detector: Detector, peer: Peer | None) -> dict[tuple[str, str, str], RunStatistics]:
    """(set, kind, who) to counts; who is a threshold of ours or ``deface``."""
    tallies: dict[tuple[str, str, str], RunStatistics] = defaultdict(RunStatistics)
    pets = pets_covers(data, detector)
    wanted = {folder: kind for kind, folders in SETS.items() for folder in folders}
    samples = [s for s in everything(data) if s.source in wanted and (s.source != PETS or s.boxes)]
    for sample, stored in load(samples):
        kind = wanted[sample.source]
        labeled = [box.xyxy for box in sample.boxes if box.label == kind]
        image, boxes = upright(stored, labeled, sample.turn)
        size = image.shape[:2]
        if sample.source != PETS:
            detections = detector.detect([ArrayImage(image)])[0]
        for sure in CURVE:
            covers = pets[sure][sample.frame] if sample.source == PETS else still(detections, size, settings_of(sure))
            tallies[sample.source, kind, f"{sure:g}"].add(sample, boxes, covers, size)
        if peer is not None and kind != "plate":
            tallies[sample.source, kind, "deface"].add(sample, boxes, peer.covers(image), size)
    return tallies


class Peer:
    """`deface` in its own interpreter."""

    def __init__(self, python: str, folder: Path) -> None:
        self._image = folder / "image.png"
        self._process = subprocess.Popen(
            [python, "-c", PEER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def covers(self, image: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
        cv2.imwrite(str(self._image), image)
        pipe_in, pipe_out = self._process.stdin, self._process.stdout
        if pipe_in is None or pipe_out is None:
            raise RuntimeError("deface has no pipes")
        pipe_in.write(f"{self._image}\n")
        pipe_in.flush()
        answer = next(line for line in pipe_out if line.startswith("["))  # it says other things too
        return np.array(json.loads(answer), np.float64).reshape(-1, 4)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


def rows_of(tallies: Mapping[tuple[str, str, str], RunStatistics], default: float) -> Iterable[tuple[str, ...]]:
    for (folder, kind, who), tally in sorted(tallies.items()):
        if who not in {"deface", f"{default:g}"}:
            continue
        yield (
            folder,
            kind,
            "deface" if who == "deface" else "viapublica",
            shown(tally.hidden, tally.labeled),
            shown(tally.held_out_hidden, tally.held_out) if tally.held_out else "-",
            f"{100 * np.mean(tally.shares):.1f} %",
            f"{100 * np.mean(tally.needless):.1f} %",
        )


def plot(tallies: Mapping[tuple[str, str, str], RunStatistics], path: Path) -> None:
    """Recall against the share of the image that is covered needlessly, a line per set."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(13, 4), constrained_layout=True)
    for axis, (kind, folders) in zip(axes, SETS.items(), strict=True):
        for folder in folders:
            line = [tallies[folder, kind, f"{sure:g}"] for sure in CURVE]
            x = [100 * float(np.mean(tally.needless)) for tally in line]
            y = [tally.hidden / max(1, tally.labeled) for tally in line]
            drawn = axis.plot(x, y, marker="o", markersize=3, label=folder.split("/")[0])[0]
            axis.plot(x[3], y[3], marker="o", markersize=8, color=drawn.get_color())
            if (folder, kind, "deface") in tallies:
                peer = tallies[folder, kind, "deface"]
                axis.plot(
                    100 * float(np.mean(peer.needless)), peer.hidden / max(1, peer.labeled), "x",
                    color=drawn.get_color(), markersize=8,
                )  # fmt: skip
        axis.set(title=f"{kind}s", xlabel="of the image covered needlessly, %", ylabel="hidden")
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
    rows = list(rows_of(tallies, CoverSettings().sure))
    for row in rows:
        print(*row, sep=" | ")
    if size is None:
        plot(tallies, RESULTS.with_suffix(".png"))
        how = (
            f"`python -m benchmarks.anonymize`. {machine()} Hidden: at least {100 * HIDDEN:.0f} % of the labeled box "
            "lies under covers. Needless: covered, and in no labeled box; many of these are people nobody labeled."
        )
        columns = ("set", "kind", "who", "hidden, all", "hidden, held out", "covered", "needlessly")
        write_table(RESULTS, "Who is hidden, and how much besides", how, columns=columns, rows=rows)


if __name__ == "__main__":
    main()
