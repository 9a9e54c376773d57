"""Encoded video packets of a camera, the protocols that pass them to a recorder, and gaps of a recording."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, eq=False)
class EncodedPacket:
    """A copy of one encoded video packet.

    Attributes:
        data: bytes of the camera's encoder.
        pts, dts: presentation and decoding time in units of `time_base`, None if the stream has none.
        duration: in units of `time_base`, 0 if unknown.
        time_base: unit of time, seconds.
        key: keyframe; decoding can start here.
        arrived_ms: wall-clock time of arrival, milliseconds since 1970 UTC.
    """

    data: bytes
    pts: int | None
    dts: int | None
    duration: int
    time_base: Fraction
    key: bool
    arrived_ms: int


class PacketSession(Protocol):
    """Receiver of the packets of one connection."""

    def packet(self, packet: EncodedPacket) -> None:
        """The next packet. Never blocks and never raises."""
        ...

    def closed(self, reason: str) -> None:
        """The connection ended, for a `reason` without credentials. Never blocks and never raises."""
        ...


class PacketTap(Protocol):
    """Receiver of the packets of a camera, connection by connection."""

    def opened(self, stream: Any) -> PacketSession:
        """A connection was opened; an older one of the same camera has ended, and its further packets are ignored.

        Never raises.

        Args:
            stream: an `av.VideoStream`, valid until this call returns.
        """
        ...


@dataclass(frozen=True, slots=True, order=True)
class Gap:
    """A period without video.

    Attributes:
        begin_ms, end_ms: milliseconds since 1970 UTC; the end is exclusive.
        reason: the cause, in words.
    """

    begin_ms: int
    end_ms: int
    reason: str
