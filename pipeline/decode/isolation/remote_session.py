"""The engine's stand-in for a `CaptureSession` that runs in a decoder process."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from fractions import Fraction
from typing import Final

import av
import structlog

from pipeline.decode.capture_session import CaptureSetup
from pipeline.decode.ffmpeg_errors import DecoderCrashed, Fault, RemoteFault, Retry
from pipeline.decode.frame_memory import FrameLease, FrameMemoryFull
from pipeline.decode.isolation import decoder_messages as m
from pipeline.decode.isolation.decoder_channel import DecoderChannel
from pipeline.decode.isolation.decoder_processes import DecoderProcesses, proxy_variables
from pipeline.decode.isolation.engine_link import DecoderJob
from pipeline.decode.isolation.shared_frames import SharedFrames
from pipeline.decode.isolation.stream_header import stream_of_header
from pipeline.decode.source_monitor import SessionToken
from pipeline.domain.frame import Frame
from pipeline.domain.recording import EncodedPacket, MaskedFrame, PacketSession

_POLL_S: Final = 0.25
"""How often it is checked whether the session was cancelled."""
_GRACE_S: Final = 2.0
"""Time of a cancelled decoder to take leave of its camera; some count a connection that was cut off for a minute."""
_STALLED_S: Final = 15.0
"""Time without a message of a file's decoder after which it counts as stalled: it sends one for every frame."""
_HUNG_S: Final = 60.0
"""The same after which it is ended."""
_LEVELS: Final = frozenset({"debug", "info", "warning", "error", "critical"})

_log = structlog.get_logger("pipeline.decode")


