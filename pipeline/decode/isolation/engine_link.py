"""The engine, as a decoder sees it: the session that is wanted, messages both ways."""

from __future__ import annotations

import pickle
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn, TypeVar

import structlog

from pipeline.decode.frame_memory import FrameMemoryFull
from pipeline.decode.frame_sampling import RateLimit
from pipeline.decode.input_options import InputOptions
from pipeline.decode.isolation import decoder_messages as m
from pipeline.decode.isolation.readiness import readable
from pipeline.decode.settings import DecodeSettings
from pipeline.decode.source_address import SourceAddress
from pipeline.domain.polygon import Polygon

_MOST_WAITING: Final = 2
"""Frames that the engine has not taken: one being passed on and one decoded meanwhile."""
_FLUSH_S: Final = 0.1
"""Longest delay of counters; frames and packets are sent at once."""
_CONTROL_BYTES: Final = 64 << 10
_Answer = TypeVar("_Answer", m.SlotGiven, m.Granted)


@dataclass(frozen=True, slots=True)
class DecoderJob:
    """What a decoder needs to know of its session.

    Attributes:
        camera_id, address, settings, analyze_fps, start_ms, options: see `CaptureSetup`.
        masks: privacy masks.
        recorded: packets or masked frames go to a recorder.
        limited: its frames count against the memory of all cameras.
        environment: variables for FFmpeg, such as of a proxy.
        segments_read: digests of segments that sessions before this one have read.
    """

    camera_id: str
    address: SourceAddress
    settings: DecodeSettings
    analyze_fps: float | None
    start_ms: int | None
    options: InputOptions
    masks: tuple[Polygon, ...]
    recorded: bool
    limited: bool
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    segments_read: tuple[str, ...] = ()


class HungUp(OSError):
    """The engine has closed the connection."""


class EngineLink:
    """The engine, as a decoder sees it; the session's cancellation as well. Used by one thread."""

    def __init__(self, data: socket.socket, control: socket.socket) -> None:
        self._data = data
        self._control = control
        self._out: list[bytes] = []
        self._flushed_s = 0.0
        self._cancelled = False
        self.limit = RateLimit()
        self.waiting = 0
        self.released: list[int] = []
        self.descriptors: list[int] = []

    def job(self) -> DecoderJob:
        """The session to run. The engine is trusted; what comes from a decoder is not."""
        (length,) = m.LENGTH.unpack(self._exactly(m.LENGTH.size))
        job = pickle.loads(self._exactly(length))  # noqa: S301
        if not isinstance(job, DecoderJob):
            raise TypeError(type(job))
        return job

    def _exactly(self, length: int) -> bytes:
        data = bytearray()
        while len(data) < length:
            part = self._data.recv(length - len(data))
            if not part:
                raise HungUp
            data += part
        return bytes(data)

    def send(self, message: m.FromDecoder) -> None:
        """Queue a message; `flush` sends it, at the latest after 0.1 s of more messages."""
        body = m.encode(message)
        self._out += (m.LENGTH.pack(len(body)), body)
        if time.monotonic() - self._flushed_s > _FLUSH_S:
            self.flush()

    def flush(self) -> None:
        """Send everything queued."""
        if self._out:
            data = b"".join(self._out)
            self._out.clear()
            self._data.sendall(data)
        self._flushed_s = time.monotonic()

    def ask(self, message: m.FromDecoder, kind: type[_Answer]) -> _Answer:
        """Send a message and wait for its answer.

        Raises:
            FrameMemoryFull: refused.
        """
        self.send(message)
        self.flush()
        while True:
            answer = self._receive()
            if isinstance(answer, m.Refused):
                raise FrameMemoryFull(answer.problem)
            if isinstance(answer, kind):
                return answer

    def wait_for_turn(self) -> bool:
        """Wait until the engine has taken earlier frames; False when the session was cancelled."""
        self.flush()
        while self.waiting >= _MOST_WAITING and not self._cancelled:
            self._receive()
        return not self._cancelled

    def is_set(self) -> bool:
        """Whether the session was cancelled; reads what the engine has sent."""
        while readable(self._control, 0):
            self._receive()
        return self._cancelled

    def log(self, _: Any, level: str, facts: Mapping[str, Any]) -> NoReturn:
        """A processor of structlog: the engine writes the line."""
        plain = {name: value for name, value in facts.items() if name not in {"event", "exc_info"}}
        self.send(m.Logged(level, str(facts["event"]), plain))
        raise structlog.DropEvent

    def _receive(self) -> m.ToDecoder:
        data, descriptors, _, _ = socket.recv_fds(self._control, _CONTROL_BYTES, 1)
        if not data:
            raise HungUp
        self.descriptors += descriptors
        message = m.decode_for_decoder(data)
        if isinstance(message, m.Taken):
            self.waiting -= message.frames
            self.released += message.released
        elif isinstance(message, m.Limited):
            self.limit.fps = message.fps
        elif isinstance(message, m.Cancelled):
            self._cancelled = True
        return message
