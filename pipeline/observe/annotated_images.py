"""Annotated images: boxes, labels and plates of a frame, with people masked."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as Pil
from PIL import ImageDraw, ImageFont

from pipeline.domain.detections import Detections, Tracks
from pipeline.domain.frame import BgrImage, Image
from pipeline.domain.labels import PLATED_VEHICLES, Label
from pipeline.storage.atomic import atomic_file, unique_partial
from pipeline.storage.image_comment import with_comment

Color = tuple[int, int, int]
"""Red, green, blue, 0 to 255."""
Rect = tuple[int, int, int, int]
"""Left, top, right, bottom, pixels; right and bottom are outside."""

PEOPLE = frozenset({Label.PERSON, Label.FACE})

# Okabe & Ito (2008): distinguishable with any color vision, and by lightness on gray asphalt.
_COLORS: Mapping[Label, Color] = {
    Label.CAR: (86, 180, 233),
    Label.TRUCK: (230, 159, 0),
    Label.BUS: (240, 110, 50),
    Label.MOTORCYCLE: (214, 130, 180),
    Label.BICYCLE: (20, 190, 140),
    Label.PLATE: (240, 228, 66),
    Label.PERSON: (190, 190, 200),
    Label.FACE: (190, 190, 200),
}
_DARK: Color = (18, 20, 24)
_LIGHT: Color = (250, 250, 250)
_MASK: Color = (52, 56, 64)
_MASK_RIM: Color = (86, 92, 104)
_MASK_FIGURE: Color = (128, 134, 146)
_PLATE_BLUE: Color = (0, 51, 153)
_MASK_MARGIN = 0.04
"""A mask extends its box by this fraction on each side: boxes often end inside the shoulder."""


def annotate(
    image: Image,
    tracks: Tracks,
    plates: Mapping[int, str],
    *,
    hide_people: bool = True,
    hide_vehicles: bool = False,
    also_hide: Detections | None = None,
) -> BgrImage:
    """The image with box, label, id and plate of each track.

    Args:
        image: the pixels; not modified.
        tracks: tracks to draw, boxes in pixels of that image.
        plates: plate texts by track id.
        hide_people: mask persons and faces with an opaque shape (decree 18.743/2014 art. 9 §5, 10 §3). False draws
            their boxes instead: for tests, never for an image that is disclosed.
        hide_vehicles: also mask plates, and vehicles whole, as a plate on one may be missed; no plate text is drawn.
        also_hide: all detections of the image, tracked or not; what is masked is masked among them too, even if it
            is not in `tracks`.

    Returns:
        A new image, (height, width, 3) uint8, BGR.
    """
    canvas = _Canvas(image)
    found = Detections.concatenate([tracks.detections, also_hide if also_hide is not None else Detections.empty()])
    if hide_vehicles:
        plates = {}
        for box, _, label in found.labeled(*PLATED_VEHICLES, Label.PLATE):
            canvas.mask(box, label)
    if hide_people:
        for box, _, label in found.labeled(*PEOPLE):
            canvas.mask(box, label)
        tracks = tracks.labeled(*(set(Label) - PEOPLE))
    tagged = [
        (canvas.clip(box), label, track_id)
        for (box, _, label), track_id in zip(tracks.detections, tracks.ids.tolist(), strict=True)
    ]
    for rect, label, _ in tagged:
        canvas.outline(rect, _COLORS[label])
    # Nearer objects last, so that their tags take the remaining space and never lie under those of farther ones.
    for rect, label, track_id in sorted(tagged, key=lambda item: item[0][3]):
        if label is not Label.PLATE:
            canvas.tag(rect, f"{label.word} {track_id}", _COLORS[label], plates.get(track_id, ""))
    return canvas.bgr()


def hide_objects(image: Image, found: Detections, *, vehicles: bool) -> BgrImage:
    """The image with persons, faces and plates masked, and nothing else drawn.

    Args:
        image: the pixels; not modified.
        found: all detections of the image.
        vehicles: mask vehicles whole, too, as a plate on one may be missed.

    Returns:
        A new image, (height, width, 3) uint8, BGR.
    """
    canvas = _Canvas(image)
    hidden = PEOPLE | {Label.PLATE} | (PLATED_VEHICLES if vehicles else frozenset())
    for box, _, label in found.labeled(*hidden):
        canvas.mask(box, label)
    return canvas.bgr()


def save_image(path: Path, image: BgrImage, comment: str = "") -> None:
    """Write an image atomically, readable by this user only: it may show plates.

    Args:
        path: ends with .jpg, .jpeg or .png; its folder exists.
        image: (height, width, 3) uint8, BGR.
        comment: in the file, ASCII; none if empty.

    Raises:
        ValueError: the suffix is not supported.
        OSError: writing failed.
    """
    suffix = path.suffix.lower()
    if suffix not in {".jpg", ".jpeg", ".png"}:
        raise ValueError(f"{path.name}: unsupported image format; use .jpg or .png")
    options = [] if suffix == ".png" else [cv2.IMWRITE_JPEG_QUALITY, 92]
    _, data = cv2.imencode(suffix, image, options)
    with atomic_file(path, sync=False, partial=unique_partial(path)) as file:
        file.write(with_comment(data.tobytes(), comment) if comment else data.tobytes())


@functools.lru_cache(maxsize=64)
def _font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Font of Pillow, so that images are identical on all machines."""
    return ImageFont.load_default(size_px)


