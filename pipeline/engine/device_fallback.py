"""Fallback of networks from a GPU to the processor: no frame is lost, and the run says that it is degraded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Generic, Protocol, TypeVar

import structlog

from pipeline.detect.build import build_detector
from pipeline.detect.settings import DetectSettings
from pipeline.domain.detections import Detections
from pipeline.domain.frame import BgrImage, Image
from pipeline.domain.network_identity import NetworkIdentity
from pipeline.domain.ports import CharacterProbabilities, Detector, PlateReader
from pipeline.errors import ModelRuntimeError
from pipeline.inference.device import Device
from pipeline.lpr.build import build_reader
from pipeline.lpr.settings import LprSettings

_log = structlog.get_logger(__name__)
Answer = TypeVar("Answer")
_RESTART: Final = "Restart to use the GPU again"


class _WithNetworks(Protocol):
    @property
    def networks(self) -> tuple[NetworkIdentity, ...]: ...


Network = TypeVar("Network", bound=_WithNetworks)


class _Fallback(Generic[Network]):
    """A network on a GPU, and from its first failure on the same network on the processor.

    Args:
        on_gpu: opens it there; on_processor: opens it on the processor, where it is tested like any other.
    """

    def __init__(self, on_gpu: Callable[[], Network], on_processor: Callable[[], Network]) -> None:
        self._open = on_processor
        self._spare: Network | None = None
        self._advice = ""
        try:
            self.network = on_gpu()
        except ModelRuntimeError as error:
            self.network = on_processor()
            self._report(error)

    @property
    def networks(self) -> tuple[NetworkIdentity, ...]:
        """Its networks on the device that runs them now, with the reason if that is not the GPU."""
        return tuple(replace(network, fallback=self._advice) for network in self.network.networks)

    def answer(self, ask: Callable[[Network], Answer]) -> Answer:
        """The network's answer; after a failure of the GPU that of the processor, to the same question.

        Raises:
            ModelRuntimeError: the processor fails at it as well, so that the GPU is not at fault.
        """
        try:
            return ask(self.network)
        except ModelRuntimeError as error:
            if self._advice:
                raise
            failed = error
        if self._spare is None:
            self._spare = self._open()
        answer = ask(self._spare)
        self.network = self._spare
        self._report(failed)
        return answer

    def _report(self, error: ModelRuntimeError) -> None:
        fix = ". ".join(part for part in (error.fix, _RESTART) if part)
        self._advice = f"{error.subject} runs on the processor: {error.problem}. {fix}"
        _log.error("gpu_failed", network=error.subject, problem=error.problem, fix=fix)


class FallbackDetector:
    """A detector that goes on on the processor when its GPU fails; implements `Detector`."""

    def __init__(self, on_gpu: Callable[[], Detector], on_processor: Callable[[], Detector]) -> None:
        """Open it.

        Raises:
            ViapublicaError: neither device can run it.
        """
        self._fallback: _Fallback[Detector] = _Fallback(on_gpu, on_processor)
        self._batch_size = self._fallback.network.batch_size

    @property
    def name(self) -> str:
        """Name of the model cards."""
        return self._fallback.network.name

    @property
    def networks(self) -> tuple[NetworkIdentity, ...]:
        """Its networks, see `_Fallback.networks`."""
        return self._fallback.networks

    @property
    def batch_size(self) -> int:
        """Largest useful number of images per call, as at the start."""
        return self._batch_size

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        """Objects of each image, in order.

        Raises:
            ModelRuntimeError: both devices failed.
        """
        return self._fallback.answer(lambda network: network.detect(images))

    def close(self) -> None:
        """Release memory and threads."""
        self._fallback.network.close()


class FallbackReader:
    """A plate reader that goes on on the processor when its GPU fails; implements `PlateReader`."""

    def __init__(self, on_gpu: Callable[[], PlateReader], on_processor: Callable[[], PlateReader]) -> None:
        """Open it.

        Raises:
            ViapublicaError: neither device can run it.
        """
        self._fallback: _Fallback[PlateReader] = _Fallback(on_gpu, on_processor)

    @property
    def name(self) -> str:
        """Name of the model card."""
        return self._fallback.network.name

    @property
    def networks(self) -> tuple[NetworkIdentity, ...]:
        """Its networks, see `_Fallback.networks`."""
        return self._fallback.networks

    def read(self, crops: Sequence[BgrImage]) -> list[CharacterProbabilities]:
        """Probabilities of each crop, in order.

        Raises:
            ModelRuntimeError: both devices failed.
        """
        return self._fallback.answer(lambda network: network.read(crops))


def open_detector(settings: DetectSettings, models_dir: Path | None) -> Detector:
    """The configured detector; on a GPU with the processor to fall back to.

    Raises:
        ViapublicaError: it cannot be used.
    """
    if settings.device is Device.CPU:
        return build_detector(settings, models_dir)
    on_processor = settings.model_copy(update={"device": Device.CPU})
    return FallbackDetector(
        lambda: build_detector(settings, models_dir), lambda: build_detector(on_processor, models_dir)
    )


def open_reader(settings: LprSettings, models_dir: Path | None) -> PlateReader:
    """The configured plate reader; on a GPU with the processor to fall back to.

    Raises:
        ViapublicaError: it cannot be used.
    """
    if settings.device is Device.CPU:
        return build_reader(settings, models_dir)
    on_processor = settings.model_copy(update={"device": Device.CPU})
    return FallbackReader(lambda: build_reader(settings, models_dir), lambda: build_reader(on_processor, models_dir))
