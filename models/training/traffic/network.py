"""Detector network with eight classes, initialized from the float weights of its COCO ancestor."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from models.training.sources import TrainingDataError

CLASSES: Final = ("person", "bicycle", "car", "motorcycle", "bus", "truck", "face", "plate")
COCO_CHANNELS: Final = (0, 1, 2, 3, 5, 7)
"""Where the first six lie among COCO's eighty."""
ARCHITECTURE: Final = "yolo11n.yaml"
_EPS: Final = 1e-3


def build(start: Path, calibration: Sequence[npt.NDArray[np.uint8]], architecture: str = ARCHITECTURE) -> Any:
    """An Ultralytics `DetectionModel` of `CLASSES` that sees what the COCO network saw.

    The exported weights are fused: a convolution has a bias and no batch norm. Each gets a norm back that changes
    nothing in evaluation; its running statistics, scale and shift are taken from `calibration`, so that training,
    which normalizes by the batch, starts from the same function.

    Args:
        start: `yolo11n_dequantised_float.onnx`, another ancestor's, or an earlier generation of ours.
        calibration: (640, 640, 3) BGR images of the kind to be trained on.
        architecture: Ultralytics' name of the ancestor's.

    Raises:
        TrainingDataError: the file is not that network.
    """
    import torch
    from ultralytics.nn.tasks import DetectionModel

    tensors = _tensors(start)
    ours = len(CLASSES) in {
        len(tensor) for name, tensor in tensors.items() if ".cv3." in name and name.endswith("bias")
    }
    model = DetectionModel(architecture, nc=80, verbose=False)
    if ours:
        _eight_classes(model)
    _unfuse(model, tensors, start)
    batch = np.stack(calibration)[:, :, :, ::-1].transpose(0, 3, 1, 2)
    _settle_norms(model, torch.from_numpy(np.ascontiguousarray(batch)).float() / 255)
    if not ours:
        _eight_classes(model)
    return model


def _tensors(start: Path) -> dict[str, npt.NDArray[np.float32]]:
    import onnx
    from onnx import numpy_helper

    return {t.name: numpy_helper.to_array(t) for t in onnx.load(str(start)).graph.initializer}


def _unfuse(model: Any, tensors: dict[str, npt.NDArray[np.float32]], start: Path) -> None:
    import torch

    for name, module in model.named_modules():
        bias = tensors.get(f"{name}.bias") if isinstance(module, torch.nn.Conv2d) else None
        if not isinstance(module, torch.nn.Conv2d) or name.endswith("dfl.conv"):
            continue
        weight = tensors.get(f"{name}.weight")
        if weight is None or tuple(weight.shape) != tuple(module.weight.shape):
            raise TrainingDataError(f"{start}: has no tensor {name}.weight of shape {tuple(module.weight.shape)}")
        module.weight.data = torch.from_numpy(weight.copy())
        if module.bias is not None:
            module.bias.data = torch.from_numpy(bias.copy()) if bias is not None else module.bias.data
            continue
        norm = model.get_submodule(name.removesuffix("conv") + "bn")
        norm.running_mean.zero_()
        norm.running_var.fill_(1.0)
        norm.weight.data.fill_(math.sqrt(1.0 + norm.eps))
        norm.bias.data = torch.zeros_like(norm.bias) if bias is None else torch.from_numpy(bias.copy())


def _settle_norms(model: Any, images: Any) -> None:
    """Statistics of what each norm receives; scale and shift so that its output stays as it is."""
    import torch

    def settle(norm: Any, inputs: tuple[Any, ...], _output: Any) -> None:
        values = inputs[0]
        mean, variance = values.mean(dim=(0, 2, 3)), values.var(dim=(0, 2, 3), unbiased=False) + 1e-6
        gain = norm.weight.data / torch.sqrt(norm.running_var + norm.eps)
        shift = norm.bias.data - gain * norm.running_mean
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.data = gain * torch.sqrt(variance + norm.eps)
        norm.bias.data = shift + gain * mean

    norms = [module for module in model.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    hooks = [norm.register_forward_hook(settle) for norm in norms]
    model.eval()
    with torch.no_grad():
        model(images)
    for hook in hooks:
        hook.remove()


def _eight_classes(model: Any) -> None:
    """The last layer's rows of the six COCO classes, and two new rows that see nothing yet."""
    import torch

    head = model.model[-1]
    for branch, stride in zip(head.cv3, model.stride, strict=True):
        old = branch[-1]
        new = torch.nn.Conv2d(old.in_channels, len(CLASSES), 1)
        torch.nn.init.normal_(new.weight, std=0.01)
        # One object of a new class in a hundred cells of an image, the usual prior.
        new.bias.data.fill_(math.log(5 / len(CLASSES) / (640 / float(stride)) ** 2))
        new.weight.data[: len(COCO_CHANNELS)] = old.weight.data[list(COCO_CHANNELS)]
        new.bias.data[: len(COCO_CHANNELS)] = old.bias.data[list(COCO_CHANNELS)]
        branch[-1] = new
    head.nc = len(CLASSES)
    head.no = head.nc + 4 * head.reg_max
    model.names = dict(enumerate(CLASSES))
    model.yaml["nc"] = len(CLASSES)
    model.nc = len(CLASSES)
