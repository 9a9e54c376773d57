"""Networks that a signed statement names, compared with the pinned ones of this installation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pipeline.weights.pinned_networks import NetworkDigests, NetworkSource, load_network_pins

_SHA256_DIGITS: Final = 64


@dataclass(frozen=True, slots=True)
class StatedNetworks:
    """The networks of a signed statement, compared with the pinned ones of this installation.

    Attributes:
        source: the file that pins all of them, as found here; None where the statement names none.
        stated: the source in the statement.
        unpinned: names of those that no file of this installation pins.
    """

    source: NetworkSource | None
    stated: str
    unpinned: tuple[str, ...] = ()

    @property
    def pinned(self) -> bool:
        """Whether every network is pinned here."""
        return self.source in {NetworkSource.PACKAGE, NetworkSource.INSTITUTION}


def stated_networks(statement: Mapping[str, Any]) -> StatedNetworks:
    """The networks of a statement, which any signer can have written.

    Raises:
        ModelIntegrityError: a file of pinned networks of this installation cannot be used.
    """
    cards, weights, origin = (statement.get(name) for name in ("cards", "models", "network_pins"))
    stated = str(origin.get("source", "")) if isinstance(origin, Mapping) else ""
    if not (isinstance(cards, Mapping) and isinstance(weights, Mapping) and cards and cards.keys() == weights.keys()):
        return StatedNetworks(None, stated)
    digests = {
        str(name): NetworkDigests.model_construct(card=_digest(cards[name]), weights=_digest(weights[name]))
        for name in cards
    }
    pins = load_network_pins()
    return StatedNetworks(pins.source_of(digests)[0], stated, tuple(pins.unpinned(digests)))


def _digest(value: Any) -> str:
    return str(value)[:_SHA256_DIGITS]
