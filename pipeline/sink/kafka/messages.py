"""Messages as they travel, whatever client carries them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

Headers = Sequence[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Message:
    """To be sent: topic, value, key (which decides the partition) and headers."""

    topic: str
    value: bytes | None
    key: bytes | None = None
    headers: Headers = ()


@dataclass(frozen=True, slots=True)
class Received:
    """A message as the brokers keep it.

    Attributes:
        topic, partition, offset: where it lies.
        ts_ms: when it was sent, milliseconds since 1970 UTC.
        key, value, headers: what it says; the value of a deletion mark is None.
    """

    topic: str
    partition: int
    offset: int
    ts_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers = field(default=())

    @property
    def place(self) -> str:
        """topic/partition@offset, for people."""
        return f"{self.topic}/{self.partition}@{self.offset}"
