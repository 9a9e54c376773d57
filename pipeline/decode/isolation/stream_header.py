"""Parameters of a video stream as bytes: the header of a NUT file, which holds the codec's own data unchanged."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import av


def stream_header(stream: Any) -> bytes:
    """The header of an `av.VideoStream`.

    Raises:
        ValueError, av.FFmpegError: NUT cannot hold it.
    """
    file = io.BytesIO()
    with av.open(file, "w", format="nut") as container:
        copy = container.add_stream_from_template(stream, opaque=True)
        # FFmpeg reads no header of a file without a packet.
        packet = av.Packet(b"\0")
        packet.stream = copy
        packet.pts = packet.dts = 0
        packet.time_base = stream.time_base
        packet.is_keyframe = True
        container.mux_one(packet)
    return file.getvalue()


@contextmanager
def stream_of_header(header: bytes) -> Iterator[Any]:
    """The stream that a header describes, an `av.VideoStream`, while this lasts.

    Raises:
        av.FFmpegError: it is no header.
    """
    options = {"probesize": "32", "analyzeduration": "0"}
    with av.open(io.BytesIO(header), format="nut", options=options, metadata_errors="replace") as container:
        yield container.streams.video[0]
