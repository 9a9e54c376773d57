"""Drawn scenes: luma with noise as a camera has it, and frames of it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipeline.decode.color import Color
from pipeline.decode.lazy_images import PlanarImage
from pipeline.domain.frame import Frame

WIDTH, HEIGHT = 640, 360
FPS = 25
Luma = npt.NDArray[np.uint8]


class Street:
    """A textured street; the same calls give the same images.

    Args:
        level: mean brightness; noise: standard deviation of a pixel.
    """

    def __init__(self, level: float = 110.0, noise: float = 3.0) -> None:
        self._random = np.random.default_rng(7)
        coarse = self._random.normal(0.0, 25.0, (HEIGHT // 20, WIDTH // 20))
        self._road = (level + np.kron(coarse, np.ones((20, 20))) * level / 110.0).astype(np.float32)
        self._fields = [self._random.normal(0.0, noise, (HEIGHT, WIDTH)).astype(np.float32) for _ in range(11)]
        self._index = 0

    def luma(self, *boxes: tuple[int, int, int, int], gain: float = 1.0, shift: int = 0, gray: int = 240) -> Luma:
        """The next image.

        Args:
            boxes: bright vehicles, xyxy.
            gain: of the exposure; shift: pixels by which the camera has moved to the side.
            gray: of the vehicles.
        """
        scene = np.roll(self._road, shift, axis=1).copy()
        for x1, y1, x2, y2 in boxes:
            scene[max(0, y1) : max(0, y2), max(0, x1) : max(0, x2)] = gray
        self._index += 1
        noisy = scene * gain + self._fields[self._index % len(self._fields)]
        image: Luma = np.clip(noisy, 0, 255).astype(np.uint8)
        return image


def frame(luma: Luma, index: int, camera: str = "cam") -> Frame:
    """Frame `index` at 25 frames per second."""
    chroma = np.full((HEIGHT // 2, WIDTH // 2), 128, np.uint8)
    image = PlanarImage([luma, chroma, chroma], Color.of(2, full_range=False, height=HEIGHT))
    return Frame(camera, "session", index, index / FPS, 1_700_000_000_000 + index * 40, 0.0, image)
