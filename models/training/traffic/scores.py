"""Shifts of the detector's scores, one per label, so that 0.25 is a useful threshold for all; and back.

    python -m models.training.traffic.scores --network models/traffic/viapublica_traffic.onnx --out before.onnx

writes a shipped network as it was trained, from which the next training goes on.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from models.training.command import reported_errors
from models.training.sources import TrainingDataError
from models.training.traffic.network import CLASSES

LEAST: Final = 0.25
"""The score threshold of users, the same for all labels."""
REACHED: Final = {
    "plate": 0.16, "person": 0.09, "face": 0.068, "car": 0.073, "bus": 0.073, "truck": 0.073, "bicycle": 0.09,
    "motorcycle": 0.07,
}  # fmt: skip
"""Scores of the first generation at which precision and recall on the held-out part suit the threshold `LEAST`;
bicycles and motorcycles, which no set measured, have those of persons and other vehicles."""
REACHED_AVERAGED: Final = {
    "plate": 0.3, "person": 0.09, "face": 0.18, "car": 0.1, "bus": 0.1, "truck": 0.1, "bicycle": 0.18,
    "motorcycle": 0.13,
}  # fmt: skip
"""The same of the shipped network, an average with the generation before, on the part for choosing: as many objects as
before, or more, but for one person, with fewer boxes on nothing."""


def shift_scores(file: Path, reached: Mapping[str, float], *, back: bool = False) -> None:
    """Shift the scores of each label in an ONNX file, so that `reached` becomes the score threshold of users.

    Args:
        file: the network, changed in place.
        reached: score by label; labels that it lacks stay as they are.
        back: undo it.

    Raises:
        TrainingDataError: it is not a network of our labels.
    """
    import onnx
    from onnx import numpy_helper

    added = -shifts(reached) if back else shifts(reached)
    model = onnx.load(str(file))
    shifted = 0
    for tensor in model.graph.initializer:
        if ".cv3." in tensor.name and tensor.name.endswith(".bias") and list(tensor.dims) == [len(CLASSES)]:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor) + added, tensor.name))
            shifted += 1
    if not shifted:
        raise TrainingDataError(f"{file}: has no biases of {len(CLASSES)} labels")
    onnx.save(model, str(file))


def shifts(reached: Mapping[str, float]) -> npt.NDArray[np.float32]:
    """What is added to the number whose sigmoid is the score, per label, so that `reached` becomes `LEAST`."""
    return np.array([_logit(LEAST) - _logit(reached.get(word, LEAST)) for word in CLASSES], np.float32)


def _logit(share: float) -> float:
    return math.log(share / (1 - share))


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--network", type=Path, required=True, help="the shipped float ONNX file")
    parser.add_argument("--out", type=Path, required=True, help="where it is written as it was trained")
    options = parser.parse_args()
    unfinished = options.out.with_suffix(".unfinished")
    with reported_errors(parser):
        options.out.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(options.network.read_bytes())
        shift_scores(unfinished, REACHED_AVERAGED, back=True)
        unfinished.rename(options.out)


if __name__ == "__main__":
    main()
