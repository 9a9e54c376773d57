"""OpenVINO backend, on the processor: IR and ONNX files (extra ``openvino``)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ruamel.yaml import YAML

from pipeline.errors import MissingComponent, ModelCardError, ModelRuntimeError
from pipeline.inference.embedded_class_names import names_from_text, names_from_value
from pipeline.inference.runtime import InputSpec
from pipeline.weights.catalog import Format, ModelCard, read_companions, read_weights


class OpenVino:
    """A compiled OpenVINO model; implements `Runtime`."""

    def __init__(self, card: ModelCard, threads: int, models_dir: Path | None) -> None:
        """Load verified weights.

        Raises:
            MissingComponent: the extra is not installed.
            ModelCardError, ModelIntegrityError: see `read_weights`; or OpenVINO does not support the format.
            ModelRuntimeError: OpenVINO rejects the file.
        """
        if card.format is Format.ULTRALYTICS:
            raise ModelCardError(
                f"model {card.name}", "has format ultralytics, which OpenVINO cannot load", "Use an ONNX export"
            )
        try:
            import openvino
        except ImportError as error:
            raise MissingComponent(
                "backend openvino", "the package is not installed", "pip install 'viapublica[openvino]'"
            ) from error
        weights, companions = read_weights(card, models_dir), read_companions(card, models_dir)
        constants = next((data for name, data in companions.items() if name.endswith(".bin")), b"")
        self._name = card.name
        try:
            # From bytes: given a path, OpenVINO loads whatever .bin lies beside it.
            model = openvino.Core().read_model(weights, constants)
            # Not pinned: two single-threaded networks would be pinned to the same core.
            config = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "ENABLE_CPU_PINNING": "NO"}
            compiled = openvino.Core().compile_model(model, "CPU", config)
        except RuntimeError as error:
            raise ModelRuntimeError(
                f"model {card.name}",
                f"OpenVINO cannot load it ({_last_line(error)})",
                "Check that it is an OpenVINO or ONNX file",
            ) from error
        self._request: Any = compiled.create_infer_request()
        self._output = compiled.output(0)
        self._spec = _spec(card, compiled)
        self._names = _names(card, model, companions)

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
            # Copied: the request overwrites its output on the next inference.
            return np.array(self._request.infer([batch])[self._output])
        except RuntimeError as error:
            raise ModelRuntimeError(f"model {self._name}", f"OpenVINO failed ({_last_line(error)})") from error

    def close(self) -> None:
        """Release memory and threads."""
        self._request = None


def _spec(card: ModelCard, compiled: Any) -> InputSpec:
    if len(compiled.inputs) != 1 or len(compiled.input(0).partial_shape) != 4:
        shapes = ", ".join(str(port.partial_shape) for port in compiled.inputs)
        raise ModelCardError(
            f"model {card.name}", f"expects {shapes} instead of one image", "Use the weights of a detector"
        )
    port = compiled.input(0)
    batch, _, height, width = (size.get_length() if size.is_static else None for size in port.partial_shape)
    return InputSpec(batch, height, width, port.get_element_type().to_dtype())


def _names(card: ModelCard, model: Any, companions: Mapping[str, bytes]) -> Mapping[int, str]:
    """Class names from Ultralytics' `metadata.yaml` if the card names (and so verifies) it, else from the model."""
    if "metadata.yaml" in companions:
        document = YAML(typ="safe", pure=True).load(companions["metadata.yaml"])
        return names_from_value(card.name, document.get("names", {}))
    if model.has_rt_info(["framework", "names"]):
        return names_from_text(card.name, str(model.get_rt_info(["framework", "names"]).value))
    return {}


def _last_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[-1][:200]
