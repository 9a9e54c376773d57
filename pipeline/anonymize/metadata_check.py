"""Streams, metadata and MP4 boxes of a released file besides its video; there should be none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import av

from pipeline.anonymize.mp4_atoms import find_unexpected_boxes
from pipeline.errors import ReleaseError

_OPTIONS: Final = {"protocol_whitelist": "file"}
_FILE_KEYS: Final = frozenset({"major_brand", "minor_version", "compatible_brands", "encoder"})
"""Metadata that every MP4 of FFmpeg has."""
_STREAM_VALUES: Final = {
    "language": "und",
    "handler_name": "VideoHandler",
    "vendor_id": "[0][0][0][0]",
    "encoder": None,
}
"""Metadata that FFmpeg's MP4 writer gives to any video stream; None for any value."""


def find_extra_content(path: Path) -> list[str]:
    """Descriptions of all content besides the one video stream; empty for a file that this program released.

    Raises:
        ReleaseError: it is not a video.
    """
    return [*find_extra_streams(path), *find_unexpected_boxes(path)]


def find_extra_streams(path: Path) -> list[str]:
    """Descriptions of all streams besides the one video, and of metadata.

    Raises:
        ReleaseError: it is not a video.
    """
    try:
        with av.open(f"file:{path.absolute()}", options=_OPTIONS, metadata_errors="replace") as container:
            return list(_extra_streams(container))
    except FileNotFoundError:
        raise ReleaseError(str(path), "does not exist", "Check the path") from None
    except (av.FFmpegError, OSError) as error:
        raise ReleaseError(str(path), "is not a readable video", "Give the released clip") from error


def _extra_streams(container: av.container.InputContainer) -> Iterator[str]:
    if len(container.streams.video) != 1:
        yield f"{len(container.streams.video)} video streams instead of one"
    for stream in container.streams:
        if stream.type != "video":
            yield f"a stream of type {stream.type}"
        elif stream.disposition & av.stream.Disposition.attached_pic:
            yield "an attached image"
        yield from _extra_metadata("stream", stream.metadata, _STREAM_VALUES)
    yield from _extra_metadata("file", container.metadata, dict.fromkeys(_FILE_KEYS))
    if container.chapters():
        yield "chapters"


def _extra_metadata(owner: str, metadata: Mapping[str, str], expected: Mapping[str, str | None]) -> Iterator[str]:
    for key, value in metadata.items():
        if key not in expected or expected[key] not in (None, value):
            yield f"metadata of the {owner}: {key} = {value[:60]!r}"
