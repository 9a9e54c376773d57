"""Monitor, frame memory and packet tap of a session in a decoder process, which report to the engine's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from pipeline.decode.frame_memory import FrameLease, FrameMemory
from pipeline.decode.isolation import decoder_messages as m
from pipeline.decode.isolation.decoder_slots import DecoderSlots
from pipeline.decode.isolation.engine_link import EngineLink
from pipeline.decode.isolation.memory_limit import ProcessMemoryLimit
from pipeline.decode.isolation.stream_header import stream_header
from pipeline.decode.source_monitor import SessionToken, SourceMonitor
from pipeline.domain.clock import SystemClock
from pipeline.domain.recording import EncodedPacket, MaskedFrame, PacketSession


class ReportingMonitor(SourceMonitor):
    """Reports to the engine's monitor, which has the state and the counters."""

    def __init__(self, camera_id: str, engine: EngineLink, segments_read: Sequence[str] = ()) -> None:
        super().__init__(camera_id, SystemClock())
        self._segments_read.extend(segments_read)
        self._send: Callable[[m.FromDecoder], None] = engine.send

    def opened(
        self, session: SessionToken, stream_id: str, duration_s: float | None, ordinary_silence_s: float = 0.0
    ) -> None:
        """The source answered."""
        super().opened(session, stream_id, duration_s, ordinary_silence_s)
        self._send(m.Opened(stream_id, duration_s, ordinary_silence_s))

    def segment_read(self, digest: str) -> None:
        """A segment of a playlist was read."""
        self._send(m.SegmentRead(digest))

    def not_read(self, session: SessionToken, parts: tuple[str, ...]) -> None:  # noqa: ARG002
        """Video that is not decoded."""
        self._send(m.NotRead(parts))

    def note(self, session: SessionToken, detail: str) -> None:  # noqa: ARG002
        """A reservation about the session."""
        self._send(m.Noted(detail))

    def warn_once(self, event: str, **facts: Any) -> None:
        """A warning; the engine logs it once."""
        self._send(m.Warned(event, facts))

    def decoded(
        self,
        session: SessionToken,  # noqa: ARG002
        pts_s: float,
        width: int,
        height: int,
        *,
        damaged: bool = False,
    ) -> None:
        """A decoded frame."""
        self._send(m.Decoded(pts_s, width, height, damaged))

    def dropped(self, session: SessionToken, reason: str) -> None:  # noqa: ARG002
        """A frame that is not passed on."""
        self._send(m.Dropped(reason))

    def skipped(self, session: SessionToken, pts_s: float, reason: str) -> None:  # noqa: ARG002
        """A frame that is not decoded."""
        self._send(m.Skipped(pts_s, reason))


class RemoteFrameMemory(FrameMemory):
    """The memory of all cameras' frames, which the engine administers, and the limit of this process.

    Args:
        engine: it.
        limited: whether there is a limit for all cameras.
        limit: of this process.
    """

    def __init__(self, engine: EngineLink, limit: ProcessMemoryLimit, *, limited: bool) -> None:
        super().__init__()
        self._engine = engine if limited else None
        self._process_limit = limit

    def lease(self) -> FrameLease:
        """The part of one session."""
        return _RemoteLease(self, self._engine, self._process_limit)


class _RemoteLease(FrameLease):
    """Asks for images larger than any before; the engine takes everything back at the end of the session."""

    def __init__(self, memory: FrameMemory, engine: EngineLink | None, limit: ProcessMemoryLimit) -> None:
        super().__init__(memory)
        self._engine = engine
        self._limit = limit
        self._largest_px = 0

    def claim(self, width: int, height: int) -> None:
        if width * height > self._largest_px:
            if self._engine is not None:
                self._engine.ask(m.Claimed(width, height), m.Granted)
            self._largest_px = width * height

    def check(self) -> None:
        self._limit.check(self._largest_px)

    def release(self) -> None:
        self._largest_px = 0


class ReportingTap:
    """Implements `pipeline.domain.recording.PacketTap`."""

    def __init__(self, engine: EngineLink, slots: DecoderSlots) -> None:
        self._engine = engine
        self._slots = slots

    def opened(self, stream: Any, rate: Fraction) -> PacketSession:
        """See the protocol."""
        try:
            header = stream_header(stream)
        except Exception as error:  # noqa: BLE001 - whatever a camera sends must not end analysis
            self._engine.send(m.Logged("error", "cannot_be_recorded", {"error": str(error)}))
            header = b""
        answer = self._engine.ask(m.RecordingOpened(header, rate.as_integer_ratio()), m.Granted)
        return _TapSession(self._engine, self._slots, wants_frames=answer.masked_frames)


class _TapSession:
    """Implements `pipeline.domain.recording.PacketSession`."""

    def __init__(self, engine: EngineLink, slots: DecoderSlots, *, wants_frames: bool) -> None:
        self._engine = engine
        self._slots = slots
        self.wants_frames = wants_frames

    def packet(self, packet: EncodedPacket) -> None:
        """See the protocol."""
        base = packet.time_base.as_integer_ratio()
        times = packet.pts, packet.dts, packet.duration, base
        self._engine.send(m.RecordedPacket(packet.data, *times, packet.key, packet.arrived_ms))
        self._engine.flush()

    def frame(self, frame: MaskedFrame) -> None:
        """See the protocol."""
        rate = frame.rate.as_integer_ratio()
        self._engine.send(m.RecordedFrame(self._slots.recorded(frame), frame.at_s, rate, frame.arrived_ms))
        self._engine.flush()

    def closed(self, reason: str) -> None:
        """See the protocol."""
        self._engine.send(m.RecordingClosed(reason))
