"""Recall on clips without labels: persons of an independent detector that are masked.

    python -m benchmarks.anonymize_clips --data ../shared/data --models ../shared/models [--deface-python …/bin/python]
        [--fine-seconds 1]

The detector was trained by others and did not choose the masks. Its detections are no ground truth: some of its
persons are lamp posts, and persons that both networks miss are in no number. Each clip is measured without and with
the high-resolution pass. Faces, by a network trained by others too, are counted in every tenth frame, beside `deface`,
which masks nothing else.
Writes benchmarks/results/anonymize_clips.md.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from benchmarks.anonymize import Peer
from models.training.figures import shown
from pipeline.anonymize.settings import AnonymizeSettings
from pipeline.app.anonymize.progress import Silent
from pipeline.app.anonymize.redaction_run import Redactor
from pipeline.benchmark.results_page import machine, write_table
from pipeline.decode.file_video import FileVideo
from pipeline.decode.settings import DecodeSettings
from pipeline.detect.detector_pool import DetectorPool, open_detector_pool
from pipeline.detect.settings import DetectSettings
from pipeline.domain.detections import Detections
from pipeline.domain.labels import Label
from pipeline.domain.redaction import OverlayText
from pipeline.inference.machine_fingerprint import usable_cores

MEASURES = (
    "pipeline/anonymize",
    "pipeline/app/anonymize",
    "pipeline/detect",
    "pipeline/inference",
    "pipeline/decode",
)
"""The code that the figures are of."""

RESULTS: Final = Path(__file__).resolve().parent / "results" / "anonymize_clips.md"
OTHER: Final = "yolov8n_dequantised_float"
FACES: Final = "yolo11n_face_int8_640"
EVERY: Final = 10
MIN_SCORE: Final = 0.5
"""Least score of the other detector's persons that count."""
MASKED: Final = 0.9
UNMASKED: Final = 0.5
"""A box is masked from the first share on, and unmasked below the second."""


@dataclass(frozen=True, slots=True)
class RunStatistics:
    """Persons of the other detector in one clip."""

    persons: int
    masked: int
    unmasked: int

    def cells(self) -> tuple[str, str]:
        """Of the table."""
        return shown(self.masked, self.persons) if self.persons else "-", str(self.unmasked)


def masked_shares(
    boxes: npt.NDArray[np.float32], masks: npt.NDArray[Any], width: int, height: int
) -> npt.NDArray[np.float64]:
    """(n,) masked share of each box (n, 4), pixels."""
    bitmap = np.zeros((height, width), bool)
    for x1, y1, x2, y2 in masks:
        bitmap[max(int(y1), 0) : math.ceil(y2), max(int(x1), 0) : math.ceil(x2)] = True
    whole = np.round(np.clip(boxes, 0, [width, height, width, height])).astype(int)
    return np.array([bitmap[y1:y2, x1:x2].mean() if x2 > x1 and y2 > y1 else 1.0 for x1, y1, x2, y2 in whole])


def compare(
    others: Sequence[Detections],
    masks: Iterable[npt.NDArray[Any]],
    width: int,
    height: int,
    label: Label = Label.PERSON,
) -> RunStatistics:
    """Objects with a high score of the other detector, against the masks (n, 4) of the same frames."""
    shares = [np.empty(0)]
    for found, over in zip(others, masks, strict=True):
        objects = found.select((found.labels == int(label)) & (found.scores >= MIN_SCORE))
        shares.append(masked_shares(objects.boxes, over, width, height))
    every = np.concatenate(shares)
    return RunStatistics(len(every), int((every >= MASKED).sum()), int((every < UNMASKED).sum()))


def measure(
    path: Path,
    ours: Sequence[DetectorPool],
    other: DetectorPool,
    faces: DetectorPool,
    peer: Peer | None,
    *,
    fine_s: float | None,
) -> tuple[int, list[RunStatistics], list[RunStatistics]]:
    """How many frames a clip has; for each of our pools its persons, and its faces; `deface` last.

    The last of our pools searches the first `fine_s` seconds, where that is a number.
    """
    video = FileVideo(path, DecodeSettings())
    others = [found for _, found in other.detect(video.frames())]
    seen = [found for _, found in faces.detect(frame for frame in video.frames() if frame.index % EVERY == 0)]
    tallies, of_faces = [], []
    for pool in ours:
        part = FileVideo(path, DecodeSettings(), end_s=fine_s) if pool is ours[-1] else video
        redactor = Redactor(part, AnonymizeSettings(), OverlayText(), Silent())
        detections = redactor.detect(pool)
        plan = redactor.plan(detections)
        size = detections.width, detections.height
        frames = range(len(detections))
        tallies.append(compare(others[: len(frames)], (plan.at(frame).boxes for frame in frames), *size))
        some = frames[::EVERY]
        of_faces.append(compare(seen[: len(some)], (plan.at(frame).boxes for frame in some), *size, Label.FACE))
    if peer is not None:
        theirs = (peer.masks(frame.image.bgr()) for frame in video.frames() if frame.index % EVERY == 0)
        of_faces.append(compare(seen, theirs, *size, Label.FACE))
    return len(others), tallies, of_faces


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path)
    parser.add_argument("--deface-python", help="interpreter of an environment with deface")
    parser.add_argument("--fine-seconds", type=float, help="that are searched with --fine; the whole clip without")
    options = parser.parse_args()
    cores = usable_cores()
    wanted = DetectSettings(confidence=AnonymizeSettings().masks.min_score)
    ours = [open_detector_pool(wanted, options.models, cores, multi_view=fine) for fine in (False, True)]
    other = open_detector_pool(DetectSettings(model=OTHER, confidence=MIN_SCORE), options.models, cores)
    faces = open_detector_pool(DetectSettings(model=FACES, confidence=MIN_SCORE), options.models, cores)
    rows: list[tuple[str, ...]] = []
    clips = sorted([*(options.data / "clips").glob("*.mp4"), options.data / "pets09-s2l1" / "pedestrians.avi"])
    with tempfile.TemporaryDirectory(prefix="viapublica-bench-") as folder:
        peer = Peer(options.deface_python, Path(folder)) if options.deface_python else None
        for path in clips:
            frames, of_persons, of_faces = measure(path, ours, other, faces, peer, fine_s=options.fine_seconds)
            cells = [*(cell for each in of_persons for cell in each.cells()), *(each.cells()[0] for each in of_faces)]
            rows.append((path.stem, str(frames), *cells, *([] if peer else ["-"])))
            print(*rows[-1], sep=" | ", flush=True)
        if peer is not None:
            peer.close()
    how = (
        f"`python -m benchmarks.anonymize_clips`. {machine()} Persons that {OTHER} finds with a score of {MIN_SCORE} "
        f"in the original; masked: at least {100 * MASKED:.0f} % of the box; unmasked: under {100 * UNMASKED:.0f} %."
        + (f" With --fine: the first {options.fine_seconds:g} s of each clip." if options.fine_seconds else "")
    )
    persons = ("persons masked", "unmasked", "masked, --fine", "unmasked, --fine")
    columns = ("clip", "frames", *persons, "faces masked", "masked, --fine", "by deface")
    write_table(RESULTS, "Masked persons and faces in the clips", how, measures=MEASURES, columns=columns, rows=rows)


if __name__ == "__main__":
    main()
