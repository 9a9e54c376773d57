"""Construction of the detector and of trackers from settings."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.detect.cascade_detector import CascadeDetector
from pipeline.detect.known_answer import MIN_SCORE, wrong_answers
from pipeline.detect.network_detector import NetworkDetector
from pipeline.detect.settings import DEFAULT_IOU, DetectSettings, TrackSettings
from pipeline.detect.tracker import ByteTracker
from pipeline.domain.ports import Detector, Tracker
from pipeline.inference.device import Backend, Device
from pipeline.inference.known_answer import Candidate, Use, open_tested
from pipeline.inference.onnxruntime_backend import OnnxRuntime
from pipeline.inference.runtime import Runtime
from pipeline.weights.catalog import Format, ModelCard, Task, check_task, load_card

if TYPE_CHECKING:
    from pipeline.detect.ultralytics_detector import UltralyticsDetector


def build_detector(settings: DetectSettings, models_dir: Path | None = None) -> Detector:
    """The configured detector: loaded, verified, tested on this machine and warmed up.

    Args:
        settings: networks and thresholds.
        models_dir: the configuration's folder of models; see `pipeline.weights.catalog.find_models_dir`.

    Raises:
        ModelCardError, ModelIntegrityError, ModelRuntimeError: weights or card cannot be used.
        KnownAnswerFailed: a network gives wrong answers on this machine with every eligible backend.
        PolicyError: a label is outside the allow-list.
        MissingComponent: an extra is not installed.
    """
    objects = _build_one(settings.model, settings, models_dir)
    if settings.plate_model is None:
        return objects
    alone = settings.model_copy(update={"input_size": None, "confidence": None})
    plates = _build_one(settings.plate_model, alone, models_dir)
    return CascadeDetector(objects, plates, settings.plate_search, settings.max_plate_crops)


def build_tracker(settings: TrackSettings) -> Tracker:
    """A new tracker for one stream of one camera.

    Args:
        settings: time limits and thresholds.
    """
    return ByteTracker(settings)


def backends_for(card: ModelCard, settings: DetectSettings) -> Sequence[Backend]:
    """Eligible backends of a network, fastest first; resolves ``auto``."""
    if settings.backend is not Backend.AUTO:
        return [settings.backend]
    if card.format is Format.OPENVINO:
        return [Backend.OPENVINO]
    if settings.device is Device.CPU and importlib.util.find_spec("openvino") is not None:
        return [Backend.OPENVINO, Backend.ONNXRUNTIME]
    return [Backend.ONNXRUNTIME]


def _build_one(name: str, settings: DetectSettings, models_dir: Path | None) -> Detector:
    card = load_card(name, models_dir)
    check_task(card, Task.DETECT, "Use the card of a detector")
    sensitive = settings.model_copy(update={"confidence": MIN_SCORE, "label_confidence": {}, "iou": DEFAULT_IOU})
    candidates = [
        Candidate(backend, partial(_open, backend, card, sensitive, models_dir))
        for backend in backends_for(card, settings)
    ]
    use = Use(card, settings.device, settings.threads, settings.input_size)
    tested, identity = open_tested(
        use,
        candidates,
        lambda detector: wrong_answers(detector, card, settings.input_size, models_dir),
        close=lambda detector: detector.close(),
    )
    return tested.with_thresholds(settings, identity)


def _open(
    backend: Backend, card: ModelCard, settings: DetectSettings, models_dir: Path | None
) -> NetworkDetector | UltralyticsDetector:
    if backend is Backend.ULTRALYTICS:
        from pipeline.detect.ultralytics_detector import UltralyticsDetector

        return UltralyticsDetector(card, settings, models_dir)
    return NetworkDetector(card, _runtime(backend, card, settings, models_dir), settings)


def _runtime(backend: Backend, card: ModelCard, settings: DetectSettings, models_dir: Path | None) -> Runtime:
    if backend is Backend.OPENVINO:
        from pipeline.inference.openvino_backend import OpenVino

        return OpenVino(card, settings.threads, models_dir, settings.batch_size or settings.threads)
    return OnnxRuntime(card, settings.device, settings.threads, models_dir)
