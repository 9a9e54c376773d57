"""A video written anew: planes in, H.264 in MP4 out; every frame at the time it had, and nothing else of the original.

No stream, metadata, chapter, thumbnail or attachment of the source is ever opened here: the writer gets planes only.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import numpy as np

from pipeline.anonymize.settings import AnonymizeSettings
from pipeline.domain.video import Planes, VideoInfo
from pipeline.errors import ReleaseError

_THREADS = 0
"""As many as there are cores."""
_KEYFRAME_S = 2
"""A receiver can jump to every other second."""


class VideoEncoder:
    """Writes one video: `write` each frame, then `finish`. A context manager that closes the file.

    Args:
        path: written as MP4, whatever it is called.
        facts: of the video it is made from.
        settings: of the encoder.

    Raises:
        ReleaseError: the encoder or the disk refuses.
    """

    def __init__(self, path: Path, facts: VideoInfo, settings: AnonymizeSettings) -> None:
        self._path = path
        self._size = facts.width + facts.width % 2, facts.height + facts.height % 2
        self._time_base = facts.time_base
        self._first: int | None = None
        try:
            self._container = av.open(
                f"file:{path}", "w", format="mp4", options={"movflags": "+faststart", "fflags": "+bitexact"}
            )
            self._stream = self._open_stream(facts, settings)
        except (av.FFmpegError, OSError) as error:
            raise self._trouble(error) from error

    def _open_stream(self, facts: VideoInfo, settings: AnonymizeSettings) -> Any:
        stream: Any = self._container.add_stream("libx264", rate=facts.rate)
        stream.width, stream.height = self._size
        stream.pix_fmt = "yuvj420p" if facts.tags.full_range else "yuv420p"
        stream.time_base = facts.time_base
        codec = stream.codec_context
        codec.time_base = facts.time_base
        codec.thread_count = _THREADS
        codec.sample_aspect_ratio = facts.sample_aspect
        codec.color_primaries, codec.color_trc = facts.tags.primaries, facts.tags.transfer
        codec.colorspace, codec.color_range = facts.tags.matrix, 2 if facts.tags.full_range else 1
        stream.options = {
            "crf": str(settings.crf),
            "preset": settings.preset,
            "g": str(max(1, round(_KEYFRAME_S * facts.rate))),
        }
        return stream

    def write(self, planes: Planes, pts: int) -> None:
        """The next image, at `pts` steps of the video's time base; the first one becomes nought.

        A stream's clock counts since the camera was switched on, which nobody needs to know.

        Raises:
            ReleaseError: the encoder or the disk refuses.
        """
        frame = av.VideoFrame(*self._size, self._stream.pix_fmt)
        for target, plane in zip(frame.planes, planes, strict=True):
            rows = np.frombuffer(memoryview(target), np.uint8).reshape(-1, target.line_size)
            height, width = plane.shape
            rows[:height, :width] = plane
            # H.264 in 4:2:0 has even sizes; what an odd one lacks repeats its last line.
            rows[height : target.height, :width] = plane[-1:]
            rows[:, width : target.width] = rows[:, width - 1 : width]
        self._first = pts if self._first is None else self._first
        frame.pts, frame.time_base = pts - self._first, self._time_base
        self._mux(frame)

    def finish(self) -> None:
        """Everything that is still in the encoder.

        Raises:
            ReleaseError: the encoder or the disk refuses.
        """
        self._mux(None)

    def _mux(self, frame: av.VideoFrame | None) -> None:
        try:
            self._container.mux(self._stream.encode(frame))
        except (av.FFmpegError, OSError) as error:
            raise self._trouble(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._container.close()
        except (av.FFmpegError, OSError) as trouble:
            if error is None:
                raise self._trouble(trouble) from trouble

    def _trouble(self, error: Exception) -> ReleaseError:
        problem = getattr(error, "strerror", None) or str(error)
        return ReleaseError(str(self._path), f"cannot be written ({problem})", "Make room, or choose another place")
