"""Conversion of decoded frames to images: copied, in one pixel format, with privacy masks."""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction
from typing import TypeAlias

import av
import numpy as np
from av.video.reformatter import ColorRange, VideoReformatter

from pipeline.decode.color import Color
from pipeline.decode.lazy_images import ArrayImage, PlanarImage, new_planes, visible_plane
from pipeline.decode.privacy_masks import MaskBurner
from pipeline.domain.recording import MaskedFrame
from pipeline.domain.video import EditableImage, Planes

NewPlanes: TypeAlias = Callable[[int, int], Planes]
"""Makes the planes of an image of this width and height, to be filled."""
_CANONICAL = frozenset({"yuv420p", "yuvj420p"})


class FrameConverter:
    """Converts the frames of one stream to images; one thread at a time.

    The pixels are always copied, so that the decoder can reuse its buffer, and masks never reach the reference frames
    it predicts from. Everything but 8-bit 4:2:0 (10 bit, 4:2:2, gray, NV12 from a card …) goes through swscale.

    Args:
        burner: the masks of this camera.
        turns: clockwise quarter turns in addition to those that a frame declares.
        planes: makes the planes of images.
    """

    def __init__(self, burner: MaskBurner, turns: int = 0, planes: NewPlanes = new_planes) -> None:
        self._new_planes = planes
        self._burner = burner
        self._turns = turns
        self._swscale = VideoReformatter()

    def turns(self, frame: av.VideoFrame) -> int:
        """Clockwise quarter turns that make a frame upright, 0 to 3."""
        return (round(-frame.rotation / 90) + self._turns) % 4  # FFmpeg gives counterclockwise degrees

    def make(self, frame: av.VideoFrame, sample_aspect: float = 1.0) -> EditableImage:
        """A masked, upright image.

        Args:
            frame: the decoded frame.
            sample_aspect: width of one upright pixel over its height.

        Raises:
            av.FFmpegError: swscale cannot read this pixel format.
        """
        turns = self.turns(frame)
        if frame.format.is_rgb or frame.format.has_palette:
            return self._from_rgb(frame, turns, sample_aspect)
        planes, color = self._masked_planes(frame, turns, self._new_planes)
        return PlanarImage(planes, color, turns, sample_aspect)

    def masked_frame(self, frame: av.VideoFrame, at_s: float | None, rate: Fraction) -> MaskedFrame:
        """The frame for a recorder: masked, and turned only as the stream declares.

        Args:
            frame: the decoded frame.
            at_s: its time in the stream, seconds.
            rate: ordinary frames per second.

        Raises:
            av.FFmpegError: swscale cannot read this pixel format.
        """
        planes, color = self._masked_planes(frame, self.turns(frame), new_planes)
        own_turns = round(-frame.rotation / 90) % 4
        upright = [np.ascontiguousarray(np.rot90(plane, -own_turns)) for plane in planes]
        arrived_ms = time.time_ns() // 1_000_000
        return MaskedFrame(Planes(*upright), at_s, rate, color.full_range, arrived_ms, self._burner.polygons)

    def _masked_planes(self, frame: av.VideoFrame, turns: int, make: NewPlanes) -> tuple[Planes, Color]:
        full_range = frame.color_range == ColorRange.JPEG or frame.format.name.startswith("yuvj")
        color = Color.of(frame.colorspace, full_range, frame.height)
        if frame.format.name not in _CANONICAL:
            wanted = ColorRange.JPEG if full_range else ColorRange.MPEG
            frame = self._swscale.reformat(
                frame,
                format="yuv420p",
                src_colorspace=color.matrix,
                dst_colorspace=color.matrix,
                src_color_range=wanted,
                dst_color_range=wanted,
                threads=1,
            )
        planes = make(frame.width, frame.height)
        for target, plane in zip(planes, frame.planes[:3], strict=True):
            np.copyto(target, visible_plane(plane))
        self._burner.burn_planes(planes, turns)
        return planes, color

    def _from_rgb(self, frame: av.VideoFrame, turns: int, sample_aspect: float) -> EditableImage:
        stored = self._swscale.reformat(frame, format="bgr24", threads=1).to_ndarray()
        image = np.ascontiguousarray(np.rot90(stored, -turns), np.uint8)
        self._burner.burn_image(image)
        return ArrayImage(image, sample_aspect)
