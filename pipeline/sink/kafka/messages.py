"""Kafka messages, independent of the client."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

Headers = Sequence[tuple[str, bytes | None]]


class Message(msgspec.Struct, frozen=True, gc=False):
    """A message to be sent: topic, value, key (which decides the partition) and headers."""

    topic: str
    value: bytes | None
    key: bytes | None = None
    headers: Headers = ()


class Received(msgspec.Struct, frozen=True, gc=False):
    """A message as the brokers store it.

    Attributes:
        topic, partition, offset: its place.
        ts_ms: when it was sent, milliseconds since 1970 UTC.
        key, value, headers: its content; the value of a tombstone, and of some headers, is None.
    """

    topic: str
    partition: int
    offset: int
    ts_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()

    @property
    def place(self) -> str:
        """topic/partition@offset, for people."""
        return f"{self.topic}/{self.partition}@{self.offset}"

    def header_texts(self) -> dict[str, str]:
        """The headers as texts."""
        return {name: (value or b"").decode(errors="replace") for name, value in self.headers}
