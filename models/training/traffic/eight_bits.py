"""8-bit quantization of float ONNX files by NNCF, in the form that ONNX Runtime and OpenVINO both compute correctly.

Activations are stored unsigned. NNCF writes signed ones, and OpenVINO (2026.4) loses their scale where a quantized
tensor is split and joined again, as in every block of a YOLO: see `docs/decisions/0018-int8-exports.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from models.training.sources import TrainingDataError

_SHIFT: Final = 128
"""From a signed to an unsigned byte: value and zero point shift alike, so the represented numbers do not change."""


def to_int8(
    onnx_file: Path, seen: Sequence[npt.NDArray[np.float32]], out: Path, *, exact_everywhere: bool = False
) -> None:
    """The same network with weights and activations in 8 bits (QDQ).

    Args:
        onnx_file: the float network.
        seen: (1, 3, height, width) images to calibrate on.
        out: the output file.
        exact_everywhere: weights of 7 bits in every layer, not only in the first. Processors without VNNI add two
            products in 16 bits: 2 · 255 · 64 fits, 2 · 255 · 127 may not and would be cut off.
    """
    import nncf
    import onnx
    from nncf.quantization.advanced_parameters import AdvancedQuantizationParameters, OverflowFix

    network = onnx.load(str(onnx_file))
    fix = OverflowFix.ENABLE if exact_everywhere else OverflowFix.FIRST_LAYER
    small = nncf.quantize(
        in_float(network),
        nncf.Dataset([{"images": image} for image in seen]),
        subset_size=len(seen),
        preset=nncf.QuantizationPreset.MIXED,
        ignored_scope=nncf.IgnoredScope(patterns=kept_float(network)),
        advanced_parameters=AdvancedQuantizationParameters(overflow_fix=fix),
    )
    onnx.save(unsigned(small), str(out))


def kept_float(network: Any) -> list[str]:
    """Patterns of the nodes of the head's last convolutions and of all that follows; the head is the last block.

    YOLO11's is ``model.23``, YOLOv8's ``model.22``, which in YOLO11 is a block like others.
    """
    blocks = [
        int(node.name.split("/")[1].removeprefix("model.")) for node in network.graph.node if "/model." in node.name
    ]
    head = rf".*/model\.{max(blocks)}"
    return [
        rf"{head}/(dfl|Sigmoid|Concat|Sub|Add|Div|Mul|Split|Slice|Reshape).*",
        rf"{head}/cv[23]\.\d/cv[23]\.\d\.2/.*",
    ]


def unsigned(network: Any) -> Any:
    """Signed activations as unsigned ones with their zero point moved by 128: the same numbers in another byte."""
    from onnx import numpy_helper

    stored = {tensor.name: tensor for tensor in network.graph.initializer}
    for name in {node.input[2] for node in network.graph.node if node.op_type == "QuantizeLinear"}:
        zero = numpy_helper.to_array(stored[name])
        if zero.dtype == np.int8:
            moved = (zero.astype(np.int16) + _SHIFT).astype(np.uint8)
            stored[name].CopyFrom(numpy_helper.from_array(moved, name))
    del network.graph.value_info[:]
    return network


def in_float(network: Any) -> Any:
    """Weights that `stored_in_16_bits` packed, as float32 numbers again."""
    from onnx import numpy_helper

    stored = {tensor.name: tensor for tensor in network.graph.initializer}
    for node in [n for n in network.graph.node if n.op_type == "Cast" and n.input[0] in stored]:
        values = numpy_helper.to_array(stored[node.input[0]]).astype(np.float32)
        network.graph.initializer.append(numpy_helper.from_array(values, node.output[0]))
        network.graph.initializer.remove(stored[node.input[0]])
        network.graph.node.remove(node)
    return network


def stored_in_16_bits(onnx_file: Path, out: Path) -> None:
    """The float network with its convolutions' weights kept as 16-bit floats, and computed in 32 as before.

    Not as bytes with a scale: OpenVINO makes something else of such convolutions, which AVX2 alone cannot run.

    Raises:
        TrainingDataError: the file has no convolutions.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    network = onnx.load(str(onnx_file))
    names = {node.input[1] for node in network.graph.node if node.op_type == "Conv"}
    weights = [tensor for tensor in network.graph.initializer if tensor.name in names]
    if not weights:
        raise TrainingDataError(f"{onnx_file}: has no convolution's weights to store")
    for tensor in weights:
        small, name = numpy_helper.to_array(tensor).astype(np.float16), tensor.name
        network.graph.initializer.append(numpy_helper.from_array(small, f"{name}_half"))
        network.graph.node.insert(0, helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT))
        network.graph.initializer.remove(tensor)
    onnx.save(network, str(out))
