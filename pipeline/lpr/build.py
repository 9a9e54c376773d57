"""Construction of the plate reader and of its corner network from settings."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from pipeline.domain.ports import PlateReader
from pipeline.inference.device import Backend, Device
from pipeline.inference.known_answer import Candidate, Use, open_tested
from pipeline.lpr.corner_network import CornerNetwork, load_corner_card
from pipeline.lpr.known_answer import wrong_corners, wrong_readings
from pipeline.lpr.plate_reader import FastPlateReader, load_reader_card
from pipeline.lpr.settings import CornerSettings, LprSettings


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
    corners = None if settings.corner_settings is None else build_corners(settings.corner_settings, models_dir)
    return reader.completed(identity, corners)


def build_corners(settings: CornerSettings, models_dir: Path | None = None) -> CornerNetwork:
    """The configured corner network: loaded, verified and tested on this machine.

    Raises:
        ModelCardError, ModelIntegrityError, ModelRuntimeError: weights or card cannot be used.
        KnownAnswerFailed: the network gives wrong answers on this machine with every eligible backend.
        MissingComponent: OpenVINO is configured and not installed.
    """
    card = load_corner_card(settings.model, models_dir)
    network, identity = open_tested(
        Use(card, settings.device, settings.threads),
        [
            Candidate(backend, partial(CornerNetwork, card, settings, backend, models_dir))
            for backend in backends_for(settings)
        ],
        lambda network: wrong_corners(network, card, models_dir),
        close=CornerNetwork.close,
    )
    return network.with_identity(identity)


def backends_for(settings: LprSettings | CornerSettings) -> Sequence[Backend]:
    """Eligible backends of a network, fastest first; resolves ``auto``."""
    if settings.backend is not Backend.AUTO:
        return [settings.backend]
    if settings.device is Device.CPU and importlib.util.find_spec("openvino") is not None:
        return [Backend.OPENVINO, Backend.ONNXRUNTIME]
    return [Backend.ONNXRUNTIME]
