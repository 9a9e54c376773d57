"""What a released file holds besides its images: it should be nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import av

from pipeline.anonymize.mp4_atoms import strange_boxes
from pipeline.errors import ReleaseError

_OURS: Final = frozenset({"major_brand", "minor_version", "compatible_brands", "encoder"})
"""The container's own marks."""
_OUR_STREAM: Final = {"language": "und", "handler_name": "VideoHandler", "vendor_id": "[0][0][0][0]", "encoder": None}
"""What FFmpeg's MP4 writer says of any video; None for any value."""


def leftovers(path: Path) -> list[str]:
    """Everything in the file that is not its one video, in words; empty for a file that was released properly.

    Raises:
        ReleaseError: it is no video.
    """
    try:
        with av.open(f"file:{path.absolute()}", options={"protocol_whitelist": "file"}) as container:
            return [*_found(container), *strange_boxes(path)]
    except FileNotFoundError:
        raise ReleaseError(str(path), "does not exist", "Check the path") from None
    except (av.FFmpegError, OSError) as error:
        raise ReleaseError(str(path), "is not a video that can be read", "Name the clip that was released") from error


def _found(container: av.container.InputContainer) -> Iterator[str]:
    if len(container.streams.video) != 1:
        yield f"{len(container.streams.video)} video streams instead of one"
    for stream in container.streams:
        if stream.type != "video":
            yield f"a stream of {stream.type}"
        elif stream.disposition & av.stream.Disposition.attached_pic:
            yield "an attached image"
        yield from _said("stream", stream.metadata, _OUR_STREAM)
    yield from _said("file", container.metadata, dict.fromkeys(_OURS))
    if container.chapters():
        yield "chapters"


def _said(of: str, metadata: Mapping[str, str], ours: Mapping[str, str | None]) -> Iterator[str]:
    for key, value in metadata.items():
        if key not in ours or ours[key] not in (None, value):
            yield f"metadata of the {of}: {key} = {value[:60]!r}"
