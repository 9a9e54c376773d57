"""Images with a known answer, and the sprites that verification pastes into frames of a video."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from models.training.known_answers.drawing import Person, Sprite, draw_face, draw_person, paste
from pipeline.demo.camera_model import PoleCamera
from pipeline.demo.car_mesh import Car, draw_car
from pipeline.demo.plate_image import render_plate
from pipeline.demo.road_drawing import draw_street
from pipeline.domain.frame import BgrImage

PERSONS: Final = (
    Person(),
    Person(skin=(70, 95, 140), hair=(20, 20, 22), shirt=(200, 170, 60), trousers=(50, 50, 60)),
)
PLATES: Final = ("BRA2E19", "ABC1234")
SLANTED: Final[Mapping[str, int]] = {"slanted": 20, "sideways": 100, "upside-down": 190}
"""Images of a plate that is seen from the side, by the degrees that it is turned clockwise."""
STREET: Final = (640, 416)


def street_image() -> BgrImage:
    """A street with a car, two persons, two close faces and two plates, (416, 640, 3) BGR."""
    large = PoleCamera((STREET[0] * 2, STREET[1] * 2))
    random = np.random.default_rng(7)
    canvas = draw_street(large, random)
    draw_car(canvas, large, Car((40, 40, 170), render_plate(PLATES[0])), -0.4, 7.5)
    image = np.asarray(cv2.resize(canvas, STREET, interpolation=cv2.INTER_AREA), np.uint8)
    image = np.asarray(cv2.GaussianBlur(image, (0, 0), 0.6), np.uint8)
    paste(image, draw_person(230, PERSONS[0]), 8, 170)
    paste(image, draw_person(190, PERSONS[1]), 130, 210)
    paste(image, draw_face(92, PERSONS[0]), 455, 10)
    paste(image, draw_face(64, PERSONS[1]), 510, 200)
    image[352:388, 400:510] = plate_image(PLATES[0], 110)
    image[352:378, 540:620] = plate_image(PLATES[1], 80)
    return image


def plate_image(text: str, width: int) -> BgrImage:
    """A plate from the front, `width` pixels wide."""
    whole = render_plate(text)
    height = round(width * whole.shape[0] / whole.shape[1])
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def slanted_plate(name: str) -> tuple[BgrImage, npt.NDArray[np.float32]]:
    """A crop of a plate seen from the side and turned as `SLANTED` says, and the plate's (4, 2) corners in it."""
    plate = plate_image(PLATES[0], 160)
    height, width = plate.shape[:2]
    angle = np.deg2rad(SLANTED[name])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    from_front = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    slant = np.array([[0.8, 0.0], [0.15, 1.0]])
    corners = from_front @ slant.T @ turn.T
    margin = 0.06 * np.ptp(corners, axis=0)
    corners = np.asarray(corners - corners.min(axis=0) + margin, np.float32)
    size = np.ceil(np.ptp(corners, axis=0) + 2 * margin).astype(int)
    warp = cv2.getPerspectiveTransform(from_front, corners)
    image = np.full((size[1], size[0], 3), (70, 60, 60), np.uint8)
    cv2.warpPerspective(plate, warp, (int(size[0]), int(size[1])), dst=image, borderMode=cv2.BORDER_TRANSPARENT)
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 0.7), np.uint8), corners


def sprites() -> Mapping[str, Sprite]:
    """Persons and faces by file name."""
    made = {f"person-{n}": draw_person(240, colors) for n, colors in enumerate(PERSONS, start=1)}
    made |= {f"face-{n}": draw_face(110, colors) for n, colors in enumerate(PERSONS, start=1)}
    return made
