"""Contact sheets of a detector's hits, misses and false alarms on the held-out part.

    python -m models.training.traffic.sheets --data ../shared/data --models ../shared/models \
        --detector viapublica_traffic --label plate --out build/training/sheets

Green: detected label; red: missed label; blue: detection on no label. `--hide` makes plates and faces unrecognizable,
for sheets that are published.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from models.training.command import reported_errors
from models.training.degrade import Image
from models.training.sources import Part, everything
from models.training.traffic.evaluate import GROUPS, Outcome, Result, outcomes
from models.training.traffic.network import CLASSES
from models.training.traffic.teachers import CardTeacher

KINDS: Final = ("hits", "misses", "false-alarms")
_GREEN, _RED, _BLUE = (60, 200, 60), (40, 40, 230), (230, 140, 30)
_CELL: Final = (220, 170)
_COLUMNS, _ROWS = 6, 4


def chosen(outcome: Outcome, kind: str) -> Any:
    """The boxes of a kind in an image: (n, 4) xyxy."""
    if kind == "hits":
        return outcome.labeled[outcome.labeled_found]
    if kind == "misses":
        return outcome.labeled[~outcome.labeled_found]
    return outcome.found[~outcome.found_right]


def cell(outcome: Outcome, box: Any, *, hide: bool) -> Image:
    """The box in the middle of its surroundings, and what else was found or missed there."""
    image = outcome.image.copy()
    if hide and outcome.label in {"plate", "face"}:
        for found in (*outcome.labeled, *outcome.found):
            _coarse(image, found)
    width, height = _CELL
    side = max(48.0, 3.0 * (box[2] - box[0]), 3.0 * (box[3] - box[1]) * width / height)
    scale = width / side
    middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    warp = np.array([[scale, 0, width / 2 - scale * middle[0]], [0, scale, height / 2 - scale * middle[1]]], np.float32)
    seen = cv2.warpAffine(image, warp, _CELL, flags=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    for color, boxes in (
        (_BLUE, outcome.found[~outcome.found_right]),
        (_GREEN, outcome.labeled[outcome.labeled_found]),
        (_RED, outcome.labeled[~outcome.labeled_found]),
    ):
        for corners in boxes:
            (x1, y1), (x2, y2) = (warp[:, :2] @ np.array(c) + warp[:, 2] for c in (corners[:2], corners[2:]))
            cv2.rectangle(seen, (round(x1), round(y1)), (round(x2), round(y2)), color, 2)
    return np.asarray(seen, np.uint8)


def _coarse(image: Image, box: Any) -> None:
    """A box's contents as 4 by 2 squares."""
    x1, y1, x2, y2 = (max(0, int(v)) for v in box)
    part = image[y1:y2, x1:x2]
    if part.size:
        few = cv2.resize(part, (4, 2), interpolation=cv2.INTER_AREA)
        part[:] = cv2.resize(few, part.shape[1::-1], interpolation=cv2.INTER_NEAREST)


def sheet(cells: Sequence[Image]) -> Image:
    """Up to 24 of them spread over all, in a grid."""
    width, height = _CELL
    most = _COLUMNS * _ROWS
    picked = [cells[i] for i in np.unique(np.linspace(0, len(cells) - 1, min(most, len(cells))).round().astype(int))]
    rows = -(-len(picked) // _COLUMNS)
    page = np.full((rows * (height + 4), _COLUMNS * (width + 4), 3), 30, np.uint8)
    for number, part in enumerate(picked):
        top, left = number // _COLUMNS * (height + 4), number % _COLUMNS * (width + 4)
        page[top : top + height, left : left + width] = part
    return page


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--detector", required=True, help="a model card")
    parser.add_argument("--label", nargs="+", default=["plate", "face", "person", "vehicle"])
    parser.add_argument("--source", nargs="+", help="only of these sets")
    parser.add_argument("--hide", action="store_true", help="plates and faces made unrecognizable")
    parser.add_argument("--out", type=Path, default=Path("build/training/sheets"))
    options = parser.parse_args()
    with reported_errors(parser):
        samples = [
            s for s in everything(options.data) if s.part is Part.JUDGE and s.source in (options.source or {s.source})
        ]
        cells: dict[tuple[str, str], list[Image]] = {}
        teacher = CardTeacher(options.detector, CLASSES, options.models)
        for outcome in outcomes(samples, teacher, Result()):
            label = GROUPS.get(outcome.label, outcome.label)
            for kind in KINDS if label in options.label else ():
                made = [cell(outcome, box, hide=options.hide) for box in chosen(outcome, kind)]
                cells.setdefault((label, kind), []).extend(made)
        options.out.mkdir(parents=True, exist_ok=True)
        for (label, kind), found in cells.items():
            print(f"{label}: {len(found)} {kind}")
            if found:
                cv2.imwrite(str(options.out / f"{label}-{kind}.png"), sheet(found))


if __name__ == "__main__":
    main()
