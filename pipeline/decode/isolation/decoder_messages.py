"""Messages between the engine and a decoder, as MessagePack with checked types."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from msgspec import Struct, msgpack

from pipeline.errors import SourceError, SourceNotFound, StreamInterrupted, UnsupportedMedia

FAULTS: Final = {kind.__name__: kind for kind in (SourceError, SourceNotFound, StreamInterrupted, UnsupportedMedia)}
"""Errors that may end a session, by name."""
LENGTH: Final = struct.Struct("=I")
LONGEST_MESSAGE: Final = 128 << 20
"""Bytes; the largest is a packet of video."""


class Opened(Struct, tag=True, array_like=True):
    """The source answered and described its stream."""

    stream_id: str
    duration_s: float | None
    ordinary_silence_s: float = 0.0


class SegmentRead(Struct, tag=True, array_like=True):
    """A segment of an HLS playlist was read, with this digest."""

    digest: str


class NotRead(Struct, tag=True, array_like=True):
    """Video in the source that is not decoded."""

    parts: tuple[str, ...]


class Noted(Struct, tag=True, array_like=True):
    """A reservation about the session."""

    detail: str


class Warned(Struct, tag=True, array_like=True):
    """A warning that would be the same at every connection."""

    event: str
    facts: dict[str, Any]


class Logged(Struct, tag=True, array_like=True):
    """A line of the log."""

    level: str
    event: str
    facts: dict[str, Any]


class Decoded(Struct, tag=True, array_like=True):
    """A frame was decoded."""

    pts_s: float
    width: int
    height: int
    damaged: bool


class Timed(Struct, tag=True, array_like=True):
    """Seconds of wall clock and of the processor that a frame's decoding took."""

    seconds: float
    cpu_seconds: float


class Dropped(Struct, tag=True, array_like=True):
    """A frame was not passed on."""

    reason: str


class Skipped(Struct, tag=True, array_like=True):
    """A frame was not decoded."""

    pts_s: float
    reason: str


class Pixels(Struct, tag=True, array_like=True):
    """An image in a slot of the shared memory: three planes of 4:2:0, or BGR without color encoding.

    Attributes:
        slot: number of the slot.
        width, height: of the stored image, in pixels.
        matrix, full_range: color encoding of planes; matrix 0 for BGR.
        turns: clockwise quarter turns that make it upright.
        sample_aspect: width of one upright pixel over its height.
    """

    slot: int
    width: int
    height: int
    matrix: int
    full_range: bool
    turns: int
    sample_aspect: float


class FrameReady(Struct, tag=True, array_like=True):
    """A wanted frame, see `pipeline.domain.frame.Frame`."""

    index: int
    pts_s: float
    ts_ms: int
    arrived_s: float
    damaged: bool
    pixels: Pixels


class SlotWanted(Struct, tag=True, array_like=True):
    """The decoder needs one more slot of this many bytes; answered by `SlotGiven` or `Refused`."""

    size: int


class SlotGone(Struct, tag=True, array_like=True):
    """The decoder does not use this slot any more."""

    slot: int


class Claimed(Struct, tag=True, array_like=True):
    """Memory for images of this size is wanted; answered by `Granted` or `Refused`."""

    width: int
    height: int


class RecordingOpened(Struct, tag=True, array_like=True):
    """A connection whose packets are to be recorded; answered by `Granted`.

    Attributes:
        header: see `stream_header`.
        rate: frames per second, numerator and denominator.
    """

    header: bytes
    rate: tuple[int, int]


class RecordedPacket(Struct, tag=True, array_like=True):
    """A packet to be recorded, see `pipeline.domain.recording.EncodedPacket`."""

    data: bytes
    pts: int | None
    dts: int | None
    duration: int
    time_base: tuple[int, int]
    key: bool
    arrived_ms: int


class RecordedFrame(Struct, tag=True, array_like=True):
    """A masked frame to be recorded, see `pipeline.domain.recording.MaskedFrame`."""

    pixels: Pixels
    at_s: float | None
    rate: tuple[int, int]
    arrived_ms: int


class RecordingClosed(Struct, tag=True, array_like=True):
    """The recorded connection ended."""

    reason: str


class Ended(Struct, tag=True, array_like=True):
    """The session is over. Without `kind` it ended by itself.

    Attributes:
        kind: the error's class, a key of `FAULTS`.
        subject, problem, fix: of the error.
        retry: value of `ffmpeg_errors.Retry`.
        unexpected: type of an error that is not known, with its traceback in `trace`; "" for the others.
    """

    kind: str = ""
    subject: str = ""
    problem: str = ""
    fix: str = ""
    retry: str = ""
    unexpected: str = ""
    trace: str = ""


class Taken(Struct, tag=True, array_like=True):
    """The engine has taken frames. These slots may be written again."""

    frames: int
    released: tuple[int, ...]


class SlotGiven(Struct, tag=True, array_like=True):
    """A new slot; its memory comes as a file descriptor with this message."""

    slot: int
    size: int


class Granted(Struct, tag=True, array_like=True):
    """What was asked for is granted; a recording may want masked frames instead of packets."""

    masked_frames: bool = False


class Refused(Struct, tag=True, array_like=True):
    """There is no memory for it; in words."""

    problem: str


class Limited(Struct, tag=True, array_like=True):
    """The rate of a live source is lowered to this; None for no limit."""

    fps: float | None


class Cancelled(Struct, tag=True, array_like=True):
    """The session is to end."""


FromDecoder: TypeAlias = (
    Opened
    | SegmentRead
    | NotRead
    | Noted
    | Warned
    | Logged
    | Decoded
    | Timed
    | Dropped
    | Skipped
    | FrameReady
    | SlotWanted
    | SlotGone
    | Claimed
    | RecordingOpened
    | RecordedPacket
    | RecordedFrame
    | RecordingClosed
    | Ended
)
ToDecoder: TypeAlias = Taken | SlotGiven | Granted | Refused | Limited | Cancelled

_encoder = msgpack.Encoder(enc_hook=str)
_from_decoder = msgpack.Decoder(FromDecoder)
_to_decoder: msgpack.Decoder[ToDecoder] = msgpack.Decoder(ToDecoder)


def encode(message: FromDecoder | ToDecoder) -> bytes:
    """A message as bytes."""
    return _encoder.encode(message)


def decode_for_decoder(data: bytes) -> ToDecoder:
    """A message of the engine."""
    return _to_decoder.decode(data)


class MessageBuffer:
    """The stream of bytes that a decoder sends, split into messages."""

    def __init__(self) -> None:
        self._data = bytearray()

    def add(self, data: bytes) -> None:
        """Append what has come."""
        self._data += data

    def messages(self) -> Iterator[FromDecoder]:
        """The complete messages, in order.

        Raises:
            ValueError: a message is too long, malformed or of no known kind.
        """
        at = 0
        try:
            while len(self._data) - at >= LENGTH.size:
                (length,) = LENGTH.unpack_from(self._data, at)
                if length > LONGEST_MESSAGE:
                    raise ValueError(f"a message of {length} bytes")
                end = at + LENGTH.size + length
                if len(self._data) < end:
                    return
                message = _from_decoder.decode(self._data[at + LENGTH.size : end])
                at = end
                yield message
        finally:
            del self._data[:at]
