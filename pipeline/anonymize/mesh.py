"""Meshes in front of a scene: chain-link fences, nets and wires, which repeat at any angle over the whole frame.

A pattern that repeats over a frame is a sharp peak of its spectrum; scenes have none. Folded by the pattern's periods,
all its cells lie upon one another: where the mesh is, they are alike, and elsewhere the scene shows.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

Gray = npt.NDArray[np.float32]
Hidden = npt.NDArray[np.bool_]
"""(height, width), where a mesh hides the scene."""
_LONGER_SIDE: Final = 1280
"""To which a larger frame is reduced."""
_PERIODS_PX: Final = (4.0, 80.0)
"""Of meshes."""
_PEAK: Final = 12.0
"""A peak exceeds the spectrum around it by this factor; in streets none exceeds it by 8."""
_FUNDAMENTAL_PEAK: Final = 5.0
"""A peak at a half, a third or a quarter of a sharper one's frequency exceeds the spectrum around it by this factor."""
_AROUND: Final = 25
"""Width of the spectrum around a value, in frequencies of the whole frame."""
_ALONG_AXES: Final = 3
"""Frequencies along the axes in which edges of buildings and of the frame itself lie."""
_BINS: Final = 12
"""Per period, of a folded pattern."""
_ALIKE: Final = 0.6
"""Spread of gray levels in a bin of the mesh, as a share of the frame's."""
_HIDDEN_SHARE: Final = (0.04, 0.9)
"""Share of a frame that a mesh hides."""
_PARALLEL: Final = 0.25
"""Sine of the angle between two frequencies up to which one is a multiple of the other, or nearly the same."""
_REFINEMENTS: Final = 4


def find_mesh(gray: Gray) -> Hidden | None:
    """Where a mesh hides a frame (height, width), gray levels; nothing without a mesh."""
    scale = min(1.0, _LONGER_SIDE / max(gray.shape))
    small = gray if scale == 1 else cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    small = np.asarray(small, np.float32)
    detail = small - cv2.GaussianBlur(small, (0, 0), _PERIODS_PX[1] / 4)
    frequencies = [_refined(detail, one) for one in _peaks(detail)]
    if not frequencies:
        return None
    hidden = _alike(small, frequencies)
    if not _HIDDEN_SHARE[0] <= hidden.mean() <= _HIDDEN_SHARE[1]:
        return None
    if scale == 1:
        return hidden
    size = gray.shape[1], gray.shape[0]
    return np.asarray(cv2.resize(hidden.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST), bool)


def _peaks(detail: Gray) -> list[tuple[float, float]]:
    """The sharpest peak of the spectrum, and the sharpest in another direction: cycles per pixel along y and x."""
    height, width = detail.shape
    window = np.outer(np.hanning(height), np.hanning(width)).astype(np.float32)
    spectrum = np.abs(np.fft.rfft2(detail * window)).astype(np.float32)
    down, across = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    length = np.hypot(down, across)
    allowed = (length >= 1 / _PERIODS_PX[1]) & (length <= 1 / _PERIODS_PX[0])
    allowed &= (np.abs(down) * height > _ALONG_AXES) & (across * width > _ALONG_AXES)
    usual = cv2.blur(spectrum, (_AROUND, _AROUND), borderType=cv2.BORDER_REFLECT)
    sharp = np.where(allowed, spectrum / (usual + 1e-6), 0)
    chosen: list[tuple[float, float]] = []
    for _ in range(2):
        at = np.unravel_index(int(sharp.argmax()), sharp.shape)
        if sharp[at] < _PEAK:
            break
        y, x = _fundamental(sharp, int(at[0]) - (height if down[at[0], 0] < 0 else 0), int(at[1]))
        y, x = y / height, x / width
        chosen.append((y, x))
        sine = np.abs(down * x - across * y) / (length * np.hypot(y, x) + 1e-9)
        sharp = np.where(sine > _PARALLEL, sharp, 0)
    return chosen


def _fundamental(sharp: Gray, y: int, x: int) -> tuple[float, float]:
    """The lowest frequency of which a peak at (y, x) is a multiple, and which is a peak too."""
    for times in (4, 3, 2):
        row, column = round(y / times), round(x / times)
        near = sharp[np.ix_(np.arange(row - 1, row + 2) % len(sharp), np.arange(max(0, column - 1), column + 2))]
        if near.max() >= _FUNDAMENTAL_PEAK:
            return y / times, x / times
    return float(y), float(x)


def _refined(detail: Gray, frequency: tuple[float, float]) -> tuple[float, float]:
    """The frequency of the strongest wave near one, to a twentieth of a frequency of the whole frame."""
    height, width = detail.shape
    weighted = detail * np.outer(np.hanning(height), np.hanning(width)).astype(np.float32)
    y, x = frequency
    step = 0.5
    for _ in range(_REFINEMENTS):
        ys, xs = (y + np.array([-step, 0, step]) / height), (x + np.array([-step, 0, step]) / width)
        rows = np.exp(-2j * np.pi * ys[:, None] * np.arange(height)[None])
        columns = np.exp(-2j * np.pi * np.arange(width)[:, None] * xs[None])
        strength = np.abs(rows @ weighted @ columns)
        best = np.unravel_index(int(strength.argmax()), strength.shape)
        y, x = float(ys[best[0]]), float(xs[best[1]])
        step /= 2
    return y, x


def _alike(gray: Gray, frequencies: list[tuple[float, float]]) -> Hidden:
    """Where a frame folded by the periods shows the same in all cells."""
    rows, columns = np.indices(gray.shape, np.float32)
    folded = np.zeros(gray.shape, np.int64)
    for y, x in frequencies:
        folded = folded * _BINS + (((rows * y + columns * x) % 1) * _BINS).astype(np.int64) % _BINS
    count = _BINS ** len(frequencies)
    sizes = np.maximum(1, np.bincount(folded.ravel(), minlength=count))
    middle = np.bincount(folded.ravel(), gray.ravel(), minlength=count) / sizes
    spread = np.bincount(folded.ravel(), np.abs(gray - middle[folded]).ravel(), minlength=count) / sizes
    usual = float(np.abs(gray - gray.mean()).mean())
    return np.asarray(spread[folded] < _ALIKE * usual)
