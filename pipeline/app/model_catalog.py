"""Models that have a card: listing, checksums, and detectors compared on the same images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pipeline.app.media.compare_models import Comparison, compare
from pipeline.decode.media_files import find_media
from pipeline.detect.build import build_detector
from pipeline.detect.settings import DetectSettings
from pipeline.errors import ModelCardError, ModelIntegrityError, ViapublicaError
from pipeline.weights.catalog import ModelCard, has_files, list_cards, load_card, verify_plate_config, verify_weights

__all__ = [
    "Comparison",
    "ListedModel",
    "VerifiedModel",
    "WeightsState",
    "compare_detectors",
    "list_models",
    "pin_networks",
    "verify_models",
]


class WeightsState(StrEnum):
    """A model's files against its card."""

    AS_DESCRIBED = "as described"
    ALTERED = "altered"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model card, and whether its files are present."""

    card: ModelCard
    present: bool


@dataclass(frozen=True, slots=True)
class VerifiedModel:
    """A model whose checksums were compared with its card."""

    model: str
    state: WeightsState
    file: str
    sha256: str


def list_models(models: Path | None) -> tuple[list[ListedModel], list[ViapublicaError]]:
    """All models that have a card, those of viapublica first, and the errors of cards that cannot be read.

    Args:
        models: folder with weights and cards; None for ``VIAPUBLICA_MODELS`` and those that come with the package.

    Raises:
        ModelCardError: the folder is none.
    """
    cards, broken = _cards(models)
    return [ListedModel(card, has_files(card, models)) for card in cards], broken


def verify_models(names: Sequence[str], models: Path | None) -> tuple[list[VerifiedModel], list[ViapublicaError]]:
    """Compare weights with the checksums of their cards.

    Args:
        names: models; none for all whose files are present.
        models: see `list_models`.

    Returns:
        The models, and the errors of cards that cannot be read.

    Raises:
        ModelCardError: the folder is none, or a named model has no card.
    """
    broken: list[ViapublicaError] = []
    if names:
        cards = [load_card(name, _folder(models)) for name in names]
    else:
        cards, broken = _cards(models)
    verified = [VerifiedModel(card.name, _state(card, models), card.file, card.sha256) for card in cards]
    return [one for one in verified if names or one.state is not WeightsState.MISSING], broken


def pin_networks(names: Sequence[str], models: Path | None) -> str:
    """The `networks` section of a file of pinned networks, in YAML, after the weights were verified.

    Args:
        names: model cards; models: see `list_models`.

    Raises:
        ModelError: a card or its weights cannot be used.
    """
    lines = ["networks:"]
    for name in names:
        card = load_card(name, models)
        verify_weights(card, models)
        lines += [f"  {card.name}:", f"    - card: {card.digest}", f"      weights: {card.sha256}"]
    return "\n".join(lines)


def compare_detectors(
    paths: Sequence[Path], names: Sequence[str], models: Path | None, confidence: float
) -> list[Comparison]:
    """Run detectors over the same images.

    Args:
        paths: images or folders of them.
        names: cards of detectors; the others are compared with the first.
        models: see `list_models`.
        confidence: least confidence of an object, 0 to 1.

    Raises:
        ViapublicaError: no images, or a network cannot be used.
    """
    media = find_media(paths)
    detectors = [
        (name, build_detector(DetectSettings(model=name, plate_model=None, confidence=confidence), models))
        for name in names
    ]
    results = compare(media, detectors)
    if not results or not results[0].images:
        raise ViapublicaError(", ".join(map(str, paths)), "holds no image", "Name images; videos are not compared")
    return results


def _folder(models: Path | None) -> Path | None:
    if models is not None and not models.is_dir():
        raise ModelCardError(
            f"models folder {models}",
            "is not a folder",
            "Name the folder that holds the weights: --models FOLDER, or the environment variable VIAPUBLICA_MODELS",
        )
    return models


def _cards(models: Path | None) -> tuple[list[ModelCard], list[ViapublicaError]]:
    cards: list[ModelCard] = []
    broken: list[ViapublicaError] = []
    for path in list_cards(_folder(models)).values():
        try:
            cards.append(load_card(path, models))
        except ViapublicaError as error:
            broken.append(error)
    return sorted(cards, key=lambda c: (not c.name.startswith("viapublica"), c.task.value, c.name)), broken


def _state(card: ModelCard, models: Path | None) -> WeightsState:
    try:
        verify_weights(card, models, allow_pickle=True)
        if card.plate_config is not None:
            verify_plate_config(card, models)
    except ModelIntegrityError:
        return WeightsState.ALTERED
    except ModelCardError:
        return WeightsState.MISSING
    return WeightsState.AS_DESCRIBED
