"""How a reader's network fares on held-out plates that are worn as cameras wear them, and on drawn ones.

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

from models.training.command import told
from models.training.degrade import Image
from models.training.figures import shown
from models.training.plates.crops import cut, real_scenes, set_in
from models.training.plates.network import ALPHABET
from models.training.plates.render import LAYOUTS, dirt
from models.training.plates.text import spell

Worn = tuple[Image, str, str]
"""The crop as the network takes it (BGR), its text, and where it comes from."""


def worn(data: Path, seed: int, cuts: int = 10, drawn: int = 150) -> list[Worn]:
    """Each held-out plate cut `cuts` times, and `drawn` plates of each Brazilian layout in held-out surroundings."""
    rng = np.random.default_rng(seed)
    scenes = real_scenes(data, validation=True)
    found = [(cut(scene, rng), scene.text, scene.source) for scene in scenes for _ in range(cuts)]
    for _, draw, syntax in LAYOUTS:
        for _ in range(drawn if syntax else 0):
            text = spell(syntax, rng)
            around = scenes[int(rng.integers(len(scenes)))].image
            scene = set_in(dirt(draw(text, rng), rng), text, around, rng)
            found.append((cut(scene, rng), text, f"drawn {draw.__name__}"))
    return found


def right(weights: Path, crops: Sequence[Worn]) -> list[bool]:
    """Whether each crop's text is read, the surest character of each place."""
    session = ort.InferenceSession(str(weights), providers=["CPUExecutionProvider"])
    hits = []
    for start in range(0, len(crops), 64):
        part = crops[start : start + 64]
        images = np.stack([cv2.cvtColor(image, cv2.COLOR_BGR2RGB) for image, _, _ in part])
        (seen,) = session.run(None, {"input": images})
        for places, (_, text, _) in zip(seen, part, strict=True):
            hits.append("".join(ALPHABET[i] for i in places.argmax(axis=-1)).rstrip("_") == text)
    return hits


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=99)
    parser.add_argument("weights", type=Path, nargs="+")
    options = parser.parse_args()
    with told(parser):
        crops = worn(options.data, options.seed)
        print("| worn plates | " + " | ".join(path.stem for path in options.weights) + " |")
        print("| --- |" + " --- |" * len(options.weights))
        table = defaultdict(list)
        for path in options.weights:
            hits = right(path, crops)
            for source in sorted({source for _, _, source in crops}):
                chosen = [hit for hit, (_, _, name) in zip(hits, crops, strict=True) if name == source]
                table[source].append(shown(sum(chosen), len(chosen)))
        for source, shares in table.items():
            print(f"| {source} | " + " | ".join(shares) + " |")


if __name__ == "__main__":
    main()
