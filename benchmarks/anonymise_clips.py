"""Recall on clips without labels: how many of the persons that an independent detector finds lie under our covers.

    python -m benchmarks.anonymise_clips --data ../shared/data --models ../shared/models

The detector was trained by others and did not choose the covers. What it finds is no ground truth: some of its persons
are lamp posts, and persons whom both networks miss are in no number. Each clip is looked at in passing and closely.
Writes benchmarks/results/anonymise_clips.md.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.results_file import machine, write_table
from models.training.figures import shown
from pipeline.anonymize.covers import Covers
from pipeline.anonymize.settings import AnonymizeSettings, MarkText
from pipeline.decode.film import FileFilm
from pipeline.decode.settings import DecodeSettings
from pipeline.detect.settings import DetectSettings
from pipeline.domain.detections import Detections
from pipeline.domain.labels import Label
from pipeline.engine.anonymise import Anonymiser
from pipeline.engine.finders import Finders, open_finders

RESULTS: Final = Path(__file__).resolve().parent / "results" / "anonymise_clips.md"
OTHER: Final = "yolov8n_dequantised_float"
SURE: Final = 0.5
"""Least score of the other detector's persons that count."""
HIDDEN: Final = 0.9
BARE: Final = 0.5
"""Hidden is who lies under covers by the first share at least, bare by less than the second."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Persons of the other detector in one clip."""

    persons: int
    hidden: int
    bare: int

    def cells(self) -> tuple[str, str]:
        """Of the table."""
        return shown(self.hidden, self.persons) if self.persons else "-", str(self.bare)


def covered_shares(boxes: npt.NDArray[np.float32], covers: Covers, width: int, height: int) -> npt.NDArray[np.float64]:
    """(n,) share of each box (n, 4), pixels, under the covers taken together."""
    mask = np.zeros((height, width), bool)
    for x1, y1, x2, y2 in np.stack([np.floor(covers.boxes.T), np.ceil(covers.boxes.T)])[[0, 0, 1, 1], range(4)].T:
        mask[int(y1) : int(y2), int(x1) : int(x2)] = True
    whole = np.round(np.clip(boxes, 0, [width, height, width, height])).astype(int)
    return np.array([mask[y1:y2, x1:x2].mean() if x2 > x1 and y2 > y1 else 1.0 for x1, y1, x2, y2 in whole])


def tally(others: Sequence[Detections], covers: Iterable[Covers], width: int, height: int) -> Tally:
    """Persons that are sure for the other detector, against the covers of the same frames."""
    shares = [np.empty(0)]
    for found, over in zip(others, covers, strict=True):
        persons = found.select((found.labels == int(Label.PERSON)) & (found.scores >= SURE))
        shares.append(covered_shares(persons.boxes, over, width, height))
    every = np.concatenate(shares)
    return Tally(len(every), int((every >= HIDDEN).sum()), int((every < BARE).sum()))


def measure(path: Path, ours: Sequence[Finders], other: Finders) -> tuple[int, list[Tally]]:
    """How many frames a clip has, and a tally for each of our ways to look at it."""
    film = FileFilm(path, DecodeSettings())
    others = [found for _, found in other.look(film.frames())]
    tallies = []
    for finders in ours:
        anonymiser = Anonymiser(film, AnonymizeSettings(), MarkText(), lambda _stage, _done: None)
        sightings = anonymiser.look(finders)
        plan = anonymiser.plan(sightings)
        covers = (plan.of(frame) for frame in range(len(sightings)))
        tallies.append(tally(others, covers, sightings.width, sightings.height))
    return len(others), tallies


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path)
    options = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    wanted = DetectSettings(confidence=AnonymizeSettings().cover.least)
    ours = [open_finders(wanted, options.models, cores, fine=fine) for fine in (False, True)]
    other = open_finders(DetectSettings(model=OTHER, confidence=SURE), options.models, cores)
    rows: list[tuple[str, ...]] = []
    for path in sorted([*(options.data / "clips").glob("*.mp4"), options.data / "pets09-s2l1" / "pedestrians.avi"]):
        frames, tallies = measure(path, ours, other)
        rows.append((path.stem, str(frames), str(tallies[0].persons), *tallies[0].cells(), *tallies[1].cells()))
        print(*rows[-1], sep=" | ", flush=True)
    how = (
        f"`python -m benchmarks.anonymise_clips`. {machine()} Persons that {OTHER} finds with a score of {SURE} in the "
        f"original; hidden: at least {100 * HIDDEN:.0f} % under covers; bare: less than {100 * BARE:.0f} %."
    )
    columns = ("clip", "frames", "persons", "hidden", "bare", "hidden, --fine", "bare, --fine")
    write_table(RESULTS, "Who is hidden in the clips", how, columns=columns, rows=rows)


if __name__ == "__main__":
    main()
