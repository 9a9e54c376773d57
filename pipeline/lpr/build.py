"""Construction of the plate reader from settings."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from pipeline.domain.ports import PlateReader
from pipeline.inference.device import Backend, Device
from pipeline.inference.known_answer import Candidate, Use, open_tested
from pipeline.lpr.known_answer import wrong_readings
from pipeline.lpr.plate_reader import FastPlateReader, load_reader_card
from pipeline.lpr.settings import LprSettings


def build_reader(settings: LprSettings, models_dir: Path | None = None) -> PlateReader:
    """The configured plate reader: loaded, verified and tested on this machine.

    Raises:
        ModelCardError, ModelIntegrityError, ModelRuntimeError: weights or card cannot be used.
        KnownAnswerFailed: the network gives wrong answers on this machine with every eligible backend.
        MissingComponent: OpenVINO is configured and not installed.
    """
    card = load_reader_card(settings.model, models_dir)
    candidates = [
        Candidate(backend, partial(FastPlateReader, card, settings, backend, models_dir))
        for backend in backends_for(settings)
    ]
    reader, identity = open_tested(
        Use(card, settings.device, settings.threads),
        candidates,
        lambda reader: wrong_readings(reader, card, models_dir),
        close=lambda _: None,
    )
    return reader.with_identity(identity)


def backends_for(settings: LprSettings) -> Sequence[Backend]:
    """Eligible backends of the reader's network, fastest first; resolves ``auto``."""
    if settings.backend is not Backend.AUTO:
        return [settings.backend]
    if settings.device is Device.CPU and importlib.util.find_spec("openvino") is not None:
        return [Backend.OPENVINO, Backend.ONNXRUNTIME]
    return [Backend.ONNXRUNTIME]