@dataclass(slots=True)
class _Canvas:
    """A copy of an image to draw on; line widths and text sizes scale with the image."""

    image: Image
    width: int = field(init=False)
    height: int = field(init=False)
    _line: int = field(init=False)
    _rim: int = field(init=False)
    _text_px: int = field(init=False)
    _image: Pil.Image = field(init=False)
    _pen: ImageDraw.ImageDraw = field(init=False)
    _occupied: list[Rect] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.width, self.height = self.image.width, self.image.height
        short = min(self.width, self.height)
        self._line = max(1, round(short / 300))
        self._rim = max(1, self._line // 2)
        self._text_px = int(np.clip(short / 34, 10, 56))
        self._image = Pil.fromarray(cv2.cvtColor(self.image.bgr(), cv2.COLOR_BGR2RGB))
        self._pen = ImageDraw.Draw(self._image)

    def bgr(self) -> BgrImage:
        """The drawn image, (height, width, 3) uint8, BGR."""
        return np.asarray(cv2.cvtColor(np.asarray(self._image), cv2.COLOR_RGB2BGR), np.uint8)

    def clip(self, box: npt.NDArray[np.float32], margin: float = 0.0) -> Rect:
        """A box in whole pixels, extended by the fraction `margin`, clipped to the image, at least one pixel."""
        x1, y1, x2, y2 = np.nan_to_num(box.astype(np.float64), nan=0.0, posinf=1e6, neginf=-1e6).tolist()
        dx, dy = margin * (x2 - x1), margin * (y2 - y1)
        left = int(np.clip(np.floor(x1 - dx), 0, self.width - 1))
        top = int(np.clip(np.floor(y1 - dy), 0, self.height - 1))
        right = int(np.clip(np.ceil(x2 + dx), left + 1, self.width))
        bottom = int(np.clip(np.ceil(y2 + dy), top + 1, self.height))
        return left, top, right, bottom

    def mask(self, box: npt.NDArray[np.float32], label: Label) -> None:
        """Replace a person, a face, a vehicle or a plate by an opaque shape."""
        left, top, right, bottom = self.clip(box, _MASK_MARGIN)
        self._pen.rectangle((left, top, right - 1, bottom - 1), fill=_MASK, outline=_MASK_RIM, width=self._rim)
        if label is Label.PERSON:
            self._figure(left, top, right, bottom)

    def outline(self, rect: Rect, color: Color) -> None:
        """Draw a box with a dark rim, visible on bright and dark backgrounds."""
        left, top, right, bottom = rect
        radius = min(4 * self._line, (right - left) // 4, (bottom - top) // 4)
        rim = self._rim
        self._frame((left - rim, top - rim, right + rim, bottom + rim), radius + rim, _DARK, self._line + 2 * rim)
        self._frame(rect, radius, color, self._line)

    def tag(self, rect: Rect, text: str, color: Color, plate: str) -> None:
        """Draw the label above the box, and the plate beside it."""
        pad = max(2, self._text_px // 4)
        text_width = round(self._pen.textlength(text, font=_font(self._text_px)))
        plate_width = round(self._pen.textlength(plate, font=_font(self._text_px))) + 3 * pad if plate else 0
        height = self._text_px + pad + max(1, pad // 2)
        width = text_width + 2 * pad
        left, top = self._place(rect, width + plate_width, height)
        self._chip((left, top, left + width, top + height), color)
        self._write((left + pad, top + height // 2), text, _DARK)
        if plate:
            self._plate((left + width, top, left + width + plate_width, top + height), plate, pad)

    def _frame(self, rect: Rect, radius: int, color: Color, line: int) -> None:
        left, top, right, bottom = rect
        self._pen.rounded_rectangle((left, top, right - 1, bottom - 1), radius, outline=color, width=line)

    def _figure(self, left: int, top: int, right: int, bottom: int) -> None:
        """Draw a silhouette, so that viewers recognize a masked person."""
        width, height = right - left, bottom - top
        unit = min(width * 0.26, height * 0.14, min(self.width, self.height) / 14)
        if unit < 3:
            return
        center, middle = (left + right) / 2, (top + bottom) / 2
        head = unit * 0.42
        self._pen.ellipse((center - head, middle - unit - head, center + head, middle - unit + head), fill=_MASK_FIGURE)
        self._pen.rounded_rectangle(
            (center - unit * 0.72, middle - unit * 0.42, center + unit * 0.72, middle + unit), unit * 0.5,
            fill=_MASK_FIGURE,
        )  # fmt: skip

    def _place(self, rect: Rect, width: int, height: int) -> tuple[int, int]:
        """Left and top of a tag: the position at the box that overlaps other tags least."""
        left, top, right, bottom = rect
        gap = self._line
        spots = [
            (left, top - height - gap),
            (left, bottom + gap),
            (left + gap, top + gap),
            (right - width, top - height - gap),
            (left + gap, bottom - height - gap),
            (right + gap, top),
        ]
        spots = [(min(max(0, x), max(0, self.width - width)), min(max(0, y), max(0, self.height - height)))
                 for x, y in spots]  # fmt: skip
        places = [(x, y, x + width, y + height) for x, y in spots]
        overlap = [sum(_overlap(place, other) for other in self._occupied) for place in places]
        best = places[overlap.index(min(overlap))]
        self._occupied.append(best)
        return best[:2]

    def _chip(self, rect: Rect, color: Color) -> None:
        left, top, right, bottom = rect
        self._pen.rectangle((left, top, right - 1, bottom - 1), fill=color)

    def _plate(self, rect: Rect, text: str, pad: int) -> None:
        """Draw a small plate: white with the blue band of the Mercosul layout."""
        left, top, right, bottom = rect
        self._chip(rect, _PLATE_BLUE)
        band = max(2, pad // 2)
        self._chip(
            (left + max(1, band // 2), top + band, right - max(1, band // 2), bottom - max(1, band // 2)), _LIGHT
        )
        self._write((left + (3 * pad) // 2, (top + bottom + band) // 2 - max(1, band // 4)), text, _DARK)

    def _write(self, at: tuple[int, int], text: str, color: Color) -> None:
        self._pen.text(at, text, fill=color, font=_font(self._text_px), anchor="lm")


def _overlap(a: Rect, b: Rect) -> int:
    """Number of pixels that two rectangles share."""
    wide = min(a[2], b[2]) - max(a[0], b[0])
    high = min(a[3], b[3]) - max(a[1], b[1])
    return max(0, wide) * max(0, high)
