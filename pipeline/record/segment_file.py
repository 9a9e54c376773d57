"""Segment file of recorded video: packets in fragments, unchanged, each on the disk before the next is begun."""

from __future__ import annotations

import io
import os
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av

from pipeline.domain.recording import EncodedPacket
from pipeline.record.declaration_tag import TAG
from pipeline.storage.folders import private_folder, sync_folder

_MP4_CODECS: Final = frozenset({"h264", "hevc", "av1", "vp9", "mpeg4", "mjpeg"})
"""Codecs of cameras that MP4 can hold; all others go into Matroska."""
_MOV: Final = "frag_keyframe+empty_moov+default_base_moof"
_HEADER_BYTES: Final = 65_536
"""More than any header takes before the first fragment."""
_READ_OPTIONS: Final = {"format_whitelist": "mov,mp4,matroska,webm", "protocol_whitelist": "file"}


class StreamTemplate:
    """The stream parameters that a file needs before its first packet.

    A copy: the camera's connection may be closed at any time, by another thread.

    Args:
        stream: an `av.VideoStream`.
        rate: ordinary frames per second.
        masks_filled: its frames were encoded with the camera's privacy masks filled.

    Raises:
        ValueError, av.FFmpegError: no file can hold it.
    """

    def __init__(self, stream: Any, rate: Fraction, *, masks_filled: bool = False) -> None:
        self.masks_filled = masks_filled
        name = getattr(stream.codec_context.codec, "canonical_name", stream.codec_context.name)
        self.suffix = "mp4" if name in _MP4_CODECS else "mkv"
        self._holder = av.open(io.BytesIO(), "w", format="matroska")
        self.stream = self._holder.add_stream_from_template(stream, opaque=True)
        self.step = 1 / rate


def _step_s(stream: Any) -> Fraction:
    rate = stream.average_rate or stream.guessed_rate or Fraction(25)
    return 1 / Fraction(rate) if 1 <= rate <= 1000 else Fraction(1, 25)


class _File(io.FileIO):
    """A new file for this user only; a write takes everything or raises, and after `given_up` does nothing."""

    def __init__(self, path: Path) -> None:
        super().__init__(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "r+")
        self.given_up = False
        self.written = 0

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        if self.given_up:
            return len(view)
        done = 0
        while done < len(view):
            done += super().write(view[done:]) or 0
        self.written += done
        return done


class VideoSegmentWriter:
    """Writes one file, beginning with a key frame.

    Args:
        path: the file, which must not exist.
        template: its stream.
        first: its first packet, which is written too.
        begin_ms: wall-clock time of that packet's frame.
        fragment_s: seconds that are written at once.
        tag: of the container, see `pipeline.record.declaration_tag`.

    Raises:
        OSError, ValueError, av.FFmpegError: it cannot be written; nothing is left of it.
    """

    def __init__(
        self, path: Path, template: StreamTemplate, first: EncodedPacket, begin_ms: int, *, fragment_s: float, tag: str
    ) -> None:
        self.path = path
        self.begin_ms = begin_ms
        self.fragments = 0
        self._time_base = first.time_base
        self._step = max(1, round(template.step / first.time_base))
        self._origin = first.dts if first.dts is not None else first.pts or 0
        self._first_pts = (first.pts if first.pts is not None else self._origin) - self._origin
        self._last_dts: int | None = None
        self._end = self._first_pts
        private_folder(path.parent)
        self._file = _File(path)
        try:
            micro = str(round(fragment_s * 1_000_000))
            options = {"movflags": _MOV, "frag_duration": micro}
            if path.suffix == ".mkv":
                options = {"cluster_time_limit": str(round(fragment_s * 1000))}
            kind = "matroska" if path.suffix == ".mkv" else "mp4"
            self._container = av.open(self._file, "w", format=kind, options={**options, "flush_packets": "1"})
            self._stream = self._container.add_stream_from_template(template.stream, opaque=True)
            self._stream.time_base = first.time_base
            self._container.metadata[TAG] = tag
            self.write(first)
            sync_folder(path.parent)
        except BaseException:
            self.abandon()
            path.unlink(missing_ok=True)
            raise

    @property
    def step_ms(self) -> int:
        """Duration of one ordinary frame."""
        return round(self._step * self._time_base * 1000)

    @property
    def end_ms(self) -> int:
        """Wall-clock time of the end of the last frame written."""
        return self.begin_ms + round((self._end - self._first_pts) * self._time_base * 1000)

    def write(self, packet: EncodedPacket) -> None:
        """Write the next packet.

        Raises:
            OSError, av.FFmpegError: it cannot be written.
        """
        pts, dts = self._placed(packet)
        copy: Any = av.Packet(packet.data)
        copy.pts, copy.dts, copy.time_base = pts, dts, packet.time_base
        copy.duration = packet.duration
        copy.is_keyframe = packet.key
        copy.stream = self._stream
        before = self._file.written
        self._container.mux_one(copy)
        self._end = max(self._end, pts + (packet.duration or self._step))
        if self._file.written != before:
            os.fdatasync(self._file.fileno())
            self.fragments += 1

    def close(self) -> None:
        """Write what is left.

        Raises:
            OSError, av.FFmpegError: it cannot be written; the file can be read up to its last fragment.
        """
        try:
            self._container.close()
            os.fsync(self._file.fileno())
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Leave the file as it is on the disk."""
        self._file.given_up = True
        container = getattr(self, "_container", None)
        if container is not None:
            with suppress(OSError, ValueError, av.FFmpegError):
                container.close()
        self._file.close()

    def _placed(self, packet: EncodedPacket) -> tuple[int, int]:
        """Times from the file's beginning; decoding times rise, whatever the camera says."""
        following = 0 if self._last_dts is None else self._last_dts + 1
        own = packet.dts if packet.dts is not None else packet.pts
        dts = following if own is None else max(own - self._origin, following)
        pts = dts if packet.pts is None else max(packet.pts - self._origin, dts)
        self._last_dts = dts
        return pts, dts


@dataclass(frozen=True, slots=True)
class Measured:
    """Measured content of a file: packets, and milliseconds from its first frame to the end of its last."""

    packets: int
    length_ms: int


def measure(path: Path) -> Measured:
    """Read every packet of a file, which may be incomplete, or be written just now.

    Raises:
        OSError: it is not there or may not be read.
    """
    first: Fraction | None = None
    end, count = Fraction(0), 0
    try:
        with av.open(f"file:{path.absolute()}", options=dict(_READ_OPTIONS), metadata_errors="replace") as container:
            stream = container.streams.video[0]
            step = _step_s(stream)
            for packet in container.demux(stream):
                if packet.size == 0 or packet.pts is None or packet.time_base is None:
                    continue
                at = packet.pts * packet.time_base
                first = at if first is None else first
                end = max(end, at + (packet.duration * packet.time_base if packet.duration else step))
                count += 1
    except (FileNotFoundError, PermissionError):
        raise
    except (av.FFmpegError, IndexError):
        pass
    return Measured(count, 0 if first is None else round((end - first) * 1000))


def adopt(path: Path, begin_ms: int) -> int | None:
    """End of a file that a crash left, milliseconds since 1970 UTC; None when it held no frame and was deleted.

    Raises:
        OSError: it cannot be read.
    """
    found = measure(path)
    # A large file that cannot be read is more than a header: it stays, and may be repaired.
    if not found.packets and path.stat().st_size <= _HEADER_BYTES:
        path.unlink(missing_ok=True)
        return None
    return begin_ms + found.length_ms
