"""Known-answer tests of networks on this machine: each model with each backend that may run it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

from pipeline.app.model_catalog import list_models
from pipeline.detect.build import backends_for as detector_backends
from pipeline.detect.build import build_detector
from pipeline.detect.settings import DetectSettings
from pipeline.domain.network_identity import NetworkIdentity
from pipeline.errors import KnownAnswerFailed, ViapublicaError
from pipeline.inference.device import Backend
from pipeline.inference.known_answer import forget_verdicts
from pipeline.lpr.build import backends_for as reader_backends
from pipeline.lpr.build import build_corners, build_reader
from pipeline.lpr.settings import CornerSettings, LprSettings
from pipeline.weights.catalog import Format, ModelCard, Task, load_card

__all__ = ["NetworkCheck", "NetworkSettings", "NetworkState", "check_networks", "open_and_check"]

NetworkSettings: TypeAlias = DetectSettings | LprSettings | CornerSettings


class NetworkState(StrEnum):
    """Outcome of a known-answer test."""

    PASSED = "passed"
    WRONG = "wrong answers"
    FAILED = "cannot run"


@dataclass(frozen=True, slots=True)
class NetworkCheck:
    """One model with one backend.

    Attributes:
        model, backend: by name.
        state: outcome of the test.
        detail: the answers that are wrong, or the error; "" when it passed.
    """

    model: str
    backend: str
    state: NetworkState
    detail: str


def check_networks(names: Sequence[str], models: Path | None) -> Iterator[NetworkCheck]:
    """Test models with every backend that may run them on this machine, one after another.

    Args:
        names: models; none for all whose files are present.
        models: folder with weights and cards; None for ``VIAPUBLICA_MODELS`` and those that come with the package.

    Raises:
        ModelCardError: the folder is none, or a named model has no card.
    """
    cards = [load_card(name, models) for name in names]
    cards = cards or [one.card for one in list_models(models)[0] if one.present]
    for card in cards:
        for settings in _settings_of(card):
            yield _tested(card, settings, models)


def open_and_check(settings: NetworkSettings, models: Path | None) -> NetworkIdentity:
    """Open a network, which puts it to its known-answer test whatever was stored before, and close it again.

    Args:
        settings: of a plate reader, whose corner network is left out, of a corner network, or of a detector without a
            second network.
        models: see `check_networks`.

    Raises:
        ModelError: weights or card cannot be used.
        KnownAnswerFailed: the answers are wrong with every backend that the settings allow.
        MissingComponent: a backend is not installed.
    """
    forget_verdicts(load_card(settings.model, models).name)
    if isinstance(settings, LprSettings):
        return build_reader(settings.model_copy(update={"corners": None}), models).networks[0]
    if isinstance(settings, CornerSettings):
        return build_corners(settings, models).networks[0]
    detector = build_detector(settings, models)
    try:
        return detector.networks[0]
    finally:
        detector.close()


def _settings_of(card: ModelCard) -> Iterator[NetworkSettings]:
    if card.task is not Task.DETECT:
        of_reader = card.task is Task.READ_PLATES
        reader = LprSettings(model=card.name) if of_reader else CornerSettings(model=card.name)
        yield from (reader.model_copy(update={"backend": backend}) for backend in reader_backends(reader))
    else:
        detector = DetectSettings(model=card.name, plate_model=None)
        # `auto` never chooses Ultralytics, which runs code of the weights' file.
        backends = [Backend.ULTRALYTICS] if card.format is Format.ULTRALYTICS else detector_backends(card, detector)
        yield from (detector.model_copy(update={"backend": backend}) for backend in backends)


def _tested(card: ModelCard, settings: NetworkSettings, models: Path | None) -> NetworkCheck:
    backend = settings.backend.value
    try:
        open_and_check(settings, models)
    except KnownAnswerFailed as error:
        return NetworkCheck(card.name, backend, NetworkState.WRONG, error.problem)
    except ViapublicaError as error:
        return NetworkCheck(card.name, backend, NetworkState.FAILED, f"{error.subject}: {error.problem}")
    return NetworkCheck(card.name, backend, NetworkState.PASSED, "")
