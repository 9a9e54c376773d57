"""Images that convert pixels only on demand; both implement `pipeline.domain.video.EditableImage`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import av
import cv2
import numpy as np
import numpy.typing as npt
from av.video.plane import VideoPlane
from av.video.reformatter import ColorRange

from pipeline.decode.color import Color, to_bgr
from pipeline.decode.privacy_masks import MaskBurner
from pipeline.domain.frame import BgrImage
from pipeline.domain.video import EditableImage, Planes

Plane: TypeAlias = npt.NDArray[np.uint8]
"""(h, w) uint8; rows may be padded."""

Box: TypeAlias = tuple[int, int, int, int]
"""x1, y1, x2, y2 in pixels; x2 and y2 are the first outside."""

_CLOCKWISE = {1: cv2.ROTATE_90_CLOCKWISE, 2: cv2.ROTATE_180, 3: cv2.ROTATE_90_COUNTERCLOCKWISE}


def clip_box(box: Box, width: int, height: int) -> Box:
    """The box inside an image of that size, at least one pixel wide and high."""
    x1, y1, x2, y2 = box
    left, top = min(max(x1, 0), width - 1), min(max(y1, 0), height - 1)
    return left, top, min(max(x2, left + 1), width), min(max(y2, top + 1), height)


class ArrayImage:
    """An image in memory as BGR pixels.

    Args:
        image: (height, width, 3) uint8, BGR, upright; not copied, and not to be changed afterwards.
        sample_aspect: width of one pixel over its height.

    Raises:
        ValueError: another shape or type, or no pixels.
    """

    def __init__(self, image: BgrImage, sample_aspect: float = 1.0) -> None:
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
            raise ValueError(f"an image is (height, width, 3) uint8 with pixels in it, not {image.shape} {image.dtype}")
        self._image = image
        self.sample_aspect = sample_aspect

    @property
    def width(self) -> int:
        """Pixels."""
        return int(self._image.shape[1])

    @property
    def height(self) -> int:
        """Pixels."""
        return int(self._image.shape[0])

    def bgr(self) -> BgrImage:
        """The whole image; read-only."""
        return self._image

    def resized(self, width: int, height: int) -> BgrImage:
        """The whole image scaled, without preserving the aspect ratio."""
        return _scale(self._image, width, height)

    def crop(self, x1: int, y1: int, x2: int, y2: int) -> BgrImage:
        """A copy of a box, clipped to the image."""
        left, top, right, bottom = clip_box((x1, y1, x2, y2), self.width, self.height)
        return self._image[top:bottom, left:right].copy()

    def planes(self) -> Planes:
        """A copy as planes, luma from 16 to 235, by the matrix that players use for its height (`Color.of`)."""
        frame = av.VideoFrame.from_ndarray(self._image, "bgr24").reformat(
            format="yuv420p",
            dst_colorspace=Color.of(2, full_range=False, height=self.height).matrix,
            dst_color_range=ColorRange.MPEG,
        )
        return Planes(*map(copied_plane, frame.planes))


class StoredPlanes(NamedTuple):
    """A decoded image as it is stored: planes that were not turned yet, their color encoding, quarter turns."""

    planes: Planes
    color: Color
    turns: int


class PlanarImage:
    """A decoded 4:2:0 image, stored as its planes.

    At the network's size the planes are scaled first and then converted, at a fraction of the cost of converting the
    whole image; a crop converts only its box. Quarter turns are applied to the result only, never to the whole image.

    Args:
        planes: Y (h, w), U and V (ceil(h/2), ceil(w/2)) of the stored image; owned by this image.
        color: their color encoding.
        turns: clockwise quarter turns that make the stored image upright, 0 to 3.
        sample_aspect: width of one upright pixel over its height.
    """

    def __init__(self, planes: Sequence[Plane], color: Color, turns: int = 0, sample_aspect: float = 1.0) -> None:
        self._y, self._u, self._v = planes
        self._color = color
        self._turns = turns % 4
        self.sample_aspect = sample_aspect

    @property
    def width(self) -> int:
        """Pixels of the upright image."""
        return int(self._y.shape[1 - self._turns % 2])

    @property
    def height(self) -> int:
        """Pixels of the upright image."""
        return int(self._y.shape[self._turns % 2])

    @property
    def stored(self) -> StoredPlanes:
        """What it is made of; not copied."""
        return StoredPlanes(Planes(self._y, self._u, self._v), self._color, self._turns)

    def bgr(self) -> BgrImage:
        """The whole image, by swscale: five to ten times faster than `crop`, and about one level in 255 darker."""
        height, width = self._y.shape
        frame = av.VideoFrame(width, height, "yuv420p")
        for target, plane in zip(frame.planes, (self._y, self._u, self._v), strict=True):
            plane_rows(target)[: plane.shape[0], : plane.shape[1]] = plane
        converted = frame.reformat(
            format="bgr24",
            src_colorspace=self._color.matrix,
            src_color_range=ColorRange.JPEG if self._color.full_range else ColorRange.MPEG,
            dst_color_range=ColorRange.JPEG,
            threads=1,
        )
        return self._upright(np.asarray(converted.to_ndarray(), np.uint8))

    def planes(self) -> Planes:
        """A copy of the upright image's planes."""
        return Planes(*(np.rot90(plane, -self._turns).copy() for plane in (self._y, self._u, self._v)))

    def resized(self, width: int, height: int) -> BgrImage:
        """The whole image scaled, without preserving the aspect ratio."""
        w, h = (height, width) if self._turns % 2 else (width, height)
        return self._upright(self._convert([_scale(plane, w, h) for plane in (self._y, self._u, self._v)]))

    def luma(self, width: int, height: int) -> Plane:
        """See `pipeline.domain.frame.LumaImage`."""
        size = (height, width) if self._turns % 2 else (width, height)
        return self._upright(np.asarray(cv2.resize(self._y, size, interpolation=cv2.INTER_AREA), np.uint8))

    def crop(self, x1: int, y1: int, x2: int, y2: int) -> BgrImage:
        """The pixels of a box of the upright image, clipped to it."""
        box = clip_box((x1, y1, x2, y2), self.width, self.height)
        left, top, right, bottom = self._stored(box)
        chroma = [_upsampled(plane, left, top, right, bottom) for plane in (self._u, self._v)]
        return self._upright(self._convert([self._y[top:bottom, left:right], *chroma]))

    def _convert(self, planes: Sequence[Plane]) -> BgrImage:
        return np.asarray(cv2.transform(cv2.merge(planes), to_bgr(self._color)), np.uint8)

    def _upright(self, image: BgrImage) -> BgrImage:
        return np.asarray(cv2.rotate(image, _CLOCKWISE[self._turns]), np.uint8) if self._turns else image

    def _stored(self, box: Box) -> Box:
        """The box in the stored image's pixels: each clockwise turn is reversed."""
        left, top, right, bottom = box
        width, height = self.width, self.height
        for _ in range(self._turns):
            left, top, right, bottom = top, width - right, bottom, width - left
            width, height = height, width
        return left, top, right, bottom


