"""Plate crops are cut in square pixels, as readers were trained."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.detect.image_region import WholeImage
from pipeline.lpr.plate_crops import plate_crop
from pipeline.lpr.settings import LprSettings

NO_MARGIN = LprSettings(margin_x=0, margin_y=0)


@pytest.mark.parametrize(("aspect", "size"), [(1.0, (20, 60)), (0.5, (40, 60)), (2.0, (20, 120))])
def test_a_crop_has_the_proportions_of_the_plate_whatever_the_pixels_are(aspect: float, size: tuple[int, int]) -> None:
    image = WholeImage(np.zeros((100, 200, 3), np.uint8), aspect)
    assert plate_crop(image, (10, 10, 70, 30), NO_MARGIN).shape[:2] == size
