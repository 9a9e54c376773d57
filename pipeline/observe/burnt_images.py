"""Images of live views with viewer and time burnt in (decree 18.743/2014 art. 14), as H.264 or JPEG."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from textwrap import fill
from typing import Any, Final, NamedTuple

import av
import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from pipeline.domain.frame import BgrImage

_KEY_EVERY: Final = 20
_QUALITY: Final = 80
_FAINT: Final = 0.22
"""Opacity of the name across the image: legible in a photograph of the screen, and no obstacle to watching."""


class EncodedImage(NamedTuple):
    """An image as it is sent: whether it needs no earlier one, and its bytes."""

    is_key: bool
    data: bytes


class BurntImages:
    """The images of one camera for one viewer.

    Args:
        viewer: name and login, as burnt in.
    """

    def __init__(self, viewer: str) -> None:
        self._viewer = viewer
        self._encoder: Any = None
        self._number = 0

    def jpeg(self, jpeg: bytes, caption: str) -> bytes:
        """An image as JPEG.

        Args:
            jpeg: the masked image; caption: camera and time.
        """
        _, data = cv2.imencode(".jpg", self._burnt(jpeg, caption), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
        return data.tobytes()

    def h264(self, jpeg: bytes, caption: str) -> EncodedImage:
        """An image as H.264 (Annex B, baseline), which follows the one before; see `jpeg`."""
        image = self._burnt(jpeg, caption)
        height, width = (side - side % 2 for side in image.shape[:2])
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image[:height, :width]), format="bgr24")
        if self._encoder is None or (self._encoder.width, self._encoder.height) != (width, height):
            self._encoder, self._number = _encoder(width, height), 0
        frame.pts, self._number = self._number, self._number + 1
        packets = self._encoder.encode(frame)
        is_key = any(packet.is_keyframe for packet in packets)
        return EncodedImage(is_key, b"".join(bytes(packet) for packet in packets))

    def _burnt(self, jpeg: bytes, caption: str) -> BgrImage:
        image = np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR), np.uint8)
        height, width = image.shape[:2]
        strip = _strip(f"{self._viewer} · {caption}", width)
        across = _across(self._viewer, width, height)
        shown = np.where(across, image * (1 - _FAINT) + 255 * _FAINT, image).astype(np.uint8)
        shown[height - strip.shape[0] :] = strip[: min(strip.shape[0], height)]
        return shown


def _encoder(width: int, height: int) -> Any:
    encoder: Any = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.framerate, encoder.gop_size, encoder.thread_count = Fraction(1, 10), 10, _KEY_EVERY, 1
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline", "crf": "24"}
    return encoder


@lru_cache(maxsize=256)
def _strip(text: str, width: int) -> BgrImage:
    """A line of text as a strip of an image's width."""
    size = max(11, width // 60)
    image = Image.new("RGB", (width, size + 8), (18, 20, 24))
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(size)
    while size > 7 and pen.textlength(text, font=font) > width - 8:
        size -= 1
        font = ImageFont.load_default(size)
    pen.text((4, 3), text, (250, 250, 250), font)
    return np.asarray(image, np.uint8)


@lru_cache(maxsize=64)
def _across(text: str, width: int, height: int) -> npt.NDArray[np.bool_]:
    """Where the faint name lies, repeated over the image, (height, width, 1)."""
    image = Image.new("1", (width, height))
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(max(12, width // 40))
    step = max(80, height // 4)
    for row, top in enumerate(range(step // 2, height, step)):
        for left in range(-(row % 2) * width // 4, width, width // 2):
            pen.text((left, top), text, 1, font)
    return np.asarray(image, bool)[:, :, None]


def text_image(text: str, width: int = 640, height: int = 360) -> bytes:
    """A dark JPEG with a text, where there is no image to show."""
    image = Image.new("RGB", (width, height), (18, 20, 24))
    pen, size = ImageDraw.Draw(image), 22
    lines = fill(text, width * 2 // size - 6)
    pen.multiline_text((24, height // 3), lines, (250, 250, 250), ImageFont.load_default(size), spacing=8)
    _, data = cv2.imencode(".jpg", np.asarray(image, np.uint8)[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return data.tobytes()
