"""The trained detector as the files that are shipped: float32 ONNX of any size and batch, and int8 for processors.

    python -m models.training.traffic.export --checkpoint build/training/traffic/runs/last/weights/last.pt \
        --work build/training/traffic --out models/traffic

Both are ONNX files of any batch and size, and run in ONNX Runtime and OpenVINO. NNCF calibrates the int8 one on
training images of both sizes; what follows the last convolutions stays float: boxes are sums of differences there.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from models.training.cards import publish
from models.training.command import told
from models.training.sources import TrainingDataError
from models.training.traffic.network import CLASSES

NAME: Final = "viapublica_traffic"
SIZES: Final = (640, 416)
_CALIBRATION: Final = 240
_LEAST: Final = 0.25
"""The score from which users count an object, all labels alike."""
CHECK: Final = "viapublica_check"
"""The second network, which looks at what the first one covered; shipped in 8 bits only."""
REACHED: Final = {
    "plate": 0.16, "person": 0.09, "face": 0.068, "car": 0.073, "bus": 0.073, "truck": 0.073, "bicycle": 0.09,
    "motorcycle": 0.07,
}  # fmt: skip
"""Where the network's own score stands when precision and recall on the held-out part are what `_LEAST` should mean;
bicycles and motorcycles, which no set measures, as persons and other vehicles."""


def trained(checkpoint: Path, reached: Mapping[str, float] = REACHED) -> Any:
    """The averaged network of a checkpoint, in evaluation mode, its scores moved label by label: see `REACHED`.

    Raises:
        TrainingDataError: it is not there, or not a checkpoint.
    """
    import torch

    if not checkpoint.is_file():
        raise TrainingDataError(f"{checkpoint}: is not there; train first")
    stored = torch.load(checkpoint, map_location="cpu", weights_only=False)
    model = stored.get("ema") or stored.get("model")
    if model is None:
        raise TrainingDataError(f"{checkpoint}: holds no network")
    model = model.float().eval().fuse()
    shifts = torch.tensor([logit(_LEAST) - logit(reached.get(word, _LEAST)) for word in CLASSES])
    for branch in model.model[-1].cv3:
        branch[-1].bias.data += shifts
    return model


def logit(share: float) -> float:
    """The number whose sigmoid it is."""
    return math.log(share / (1 - share))


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


def images(folder: Path, size: int, most: int) -> Iterator[npt.NDArray[np.float32]]:
    """(1, 3, size, size) letterboxed training images, 0 to 1, RGB."""
    for path in sorted((folder / "train" / "images").glob("*.jpg"))[:most]:
        image = cv2.imread(str(path))
        if image is None:
            raise TrainingDataError(f"{path}: is not an image; make the training images again")
        scale = size / max(image.shape[:2])
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        canvas = np.full((size, size, 3), 114, np.uint8)
        canvas[: small.shape[0], : small.shape[1]] = small[:size, :size]
        yield np.asarray(canvas[:, :, ::-1].transpose(2, 0, 1)[None] / 255, np.float32)


def to_int8(onnx_file: Path, folder: Path, out: Path) -> None:
    """The same network with weights and activations in 8 bits (QDQ)."""
    import nncf
    import onnx

    half = _CALIBRATION // len(SIZES)
    seen = [{"images": image} for size in SIZES for image in images(folder, size, half)]
    ignored = nncf.IgnoredScope(
        patterns=[".*/model.2[23]/(dfl|Sigmoid|Concat|Sub|Add|Div|Mul|Split|Slice).*"], validate=False
    )
    # Symmetric activations: OpenVINO cannot compile the others out of an ONNX file.
    preset = nncf.QuantizationPreset.PERFORMANCE
    whole = onnx.load(str(onnx_file))
    small = nncf.quantize(whole, nncf.Dataset(seen), subset_size=len(seen), preset=preset, ignored_scope=ignored)
    onnx.save(small, str(out))


def apart(onnx_file: Path, other: Path, folder: Path, size: int) -> tuple[float, float]:
    """Median over objects of the differences of boxes (pixels) and scores, where either scores above 0.25."""
    import onnxruntime as ort

    first, second = (ort.InferenceSession(str(path), providers=["CPUExecutionProvider"]) for path in (onnx_file, other))
    boxes, scores = [], []
    for image in images(folder, size, 48):
        a, b = (session.run(None, {"images": image})[0][0] for session in (first, second))
        sure = np.maximum(a[4:].max(axis=0), b[4:].max(axis=0)) > 0.25
        boxes.append(np.abs(a[:4, sure] - b[:4, sure]).max(axis=0))
        scores.append(np.abs(a[4:, sure] - b[4:, sure]).max(axis=0))
    return float(np.median(np.concatenate(boxes))), float(np.median(np.concatenate(scores)))


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path("build/training/traffic"))
    parser.add_argument("--check", action="store_true", help=f"it is the second network, {CHECK}")
    parser.add_argument("--images", type=Path, help="what `material` made, where it is not in --work")
    parser.add_argument("--out", type=Path, default=Path("models/traffic"))
    parser.add_argument("--cards", type=Path, default=Path("models/cards"), help="checksums are written there")
    options = parser.parse_args()
    folder = options.images or options.work / "images"
    name, reached = (CHECK, {}) if options.check else (NAME, REACHED)
    unfinished = options.work / "exported"
    with told(parser):
        if not (folder / "train" / "images").is_dir():
            raise TrainingDataError(f"{folder}: has no training images to calibrate 8 bits on; run `material` first")
        unfinished.mkdir(parents=True, exist_ok=True)
        whole = unfinished / f"{name}.onnx"
        to_onnx(trained(options.checkpoint, reached), whole)
        small = unfinished / f"{name}_int8.onnx"
        to_int8(whole, folder, small)
        for size in SIZES:
            boxes, scores = apart(whole, small, folder, size)
            print(f"{small.name} at {size}: {boxes:.2f} pixels and {scores:.3f} of a score from float32 (medians)")
        shipped = [small] if options.check else [whole, small]
        publish([(path, options.out / path.name, options.cards / f"{path.stem}.yaml") for path in shipped])


if __name__ == "__main__":
    main()
