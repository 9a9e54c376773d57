"""Segmenter of one camera: packets to segment files, with clock jumps, full segments and disk failures."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import structlog

from pipeline.domain.camera_declaration import CameraDeclaration
from pipeline.domain.recording import EncodedPacket
from pipeline.record.declaration_tag import tag_of
from pipeline.record.file_layout import file_name, segment_files
from pipeline.record.segment_file import StreamTemplate, VideoSegmentWriter, adopt
from pipeline.record.segment_index import SegmentIndex
from pipeline.record.settings import RecordSettings

_BACK_S: Final = 1
"""A camera's clock that steps back by more was set."""
_FORWARD_S: Final = 10
"""A camera's clock that steps forward by more was set, or packets are missing."""
_ADRIFT_MS: Final = 2000
"""A file's time follows the camera's clock from the file before, until it differs by more from the machine's."""

SLOW_DISK: Final = "the disk was too slow"
"""Reason of the gaps that an overload of the disk leaves."""

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class RecordCounts:
    """Packet and segment counts of a camera.

    Attributes:
        packets: written; dropped: not written for lack of a key frame or of space, or because the disk failed.
        segments: files completed; failures: how often writing failed; error: the last failure, "" after a success.
        encoded: frames that were encoded with privacy masks in this session; encode_s: processor time of that, seconds.
    """

    packets: int = 0
    dropped: int = 0
    segments: int = 0
    failures: int = 0
    error: str = ""
    encoded: int = 0
    encode_s: float = 0.0