class RemoteSession:
    """One opening of a source, decoded in another process; used by one thread.

    Args:
        setup: see there.
        processes: start decoders.
        token: identifies this session to the monitor.
        cancelled: ends the session soon after it is set.
    """

    def __init__(
        self, setup: CaptureSetup, processes: DecoderProcesses, token: SessionToken, cancelled: threading.Event
    ) -> None:
        self._setup = setup
        self._processes = processes
        self._token = token
        self._cancelled = cancelled
        self._frames = SharedFrames(setup.settings.max_decoder_memory_mb)
        self._lease: FrameLease | None = None if setup.memory is None else setup.memory.lease()
        self._stream_id = ""
        self._recording: PacketSession | None = None
        self._limit_fps: float | None = None

    def frames(self) -> Iterator[Frame]:
        """See `CaptureSession.frames`.

        Raises:
            RemoteFault: what went wrong in the decoder.
            DecoderCrashed: the decoder itself went wrong.
            OSError: no decoder could be started.
        """
        channel = self._processes.begin(self._job())
        self._setup.monitor.asked(self._token)
        try:
            yield from self._received(channel)
        except DecoderCrashed as crash:
            self._setup.monitor.crashed(self._token)
            self._end_recording(f"the decoder {crash}")
            raise
        finally:
            try:
                self._leave(channel)
            finally:
                channel.close()
                self._end_recording("the stream ended")
                if self._lease is not None:
                    self._lease.release()

    def _job(self) -> DecoderJob:
        setup = self._setup
        return DecoderJob(
            camera_id=setup.camera_id,
            address=setup.address,
            settings=setup.settings,
            analyze_fps=setup.analyze_fps,
            start_ms=setup.start_ms,
            options=setup.options,
            masks=setup.burner.polygons,
            recorded=setup.tap is not None and setup.address.live,
            limited=setup.memory is not None,
            environment=proxy_variables(),
            segments_read=setup.monitor.segments_read,
        )

    def _received(self, channel: DecoderChannel) -> Iterator[Frame]:
        silent_s = 0.0
        while not self._cancelled.is_set():
            if (fps := self._setup.limit.fps) != self._limit_fps:
                self._limit_fps = fps
                channel.send(m.Limited(fps))
            silent_s += _POLL_S
            for message in channel.receive(_POLL_S):
                silent_s = 0.0
                if isinstance(message, m.FrameReady):
                    frame = self._frame(message)
                    channel.send(m.Taken(1, self._frames.released()))
                    yield frame
                elif isinstance(message, m.Ended):
                    if message.kind:
                        raise _fault_of(message)
                    return
                else:
                    self._handle(message, channel)
            if not self._setup.address.live:
                self._check_progress(silent_s)

    def _check_progress(self, silent_s: float) -> None:
        """The progress watchdog of files; that of streams is their supervisor's.

        Args:
            silent_s: time in which the decoder could have sent something and has not. It is counted in waits, so that
                a machine that was suspended is not taken for a decoder that hangs.
        """
        if silent_s >= _HUNG_S:
            raise DecoderCrashed(f"made no progress within {_HUNG_S:g} s")
        if silent_s >= _STALLED_S:
            self._setup.monitor.stalled(self._token, f"its decoder made no progress within {_STALLED_S:g} s")

    def _leave(self, channel: DecoderChannel) -> None:
        """Take what is left of a session that was cancelled, besides frames."""
        for message in channel.leave(_GRACE_S if self._setup.address.live else 0.0):
            if not isinstance(message, m.FrameReady | m.Ended):
                self._handle(message, channel)

    def _frame(self, ready: m.FrameReady) -> Frame:
        try:
            image = self._frames.image(ready.pixels)
        except ValueError as error:
            raise DecoderCrashed(f"sent a malformed message ({error})") from error
        return Frame(
            camera_id=self._setup.camera_id,
            stream_id=self._stream_id,
            index=ready.index,
            pts_s=ready.pts_s,
            ts_ms=ready.ts_ms,
            arrived_s=ready.arrived_s,
            image=image,
            damaged=ready.damaged,
        )

    def _handle(self, message: m.FromDecoder, channel: DecoderChannel) -> None:
        """Everything but frames and the end."""
        monitor, token = self._setup.monitor, self._token
        match message:
            case m.Decoded(pts_s, width, height, damaged):
                monitor.decoded(token, pts_s, width, height, damaged=damaged)
            case m.Timed(seconds, cpu_seconds):
                self._setup.on_decoded(seconds, cpu_seconds)
            case m.Skipped(pts_s, reason):
                monitor.skipped(token, pts_s, reason)
            case m.Dropped(reason):
                monitor.dropped(token, reason)
            case m.Opened() | m.SegmentRead():
                self._note_stream(message)
            case m.NotRead(parts):
                monitor.not_read(token, parts)
            case m.Noted(detail):
                monitor.note(token, detail)
            case m.Warned(event, facts):
                monitor.warn_once(event, **facts)
            case m.Logged(level, event, facts):
                if level in _LEVELS:
                    getattr(_log, level)(event, **{"camera": self._setup.camera_id, **facts})
            case m.SlotWanted() | m.Claimed() | m.SlotGone():
                self._serve_memory(message, channel)
            case _:
                self._record(message, channel)

    def _note_stream(self, message: m.Opened | m.SegmentRead) -> None:
        match message:
            case m.Opened(stream_id, duration_s, ordinary_silence_s):
                self._stream_id = stream_id
                self._setup.monitor.opened(self._token, stream_id, duration_s, ordinary_silence_s)
            case m.SegmentRead(digest):
                self._setup.monitor.segment_read(digest)

    def _serve_memory(self, message: m.SlotWanted | m.Claimed | m.SlotGone, channel: DecoderChannel) -> None:
        try:
            match message:
                case m.SlotGone(slot):
                    self._frames.drop(slot)
                case m.SlotWanted(size):
                    number, descriptor = self._frames.give(size)
                    try:
                        channel.send(m.SlotGiven(number, size), descriptor)
                    finally:
                        os.close(descriptor)
                case m.Claimed(width, height):
                    if self._lease is not None:
                        self._lease.claim(width, height)
                    channel.send(m.Granted())
        except FrameMemoryFull as error:
            channel.send(m.Refused(str(error)))

    def _record(self, message: m.FromDecoder, channel: DecoderChannel) -> None:
        match message:
            case m.RecordingOpened(header, rate):
                self._recording = self._open_recording(header, Fraction(*rate))
                wants = self._recording is not None and self._recording.wants_frames
                channel.send(m.Granted(masked_frames=wants))
            case m.RecordedPacket(data, pts, dts, duration, time_base, key, arrived_ms) if self._recording:
                packet = EncodedPacket(data, pts, dts, duration, Fraction(*time_base), key, arrived_ms)
                self._recording.packet(packet)
            case m.RecordedFrame(pixels, at_s, rate, arrived_ms) if self._recording:
                planes, masks = self._frames.planes(pixels), self._setup.burner.polygons
                full_range = pixels.full_range
                self._recording.frame(MaskedFrame(planes, at_s, Fraction(*rate), full_range, arrived_ms, masks))
                channel.send(m.Taken(0, self._frames.released()))
            case m.RecordingClosed(reason):
                self._end_recording(reason)

    def _open_recording(self, header: bytes, rate: Fraction) -> PacketSession | None:
        """The recorder's session; without a header, only masked frames can be recorded."""
        if self._setup.tap is None:
            return None
        try:
            with stream_of_header(header) as stream:
                return self._setup.tap.opened(stream, rate)
        except av.FFmpegError:
            return self._setup.tap.opened(None, rate)

    def _end_recording(self, reason: str) -> None:
        recording, self._recording = self._recording, None
        if recording is not None:
            recording.closed(reason)


def _fault_of(ended: m.Ended) -> RemoteFault:
    kind = m.FAULTS.get(ended.kind)
    if kind is None or ended.retry not in {each.value for each in Retry}:
        raise DecoderCrashed("sent a malformed message (its end)")
    error = kind(ended.subject, ended.problem, ended.fix)
    fault = RemoteFault(Fault(error, Retry(ended.retry), unexpected=bool(ended.unexpected)), ended.unexpected)
    if ended.trace:
        fault.add_note(ended.trace)
    return fault
