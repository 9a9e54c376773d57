"""The networks of a release: those of the package, or those that the institution's administrators pinned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pipeline.anonymize.residual_detections import PERSONAL
from pipeline.anonymize.settings import AnonymizeSettings
from pipeline.app.anonymize.redaction_networks import NetworkChoice, RedactionNetworks, open_networks
from pipeline.errors import ReleaseError
from pipeline.weights.catalog import packaged_models_dir
from pipeline.weights.pinned_networks import INSTITUTION_FILE, NetworkPins, load_network_pins


@contextmanager
def open_release_networks(settings: AnonymizeSettings, check_models: Sequence[str]) -> Iterator[RedactionNetworks]:
    """Open the networks of a release. Neither the builder nor ``VIAPUBLICA_MODELS`` chooses those that mask.

    Args:
        settings: of masks.
        check_models: pinned verification detectors, in addition to the chosen ones.

    Raises:
        ReleaseError: a network is not pinned, or they do not detect persons, faces and plates.
        ModelIntegrityError: a file of pinned networks cannot be used.
        ModelError, MissingComponent: a network cannot be used.
    """
    pins = load_network_pins()
    chosen = pins.institution
    names = dict.fromkeys((*chosen.verification, *check_models))
    choice = NetworkChoice(
        model=chosen.card_path(chosen.masks) if chosen.masks else None,
        models_dir=packaged_models_dir(),
        verify=True,
        check_models=tuple(chosen.card_path(name) if name in chosen.networks else name for name in names),
        in_addition=True,
    )
    with open_networks(settings, choice) as networks:
        _check_pinned(networks, pins)
        _check_labels(networks)
        yield networks


def _check_pinned(networks: RedactionNetworks, pins: NetworkPins) -> None:
    """Compare what was opened, whichever folder it came from."""
    unpinned = pins.unpinned(networks.digests)
    if unpinned:
        digests = networks.digests[unpinned[0]]
        raise ReleaseError(
            f"model {unpinned[0]}",
            f"is not pinned (card SHA-256 {digests.card[:12]}…, weights {digests.weights[:12]}…), and a release uses "
            "networks of the package, or pinned ones, only",
            f"An administrator pins it in {INSTITUTION_FILE}: see docs/how-to/pin-networks.md",
        )


def _check_labels(networks: RedactionNetworks) -> None:
    """A release hides persons, faces and plates, whichever network is pinned."""
    found = {label for network in networks.detectors.networks for label in network.labels}
    missing = [label.word for label in PERSONAL if label not in found]
    if missing:
        raise ReleaseError(
            f"model {networks.detectors.name}",
            f"detects no {' and no '.join(missing)}, and a release hides persons, faces and plates",
            f"Pin another network under `masks` in {INSTITUTION_FILE}",
        )
