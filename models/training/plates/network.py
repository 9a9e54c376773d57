"""Network of the plate reader: CCT of fast-plate-ocr, initialized from its MIT-licensed global weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from models.training.sources import TrainingDataError

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
SLOTS: Final = 9
_BLOCKS: Final = (32, "pool", 48, 64, "pool", 80, 96)
_WIDTH: Final = 64
_DEPTH: Final = 4

Arrays = Mapping[str, npt.NDArray[np.float32]]


def build(plate_config: Path) -> Any:
    """An untrained Keras model: (n, 64, 128, 3) uint8 RGB to {"plate": (n, 9, 37) probabilities}."""
    from fast_plate_ocr.train.model.config import load_plate_config_from_yaml
    from fast_plate_ocr.train.model.model_builders import build_model
    from fast_plate_ocr.train.model.model_schema import CCTModelConfig

    config = CCTModelConfig.model_validate(
        {
            "model": "cct",
            "rescaling": {},
            "tokenizer": {
                "blocks": [_block(size) for size in _BLOCKS],
                "patch_size": 2,
                "patch_mlp": {"layer": "MLP", "hidden_units": [_WIDTH], "dropout_rate": 0.05},
            },
            "transformer_encoder": {
                "layers": _DEPTH,
                "heads": 1,
                "projection_dim": _WIDTH,
                "units": [_WIDTH, _WIDTH],
                "stochastic_depth": 0.05,
                "attention_dropout": 0.05,
                "mlp_dropout": 0.05,
                "head_mlp_dropout": 0.05,
                "token_reducer_heads": 4,
                "normalization": "dyt",
            },
        }
    )
    return build_model(config, load_plate_config_from_yaml(plate_config))


def _block(size: int | str) -> dict[str, object]:
    if size == "pool":
        return {"layer": "MaxBlurPooling2D", "pool_size": 2, "filter_size": 3}
    return {"layer": "Conv2D", "filters": size, "kernel_size": 3, "padding": "valid", "activation": "relu"}


def start_from(model: Any, weights: Path) -> None:
    """Put the tensors of the published ONNX file into the Keras model.

    Raises:
        TrainingDataError: the file is not that network.
    """
    import onnx
    from onnx import numpy_helper

    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(str(weights)).graph.initializer}
    found = _in_order(tensors)
    wanted = model.trainable_weights  # the blur kernels are constants
    if len(found) != len(wanted):
        raise TrainingDataError(f"{weights}: has {len(found)} tensors, the network needs {len(wanted)}")
    for weight, tensor in zip(wanted, found, strict=True):
        if int(np.prod(weight.shape)) != tensor.size:
            raise TrainingDataError(f"{weights}: a tensor of {tensor.shape} does not fit {weight.path} {weight.shape}")
        weight.assign(tensor.reshape(weight.shape))


def _in_order(tensors: Arrays) -> list[npt.NDArray[np.float32]]:
    """The file's tensors in the order of the Keras model's weights, kernels as Keras lays them out."""
    root = "CCT_OCR_1/"
    stem = [f"{root}conv_stem_1/conv2d_{name}" for name in ("1", "1_2", "2_1", "3_1", "4_1")]
    ordered = []
    for name in stem:
        kernel = tensors[f"{name}/convolution/ReadVariableOp:0"]
        ordered += [kernel.transpose(2, 3, 1, 0), tensors[f"{name}/Squeeze:0"]]
    ordered += _dense(tensors, f"{root}mlp_1/dense_1")
    ordered.append(tensors[f"{root}pos_emb_1/Slice:0"])
    for number in range(_DEPTH):
        ordered += _transformer(tensors, root, number)
    reducer = f"{root}token_reducer_1/"
    attention = f"{reducer}multi_head_attention_4_1"
    ordered.append(tensors[f"{reducer}Reshape_1:0"])
    # The exporter stored these two kernels transposed.
    ordered += [tensors["const_fold_opt__423"].T, tensors[f"{attention}/query_1/add/ReadVariableOp:0"]]
    for part in ("key", "value"):
        ordered += [tensors[f"{attention}/{part}_1/Reshape:0"], tensors[f"{attention}/{part}_1/add/ReadVariableOp:0"]]
    ordered += [tensors["Reshape__187:0"].T, tensors[f"{attention}/attention_output_1/add/ReadVariableOp:0"]]
    return ordered + _dense(tensors, f"{root}vocab_projection_1/dense_9_1")


def _dense(tensors: Arrays, name: str) -> list[npt.NDArray[np.float32]]:
    return [tensors[f"{name}/Cast/ReadVariableOp:0"], tensors[f"{name}/BiasAdd/ReadVariableOp:0"]]


def _transformer(tensors: Arrays, root: str, number: int) -> list[npt.NDArray[np.float32]]:
    block = f"{root}transformer_block_{number + 1}_1/"
    # The exporter counts layers over the whole network: two norms and one perceptron of two layers per block.
    norms = ["dy_t_1", "dy_t_1_2"] if number == 0 else [f"dy_t_{2 * number}_1", f"dy_t_{2 * number + 1}_1"]
    attention = f"{block}multi_head_attention" + ("_1" if number == 0 else f"_{number}_1")
    mlp = f"{block}mlp_1" if number == 0 else f"{block}mlp_{number}_1"
    ordered = _norm(tensors, block + norms[0])
    for part in ("query", "key", "value"):
        ordered += [tensors[f"{attention}/{part}_1/Reshape:0"], tensors[f"{attention}/{part}_1/add/ReadVariableOp:0"]]
    out = f"{attention}/attention_output_1"
    ordered += [tensors[f"{out}/Reshape_1:0"], tensors[f"{out}/add/ReadVariableOp:0"]]
    ordered += _norm(tensors, block + norms[1])
    for layer in (2 * number + 1, 2 * number + 2):
        ordered += _dense(tensors, f"{mlp}/dense_{layer}_1")
    return ordered


def _norm(tensors: Arrays, name: str) -> list[npt.NDArray[np.float32]]:
    return [tensors[f"{name}/{part}/ReadVariableOp:0"] for part in ("Mul", "mul_1", "add")]
