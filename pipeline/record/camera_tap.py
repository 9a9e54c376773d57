"""Packet tap of one camera of a recorder: its queue, its writing thread, and its sessions."""

from __future__ import annotations

import queue
import threading
import time
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, TypeAlias

import av
import structlog

from pipeline.domain.camera_declaration import CameraDeclaration
from pipeline.domain.recording import EncodedPacket, MaskedFrame, PacketSession
from pipeline.errors import ConfigError
from pipeline.record.file_layout import DECLARATIONS
from pipeline.record.masked_encoder import MaskedEncoder
from pipeline.record.segment_file import StreamTemplate
from pipeline.record.segmenter import SLOW_DISK, CameraSegmenter, RecordCounts
from pipeline.record.settings import RecordSettings
from pipeline.storage.declaration_log import DeclarationLog
from pipeline.storage.folders import private_folder
from pipeline.storage.locks import locked

RECORDER_LOCK: Final = ".recorder.lock"
"""In a camera's folder: held by the process that records it."""
MASKS_TOO_SLOW: Final = (
    "the recording has fewer frames, because encoding with privacy masks is too slow: "
    "lower the camera's frame rate or resolution, lower analyze_fps, or set record: false"
)
DISK_TOO_SLOW: Final = (
    "the recording has fewer frames, because the disk is too slow: "
    "use a faster disk for record.dir, lower the camera's frame rate or resolution, or set record: false"
)
"""With `MASKS_TOO_SLOW`, advice about a camera in `Recorder.overloaded`."""

_CALM_S: Final = 60.0
"""An overload of the encoder or the disk ends when nothing was dropped for this long."""

_Item: TypeAlias = EncodedPacket | MaskedFrame | str

_log = structlog.get_logger(__name__)


