"""Network that finds the four corners of the plate in a crop."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.domain.frame import BgrImage
from pipeline.domain.network_identity import NetworkIdentity
from pipeline.errors import ModelCardError
from pipeline.inference.device import Backend
from pipeline.inference.onnxruntime_backend import OnnxRuntime
from pipeline.inference.openvino_backend import OpenVino
from pipeline.inference.runtime import Runtime
from pipeline.lpr.rectification import Corners, inverse, moved, network_input
from pipeline.lpr.settings import CornerSettings
from pipeline.weights.catalog import ModelCard, Task, check_task, load_card


class CornerNetwork:
    """A loaded network that finds the four corners of the plate in a crop. One thread at a time."""

    def __init__(self, card: ModelCard, settings: CornerSettings, backend: Backend, models_dir: Path | None) -> None:
        """Load verified weights.

        Args:
            card: see `load_corner_card`.
            settings: device, threads and batch size.
            backend: library that runs the network; never ``auto``.
            models_dir: the configuration's folder of models.

        Raises:
            ModelCardError, ModelIntegrityError: the card or the weights cannot be used.
            ModelRuntimeError: the runtime rejects them.
            MissingComponent: OpenVINO is configured and not installed.
        """
        self._card = card
        self._batch_size = settings.batch_size
        self._network: Runtime = (
            OpenVino(card, settings.threads, models_dir)
            if backend is Backend.OPENVINO
            else OnnxRuntime(card, settings.device, settings.threads, models_dir)
        )
        self.networks: tuple[NetworkIdentity, ...] = ()
        shape = self._run(np.zeros((1, card.input.height, card.input.width, 3), np.uint8)).shape
        if shape != (1, 4, 2):
            raise ModelCardError(
                f"model {card.name}", f"outputs {shape} instead of four corners (n, 4, 2)", "Use another model"
            )

    def with_identity(self, identity: NetworkIdentity) -> CornerNetwork:
        """This network, with the identity under which it passed its known-answer test."""
        self.networks = (identity,)
        return self

    def locate(self, crops: Sequence[BgrImage]) -> list[Corners]:
        """The plate's corners in each crop, in pixels of the crop.

        Raises:
            ModelRuntimeError: the runtime failed.
        """
        if not crops:
            return []
        size = self._card.input.width
        inputs = [network_input(crop, size) for crop in crops]
        found = self._run(np.stack([image for image, _ in inputs])) * size
        return [moved(one, inverse(matrix)) for one, (_, matrix) in zip(found, inputs, strict=True)]

    def close(self) -> None:
        """Release memory and threads."""
        self._network.close()

    def _run(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """(n, height, width, 3) BGR to (n, 4, 2) in 0 to 1 of the input."""
        rgb = images[..., ::-1] if self._card.input.channels == "rgb" else images
        batch = np.ascontiguousarray(rgb.transpose(0, 3, 1, 2))
        parts = [
            np.asarray(self._network.run(batch[start : start + self._batch_size]), np.float32)
            for start in range(0, len(batch), self._batch_size)
        ]
        return np.concatenate(parts)


def load_corner_card(name: str, models_dir: Path | None) -> ModelCard:
    """Load the card of a corner network.

    Raises:
        ModelCardError: no card has this name, or its task is another one.
    """
    card = load_card(name, models_dir)
    check_task(card, Task.LOCATE_PLATE_CORNERS)
    return card
