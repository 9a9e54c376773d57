"""Encoded video packets of a camera, the protocols that pass them to a recorder, and gaps of a recording."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, Protocol

from pipeline.domain.polygon import Polygon
from pipeline.domain.times import MINUTE_MS
from pipeline.domain.video import Planes


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


@dataclass(frozen=True, slots=True, eq=False)
class MaskedFrame:
    """One decoded frame with the camera's privacy masks filled.

    Attributes:
        planes: Y, U, V of 8-bit 4:2:0: (h, w), (ceil(h/2), ceil(w/2)) twice, uint8, in the orientation of the stream.
        at_s: its time in the stream, seconds; None if the stream has none.
        rate: ordinary frames per second of the stream.
        full_range: luma from 0 to 255 instead of 16 to 235.
        arrived_ms: wall-clock time of arrival, milliseconds since 1970 UTC.
        masks: the privacy masks that are filled.
    """

    planes: Planes
    at_s: float | None
    rate: Fraction
    full_range: bool
    arrived_ms: int
    masks: tuple[Polygon, ...]

    @property
    def size(self) -> int:
        """Bytes of its planes."""
        return sum(plane.nbytes for plane in self.planes)


class PacketSession(Protocol):
    """Receiver of the packets of one connection, or of its masked frames."""

    @property
    def wants_frames(self) -> bool:
        """Whether it gets frames by `frame` instead of packets: the packets show what privacy masks hide."""
        ...

    def frame(self, frame: MaskedFrame) -> None:
        """The next frame. Never blocks and never raises."""
        ...

    def packet(self, packet: EncodedPacket) -> None:
        """The next packet. Never blocks and never raises."""
        ...

    def closed(self, reason: str) -> None:
        """The connection ended, for a `reason` without credentials. Never blocks and never raises."""
        ...


class PacketTap(Protocol):
    """Receiver of the packets of a camera, connection by connection."""

    def opened(self, stream: Any, rate: Fraction) -> PacketSession:
        """A connection was opened; an older one of the same camera has ended, and its further packets are ignored.

        Never raises.

        Args:
            stream: an `av.VideoStream`, valid until this call returns.
            rate: ordinary frames per second.
        """
        ...


@dataclass(frozen=True, slots=True, order=True)
class SegmentDigest:
    """The content of one file of recorded video.

    Attributes:
        begin_ms, end_ms: milliseconds since 1970 UTC; the end is exclusive.
        sha256: of the whole file, hexadecimal.
    """

    begin_ms: int
    end_ms: int
    sha256: str


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


@dataclass(frozen=True, slots=True)
class GapGroup:
    """Gaps of one reason that follow each other soon, as when a recording stops and begins again and again.

    Attributes:
        begin_ms, end_ms: of the first and the last; there may be video in between.
        missing_ms: time without video in them.
        gaps: how many; reason: of all.
    """

    begin_ms: int
    end_ms: int
    missing_ms: int
    gaps: int
    reason: str


_SOON_MS: Final = MINUTE_MS


def group_gaps(gaps: Iterable[Gap]) -> list[GapGroup]:
    """Gaps in order of time, as groups: less than a minute of video between two, and the same reason."""
    found: list[GapGroup] = []
    for gap in gaps:
        length_ms = gap.end_ms - gap.begin_ms
        last = found[-1] if found else None
        if last is not None and last.reason == gap.reason and gap.begin_ms - last.end_ms < _SOON_MS:
            missing_ms = last.missing_ms + length_ms
            found[-1] = GapGroup(last.begin_ms, gap.end_ms, missing_ms, last.gaps + 1, gap.reason)
        else:
            found.append(GapGroup(gap.begin_ms, gap.end_ms, length_ms, 1, gap.reason))
    return found
