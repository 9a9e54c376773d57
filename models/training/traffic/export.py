"""The trained detector as the files that are shipped: float32 ONNX of any size and batch, and int8 for processors.

    python -m models.training.traffic.export --checkpoint build/training/traffic/runs/full/weights/last.pt \
        --work build/training/traffic --out models/traffic

The int8 network is OpenVINO's, calibrated by NNCF on training pictures; what follows the last convolutions stays float,
because boxes are sums of differences there.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from models.training.sources import TrainingDataError

NAME: Final = "viapublica_traffic"
_CALIBRATION: Final = 200


def trained(checkpoint: Path) -> Any:
    """The averaged network of a checkpoint, in evaluation mode.

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
    return model.float().eval().fuse()


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


def pictures(folder: Path, size: int, most: int) -> Iterator[npt.NDArray[np.float32]]:
    """(1, 3, size, size) letterboxed training pictures, 0 to 1, RGB."""
    for path in sorted((folder / "train" / "images").glob("*.jpg"))[:most]:
        image = cv2.imread(str(path))
        if image is None:
            raise TrainingDataError(f"{path}: is not a picture; make the training pictures again")
        scale = size / max(image.shape[:2])
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        canvas = np.full((size, size, 3), 114, np.uint8)
        canvas[: small.shape[0], : small.shape[1]] = small[:size, :size]
        yield np.asarray(canvas[:, :, ::-1].transpose(2, 0, 1)[None] / 255, np.float32)


def to_int8(onnx_file: Path, folder: Path, size: int, out: Path) -> None:
    """An OpenVINO int8 network of one size, `out`.xml and .bin."""
    import nncf
    import openvino as ov

    model = ov.convert_model(str(onnx_file))
    model.reshape([1, 3, size, size])
    data = nncf.Dataset(list(pictures(folder, size, _CALIBRATION)))
    ignored = nncf.IgnoredScope(
        patterns=[".*/model.23/(dfl|Sigmoid|Concat|Sub|Add|Div|Mul|Split|Slice).*"], validate=False
    )
    small = nncf.quantize(model, data, preset=nncf.QuantizationPreset.MIXED, ignored_scope=ignored)
    ov.save_model(small, str(out))


def apart(onnx_file: Path, other: Path, folder: Path, size: int) -> tuple[float, float]:
    """Largest difference of boxes (pixels) and scores where either scores above 0.25, over a few pictures."""
    import openvino as ov

    core = ov.Core()
    first = core.compile_model(core.read_model(str(onnx_file)), "CPU")
    second = core.compile_model(core.read_model(str(other)), "CPU")
    boxes, scores = 0.0, 0.0
    for picture in pictures(folder, size, 16):
        a, b = first([picture])[0][0], second([picture])[0][0]
        sure = np.maximum(a[4:].max(axis=0), b[4:].max(axis=0)) > 0.25
        if sure.any():
            boxes = max(boxes, float(np.abs(a[:4, sure] - b[:4, sure]).max()))
            scores = max(scores, float(np.abs(a[4:, sure] - b[4:, sure]).max()))
    return boxes, scores


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path("build/training/traffic"))
    parser.add_argument("--out", type=Path, default=Path("models/traffic"))
    options = parser.parse_args()
    folder = options.work / "pictures"
    unfinished = options.work / "exported"
    unfinished.mkdir(parents=True, exist_ok=True)
    try:
        whole = unfinished / f"{NAME}.onnx"
        to_onnx(trained(options.checkpoint), whole)
        for size in (640, 416):
            small = unfinished / f"{NAME}_int8_{size}.xml"
            to_int8(whole, folder, size, small)
            boxes, scores = apart(whole, small, folder, size)
            print(f"{small.name}: at most {boxes:.1f} pixels and {scores:.3f} of a score from float32")
    except (TrainingDataError, OSError) as error:
        parser.exit(2, f"{error}\n")
    options.out.mkdir(parents=True, exist_ok=True)
    for path in sorted(unfinished.iterdir()):
        path.replace(options.out / path.name)


if __name__ == "__main__":
    main()
