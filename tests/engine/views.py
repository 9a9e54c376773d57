"""A drawn street whose view can be moved, and what a camera sends of it."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.domain.frame import BgrImage, Frame

Gray = npt.NDArray[np.uint8]
WIDTH, HEIGHT = 320, 180


def street(seed: int = 1) -> Gray:
    """Houses, windows and lanes, larger than a view of them."""
    randoms = np.random.default_rng(seed)
    image = np.full((HEIGHT * 2, WIDTH * 2), 120, np.uint8)
    for _ in range(420):
        x, y = randoms.integers(0, WIDTH * 2), randoms.integers(0, HEIGHT * 2)
        w, h = randoms.integers(5, 45), randoms.integers(5, 30)
        cv2.rectangle(image, (int(x), int(y)), (int(x + w), int(y + h)), int(randoms.integers(30, 230)), -1)
    for _ in range(60):
        ends = randoms.integers(0, WIDTH * 2, 4)
        cv2.line(image, tuple(map(int, ends[:2])), tuple(map(int, ends[2:])), int(randoms.integers(200, 255)), 1)
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 0.8), np.uint8)


STREET = street()
_NOISE = np.random.default_rng(7).normal(0, 2, (HEIGHT, WIDTH)).astype(np.float32)


def view(x: float = 0, y: float = 0, zoom: float = 1, turn: float = 0, *, sample: int = 0, of: Gray = STREET) -> Gray:
    """What a camera shows of it: shifted by shares of the width, larger, turned by degrees, with noise of its own."""
    matrix = cv2.getRotationMatrix2D((WIDTH, HEIGHT), -turn, zoom)
    matrix[:, 2] += np.array((x * WIDTH - WIDTH / 2, y * WIDTH - HEIGHT / 2))
    image = cv2.warpAffine(of, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR)
    noise = np.roll(_NOISE, (sample * 37, sample * 53), (0, 1))
    return np.asarray(np.clip(image + noise, 0, 255), np.uint8)


class GrayImage:
    """An image without color."""

    sample_aspect = 1.0

    def __init__(self, gray: Gray) -> None:
        self._gray = gray
        self.height, self.width = gray.shape

    def bgr(self) -> BgrImage:
        return np.asarray(cv2.cvtColor(self._gray, cv2.COLOR_GRAY2BGR), np.uint8)

    def resized(self, width: int, height: int) -> BgrImage:
        return np.asarray(cv2.resize(self.bgr(), (width, height), interpolation=cv2.INTER_AREA), np.uint8)

    def crop(self, x1: int, y1: int, x2: int, y2: int) -> BgrImage:
        return self.bgr()[y1:y2, x1:x2].copy()


def frame_of(gray: Gray, at_s: float, camera: str = "cam") -> Frame:
    """A frame that arrived at a second."""
    return Frame(camera, "5", 0, at_s, 1_700_000_000_000 + round(at_s * 1000), at_s, GrayImage(gray))
