"""Settings to a `Detector` and a `Tracker`; the only module of this room that `engine` needs."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from pipeline.detect.cascade_detector import CascadeDetector
from pipeline.detect.network_detector import NetworkDetector
from pipeline.detect.settings import Backend, DetectSettings, Device, TrackSettings
from pipeline.domain.ports import Detector, Tracker
from pipeline.errors import ModelCardError
from pipeline.inference.onnxruntime_backend import OnnxRuntime
from pipeline.inference.runtime import Runtime
from pipeline.weights.catalog import Format, ModelCard, Task, load_card


def build_detector(settings: DetectSettings, models_dir: Path | None = None) -> Detector:
    """The detector that the settings describe, loaded, checked and warm.

    Args:
        settings: which networks, and how.
        models_dir: the configuration's folder of weights; see `pipeline.weights.catalog.find_models_dir`.

    Raises:
        ModelCardError, ModelIntegrityError, ModelRuntimeError: weights or card cannot be used.
        PolicyError: a label outside the allow-list.
        MissingComponent: an extra is not installed.
    """
    objects = _build_one(settings.model, settings, models_dir)
    if settings.plate_model is None:
        return objects
    alone = settings.model_copy(update={"input_size": None, "confidence": None})
    plates = _build_one(settings.plate_model, alone, models_dir)
    return CascadeDetector(objects, plates, settings.plate_search, settings.plate_looks)


def build_tracker(settings: TrackSettings, frame_rate: float) -> Tracker:
    """A tracker for one stream of one camera, without any track.

    Args:
        settings: patience and thresholds.
        frame_rate: frames per second that will be analyzed, about.
    """
    # Here, because it takes a second to import and single images need no tracker.
    from pipeline.detect.tracker import GroupedByteTracker

    return GroupedByteTracker(settings, frame_rate)


def _build_one(name: str, settings: DetectSettings, models_dir: Path | None) -> Detector:
    card = load_card(name, models_dir)
    if card.task is not Task.DETECT:
        raise ModelCardError(f"model {card.name}", f"is for {card.task.value}, not for detecting", "Name a detector")
    if settings.backend is Backend.ULTRALYTICS:
        from pipeline.detect.ultralytics_detector import UltralyticsDetector

        return UltralyticsDetector(card, settings, models_dir)
    return NetworkDetector(card, _open(card, settings, models_dir), settings)


def _backend(card: ModelCard, settings: DetectSettings) -> Backend:
    """What runs this network; ``auto`` is settled here."""
    if settings.backend is not Backend.AUTO:
        return settings.backend
    if card.format is Format.OPENVINO:
        return Backend.OPENVINO
    usable = settings.device is Device.CPU and importlib.util.find_spec("openvino") is not None
    return Backend.OPENVINO if usable else Backend.ONNXRUNTIME


def _open(card: ModelCard, settings: DetectSettings, models_dir: Path | None) -> Runtime:
    if _backend(card, settings) is Backend.OPENVINO:
        from pipeline.inference.openvino_backend import OpenVino

        return OpenVino(card, settings.threads, models_dir)
    return OnnxRuntime(card, settings.device, settings.threads, models_dir)
