"""Export of the trained plate reader to ONNX: average with its start, calibration of probabilities, parity check.

    python -m models.training.plates.export --data ../shared/data --keras build/training/plates/finished.keras \
        --start cct_xs_v1_global.onnx --out models/plates/viapublica_plates.onnx

The weights are averaged with those that training started from (Wortsman et al., "Robust fine-tuning of zero-shot
models", 2022): the plates of other countries stay known.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from models.training.cards import publish
from models.training.command import reported_errors
from models.training.plates.network import build, start_from
from models.training.plates.train import PLATE_CONFIG, choosing_set
from models.training.sources import TrainingDataError

SHARE: Final = 0.7
"""Of the trained weights in the average. On the part for choosing, accuracy rises up to here, and on plates of other
countries the reader agrees with its start up to here (13 of 13; 10 of 13 without the average)."""

Array = npt.NDArray[np.float32]


def temperature(probabilities: Array, truth: Array) -> float:
    """What the logits are divided by so that the held-out characters are as likely as the network says.

    Args:
        probabilities, truth: (n, slots, alphabet); truth is one-hot.
    """
    logits = np.log(np.maximum(probabilities, 1e-9))

    def surprise(value: float) -> float:
        scaled = logits / value
        scaled -= scaled.max(axis=-1, keepdims=True)
        shares = np.exp(scaled)
        shares /= shares.sum(axis=-1, keepdims=True)
        return float(-np.log(np.maximum((shares * truth).sum(axis=-1), 1e-9)).mean())

    return float(min(np.geomspace(0.5, 4.0, 200), key=surprise))


def fold(model: Any, value: float) -> None:
    """Divide the last layer's weights by the temperature: nothing is to be done at run time."""
    for weight in model.get_layer("plate").trainable_weights:
        weight.assign(weight / value)


def standard_operators(path: Path) -> None:
    """Write Keras' exact GELU with operators that ONNX has: the converter leaves an Erfc, which is 1 - Erf."""
    import onnx
    from onnx import helper

    model = onnx.load(str(path))
    nodes = []
    for node in model.graph.node:
        if node.op_type == "Erfc":
            error = f"{node.output[0]}_erf"
            nodes.append(helper.make_node("Erf", list(node.input), [error]))
            nodes.append(helper.make_node("Sub", ["viapublica_one", error], list(node.output)))
        else:
            nodes.append(node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.append(helper.make_tensor("viapublica_one", onnx.TensorProto.FLOAT, [], [1.0]))
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def averaged(start: Path, trained: Path, share: float = SHARE) -> Any:
    """The Keras network whose weights lie between those of the start and those of the trained file."""
    import keras

    model = build(PLATE_CONFIG)
    start_from(model, start)
    ends = zip(model.get_weights(), keras.saving.load_model(trained, compile=False).get_weights(), strict=True)
    model.set_weights([first + share * (last - first) for first, last in ends])
    return model


def export(data: Path, start: Path, trained: Path, out: Path, *, card: Path, seed: int) -> float:
    """Write `out`, and its checksum into `card`; returns the temperature.

    Raises:
        TrainingDataError: the exported file does not compute what the trained network does.
    """
    if not trained.is_file():
        raise TrainingDataError(f"{trained}: is not there; train first")
    import keras
    import onnxruntime as ort

    model = averaged(start, trained)
    images, truth = choosing_set(data, seed)
    value = temperature(model.predict(images, verbose=0)["plate"], truth["plate"])
    fold(model, value)
    unfinished = trained.with_name(f"exported-{out.name}")
    spec = keras.InputSpec(name="input", shape=(None, *model.input_shape[1:]), dtype="uint8")
    model.export(unfinished, format="onnx", verbose=False, input_signature=[spec])
    standard_operators(unfinished)
    session = ort.InferenceSession(str(unfinished))
    (exported,) = session.run(None, {"input": images})
    apart = float(np.abs(exported - model.predict(images, verbose=0)["plate"]).max())
    if apart > 1e-3:
        raise TrainingDataError(f"{out}: differs from the trained network by {apart:.5f}; not written")
    publish([(unfinished, out, card)])
    return value


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the labeled material")
    parser.add_argument("--keras", type=Path, default=Path("build/training/plates/finished.keras"))
    parser.add_argument("--start", type=Path, required=True, help="the published cct_xs_v1_global.onnx")
    parser.add_argument("--out", type=Path, default=Path("models/plates/viapublica_plates.onnx"))
    parser.add_argument("--card", type=Path, default=Path("models/cards/viapublica_plates.yaml"))
    parser.add_argument("--seed", type=int, default=11)
    options = parser.parse_args()
    with reported_errors(parser):
        value = export(options.data, options.start, options.keras, options.out, card=options.card, seed=options.seed)
        print(f"temperature {value:.3f}, {options.out}")


if __name__ == "__main__":
    main()
