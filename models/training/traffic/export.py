"""Export of the trained detector: float ONNX of any size and batch, and int8 for processors.

    python -m models.training.traffic.export --data ../shared/data \
        --checkpoint build/training/traffic/runs/last/weights/last.pt --work build/training/traffic --out models/traffic

All are ONNX files of any batch and size, and run in ONNX Runtime and OpenVINO. NNCF calibrates the int8 one on
training images of both sizes; the last convolutions and what follows stay float: boxes are sums of differences there.
`--before FILE` averages the weights with those of the generation before, as `scores` writes it, from which training
went on (Wortsman et al., "Robust fine-tuning of zero-shot models", 2022).
`--network FILE` in place of `--checkpoint` makes the int8 file from a float ONNX file (`make int8`).
"""

from __future__ import annotations

import argparse
import shutil
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from models.training.cards import publish
from models.training.command import reported_errors
from models.training.degrade import Image
from models.training.sources import Part, Sample, TrainingDataError, everything, load, upright
from models.training.traffic.eight_bits import stored_in_16_bits, to_int8
from models.training.traffic.scores import REACHED, REACHED_AVERAGED, shift_scores

NAME: Final = "viapublica_traffic"
SIZES: Final = (640, 416)
_CALIBRATION: Final = 300
CHECK: Final = "viapublica_check"
"""The second network, which verifies redacted video."""
SHARE: Final = 0.7
"""Of the trained weights in the average: of 0.3, 0.5 and 0.7 the best on the part for choosing."""


def trained(checkpoint: Path) -> Any:
    """The averaged network of a checkpoint, in evaluation mode.

    Raises:
        TrainingDataError: it is missing, or not a checkpoint.
    """
    import torch

    if not checkpoint.is_file():
        raise TrainingDataError(f"{checkpoint}: does not exist; train first")
    stored = torch.load(checkpoint, map_location="cpu", weights_only=False)
    model = stored.get("ema") or stored.get("model")
    if model is None:
        raise TrainingDataError(f"{checkpoint}: contains no network")
    return model.float().eval().fuse()


def average(file: Path, before: Path, share: float = SHARE) -> None:
    """Replace the weights in an ONNX file by an average of them and those of another file of the same network.

    Args:
        file: the trained network.
        before: the network of the generation before.
        share: of the trained weights.

    Raises:
        TrainingDataError: the two are not of the same architecture.
    """
    import onnx
    from onnx import numpy_helper

    model = onnx.load(str(file))
    others = {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(str(before)).graph.initializer}
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.name not in others or others[tensor.name].shape != values.shape:
            raise TrainingDataError(f"{before}: has no tensor {tensor.name} of shape {values.shape}")
        if values.dtype.kind == "f":
            mixed = others[tensor.name] + share * (values - others[tensor.name])
            tensor.CopyFrom(numpy_helper.from_array(mixed.astype(values.dtype), tensor.name))
    onnx.save(model, str(file))


def to_onnx(model: Any, out: Path) -> None:
    """Float32 ONNX with dynamic batch and size; the classes' names in its metadata."""
    import onnx
    import torch

    head = model.model[-1]
    head.export, head.dynamic, head.format = True, True, "onnx"
    example = torch.zeros(1, 3, 640, 640)
    model(example)
    axes = {0: "batch", 2: "height", 3: "width"}
    torch.onnx.export(
        model,
        example,
        str(out),
        input_names=["images"],
        output_names=["output0"],
        dynamic_axes={"images": axes, "output0": {0: "batch", 2: "anchors"}},
        opset_version=17,
        dynamo=False,
    )
    file = onnx.load(str(out))
    entry = file.metadata_props.add()
    entry.key, entry.value = "names", str(dict(model.names))
    onnx.save(file, str(out))


