"""Plates within loose boxes of a collector: as an enlarged crop shows them, else painted over."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from models.training.degrade import Image
from models.training.traffic.loose_plates import SIDE, tightened
from models.training.traffic.teachers import Found


class WhiteAreas:
    """Finds each white area as a plate, and says that the images are as large as they should be."""

    name, labels = "white areas", frozenset({"plate"})

    def detect(self, image: Image) -> list[Found]:
        """See `Teacher`."""
        assert max(image.shape[:2]) in {SIDE - 1, SIDE, SIDE + 1}
        white = (image.min(axis=2) > 200).astype(np.uint8)
        found = []
        for x, y, w, h, _ in cv2.connectedComponentsWithStats(white)[2][1:]:
            found.append(("plate", float(x), float(y), float(x + w), float(y + h), 0.8))
        return found


@pytest.fixture
def street() -> Image:
    image = np.full((400, 600, 3), 60, np.uint8)
    image[210:226, 304:324] = 255  # a plate on its mudguard
    image[60:80, 500:540] = 255  # another one, near a box that it is not in
    return image


def test_a_loose_box_becomes_the_plate_within_it(street: Image) -> None:
    loose, car = (295.0, 200.0, 335.0, 250.0), (0.0, 0.0, 9.0, 9.0)
    labels, unsure = tightened(street, [("plate", loose), ("car", car)], WhiteAreas())
    (plate, place), other = labels
    assert np.abs(np.array(place) - [304, 210, 324, 226]).max() < 1.5
    assert (plate, other, unsure) == ("plate", ("car", car), [])


def test_where_no_plate_is_found_a_loose_box_is_painted_over_and_a_tight_one_stays(street: Image) -> None:
    upright, one_line = (480.0, 70.0, 498.0, 100.0), (100.0, 300.0, 140.0, 312.0)
    labels, unsure = tightened(street, [("plate", upright), ("plate", one_line)], WhiteAreas())
    assert labels == [("plate", one_line)]
    assert unsure == [upright]
