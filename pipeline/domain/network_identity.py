"""Identity of a loaded network: weights, card, backend, and the backends rejected on this machine."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.domain.labels import Label


@dataclass(frozen=True, slots=True)
class RejectedBackend:
    """A backend that gave wrong answers with a network on this machine.

    Attributes:
        backend: such as ``openvino``.
        reason: description of its wrong answers in the known-answer test.
    """

    backend: str
    reason: str


@dataclass(frozen=True, slots=True)
class NetworkIdentity:
    """A loaded network.

    Attributes:
        name: of its model card.
        weights_sha256: 64 hexadecimal digits of the weights file.
        card_sha256: 64 hexadecimal digits of the file of the card.
        backend: library that runs it, such as ``onnxruntime``; it passed the known-answer test on this machine.
        device: hardware, such as ``cpu``.
        labels: labels that it detects; empty for a plate reader.
        rejected: faster backends that failed the test.
        fallback: why it does not run on the configured device, and what helps; "" where it does.
    """

    name: str
    weights_sha256: str
    card_sha256: str
    backend: str
    device: str
    labels: frozenset[Label] = frozenset()
    rejected: tuple[RejectedBackend, ...] = ()
    fallback: str = ""