class CameraTap:
    """Implements `pipeline.domain.recording.PacketTap`; created by `Recorder.tap`.

    Args:
        declaration: of the camera; it holds from now on.
        settings: see there.
        on_segment: called after each file.
    """

    def __init__(self, declaration: CameraDeclaration, settings: RecordSettings, on_segment: Any) -> None:
        self._declaration = declaration
        self._declared_ms = time.time_ns() // 1_000_000
        self._camera_id = camera_id = declaration.camera_id
        self._settings = settings
        self._folder: Path = settings.dir / camera_id
        self._segmenter = CameraSegmenter(declaration, self._folder, settings, on_segment)
        self._queue: queue.SimpleQueue[tuple[_Session, _Item] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._finished = threading.Event()
        self._waiting_bytes = 0
        self._current: _Session | None = None
        self.blinded = False
        self._dropped_s: float | None = None
        self._advice = ""
        self._thread = threading.Thread(target=self._run, name=f"record-{camera_id}", daemon=True)
        self._thread.start()

    def blind(self, reason: str) -> None:
        """Drop packets and frames from now on, and end the file for a reason; with "" record again from a key frame."""
        self.blinded = bool(reason)
        if reason and (session := self._current) is not None:
            self.give(session, reason)

    @property
    def counts(self) -> RecordCounts:
        """Packet counts."""
        return self._segmenter.counts

    def opened(self, stream: Any, rate: Fraction) -> PacketSession:
        """See the protocol."""
        if self._declaration.masks:
            self._current = _MaskedSession(self)
            return self._current
        try:
            template: StreamTemplate | None = StreamTemplate(stream, rate)
        except Exception as error:  # noqa: BLE001 - whatever a camera sends must not end analysis
            _log.error("cannot_be_recorded", camera=self._camera_id, error=str(error))
            template = None
        self._current = _Session(self, template)
        return self._current

    def give(self, session: _Session, item: _Item) -> bool:
        """Queue a packet, a frame or the reason of an end; False if it is full. Earlier sessions are ignored."""
        if session is not self._current:
            return True
        size = _size(item)
        with self._lock:
            if size and self._waiting_bytes + size > self._settings.max_waiting_bytes:
                return False
            self._waiting_bytes += size
        self._queue.put((session, item))
        return True

    @property
    def advice(self) -> str:
        """What helps, when the encoder or the disk was too slow within the last minute; else "". Any thread."""
        dropped_s = self._dropped_s
        return self._advice if dropped_s is not None and time.monotonic() - dropped_s < _CALM_S else ""

    @property
    def has_capacity(self) -> bool:
        """Whether the queue is at most half full, so that a recording that was broken off can begin again."""
        with self._lock:
            return 2 * self._waiting_bytes <= self._settings.max_waiting_bytes

    def give_masked(self, session: _Session, frame: MaskedFrame) -> None:
        """Queue a masked frame, or drop it if the queue is full: the file goes on with fewer frames."""
        if self.blinded:
            return
        if self.give(session, frame):
            self.note_written()
        else:
            self.note_dropped(MASKS_TOO_SLOW)

    def note_dropped(self, advice: str) -> None:
        """Count a packet or frame that the queue was too full for; a log line where an overload begins."""
        self.counts.dropped += 1
        begins, self._advice, self._dropped_s = not self.advice, advice, time.monotonic()
        if begins:
            _log.warning("recording_overloaded", camera=self._camera_id, fix=advice)

    def note_written(self) -> None:
        """A log line where an overload has ended."""
        if self._dropped_s is not None and not self.advice:
            self._dropped_s = None
            _log.info("recording_overload_ended", camera=self._camera_id, dropped=self.counts.dropped)

    def finish(self) -> None:
        """No more packets; what is queued is written."""
        self._current = None
        self._finished.set()
        self._queue.put(None)

    def join(self, timeout_s: float) -> None:
        """Wait for the thread."""
        self._thread.join(timeout_s)

    def _run(self) -> None:
        """Record until `finish`; what cannot begin is tried again, as after a disk failure."""
        while not self._recorded():
            self._drain()
            if self._finished.wait(self._settings.retry_s):
                return

    def _recorded(self) -> bool:
        """Record to the end; False when that could not begin, or broke off."""
        try:
            private_folder(self._folder)
            with locked(self._folder / RECORDER_LOCK, wait=False) as ours:
                if not ours:
                    self._segmenter.counts.error = "another process records this camera"
                    _log.error("recorded_elsewhere", camera=self._camera_id, fix="Stop one of the two")
                    return False
                self._declare()
                self._segmenter.counts.error = ""
                self._segmenter.adopt_leftovers()
                self._write()
                return True
        except (OSError, ConfigError) as error:
            self._segmenter.counts.error = str(error)
            _log.error("recording_impossible", camera=self._camera_id, error=str(error))
        except Exception:  # noqa: BLE001 - a bug here must not end analysis
            self._segmenter.counts.error = "a bug in the recorder; see the log"
            _log.exception("recording_bug", camera=self._camera_id)
        return False

    def _declare(self) -> None:
        """Store the camera's declaration where it changed; without it nothing is recorded."""
        before = DeclarationLog(self._folder / DECLARATIONS).declare(self._declaration, self._declared_ms)
        if before is not None:
            old, new = before.declaration.as_dict(), self._declaration.as_dict()
            changed = sorted(key for key in new if old[key] != new[key])
            _log.warning(
                "declaration_changed", camera=self._camera_id, changed=changed, sha256=self._declaration.sha256
            )

    def _write(self) -> None:
        session: _Session | None = None
        while (item := self._queue.get()) is not None:
            newer, what = item
            if session is not None and newer is not session:
                self._segmenter.stop("the camera was reconnected")
            session = newer
            if isinstance(what, str):
                self._segmenter.stop(what)
                continue
            with self._lock:
                self._waiting_bytes -= _size(what)
            if isinstance(what, MaskedFrame):
                self._record_masked(session, what)
            elif session.template is not None:
                self._segmenter.packet(session.template, what)
        self._segmenter.end("the recorder was stopped")

    def _record_masked(self, session: _Session, frame: MaskedFrame) -> None:
        """Encode a frame and write its packets; a frame of another size begins a new file."""
        counts = self._segmenter.counts
        if not set(self._declaration.masks) <= set(frame.masks):
            counts.dropped += 1
            counts.error = "frames without the camera's privacy masks"
            return
        try:
            encoder = session.encoder
            if encoder is None or not encoder.fits(frame):
                if encoder is not None:
                    self._segmenter.stop("the image size or the camera's clock changed")
                session.encoder = encoder = MaskedEncoder(frame)
                _log.info("recording_masked", camera=self._camera_id, masks=len(self._declaration.masks))
            if not self._segmenter.recording:
                encoder.begin_anew()
            packets = encoder.encode(frame)
        except (av.FFmpegError, ValueError) as error:
            session.encoder = None
            counts.dropped += 1
            if not counts.error:
                _log.error("masks_cannot_be_encoded", camera=self._camera_id, error=str(error))
            counts.error = f"frames with privacy masks cannot be encoded: {error}"
            return
        for packet in packets:
            self._segmenter.packet(encoder.template, packet)
        counts.encoded, counts.encode_s = counts.encoded + 1, counts.encode_s + encoder.last_s

    def _drain(self) -> None:
        """There is no writer: queued packets are lost, which shows as a gap."""
        while not self._queue.empty():
            waiting = self._queue.get()
            if waiting is not None and not isinstance(waiting[1], str):
                with self._lock:
                    self._waiting_bytes -= _size(waiting[1])
                self._segmenter.counts.dropped += 1


class _Session:
    """Implements `pipeline.domain.recording.PacketSession`."""

    def __init__(self, tap: CameraTap, template: StreamTemplate | None) -> None:
        self.template = template
        self.encoder: MaskedEncoder | None = None
        self._tap = tap
        self._skipping = False
        self._blinded = tap.blinded

    @property
    def wants_frames(self) -> bool:
        """See the protocol."""
        return False

    def frame(self, frame: MaskedFrame) -> None:
        """See the protocol."""

    def packet(self, packet: EncodedPacket) -> None:
        """See the protocol."""
        if self._tap.blinded or (self._blinded and not packet.key):
            self._blinded = True
            return
        self._blinded = False
        if self._skipping and not (packet.key and self._tap.has_capacity):
            self._tap.note_dropped(DISK_TOO_SLOW)
            return
        if self._tap.give(self, packet):
            self._skipping = False
            self._tap.note_written()
            return
        self._tap.note_dropped(DISK_TOO_SLOW)
        if not self._skipping:
            self._skipping = True
            self._tap.give(self, SLOW_DISK)

    def closed(self, reason: str) -> None:
        """See the protocol."""
        self._tap.give(self, reason)


class _MaskedSession(_Session):
    """The session of a camera with privacy masks: its packets are never written, its masked frames are encoded."""

    def __init__(self, tap: CameraTap) -> None:
        super().__init__(tap, None)

    @property
    def wants_frames(self) -> bool:
        """See the protocol."""
        return True

    def packet(self, packet: EncodedPacket) -> None:
        """See the protocol; not written."""

    def frame(self, frame: MaskedFrame) -> None:
        """See the protocol."""
        self._tap.give_masked(self, frame)


def _size(item: _Item) -> int:
    if isinstance(item, MaskedFrame):
        return item.size
    return len(item.data) if isinstance(item, EncodedPacket) else 0
