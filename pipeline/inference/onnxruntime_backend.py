"""ONNX Runtime backend: processor, CUDA or TensorRT."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from pipeline.errors import MissingComponent, ModelCardError, ModelRuntimeError
from pipeline.inference.device import Device
from pipeline.inference.device_errors import device_error
from pipeline.inference.embedded_class_names import names_from_text
from pipeline.inference.runtime import InputSpec
from pipeline.weights.catalog import Format, ModelCard, read_weights

_PROVIDERS: Mapping[Device, tuple[str, ...]] = {
    Device.CPU: ("CPUExecutionProvider",),
    Device.CUDA: ("CUDAExecutionProvider", "CPUExecutionProvider"),
    Device.TENSORRT: ("TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"),
}
_DTYPES: Mapping[str, npt.DTypeLike] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(uint8)": np.uint8,
}


class OnnxRuntime:
    """An ONNX Runtime session; implements `Runtime`."""

    parallel = 1

    def __init__(self, card: ModelCard, device: Device, threads: int, models_dir: Path | None) -> None:
        """Load verified weights.

        Raises:
            MissingComponent: this ONNX Runtime lacks the provider of the device.
            ModelCardError, ModelIntegrityError: see `read_weights`; or the format is not ONNX.
            ModelRuntimeError: ONNX Runtime rejects the file or the device.
        """
        if card.format is not Format.ONNX:
            raise ModelCardError(
                f"model {card.name}",
                f"has format {card.format.value}, which ONNX Runtime cannot load",
                f"Set detect.backend to {card.format.value}",
            )
        self._name = card.name
        self._device = device
        self._session: Any = self._open(read_weights(card, models_dir), device, threads)
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or len(inputs[0].shape) != 4 or inputs[0].type not in _DTYPES:
            shapes = ", ".join(f"{i.type} {i.shape}" for i in inputs)
            raise ModelCardError(
                f"model {card.name}", f"expects {shapes} instead of one image", "Use the weights of a detector"
            )
        self._input = inputs[0].name
        self._output = self._session.get_outputs()[0].name
        batch, _, height, width = (size if isinstance(size, int) else None for size in inputs[0].shape)
        self._spec = InputSpec(batch, height, width, _DTYPES[inputs[0].type])
        text = self._session.get_modelmeta().custom_metadata_map.get("names", "")
        self._names = names_from_text(card.name, text) if text else {}

    def _open(self, weights: bytes, device: Device, threads: int) -> ort.InferenceSession:
        wanted = _PROVIDERS[device]
        if wanted[0] not in ort.get_available_providers():
            raise MissingComponent(
                f"device {device.value}",
                f"this ONNX Runtime has no {wanted[0]}",
                "Install onnxruntime-gpu in place of onnxruntime, or set detect.device to cpu",
            )
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4  # errors are raised, with the same message
        # Spinning threads would take processor time from the decoders.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            session = ort.InferenceSession(weights, options, providers=list(wanted))
        except Exception as error:  # the binding's exceptions have no common base but Exception
            known = None if device is Device.CPU else device_error(str(error))
            raise ModelRuntimeError(
                f"model {self._name}",
                f"ONNX Runtime cannot load it: {known.problem}"
                if known
                else f"ONNX Runtime cannot load it ({_first_line(error)})",
                known.fix if known else "Check that it is an ONNX file",
            ) from error
        if session.get_providers()[0] != wanted[0]:
            raise ModelRuntimeError(
                f"model {self._name}",
                f"ONNX Runtime fell back from {wanted[0]} to {session.get_providers()[0]}",
                "Check the GPU driver and the CUDA libraries, or set detect.device to cpu",
            )
        return session

    @property
    def spec(self) -> InputSpec:
        """Input tensor."""
        return self._spec

    @property
    def names(self) -> Mapping[int, str]:
        """Class names in the metadata of the weights."""
        return self._names

    def run(self, batch: npt.NDArray[np.generic]) -> npt.NDArray[Any]:
        """(n, 3, height, width) to the first output, (n, …)."""
        try:
            (output,) = self._session.run([self._output], {self._input: batch})
        except Exception as error:
            known = None if self._device is Device.CPU else device_error(str(error))
            problem = (
                f"{known.problem} ({_first_line(error)})" if known else f"ONNX Runtime failed ({_first_line(error)})"
            )
            raise ModelRuntimeError(f"model {self._name}", problem, known.fix if known else "") from error
        return np.asarray(output)

    def run_each(self, batches: Iterable[npt.NDArray[np.generic]]) -> Iterator[npt.NDArray[Any]]:
        """See the protocol."""
        yield from map(self.run, batches)

    def close(self) -> None:
        """Release memory and threads."""
        self._session = None


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
