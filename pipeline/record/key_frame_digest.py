"""Digests of key frames that survive a change of the container: of coded slices, without framing and parameter sets.

Containers frame the same coded frame differently: MP4 and Matroska write the length of each NAL unit and store the
parameter sets apart, MPEG-TS writes start codes and repeats the parameter sets (ISO/IEC 14496-15 5; ITU-T H.264 and
H.265, annex B). Only what all of them leave unchanged is hashed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import av

DIGEST_BYTES: Final = 8
"""Of the SHA-256: of 18 thousand million other key frames, one is met among a thousand million stored ones."""
_START_CODE: Final = re.compile(rb"\x00\x00\x01")
_H264_SLICES: Final = range(1, 6)
_HEVC_SLICES: Final = range(32)
_AV1_FRAMES: Final = frozenset({3, 4, 6})
"""Types of OBU: frame header, tile group, frame (AV1 specification 5.3.1)."""
_MPEG4_VOP: Final = b"\x00\x00\x01\xb6"
_WHOLE_S: Final = 120.0
"""A video up to this long is searched throughout."""
_PLACES: Final = 120
"""Number of places, spread evenly, at which a longer one is."""
_MOST_PACKETS: Final = 3000
"""That are read from a place on without a key frame in them."""
_OPTIONS: Final = {"protocol_whitelist": "file"}


def key_frame_digest(codec: str, extradata: bytes, data: bytes) -> int | None:
    """Digest of one coded key frame, 64 bits; None if it holds no coded slice.

    Args:
        codec: its name in FFmpeg.
        extradata: codec parameters of the container, which say how NAL units are framed.
        data: the packet.
    """
    if codec == "h264":
        parts = list(_first_frame(_nal_units(data, extradata, 4), _H264_SLICES, header_bytes=1))
    elif codec == "hevc":
        parts = list(_first_frame(_nal_units(data, extradata, 21), _HEVC_SLICES, header_bytes=2))
    elif codec == "av1":
        parts = list(_av1_frames(data))
    elif codec == "mpeg4":
        parts = [data[at:]] if (at := data.find(_MPEG4_VOP)) >= 0 else []
    else:
        parts = [data]
    if not any(parts):
        return None
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return int.from_bytes(digest.digest()[:DIGEST_BYTES], "big")


def all_key_frames(path: Path) -> list[int]:
    """Digests of all key frames of a file, in its order; as far as it can be read.

    Raises:
        OSError: it is not there or may not be read.
    """
    return list(_digests(path, sampled=False))


def some_key_frames(path: Path) -> list[int]:
    """Digests by which a file is recognized: of all key frames, or of those at places spread over a long one.

    Raises:
        OSError: it is not there or may not be read.
    """
    return list(dict.fromkeys(_digests(path, sampled=True)))


def _digests(path: Path, *, sampled: bool) -> Iterator[int]:
    try:
        with av.open(f"file:{path.absolute()}", options=dict(_OPTIONS), metadata_errors="replace") as container:
            length_s = (container.duration or 0) / av.time_base
            if not sampled or length_s <= _WHOLE_S:
                yield from _read(container)
                return
            begin = container.start_time or 0
            for place in range(_PLACES):
                try:
                    container.seek(begin + round(place / _PLACES * length_s * av.time_base))
                except av.FFmpegError:  # no seeking in this file
                    yield from _read(container)
                    return
                yield from _read(container, one_each=True)
    except (FileNotFoundError, PermissionError):
        raise
    except (av.FFmpegError, ValueError):
        return


def _read(container: Any, *, one_each: bool = False) -> Iterator[int]:
    """Digests of the key frames from here on, in every video track; with `one_each` the first of each track."""
    streams = list(container.streams.video)
    waiting, read = {stream.index for stream in streams}, 0
    for packet in container.demux(streams):
        read += 1
        if one_each and (not waiting or read > _MOST_PACKETS * len(streams)):
            return
        stream = packet.stream
        if not packet.is_keyframe or packet.size == 0 or (one_each and stream.index not in waiting):
            continue
        context = stream.codec_context
        if context is None:  # a codec that FFmpeg does not know
            continue
        name = getattr(context.codec, "canonical_name", context.name)
        digest = key_frame_digest(name, bytes(context.extradata or b""), bytes(packet))
        if digest is not None:
            waiting.discard(stream.index)
            yield digest


def _nal_units(data: bytes, extradata: bytes, size_at: int) -> Iterator[bytes]:
    """NAL units without their framing; the container's parameters begin with 1 where lengths precede them."""
    if extradata[:1] == b"\x01" and len(extradata) > size_at:
        width, at = (extradata[size_at] & 3) + 1, 0
        while at + width <= len(data):
            size = int.from_bytes(data[at : at + width], "big")
            yield data[at + width : at + width + size]
            at += width + size
        return
    starts = [match.end() for match in _START_CODE.finditer(data)]
    for start, following in zip(starts, [*(one - 3 for one in starts[1:]), len(data)], strict=True):
        yield data[start:following]


def _first_frame(units: Iterator[bytes], slices: range, *, header_bytes: int) -> Iterator[bytes]:
    """The slices of the first coded frame or field: some containers join two fields in a packet, others do not."""
    begun = False
    for unit in units:
        # A NAL unit never ends with zeros; those before a start code are framing.
        unframed = unit.rstrip(b"\x00")
        if len(unframed) <= header_bytes:
            continue
        kind = unframed[0] & 31 if header_bytes == 1 else unframed[0] >> 1 & 63
        if kind not in slices:
            continue
        if unframed[header_bytes] & 0x80:  # first_mb_in_slice is 0, or first_slice_segment_in_pic_flag
            if begun:
                return
            begun = True
        yield unframed


def _av1_frames(data: bytes) -> Iterator[bytes]:
    """Frame headers and tiles, without sequence header, metadata and sizes."""
    at = 0
    while at < len(data):
        header = data[at]
        at += 2 if header & 4 else 1
        size = len(data) - at
        if header & 2:
            size, at = _leb128(data, at)
        if header >> 3 & 15 in _AV1_FRAMES:
            yield data[at : at + size]
        at += size


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    """A little-endian number of seven bits per byte, and the position behind it."""
    value = 0
    for shift in range(0, 56, 7):
        if at >= len(data):
            break
        byte, at = data[at], at + 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            break
    return value, at
