"""Default networks of detection, plate reading and verification, and whether releases may be made with them."""

from __future__ import annotations

from pipeline.detect.detector_ensemble import DEFAULT_MODELS
from pipeline.detect.settings import DetectSettings
from pipeline.errors import ModelIntegrityError
from pipeline.lpr.settings import LprSettings
from pipeline.weights.catalog import load_card, packaged_models_dir
from pipeline.weights.pinned_networks import NetworkDigests, load_network_pins

__all__ = ["check_default_networks", "default_networks"]


def default_networks() -> list[str]:
    """Names of the model cards that are used where nothing else is configured."""
    detect, lpr = DetectSettings(), LprSettings()
    named = (detect.model, detect.plate_model, lpr.model, lpr.corners, *DEFAULT_MODELS)
    return list(dict.fromkeys(name for name in named if name is not None))


def check_default_networks() -> list[str]:
    """The names of the default networks, all of which are pinned.

    Raises:
        ModelCardError: a card of the package is missing or not valid.
        ModelIntegrityError: a file of pinned networks cannot be used, or releases would refuse a default network.
    """
    names, folder = default_networks(), packaged_models_dir()
    cards = {name: load_card(name, folder) for name in names}
    digests = {name: NetworkDigests(card=card.digest, weights=card.sha256) for name, card in cards.items()}
    unpinned = load_network_pins().unpinned(digests)
    if unpinned:
        raise ModelIntegrityError(
            "default networks",
            f"a release would refuse {', '.join(unpinned)}: no file pins the present card and weights",
            "Reinstall viapublica, or pin them: docs/how-to/pin-networks.md",
        )
    return names
