"""Accuracy of plate-reading networks on degraded held-out plates and on rendered ones.

python -m models.training.plates.worn --data ../shared/data A.onnx B.onnx
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort

from models.training.command import reported_errors
from models.training.degrade import Image
from models.training.figures import shown
from models.training.plates.crops import cut, real_scenes, set_in
from models.training.plates.layouts import BRAZILIAN
from models.training.plates.network import ALPHABET
from models.training.plates.render import dirt
from models.training.plates.text import spell
from models.training.sources import Part

_SHOWN = 16
Worn = tuple[Image, str, str]
"""The crop as the network takes it (BGR), its text, and where it comes from."""


def worn(data: Path, seed: int, cuts: int = 10, drawn: int = 150) -> list[Worn]:
    """Each held-out plate cut `cuts` times, and `drawn` plates of each Brazilian layout in held-out surroundings."""
    rng = np.random.default_rng(seed)
    scenes = real_scenes(data, Part.JUDGE)
    found = [(cut(scene, rng), scene.text, scene.source) for scene in scenes for _ in range(cuts)]
    for _, draw, syntax in BRAZILIAN:
        for _ in range(drawn):
            text = spell(syntax, rng)
            around = scenes[int(rng.integers(len(scenes)))].image
            scene = set_in(dirt(draw(text, rng), rng), text, around, rng)
            found.append((cut(scene, rng), text, f"drawn {draw.__name__}"))
    return found


def read(weights: Path, crops: Sequence[Worn]) -> list[str]:
    """Text of each crop: the most probable character of each slot."""
    session = ort.InferenceSession(str(weights), providers=["CPUExecutionProvider"])
    texts = []
    for start in range(0, len(crops), 64):
        part = crops[start : start + 64]
        images = np.stack([cv2.cvtColor(image, cv2.COLOR_BGR2RGB) for image, _, _ in part])
        (seen,) = session.run(None, {"input": images})
        texts += ["".join(ALPHABET[i] for i in places.argmax(axis=-1)).rstrip("_") for places in seen]
    return texts


def sheet(crops: Sequence[Worn], texts: Sequence[str], out: Path) -> None:
    """Contact sheet of misread rendered plates, with text and reading below; synthetic, so they can be published."""
    cells = []
    for (image, text, source), found in zip(crops, texts, strict=True):
        if source.startswith("drawn") and found != text:
            cell = np.full((154, 260, 3), 255, np.uint8)
            cell[:128, 2:258] = cv2.resize(image, (256, 128), interpolation=cv2.INTER_CUBIC)
            caption = f"{text} read {found or 'nothing'}"
            cv2.putText(cell, caption, (4, 146), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
            cells.append(cell)
    step = max(1, len(cells) // _SHOWN)
    rows = [np.hstack(cells[::step][n : n + 4]) for n in range(0, min(_SHOWN, len(cells[::step])) - 3, 4)]
    if rows:
        cv2.imwrite(str(out), np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, 88])


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=99)
    parser.add_argument("--sheet", type=Path, help="drawn plates that the last reader misreads, as an image")
    parser.add_argument("weights", type=Path, nargs="+")
    options = parser.parse_args()
    with reported_errors(parser):
        crops = worn(options.data, options.seed)
        print("| worn plates | " + " | ".join(path.stem for path in options.weights) + " |")
        print("| --- |" + " --- |" * len(options.weights))
        table = defaultdict(list)
        for path in options.weights:
            texts = read(path, crops)
            hits = [found == text for found, (_, text, _) in zip(texts, crops, strict=True)]
            if options.sheet:
                sheet(crops, texts, options.sheet)
            for source in sorted({source for _, _, source in crops}):
                chosen = [hit for hit, (_, _, name) in zip(hits, crops, strict=True) if name == source]
                table[source].append(shown(sum(chosen), len(chosen)))
        for source, shares in table.items():
            print(f"| {source} | " + " | ".join(shares) + " |")


if __name__ == "__main__":
    main()
