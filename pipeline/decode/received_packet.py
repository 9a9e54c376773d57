"""Copy of a packet as it arrives from a camera."""

from __future__ import annotations

import time
from fractions import Fraction

import av

from pipeline.domain.recording import EncodedPacket


def copied_packet(packet: av.Packet[av.VideoStream]) -> EncodedPacket:
    """A copy of a packet that has just arrived."""
    return EncodedPacket(
        data=bytes(packet),
        pts=packet.pts,
        dts=packet.dts,
        duration=packet.duration or 0,
        time_base=packet.time_base or Fraction(1, av.time_base),
        key=packet.is_keyframe,
        arrived_ms=time.time_ns() // 1_000_000,
    )