class CameraSegmenter:
    """Writes the files of one camera. One thread.

    Args:
        declaration: of the camera; every file carries it.
        folder: the camera's.
        settings: of the recorder.
        on_segment: called after each file.
    """

    def __init__(
        self,
        declaration: CameraDeclaration,
        folder: Path,
        settings: RecordSettings,
        on_segment: Callable[[], None] = lambda: None,
    ) -> None:
        self._declaration = declaration
        self.counts = RecordCounts()
        self._folder = folder
        self._settings = settings
        self._on_segment = on_segment
        self._index = SegmentIndex(folder)
        self._log = _log.bind(camera=declaration.camera_id)
        self._segment: VideoSegmentWriter | None = None
        self._first: EncodedPacket | None = None
        self._last_s: Fraction | None = None
        self._last_arrived_ms = 0
        self._next_ms: int | None = None
        self._stopped_ms: int | None = None
        self._again_s = 0.0
        self._unwritten: list[Callable[[], None]] = []

    def adopt_leftovers(self) -> None:
        """Add files that a crash left to the index.

        Raises:
            OSError: the disk failed.
        """
        known = self._index.read().ends_ms
        for begin_ms, path in segment_files(self._folder):
            if path.relative_to(self._folder).as_posix() in known:
                continue
            end_ms = adopt(path, begin_ms)
            self._log.warning("segment_adopted", file=path.name, stored=end_ms is not None)
            if end_ms is not None:
                self._index.add_file(path, end_ms)
                self._index.add_stop(end_ms, "the recorder was killed")

    @property
    def recording(self) -> bool:
        """Whether a file is open; if not, the next one begins with a key frame."""
        return self._segment is not None

    def packet(self, template: StreamTemplate, packet: EncodedPacket) -> None:
        """Write a packet, into the present file or a new one; failures are counted, logged and tried again later."""
        at_s = self._clock(packet)
        if self._segment is not None and self._jumped(at_s):
            self.stop("the camera's clock jumped")
        if self._segment is not None and packet.key and self._full(packet):
            self._finish(following=packet)
        if self._segment is None and not self._may_begin(packet):
            self.counts.dropped += 1
            return
        try:
            if self._segment is None:
                self._begin(template, packet)
            else:
                self._segment.write(packet)
        except (OSError, ValueError, av.FFmpegError) as error:
            self._failed(error)
            return
        self._last_s, self._last_arrived_ms = at_s, packet.arrived_ms
        self.counts.packets += 1

    def stop(self, reason: str) -> None:
        """Close the present file, and record the reason why none follows."""
        if self._segment is None:
            return
        end_ms = self._end_ms(self._segment, self._segment.end_ms)
        self._finish()
        self._forget()
        self._stopped_ms = end_ms
        self._add_line(lambda: self._index.add_stop(end_ms, reason))
        if reason != SLOW_DISK:  # the recorder logs each overload once, however often it breaks off
            self._log.info("recording_stopped", reason=reason)

    def end(self, reason: str) -> None:
        """Record that nothing is recorded from now on."""
        if self._segment is not None:
            self.stop(reason)
        elif (at_ms := self._stopped_ms) is not None:
            self._add_line(lambda: self._index.add_stop(at_ms, reason))

    # -- files

    def _begin(self, template: StreamTemplate, packet: EncodedPacket) -> None:
        begin_ms = self._begin_ms(packet)
        path = self._folder / file_name(begin_ms, template.suffix)
        while path.exists():
            begin_ms += 1
            path = self._folder / file_name(begin_ms, template.suffix)
        tag = tag_of(self._declaration, masks_filled=template.masks_filled)
        self._segment = VideoSegmentWriter(
            path, template, packet, begin_ms, fragment_s=self._settings.fragment_s, tag=tag
        )
        self._first = packet
        if self.counts.error:
            self._log.info("recording_again", file=path.name)
            self.counts.error = ""
        self._next_ms = None
        self._write_lines()

    def _begin_ms(self, packet: EncodedPacket) -> int:
        if self._next_ms is None or abs(self._next_ms - packet.arrived_ms) > _ADRIFT_MS:
            return packet.arrived_ms
        return self._next_ms

    def _finish(self, following: EncodedPacket | None = None) -> None:
        segment, first = self._segment, self._first
        if segment is None or first is None:
            return
        self._segment = None
        end_ms = segment.end_ms
        if following is not None:
            end_ms = segment.begin_ms + round((_shown_s(following) - _shown_s(first)) * 1000)
            self._next_ms = end_ms
        end_ms = self._end_ms(segment, end_ms)
        try:
            segment.close()
        except (OSError, ValueError, av.FFmpegError) as error:
            self._segment = segment
            self._failed(error)
            return
        self.counts.segments += 1
        self._add_line(lambda: self._index.add_file(segment.path, end_ms))
        self._on_segment()

    def _end_ms(self, segment: VideoSegmentWriter, end_ms: int) -> int:
        """The end of a file by the camera's clock, or by arrival where that clock did not advance with time."""
        arrived_ms = max(self._last_arrived_ms, segment.begin_ms) + segment.step_ms
        return end_ms if abs(end_ms - arrived_ms) <= _ADRIFT_MS else arrived_ms

    def _failed(self, error: Exception) -> None:
        """After a disk failure: retain what can be read, try again later."""
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        self.counts.failures += 1
        self.counts.dropped += 1
        self.counts.error = reason
        segment, self._segment = self._segment, None
        self._forget()
        self._again_s = time.monotonic() + self._settings.retry_s
        self._log.error(
            "recording_failed",
            error=reason,
            next_try_s=self._settings.retry_s,
            fix="Make room on the disk, or lower record.max_bytes",
        )
        if segment is None:
            return
        segment.abandon()
        self._add_line(lambda: self._enter_failed(segment, f"writing failed: {reason}"))

    def _enter_failed(self, segment: VideoSegmentWriter, reason: str) -> None:
        end_ms = adopt(segment.path, segment.begin_ms) if segment.path.exists() else None
        if end_ms is not None:
            self._index.add_file(segment.path, end_ms)
        self._index.add_stop(segment.begin_ms if end_ms is None else end_ms, reason)

    def _forget(self) -> None:
        self._first = self._last_s = self._next_ms = None

    # -- when

    def _may_begin(self, packet: EncodedPacket) -> bool:
        return packet.key and time.monotonic() >= self._again_s

    def _full(self, packet: EncodedPacket) -> bool:
        first = self._first
        if first is None:
            return False
        # By arrival too: a clock that stands still would never fill the file.
        late_s = (packet.arrived_ms - first.arrived_ms - _ADRIFT_MS) / 1000
        return max(float(_shown_s(packet) - _shown_s(first)), late_s) >= self._settings.segment_s

    def _clock(self, packet: EncodedPacket) -> Fraction | None:
        own = packet.dts if packet.dts is not None else packet.pts
        return None if own is None else own * packet.time_base

    def _jumped(self, at_s: Fraction | None) -> bool:
        if at_s is None or self._last_s is None:
            return False
        return not -_BACK_S <= at_s - self._last_s <= _FORWARD_S

    # -- the index, which may have to wait for the disk as well

    def _add_line(self, line: Callable[[], None]) -> None:
        self._unwritten.append(line)
        self._write_lines()

    def _write_lines(self) -> None:
        while self._unwritten:
            try:
                self._unwritten[0]()
            except OSError as error:
                self._log.warning("index_not_written", error=error.strerror, waiting=len(self._unwritten))
                return
            self._unwritten.pop(0)


def _shown_s(packet: EncodedPacket) -> Fraction:
    own = packet.pts if packet.pts is not None else packet.dts
    return (own or 0) * packet.time_base
