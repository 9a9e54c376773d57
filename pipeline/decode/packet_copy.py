"""Copies of a time span of a video file without decoding: the original packets, cut at key frames."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av

from pipeline.decode.allowed_formats import FILE_OPTIONS
from pipeline.errors import ReleaseError, UnsupportedMedia

_WHOLE_MS: Final = 1000


@dataclass(frozen=True, slots=True)
class PacketCopy:
    """What was copied.

    Attributes:
        packets: number of packets.
        packets_sha256: of their bytes, in the order of the file.
        begin_ms, end_ms: of the copy, in milliseconds from the first frame of the file; the end is not included.
        source_sha256: of the whole file.
    """

    packets: int
    packets_sha256: str
    begin_ms: int
    end_ms: int
    source_sha256: str


def copy_packets(
    source: Path, target: Path, begin_ms: int, end_ms: int, *, tags: Mapping[str, str], name: Path | None = None
) -> PacketCopy | None:
    """Copy the video packets of a span into an MP4.

    From the last key frame that is not after the begin to the first one that is not before the end. No packet is
    re-encoded, and no other stream or metadata is copied.

    Args:
        source: a file, opened once; target: the MP4, with any suffix.
        begin_ms, end_ms: milliseconds from the first frame of the file; the end is not included.
        tags: of the copy's container, such as what the recorder stated about the source.
        name: of the file in errors, None for `source`.

    Returns:
        None if the span has no frame of the file.

    Raises:
        UnsupportedMedia: it cannot be read, or has no video.
        ReleaseError: the copy cannot be written, or its packets are not those of the source.
    """
    with source.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        at = Path(f"/proc/self/fd/{file.fileno()}")
        shown = name or source
        groups = [group for group in _groups(at, shown) if group.begin_ms < end_ms and group.end_ms > begin_ms]
        if not groups:
            return None
        first, last = groups[0].first, groups[-1].last
        sums = _write(at, target, shown, (first, last), tags)
    with target.open("rb") as copied:
        if _packet_sums(Path(f"/proc/self/fd/{copied.fileno()}"), target) != sums:
            raise ReleaseError(str(shown), "was not copied unchanged", "Report the problem")
    return PacketCopy(*sums, groups[0].begin_ms, groups[-1].end_ms, digest)


@dataclass(frozen=True, slots=True)
class _Group:
    """A key frame and the packets that depend on it: indexes of packets, and times."""

    first: int
    last: int
    begin_ms: int
    end_ms: int


def _groups(path: Path, shown: Path) -> Iterator[_Group]:
    starts: list[tuple[int, Fraction]] = []
    reached = Fraction(0)
    first_s: Fraction | None = None
    count = 0
    for packet in _packets(path, shown):
        pts, base = packet.pts if packet.pts is not None else packet.dts or 0, packet.time_base or Fraction(1, 90_000)
        at_s = pts * base
        if packet.is_keyframe:
            starts.append((count, at_s))
            first_s = at_s if first_s is None else first_s
        reached = max(reached, at_s + (packet.duration or 0) * base)
        count += 1
    if first_s is None:
        return
    ends = [*starts[1:], (count, max(reached, starts[-1][1] + Fraction(1, _WHOLE_MS)))]
    for (index, begin_s), (after, end_s) in zip(starts, ends, strict=True):
        begin_ms, end_ms = (round((at - first_s) * _WHOLE_MS) for at in (begin_s, end_s))
        yield _Group(index, after - 1, begin_ms, end_ms)


def _packets(path: Path, shown: Path) -> Iterator[av.Packet[Any]]:
    """Video packets with content."""
    try:
        with av.open(
            f"file:{path}", options={**FILE_OPTIONS, "protocol_whitelist": "file"}, metadata_errors="replace"
        ) as container:
            if not container.streams.video:
                raise UnsupportedMedia(str(shown), "contains no video", "Choose another span")
            for packet in container.demux(container.streams.video[0]):
                if packet.size:
                    yield packet
    except av.FFmpegError as error:
        raise UnsupportedMedia(str(shown), f"cannot be read ({error.strerror})", "Choose another span") from error


def _packet_sums(path: Path, shown: Path) -> tuple[int, str]:
    digest, count = hashlib.sha256(), 0
    for packet in _packets(path, shown):
        digest.update(bytes(packet))
        count += 1
    return count, digest.hexdigest()


def _write(path: Path, target: Path, shown: Path, span: tuple[int, int], tags: Mapping[str, str]) -> tuple[int, str]:
    """Write the packets with indexes in this span; returns their number and the digest of their bytes."""
    (first, last), digest, count, offset = span, hashlib.sha256(), 0, None
    options = {"movflags": "+faststart", "fflags": "+bitexact"}
    try:
        with (
            av.open(f"file:{target}", "w", format="mp4", options=options) as output,
            av.open(
                f"file:{path}", options={**FILE_OPTIONS, "protocol_whitelist": "file"}, metadata_errors="replace"
            ) as container,
        ):
            output.metadata.update(tags)
            stream = output.add_stream_from_template(container.streams.video[0])
            for index, packet in enumerate(one for one in container.demux(container.streams.video[0]) if one.size):
                if not first <= index <= last:
                    continue
                digest.update(bytes(packet))
                count += 1
                dts = packet.dts if packet.dts is not None else packet.pts or 0
                offset = dts if offset is None else offset
                packet.dts = dts - offset
                packet.pts = None if packet.pts is None else packet.pts - offset
                packet.stream = stream
                output.mux(packet)
    except (av.FFmpegError, OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or str(error)
        raise ReleaseError(
            str(shown), f"cannot be copied into an MP4 ({problem})", "Free disk space, or request a redacted release"
        ) from error
    return count, digest.hexdigest()
