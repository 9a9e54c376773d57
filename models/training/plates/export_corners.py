"""Export of the trained corner network to ONNX, with a parity check.

    python -m models.training.plates.export_corners --keras build/training/corners/finished.keras \
        --out models/plates/viapublica_plate_corners.onnx

The exported network takes (n, 3, 96, 96) as detectors do; training has the colors last.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Final

import numpy as np

from models.training.cards import publish
from models.training.command import reported_errors
from models.training.plates.corners import SIZE, build
from models.training.sources import TrainingDataError

_APART: Final = 1e-4
"""Largest difference between the exported network's corners and the trained one's, in sides of the input."""


def colors_first(model: Any) -> Any:
    """The network with an input of (n, 3, 96, 96)."""
    import keras

    images = keras.Input((3, SIZE, SIZE), dtype="uint8", name="input")
    return keras.Model(images, model(keras.layers.Permute((2, 3, 1))(images))["corners"])


def export(trained: Path, out: Path, card: Path) -> float:
    """Write `out`, and its checksum into `card`; returns the largest difference from the trained network.

    Raises:
        TrainingDataError: the exported file does not compute what the trained network does.
    """
    if not trained.is_file():
        raise TrainingDataError(f"{trained}: is not there; train first")
    import keras
    import onnxruntime as ort

    model = build()
    model.set_weights(keras.saving.load_model(trained, compile=False).get_weights())
    unfinished = trained.with_name(f"exported-{out.name}")
    spec = keras.InputSpec(name="input", shape=(None, 3, SIZE, SIZE), dtype="uint8")
    colors_first(model).export(unfinished, format="onnx", verbose=False, input_signature=[spec])
    images = np.random.default_rng(3).integers(0, 256, (16, SIZE, SIZE, 3), dtype=np.uint8)
    session = ort.InferenceSession(str(unfinished))
    (exported,) = session.run(None, {"input": np.ascontiguousarray(images.transpose(0, 3, 1, 2))})
    apart = float(np.abs(exported - model.predict(images, verbose=0)["corners"]).max())
    if not apart <= _APART:
        raise TrainingDataError(f"{out}: differs from the trained network by {apart:.5f}; not written")
    publish([(unfinished, out, card)])
    return apart


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--keras", type=Path, default=Path("build/training/corners/finished.keras"))
    parser.add_argument("--out", type=Path, default=Path("models/plates/viapublica_plate_corners.onnx"))
    parser.add_argument("--card", type=Path, default=Path("models/cards/viapublica_plate_corners.yaml"))
    options = parser.parse_args()
    with reported_errors(parser):
        print(f"{options.out}, at most {export(options.keras, options.out, options.card):.1e} apart")


if __name__ == "__main__":
    main()
