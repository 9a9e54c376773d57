"""Recording: a camera's encoded video packets, the protocols that pass them to a recorder, and gaps."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, eq=False)
class EncodedPacket:
    """One packet of video, a copy.

    Attributes:
        data: what the camera's encoder made.
        pts, dts: times of presentation and decoding in steps of `time_base`, None where the stream says nothing.
        duration: steps of `time_base`, 0 when unknown.
        time_base: seconds of one step.
        key: a decoder can begin here.
        arrived_ms: wall-clock time of its arrival, milliseconds since 1970 UTC.
    """

    data: bytes
    pts: int | None
    dts: int | None
    duration: int
    time_base: Fraction
    key: bool
    arrived_ms: int


class PacketSession(Protocol):
    """The packets of one connection."""

    def packet(self, packet: EncodedPacket) -> None:
        """The next packet. Never blocks and never raises."""
        ...

    def closed(self, reason: str) -> None:
        """The connection ended; `reason` says why, without credentials. Never blocks and never raises."""
        ...


class PacketTap(Protocol):
    """Receives the packets of a camera, connection by connection."""

    def opened(self, stream: Any) -> PacketSession:
        """A connection was made; an earlier one of the same camera has ended, whatever still arrives from it.

        Args:
            stream: an `av.VideoStream`, good until this call returns. Never raises.
        """
        ...


@dataclass(frozen=True, slots=True, order=True)
class Gap:
    """A time of which there is no video.

    Attributes:
        begin_ms, end_ms: milliseconds since 1970 UTC; the end is not part of it.
        reason: why, in words.
    """

    begin_ms: int
    end_ms: int
    reason: str
