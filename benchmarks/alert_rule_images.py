"""Drawings of the scenes that alert rules see, for their pages in the documentation.

    python -m benchmarks.alert_rule_images

Each is an SVG of a synthetic road: zones, objects, and the way that each has come; of images that show nothing, views
of a made street.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import cv2
import numpy as np

from benchmarks.image_defects import dazzled, dirty
from pipeline.demo.camera_clip import street_images
from pipeline.domain.frame import BgrImage

_OUT: Final = Path("docs/reference/alert-rules/images")
_WIDTH, _HEIGHT = 640, 300
_ZONES: Final = {"sidewalk": (20, 80, "#cfe3cf"), "lane-2": (85, 155, "#c9ced6"), "lane-1": (160, 230, "#c9ced6")}
_ALERT, _OTHER = "#c0392b", "#2c5d8a"


class Thing(NamedTuple):
    """A vehicle or person: where it is, where it came from, and whether the rule is about it."""

    x: float
    y: float
    from_x: float
    from_y: float
    alert: bool = False
    person: bool = False
    wave: float = 0.0


def _car(x: float, y: float, back: float, *, alert: bool = False, wave: float = 0.0) -> Thing:
    return Thing(x, y, x - back, y, alert, wave=wave)


def _person(x: float, y: float, back: float, *, alert: bool = False) -> Thing:
    return Thing(x, y, x - back, y, alert, person=True)


SCENES: Final[Mapping[str, tuple[Thing, ...]]] = {
    "stopped-vehicle": (_car(320, 210, 0, alert=True), _car(200, 135, 140), _car(480, 135, 140)),
    "slow-vehicle": (_car(330, 210, 30, alert=True), _car(200, 135, 140), _car(500, 135, 140), _car(590, 210, 130)),
    "swerving-vehicle": (_car(520, 175, 430, alert=True, wave=26), _car(140, 135, 90)),
    "wrong-way": (_car(260, 210, -150, alert=True), _car(460, 135, 140)),
    "person-on-roadway": (_person(340, 185, 60, alert=True), _car(160, 135, 120), _person(520, 65, 40)),
    "vehicle-off-roadway": (_car(360, 70, 160, alert=True), _car(200, 135, 120), _person(480, 60, 30)),
    "zone-entered": (_person(320, 65, 80, alert=True), _car(240, 210, 120)),
    "congestion": tuple(_car(90 + 75 * n, 135 + 75 * (n % 2), 8, alert=True) for n in range(7)),
    "crowd": tuple(_person(230 + 22 * n, 48 + 14 * (n % 3), 12, alert=True) for n in range(12)),
    "sudden-emptiness": (),
}


class Camera(NamedTuple):
    """A camera on a map, with what it has read and when."""

    x: float
    y: float
    name: str
    reads: tuple[tuple[str, bool], ...]
    """Text of each read, and whether the rule is about it."""


MAPS: Final[Mapping[str, tuple[Camera, ...]]] = {
    "possible-clone": (
        Camera(110, 90, "ponte-norte", (("14:05:00 one plate", True),)),
        Camera(480, 210, "terminal-sul, 10 km away", (("14:06:00 the same plate", True),)),
    ),
    "watched-convoy": (
        Camera(70, 60, "ponte-norte", (("14:05:00 listed plate", False), ("14:05:04 companion", True))),
        Camera(270, 140, "leste", (("14:11:40 listed plate", False), ("14:11:43 companion", True))),
        Camera(460, 220, "terminal-sul", (("14:16:40 listed plate", False), ("14:16:46 companion", True))),
    ),
}


def _cameras(cameras: tuple[Camera, ...]) -> Iterator[str]:
    way = " L".join(f"{one.x:g} {one.y:g}" for one in cameras)
    yield f'<path d="M{way}" fill="none" stroke="#888" stroke-width="2" stroke-dasharray="5 4"/>'
    font = 'font-size="12" font-family="sans-serif"'
    for one in cameras:
        yield f'<circle cx="{one.x:g}" cy="{one.y:g}" r="7" fill="#444"/>'
        yield f'<text x="{one.x + 14:g}" y="{one.y - 8:g}" {font} fill="#444">{one.name}</text>'
        for number, (text, alert) in enumerate(one.reads):
            color = _ALERT if alert else _OTHER
            yield f'<text x="{one.x + 14:g}" y="{one.y + 10 + 17 * number:g}" {font} fill="{color}">{text}</text>'


def _things(things: tuple[Thing, ...]) -> Iterator[str]:
    for one in things:
        color = _ALERT if one.alert else _OTHER
        if one.from_x != one.x:
            yield f'<path d="{_way(one)}" fill="none" stroke="{color}" stroke-width="2" stroke-dasharray="5 4"/>'
        width, height = (12, 28) if one.person else (56, 34)
        yield (
            f'<rect x="{one.x - width / 2:g}" y="{one.y - height:g}" width="{width}" height="{height}" rx="3" '
            f'fill="{color}" fill-opacity="0.25" stroke="{color}" stroke-width="2"/>'
        )
        yield f'<circle cx="{one.x:g}" cy="{one.y:g}" r="3" fill="{color}"/>'


def _way(one: Thing) -> str:
    side: Callable[[float], float] = lambda share: one.wave * math.sin(share * 4.5 * math.pi)  # noqa: E731
    shares = [number / 60 for number in range(61)]
    points = [(one.from_x + s * (one.x - one.from_x), one.from_y + s * (one.y - one.from_y) + side(s)) for s in shares]
    return "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _zones(name: str) -> Iterator[str]:
    for zone, (top, bottom, color) in _ZONES.items():
        shown = "yard (restricted)" if name == "zone-entered" and zone == "sidewalk" else zone
        yield f'<rect x="0" y="{top}" width="{_WIDTH}" height="{bottom - top}" fill="{color}"/>'
        yield f'<text x="8" y="{top + 14}" font-size="12" font-family="sans-serif" fill="#444">{shown}</text>'
        if zone != "sidewalk":
            middle = (top + bottom) / 2
            yield (
                f'<path d="M{_WIDTH - 60} {middle} h40 m-10 -6 l10 6 l-10 6" fill="none" stroke="#888" '
                'stroke-width="2"/>'
            )


def drawing(name: str, things: tuple[Thing, ...]) -> str:
    """The SVG of one rule on tracks."""
    return _image([*_zones(name), *_things(things)])


def _image(parts: Iterable[str]) -> str:
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'width="{_WIDTH}" height="{_HEIGHT}">\n'
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#f2f2ee"/>\n{body}\n</svg>\n'
    )


def defects() -> BgrImage:
    """A made street as it is, dazzled, with a dirty lens and out of focus."""
    *_, street = street_images(3, 2.0, 5.0)
    street = np.asarray(cv2.resize(street, (480, 270), interpolation=cv2.INTER_AREA), np.uint8)
    blurred = np.asarray(cv2.GaussianBlur(street, (0, 0), 6), np.uint8)
    at = 0.45, 0.5
    shown = {"usable": street, "dazzled": dazzled(street, at), "dirty": dirty(street, at), "blurred": blurred}
    for name, image in shown.items():
        cv2.putText(image, name, (8, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (0, 0, 0), 4)
        cv2.putText(image, name, (8, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (255, 255, 255), 1)
    rows = list(shown.values())
    return np.vstack([np.hstack(rows[:2]), np.hstack(rows[2:])])


def main() -> None:
    _OUT.mkdir(parents=True, exist_ok=True)
    for name, things in SCENES.items():
        (_OUT / f"{name}.svg").write_text(drawing(name, things), encoding="utf-8")
    for name, cameras in MAPS.items():
        (_OUT / f"{name}.svg").write_text(_image(_cameras(cameras)), encoding="utf-8")
    cv2.imwrite(str(_OUT / "image-unusable.jpg"), defects(), [cv2.IMWRITE_JPEG_QUALITY, 80])


if __name__ == "__main__":
    main()
