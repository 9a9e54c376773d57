"""Loading of fast-plate-ocr networks, in the library's ONNX Runtime session or in OpenVINO."""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from pipeline.errors import MissingComponent, ModelRuntimeError
from pipeline.inference.device import Backend, Device
from pipeline.lpr.settings import LprSettings
from pipeline.weights.catalog import ModelCard, read_plate_config, read_weights


class PlateNetwork(Protocol):
    """A loaded OCR network."""

    @property
    def config(self) -> Any:
        """The library's `PlateConfig`: size and colors of the input, alphabet."""

    def run(self, batch: npt.NDArray[np.generic]) -> npt.NDArray[Any]:
        """(n, height, width, colors) uint8 to the character probabilities of each crop."""


def open_network(card: ModelCard, settings: LprSettings, backend: Backend, models_dir: Path | None) -> PlateNetwork:
    """Load the verified network of a card.

    Raises:
        ModelIntegrityError: the weights do not match the card.
        ModelRuntimeError: the runtime rejects them.
        MissingComponent: OpenVINO is configured and not installed.
    """
    weights, config = read_weights(card, models_dir), read_plate_config(card, models_dir)
    if backend is Backend.OPENVINO and importlib.util.find_spec("openvino") is None:
        raise MissingComponent("backend openvino", "the package is not installed", "pip install 'viapublica[openvino]'")
    opened, name = (_OpenVino, "OpenVINO") if backend is Backend.OPENVINO else (_Library, "fast-plate-ocr")
    try:
        # The library loads paths only: it gets a private copy of the verified bytes.
        with tempfile.TemporaryDirectory(prefix="viapublica-") as folder:
            weights_copy, config_copy = Path(folder, "weights.onnx"), Path(folder, "plate.yaml")
            weights_copy.write_bytes(weights)
            config_copy.write_bytes(config)
            return opened(weights_copy, config_copy, settings)
    except Exception as error:  # the libraries' exceptions have no common base but Exception
        raise ModelRuntimeError(
            f"model {card.name}",
            f"{name} cannot load it ({last_line(error)})",
            "Check that it is a fast-plate-ocr ONNX export",
        ) from error


def last_line(error: Exception) -> str:
    """Message of a runtime's exception: its last line, after the locations in the runtime's own code."""
    return (str(error).strip().splitlines() or [type(error).__name__])[-1].strip()[:200]


def _check_input(ports: Sequence[Any], config: Any) -> None:
    """Check for one input (n, height, width, colors) uint8, as stated in the plate configuration.

    Raises:
        ValueError: the input differs.
    """
    colors = 1 if config.image_color_mode == "grayscale" else 3
    wanted = (config.img_height, config.img_width, colors)
    actual = [f"{port.get_element_type().get_type_name()} {port.get_partial_shape()}" for port in ports]
    shape = ports[0].get_partial_shape() if len(ports) == 1 else None
    fits = (
        shape is not None
        and shape.rank.is_static
        and len(shape) == 4
        and shape[0].is_dynamic
        and all(shape[n + 1].is_dynamic or shape[n + 1].get_length() == size for n, size in enumerate(wanted))
        and ports[0].get_element_type().get_type_name() == "u8"
    )
    if not fits:
        raise ValueError(f"its input is {', '.join(actual)} instead of u8 [?,{','.join(map(str, wanted))}]")


class _Library:
    """ONNX Runtime session of fast-plate-ocr."""

    def __init__(self, weights: Path, config: Path, settings: LprSettings) -> None:
        import onnxruntime as ort
        from fast_plate_ocr import LicensePlateRecognizer

        options = ort.SessionOptions()
        options.intra_op_num_threads = settings.threads
        options.log_severity_level = 4  # errors are raised, with the same message
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._recognizer: Any = LicensePlateRecognizer(
            onnx_model_path=weights,
            plate_config_path=config,
            device="cuda" if settings.device is Device.CUDA else "cpu",
            sess_options=options,
        )
        self.config: Any = self._recognizer.config

    def run(self, batch: npt.NDArray[np.generic]) -> npt.NDArray[Any]:
        """See `PlateNetwork`."""
        (output,) = self._recognizer.model.run([self._recognizer.plate_output_name], {"input": batch})
        return np.asarray(output)


class _OpenVino:
    """OpenVINO on the processor."""

    def __init__(self, weights: Path, config: Path, settings: LprSettings) -> None:
        import openvino
        from fast_plate_ocr.inference.config import PlateConfig

        self.config: Any = PlateConfig.from_yaml(config)
        options = {"INFERENCE_NUM_THREADS": settings.threads, "PERFORMANCE_HINT": "LATENCY"}
        core = openvino.Core()
        compiled = core.compile_model(core.read_model(weights.read_bytes()), "CPU", options)
        _check_input(compiled.inputs, self.config)
        named = [port for port in compiled.outputs if "plate" in port.get_names()]
        self._output = named[0] if named else compiled.output(0)
        self._request: Any = compiled.create_infer_request()

    def run(self, batch: npt.NDArray[np.generic]) -> npt.NDArray[Any]:
        """See `PlateNetwork`."""
        # Copied: the request overwrites its output on the next inference.
        return np.array(self._request.infer([batch])[self._output])
