"""Video as a camera sends it, for measurements: a rendered street with any density of traffic, or a given video."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av

from pipeline.demo.plate_scene import images
from pipeline.domain.frame import BgrImage

_PLATES: Final = ("BRA2E19", "QWE4R56", "ABC1234", "RIO2A18", "DEF5G67", "GHI8901", "JKL2M34", "NOP5678")
"""Made-up plates."""
_DRAWN_FPS: Final = 10
"""Images drawn per second: drawing takes longer than decoding, and analysis sees few frames a second."""
_DRAWN_SIZE: Final = (1280, 720)
_ENCODERS: Final = {"h264": "libx264", "hevc": "libx265"}
_OPTIONS: Final = {
    "libx264": {"preset": "veryfast", "bf": "0"},
    "libx265": {"preset": "ultrafast", "x265-params": "bframes=0:log-level=none"},
}


@dataclass(frozen=True, slots=True)
class ClipForm:
    """How a camera sends video.

    Attributes:
        size: width and height in pixels, both even.
        fps: frames per second; codec: ``h264`` or ``hevc``; mbit_s: bit rate.
    """

    size: tuple[int, int]
    fps: float
    codec: str
    mbit_s: float


def street_images(vehicles: int, seconds: float, fps: float) -> Iterator[BgrImage]:
    """A rendered street through which some vehicles drive, (720, 1280, 3) BGR.

    Args:
        vehicles: from none to eight.
        seconds: length; fps: images per second, of which ten differ.
    """
    drawn = images(plates=_PLATES[:vehicles], seconds=seconds, fps=_DRAWN_FPS, size=_DRAWN_SIZE)
    shown, image = 0, None
    for number, image in enumerate(drawn, start=1):
        while shown / fps < number / _DRAWN_FPS and shown < round(seconds * fps):
            yield image
            shown += 1


def write_clip(path: Path, frames: Iterable[BgrImage], form: ClipForm) -> int:
    """Encode images as a camera sends them: no B-frames, a key frame every two seconds, a steady bit rate.

    Args:
        path: the file; its suffix chooses the container (``.mp4``, ``.h264``).
        frames: of any size.

    Returns:
        Number of frames.

    Raises:
        OSError: the file cannot be written.
    """
    encoder = _ENCODERS[form.codec]
    rate = Fraction(form.fps).limit_denominator(1001)
    width, height = form.size
    count = 0
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(
            encoder, rate=rate, options={**_OPTIONS[encoder], "g": str(round(2 * form.fps))}
        )
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.bit_rate = round(form.mbit_s * 1e6)
        for image in frames:
            frame = av.VideoFrame.from_ndarray(image, format="bgr24").reformat(width, height, "yuv420p")
            frame.pts, frame.time_base = count, 1 / rate
            container.mux(stream.encode(frame))
            count += 1
        container.mux(stream.encode(None))
    return count
