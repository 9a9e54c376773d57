"""Rendered video of a street with cars and Brazilian plates: real plates belong to people.

The caller chooses the plates, so reads of the video can be checked to the letter. A rendered scene does not show how
well real plates are read; see `benchmarks/results` for that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np

from pipeline.demo.camera_model import PoleCamera, Size
from pipeline.demo.car_mesh import Car, draw_car
from pipeline.demo.plate_image import render_plate
from pipeline.demo.road_drawing import draw_street
from pipeline.domain.frame import BgrImage

_PAINTS = ((186, 188, 190), (52, 46, 150), (150, 92, 48), (222, 224, 224), (96, 98, 100), (150, 152, 120))
_LANES_M = (1.7, -1.7)
_FIRST_M, _LAST_M = 5.0, 60.0
# Drawn at twice the size and shrunk: the cheapest smooth edges.
_OVERSAMPLING = 2
_NOISE = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class _Passage:
    """One car's drive through the scene."""

    car: Car
    x_m: float
    starts_s: float
    speed_m_s: float

    def y_m(self, time_s: float) -> float:
        """Distance of its rear from the pole; it accelerates, as behind a crossing."""
        driven_s = time_s - self.starts_s
        return _FIRST_M + self.speed_m_s * driven_s + 0.5 * 1.0 * max(driven_s, 0) ** 2


def render(
    path: Path,
    *,
    plates: Sequence[str],
    seconds: float = 9.0,
    fps: int = 10,
    size: Size = (1280, 720),
    seed: int = 7,
) -> Path:
    """Render the scene: cars seen from behind pass under a pole camera one by one and drive away.

    The same arguments give the same images.

    Args:
        path: the file to write; its suffix chooses the container (``.mp4``).
        plates: one car each, in this order, lanes in turn.
        seconds: length of the video.
        fps: frames per second.
        size: width and height in pixels, both even.
        seed: of the road's grain and the camera's noise.

    Returns:
        `path`.

    Raises:
        ValueError: no plates, no time, or an odd size.
    """
    if not plates or seconds <= 0 or fps <= 0 or size[0] % 2 or size[1] % 2:
        raise ValueError("a scene needs plates, seconds, fps and an even size")
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=fps, options={"crf": "20", "preset": "veryfast", "threads": "1"})
        stream.width, stream.height, stream.pix_fmt = size[0], size[1], "yuv420p"
        for image in images(plates=plates, seconds=seconds, fps=fps, size=size, seed=seed):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))
    return path


def images(*, plates: Sequence[str], seconds: float, fps: int, size: Size, seed: int = 7) -> Iterator[BgrImage]:
    """The scene's images, (height, width, 3) BGR, one by one; see `render`."""
    random = np.random.default_rng(seed)
    camera = PoleCamera((size[0] * _OVERSAMPLING, size[1] * _OVERSAMPLING))
    empty = draw_street(camera, random)
    passages = _passages(plates, seconds)
    for index in range(round(seconds * fps)):
        canvas = empty.copy()
        for passage in sorted(passages, key=lambda p: -p.y_m(index / fps)):
            y_m = passage.y_m(index / fps)
            if 0.5 < y_m < _LAST_M:
                draw_car(canvas, camera, passage.car, passage.x_m, y_m)
        yield _exposed(canvas, size, random)


def _passages(plates: Sequence[str], seconds: float) -> list[_Passage]:
    gap_s = seconds / (len(plates) + 0.4)
    return [
        _Passage(Car(_PAINTS[i % len(_PAINTS)], render_plate(plate)), _LANES_M[i % 2], i * gap_s, 2.0 + 0.3 * (i % 3))
        for i, plate in enumerate(plates)
    ]


def _exposed(canvas: BgrImage, size: Size, random: np.random.Generator) -> BgrImage:
    """The image of a sensor: shrunk, slightly blurred, slightly noisy."""
    image = cv2.resize(canvas, size, interpolation=cv2.INTER_AREA)
    image = cv2.GaussianBlur(image, (0, 0), 0.6)
    noise = cv2.resize(random.normal(0, _NOISE, (size[1] // 2, size[0] // 2)).astype(np.float32), size)
    return np.asarray(cv2.add(image, cv2.merge([noise] * 3), dtype=cv2.CV_8U), np.uint8)
