"""Encoder of masked frames: what a camera with privacy masks is recorded as, since its packets show what they hide."""

from __future__ import annotations

import io
import time
from fractions import Fraction
from typing import Any, Final

import av
import numpy as np

from pipeline.domain.recording import EncodedPacket, MaskedFrame
from pipeline.record.segment_file import StreamTemplate

_TIME_BASE: Final = Fraction(1, 90_000)
"""The clock of RTP video."""
_INTRA: Final = 1
"""FFmpeg's number of frames that are decoded without others (I)."""
_BACK: Final = 90_000
"""Steps of that clock by which a camera's clock may step back, as frames out of order do."""
_OPTIONS: Final = {"preset": "veryfast", "tune": "zerolatency", "crf": "23", "bf": "0", "sc_threshold": "0"}
_KEY_FRAME_S: Final = 2
"""Seconds between two key frames, where files can begin."""


class MaskedEncoder:
    """H.264 of frames of one size; one thread.

    Args:
        first: the first frame, which is not encoded yet.

    Raises:
        av.FFmpegError: there is no encoder, or it refuses the size.
    """

    def __init__(self, first: MaskedFrame) -> None:
        height, width = first.planes.y.shape
        self._shape = (height, width)
        self._full_range = first.full_range
        self._holder = av.open(io.BytesIO(), "w", format="matroska")
        stream: Any = self._holder.add_stream("libx264", rate=first.rate)
        # H.264 in 4:2:0 has even sizes.
        stream.width, stream.height = width + width % 2, height + height % 2
        stream.pix_fmt = "yuvj420p" if first.full_range else "yuv420p"
        stream.time_base = stream.codec_context.time_base = _TIME_BASE
        stream.codec_context.thread_count = 1
        stream.options = {**_OPTIONS, "g": str(max(1, round(_KEY_FRAME_S * first.rate)))}
        self._holder.start_encoding()  # only now has the stream the headers of its codec
        self._stream = stream
        self._key_wanted = True
        self._last_pts = -1
        self._arrived_ms: dict[int, int] = {}
        self.template = StreamTemplate(stream, first.rate, masks_filled=True)
        """For segment files."""
        self.last_s = 0.0
        """Processor time that the last frame took, seconds."""

    def fits(self, frame: MaskedFrame) -> bool:
        """Whether a frame has the size and range of this encoder's stream, and no time long before its last frame."""
        back = frame.at_s is not None and round(frame.at_s / _TIME_BASE) < self._last_pts - _BACK
        return frame.planes.y.shape == self._shape and frame.full_range == self._full_range and not back

    def begin_anew(self) -> None:
        """Make the next frame a key frame, since a new file begins with it."""
        self._key_wanted = True

    def encode(self, frame: MaskedFrame) -> list[EncodedPacket]:
        """The packets that are complete with this frame.

        Raises:
            av.FFmpegError: the encoder failed.
        """
        began_s = time.thread_time()
        pts = self._pts(frame)
        self._arrived_ms[pts] = frame.arrived_ms
        image = _video_frame(frame, self._stream.width, self._stream.height, self._stream.pix_fmt)
        image.pts, image.time_base = pts, _TIME_BASE
        if self._key_wanted:
            image.pict_type = _INTRA
            self._key_wanted = False
        packets = [self._packet(packet) for packet in self._stream.encode(image)]
        self.last_s = time.thread_time() - began_s
        return packets

    def _pts(self, frame: MaskedFrame) -> int:
        own = frame.arrived_ms / 1000 if frame.at_s is None else frame.at_s
        self._last_pts = max(round(own / _TIME_BASE), self._last_pts + 1)
        return self._last_pts

    def _packet(self, packet: Any) -> EncodedPacket:
        return EncodedPacket(
            bytes(packet),
            packet.pts,
            packet.dts,
            packet.duration or 0,
            _TIME_BASE,
            packet.is_keyframe,
            self._arrived_ms.pop(packet.pts),
        )


def _video_frame(frame: MaskedFrame, width: int, height: int, pixels: str) -> av.VideoFrame:
    image = av.VideoFrame(width, height, pixels)
    for target, plane in zip(image.planes, frame.planes, strict=True):
        rows = np.frombuffer(memoryview(target), np.uint8).reshape(-1, target.line_size)
        plane_height, plane_width = plane.shape
        rows[:plane_height, :plane_width] = plane
        # An odd size is padded by repeating its last line.
        rows[plane_height : target.height, :plane_width] = plane[-1:]
        rows[:, plane_width : target.width] = rows[:, plane_width - 1 : plane_width]
    return image
