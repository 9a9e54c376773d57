"""Encoder of anonymized videos: planes in, H.264 in MP4 out, with the frame times of the source.

Streams, metadata, chapters, thumbnails and attachments of the source never reach it: it receives planes only.
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
"""One per core."""
_KEYFRAME_S = 2
"""Interval of seek points."""


class VideoEncoder:
    """Writes one video: `write` each frame, then `finish`. A context manager that closes the file.

    Args:
        path: of the MP4, with any suffix.
        facts: of the source video.
        settings: of the encoder.

    Raises:
        ReleaseError: the encoder or the disk fails.
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
            raise self._failure(error) from error

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
        """Encode the next frame, at `pts` steps of the video's time base, counted from the first frame.

        A stream's own clock discloses for how long the camera has been switched on.

        Raises:
            ReleaseError: the encoder or the disk fails.
        """
        frame = av.VideoFrame(*self._size, self._stream.pix_fmt)
        for target, plane in zip(frame.planes, planes, strict=True):
            rows = np.frombuffer(memoryview(target), np.uint8).reshape(-1, target.line_size)
            height, width = plane.shape
            rows[:height, :width] = plane
            # H.264 in 4:2:0 has even sizes; an odd size is padded by repeating its last line.
            rows[height : target.height, :width] = plane[-1:]
            rows[:, width : target.width] = rows[:, width - 1 : width]
        self._first = pts if self._first is None else self._first
        frame.pts, frame.time_base = pts - self._first, self._time_base
        self._mux(frame)

    def finish(self) -> None:
        """Write the frames that are still in the encoder.

        Raises:
            ReleaseError: the encoder or the disk fails.
        """
        self._mux(None)

    def _mux(self, frame: av.VideoFrame | None) -> None:
        try:
            self._container.mux(self._stream.encode(frame))
        except (av.FFmpegError, OSError) as error:
            raise self._failure(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._container.close()
        except (av.FFmpegError, OSError) as failure:
            if error is None:
                raise self._failure(failure) from failure

    def _failure(self, error: Exception) -> ReleaseError:
        problem = getattr(error, "strerror", None) or str(error)
        return ReleaseError(
            str(self._path), f"cannot be written ({problem})", "Free disk space, or choose another place"
        )
