"""Clips for measurements: a given video, or the drawn plate scene, encoded as a camera of one size, rate and codec."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import msgspec

from pipeline.demo.plate_scene import images
from pipeline.errors import SourceError, ViapublicaError

SIZES: Final = {"360p": (640, 360), "480p": (854, 480), "720p": (1280, 720), "1080p": (1920, 1080), "4k": (3840, 2160)}
"""Width and height in pixels by name."""
CODECS: Final = {
    "h264": ("libx264", {"preset": "veryfast", "crf": "23", "bf": "0"}),
    "hevc": ("libx265", {"preset": "ultrafast", "crf": "28", "bf": "0", "x265-params": "log-level=none"}),
}
"""Encoder and its options by codec: no B-frames, as a camera sends."""
_PLATES: Final = ("BRA2E19", "QWE4R56", "ABC1234", "RIO2A18")
_DRAWN_S: Final = 8.0
_DRAWN_SIZE: Final = (1280, 720)
_KEY_FRAME_S: Final = 2


class ClipFormat(msgspec.Struct, frozen=True):
    """Format of a clip.

    Attributes:
        size: width and height in pixels; codec: a key of `CODECS`.
        fps: frames per second; seconds: length.
    """

    size: tuple[int, int]
    codec: str
    fps: int
    seconds: float

    def text(self) -> str:
        """``1280×720 h264, 25/s``."""
        return f"{self.size[0]}×{self.size[1]} {self.codec}, {self.fps}/s"


def size_of(text: str) -> tuple[int, int]:
    """Width and height of a name in `SIZES`, or of ``WIDTHxHEIGHT``.

    Raises:
        ViapublicaError: it is neither, or odd.
    """
    width, _, height = text.lower().partition("x")
    size = SIZES.get(text.lower()) or ((int(width), int(height)) if width.isdecimal() and height.isdecimal() else None)
    if size is None or size[0] % 2 or size[1] % 2 or not min(size):
        raise ViapublicaError(
            f"size {text}", "is not a frame size", f"Use {', '.join(SIZES)}, or an even WIDTHxHEIGHT such as 1280x720"
        )
    return size


def encode_clip(source: Path | None, target: Path, form: ClipFormat) -> Path:
    """Write a clip of that format; a shorter source is repeated, forwards and backwards, so that nothing jumps.

    Args:
        source: any video; None draws the plate scene.
        target: the file; its suffix chooses the container.
        form: of the clip.

    Raises:
        SourceError: the source is no video, or has no frames.
        ViapublicaError: FFmpeg of this installation has no encoder for the codec.
    """
    encoder, options = CODECS[form.codec]
    if encoder not in av.codecs_available:
        raise ViapublicaError(
            f"codec {form.codec}", f"this PyAV has no encoder {encoder}", "Use the av package of PyPI, or --codec h264"
        )
    with av.open(str(target), "w") as out:
        stream: Any = out.add_stream(encoder, rate=form.fps, options=options | {"g": str(form.fps * _KEY_FRAME_S)})
        stream.width, stream.height, stream.pix_fmt = *form.size, "yuv420p"
        count = max(1, round(form.seconds * form.fps))
        for number, frame in enumerate(_repeated(_frames(source, form.fps, count), count)):
            image = frame.reformat(*form.size, "yuv420p")
            image.pts, image.time_base = number, Fraction(1, form.fps)
            out.mux(stream.encode(image))
        out.mux(stream.encode(None))
    return target


def _frames(source: Path | None, fps: int, count: int) -> list[Any]:
    """At most `count` frames of the source, one for each of the clip."""
    if source is None:
        drawn = images(plates=_PLATES, seconds=min(_DRAWN_S, count / fps), fps=fps, size=_DRAWN_SIZE)
        return [av.VideoFrame.from_ndarray(image, format="bgr24") for image in drawn]
    try:
        with av.open(str(source), metadata_errors="replace") as clip:
            frames = [frame for frame, _ in zip(clip.decode(video=0), range(count), strict=False)]
    except (av.FFmpegError, IndexError, OSError) as error:
        raise SourceError(str(source), f"is not a video that can be decoded ({error})", "Give a video file") from error
    if not frames:
        raise SourceError(str(source), "has no frames", "Give a video file")
    return frames


def _repeated(frames: list[Any], count: int) -> Iterator[Any]:
    turn = frames + frames[-2:0:-1]
    for number in range(count):
        yield turn[number % len(turn)]