def calibration(samples: Sequence[Sample], most: int = _CALIBRATION) -> list[Sample]:
    """Training images, about as many of each source, spread evenly over it; never one of the part for judging."""
    sources: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        if sample.part is not Part.JUDGE:
            sources[sample.source].append(sample)
    chosen, left = [], most
    for number, source in enumerate(sorted(sources, key=lambda name: (len(sources[name]), name))):
        those = sources[source]
        share = min(len(those), left // (len(sources) - number))
        chosen += [those[i] for i in np.linspace(0, len(those) - 1, share).astype(int)]
        left -= share
    order = np.random.default_rng(7).permutation(len(chosen))
    return [chosen[i] for i in order]


def images(samples: Sequence[Sample]) -> list[npt.NDArray[np.float32]]:
    """(1, 3, size, size) letterboxed upright images, 0 to 1, RGB; the sizes take turns."""
    images = {sample.key: upright(image, [], sample.turn)[0] for sample, image in load(list(samples))}
    return [letterboxed(images[s.key], SIZES[n % len(SIZES)]) for n, s in enumerate(samples)]


def letterboxed(image: Image, size: int) -> npt.NDArray[np.float32]:
    """(1, 3, size, size): the image in the upper left corner of a gray square, 0 to 1, RGB."""
    scale = size / max(image.shape[:2])
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    canvas = np.full((size, size, 3), 114, np.uint8)
    canvas[: small.shape[0], : small.shape[1]] = small[:size, :size]
    return np.asarray(canvas[:, :, ::-1].transpose(2, 0, 1)[None] / 255, np.float32)


def apart(onnx_file: Path, other: Path, seen: Sequence[npt.NDArray[np.float32]]) -> tuple[float, float]:
    """Median over objects of the differences of boxes (pixels) and scores, where either scores above 0.25."""
    import onnxruntime as ort

    first, second = (ort.InferenceSession(str(path), providers=["CPUExecutionProvider"]) for path in (onnx_file, other))
    boxes, scores = [], []
    for image in seen:
        a, b = (session.run(None, {"images": image})[0][0] for session in (first, second))
        sure = np.maximum(a[4:].max(axis=0), b[4:].max(axis=0)) > 0.25
        boxes.append(np.abs(a[:4, sure] - b[:4, sure]).max(axis=0))
        scores.append(np.abs(a[4:, sure] - b[4:, sure]).max(axis=0))
    return float(np.median(np.concatenate(boxes))), float(np.median(np.concatenate(scores)))


def float_network(options: argparse.Namespace, name: str, unfinished: Path) -> tuple[Path, Path]:
    """The float network as it was trained, and as it is shipped: the check network's weights are kept in 16 bits."""
    whole, shipped = unfinished / f"{name}-trained.onnx", unfinished / f"{name}.onnx"
    if options.network:
        shutil.copyfile(options.network, whole)
        shutil.copyfile(options.network, shipped)
        return whole, shipped
    to_onnx(trained(options.checkpoint), whole)
    if options.before:
        average(whole, options.before)
    if options.check:
        stored_in_16_bits(whole, shipped)
    else:
        shift_scores(whole, REACHED_AVERAGED if options.before else REACHED)
        shutil.copyfile(whole, shipped)
    return whole, shipped


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="labeled material, to calibrate 8 bits on")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--checkpoint", type=Path)
    source.add_argument("--network", type=Path, help="a float ONNX file, to make its int8 file again")
    parser.add_argument("--before", type=Path, help="the generation before, to average with")
    parser.add_argument("--work", type=Path, default=Path("build/training/traffic"))
    parser.add_argument("--check", action="store_true", help=f"it is the second network, {CHECK}")
    parser.add_argument("--out", type=Path, default=Path("models/traffic"))
    parser.add_argument("--cards", type=Path, default=Path("models/cards"), help="checksums are written there")
    options = parser.parse_args()
    name = CHECK if options.check else NAME
    unfinished = options.work / "exported"
    with reported_errors(parser):
        seen = images(calibration(everything(options.data)))
        unfinished.mkdir(parents=True, exist_ok=True)
        trained_file, whole = float_network(options, name, unfinished)
        small = unfinished / f"{name}_int8.onnx"
        to_int8(trained_file, seen, small, exact_everywhere=options.check)
        boxes, scores = apart(trained_file, small, seen[:96])
        print(f"{small.name}: {boxes:.2f} pixels and {scores:.3f} of a score from float32 (medians)")
        publish([(path, options.out / path.name, options.cards / f"{path.stem}.yaml") for path in (whole, small)])


if __name__ == "__main__":
    main()
