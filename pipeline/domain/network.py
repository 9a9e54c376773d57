"""The networks that are at work: which weights, what runs them, and what was rejected on this machine."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.domain.labels import Label


@dataclass(frozen=True, slots=True)
class RejectedBackend:
    """A backend that gave wrong answers with a network on this machine.

    Attributes:
        backend: such as ``openvino``.
        reason: what it got wrong in the known-answer test, in words.
    """

    backend: str
    reason: str


@dataclass(frozen=True, slots=True)
class NetworkIdentity:
    """One opened network.

    Attributes:
        name: of its model card.
        weights_sha256: 64 hexadecimal digits of the weights file.
        card_sha256: 64 hexadecimal digits of the card's file.
        backend: what runs it, such as ``onnxruntime``; it passed the known-answer test on this machine.
        device: where, such as ``cpu``.
        labels: what it can find; nothing for a plate reader.
        rejected: faster backends that failed the test.
    """

    name: str
    weights_sha256: str
    card_sha256: str
    backend: str
    device: str
    labels: frozenset[Label] = frozenset()
    rejected: tuple[RejectedBackend, ...] = ()