def turned(image: EditableImage, turns: int) -> EditableImage:
    """An image after clockwise quarter turns."""
    if turns % 4 == 0:
        return image
    pixels = np.asarray(cv2.rotate(image.bgr(), _CLOCKWISE[turns % 4]), np.uint8)
    return ArrayImage(pixels, 1 / image.sample_aspect if turns % 2 else image.sample_aspect)


def masked(image: EditableImage, burner: MaskBurner) -> EditableImage:
    """An upright image with its privacy masks filled with black."""
    if not burner:
        return image
    pixels = image.bgr().copy()
    burner.burn_image(pixels)
    return ArrayImage(pixels, image.sample_aspect)


def image_of(planes: Planes) -> PlanarImage:
    """Planes as an image, in the color encoding of `ArrayImage.planes`."""
    return PlanarImage(planes, Color.of(2, full_range=False, height=planes.y.shape[0]))


def new_planes(width: int, height: int) -> Planes:
    """Planes for an image of this size, with any content."""
    half = (height + 1) // 2, (width + 1) // 2
    return Planes(np.empty((height, width), np.uint8), np.empty(half, np.uint8), np.empty(half, np.uint8))


def copied_plane(plane: VideoPlane) -> Plane:
    """A copy of a decoder's plane, without the padding of its rows."""
    return visible_plane(plane).copy()


def visible_plane(plane: VideoPlane) -> Plane:
    """A decoder's plane without the padding of its rows; not copied."""
    return plane_rows(plane)[: plane.height, : plane.width]


def plane_rows(plane: VideoPlane) -> npt.NDArray[np.uint8]:
    """A decoder's plane with the padding of its rows, (h, line size); not copied."""
    return np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)


def _scale(image: npt.NDArray[np.uint8], width: int, height: int) -> npt.NDArray[np.uint8]:
    if image.shape[:2] == (height, width):
        return image
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _upsampled(plane: Plane, left: int, top: int, right: int, bottom: int) -> Plane:
    """Chroma of a box of luma pixels, with one sample around it so that its edges are as in the whole image."""
    x1, y1 = max(left // 2 - 1, 0), max(top // 2 - 1, 0)
    part = plane[y1 : (bottom + 1) // 2 + 1, x1 : (right + 1) // 2 + 1]
    doubled = _scale(part, part.shape[1] * 2, part.shape[0] * 2)
    return doubled[top - 2 * y1 : bottom - 2 * y1, left - 2 * x1 : right - 2 * x1]
