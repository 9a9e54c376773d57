"""OpenVINO backend, on the processor: IR and ONNX files (extra ``openvino``).

Threads that share one inference wait for each other at every layer. Of several images, each is therefore inferred by a
thread of its own; one image alone is inferred by all threads, as soon as possible.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from ruamel.yaml import YAML

from pipeline.errors import MissingComponent, ModelCardError, ModelRuntimeError
from pipeline.inference.embedded_class_names import names_from_text, names_from_value
from pipeline.inference.runtime import InputSpec
from pipeline.weights.catalog import Format, ModelCard, read_companions, read_weights

_MOST_PARALLEL: Final = 8
"""Inferences at the same time, each with memory of its own; more threads than these share them."""


class OpenVino:
    """A compiled OpenVINO model; implements `Runtime`."""

    def __init__(
        self, card: ModelCard, threads: int, models_dir: Path | None, most_parallel: int = _MOST_PARALLEL
    ) -> None:
        """Load verified weights.

        Args:
            card: of the network.
            threads: processor threads.
            models_dir: folder of weights.
            most_parallel: inferences at the same time, at most; of 1, only one network is compiled.

        Raises:
            MissingComponent: the extra is not installed.
            ModelCardError, ModelIntegrityError: see `read_weights`; or OpenVINO does not support the format.
            ModelRuntimeError: OpenVINO rejects the file.
        """
        if card.format is Format.ULTRALYTICS:
            raise ModelCardError(
                f"model {card.name}", "has format ultralytics, which OpenVINO cannot load", "Use an ONNX export"
            )
        weights, companions = read_weights(card, models_dir), read_companions(card, models_dir)
        constants = next((data for name, data in companions.items() if name.endswith(".bin")), b"")
        self._name = card.name
        several = min(threads, most_parallel, _MOST_PARALLEL)
        try:
            model, compiled, streams = compile_network(weights, constants, threads, several)
        except ImportError as error:
            raise MissingComponent(
                "backend openvino", "the package is not installed", "pip install 'viapublica[openvino]'"
            ) from error
        except RuntimeError as error:
            raise ModelRuntimeError(
                f"model {card.name}",
                f"OpenVINO cannot load it ({_last_line(error)})",
                "Check that it is an OpenVINO or ONNX file",
            ) from error
        self._request: Any = compiled.create_infer_request()
        self._requests: list[Any] = [streams.create_infer_request() for _ in range(several)]
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

    @property
    def parallel(self) -> int:
        """See the protocol."""
        return len(self._requests)

    def run(self, batch: npt.NDArray[np.generic]) -> npt.NDArray[Any]:
        """(n, 3, height, width) to the first output, (n, …)."""
        try:
            self._request.infer([batch], share_inputs=True)
            return self._output_of(self._request)
        except RuntimeError as error:
            raise self._failure(error) from error

    def run_each(self, batches: Iterable[npt.NDArray[np.generic]]) -> Iterator[npt.NDArray[Any]]:
        """See the protocol."""
        idle, running = deque(self._requests), deque[Any]()
        try:
            for batch in batches:
                if not idle:
                    yield self._finished(running[0])
                    idle.append(running.popleft())
                request = idle.popleft()
                request.start_async([batch], share_inputs=True)
                running.append(request)
            while running:
                yield self._finished(running[0])
                running.popleft()
        except RuntimeError as error:
            raise self._failure(error) from error
        finally:
            for request in running:  # the caller gave up, or one of them failed
                with suppress(RuntimeError):
                    request.wait()

    def close(self) -> None:
        """Release memory and threads."""
        self._request, self._requests = None, []

    def _finished(self, request: Any) -> npt.NDArray[Any]:
        request.wait()
        return self._output_of(request)

    def _output_of(self, request: Any) -> npt.NDArray[Any]:
        # Copied: the request overwrites its output on the next inference.
        return np.array(request.get_output_tensor(0).data)

    def _failure(self, error: RuntimeError) -> ModelRuntimeError:
        return ModelRuntimeError(f"model {self._name}", f"OpenVINO failed ({_last_line(error)})")


def compile_network(weights: bytes, constants: bytes, threads: int, several: int) -> tuple[Any, Any, Any]:
    """The network, compiled for one image on all threads, and for several images at the same time.

    Args:
        weights: ONNX, or the XML of an IR.
        constants: the ``.bin`` of an IR.
        threads: processor threads.
        several: inferences at the same time; of 1, the network is compiled once.

    Raises:
        ImportError: the package is not installed.
        RuntimeError: OpenVINO rejects the file.
    """
    import openvino

    # From bytes: given a path, OpenVINO loads whatever .bin lies beside it.
    model = openvino.Core().read_model(weights, constants)
    # Not pinned: two single-threaded networks would be pinned to the same core.
    config = {"INFERENCE_NUM_THREADS": threads, "ENABLE_CPU_PINNING": "NO"}
    compiled = openvino.Core().compile_model(model, "CPU", config | {"PERFORMANCE_HINT": "LATENCY"})
    if several == 1:
        return model, compiled, compiled
    return model, compiled, openvino.Core().compile_model(model, "CPU", config | {"NUM_STREAMS": several})


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
