"""Meshes in front of a scene: fences, nets, wires, railings and blinds, which repeat at any angle over the frame.

Edges of a mesh repeat over a frame: they are a peak of the spectrum of its edges, whatever their contrast. Peaks are
hypotheses only. Folded by the period of a mesh, all its cells lie upon one another: where the mesh is, they are alike,
and elsewhere the scene shows. Folded by any other period, a frame shows everything everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

Gray = npt.NDArray[np.float32]
Hidden = npt.NDArray[np.bool_]
"""(height, width), where a mesh hides the scene."""
Wave = tuple[float, float]
"""Cycles per pixel along y and x."""
_LONGER_SIDE: Final = 1280
"""To which a larger frame is reduced."""
_PERIODS_PX: Final = (3.0, 90.0)
"""Of meshes, and of multiples of their frequencies."""
_EDGE: Final = 30.0
"""Gradient from which edges count alike, in the units of a 3 × 3 Sobel filter: those of a mesh are everywhere."""
_REDUCED: Final = 4
"""Factor by which a frame is reduced for its mean around each pixel: the same at a tenth of the time."""
_PEAK: Final = 7.0
"""A peak exceeds the spectrum around it by this factor, its geometric mean."""
_AROUND: Final = 25
"""Width of the spectrum around a value, in frequencies of the whole frame."""
_PEAKS: Final = 4
"""Of each octave of periods, which are tried …"""
_MULTIPLES: Final = (1, 2, 3)
"""… each of them as a multiple of the mesh's frequency."""
_CLEAR: Final = 0.15
"""Gain from which no other wave of that direction is tried."""
_BINS: Final = 12
"""Per period, of a folded pattern."""
_SAMPLE_PX: Final = 40_000
"""Pixels by which hypotheses are tried."""
_ALIKE: Final = 0.6
"""Spread of gray levels in a bin of the mesh, as a share of the frame's."""
_HIDDEN_SHARE: Final = (0.04, 0.9)
"""Share of a frame that a mesh hides."""
_PARALLEL: Final = 0.25
"""Sine of the angle between two waves up to which one is a multiple of the other, or nearly the same."""
_REFINEMENTS: Final = 4
_SEED: Final = 7


def find_mesh(gray: Gray) -> Hidden | None:
    """Where a mesh hides a frame (height, width), gray levels; nothing without a mesh."""
    scale = min(1.0, _LONGER_SIDE / max(gray.shape))
    small = gray if scale == 1 else cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    small = np.asarray(small, np.float32)
    waves = _mesh_waves(small)
    if not waves:
        return None
    hidden = _Pixels.all_of(small).alike(waves).reshape(small.shape)
    if not _HIDDEN_SHARE[0] <= hidden.mean() <= _HIDDEN_SHARE[1]:
        return None
    if scale == 1:
        return hidden
    size = gray.shape[1], gray.shape[0]
    return np.asarray(cv2.resize(hidden.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST), bool)


def _mesh_waves(gray: Gray) -> list[Wave]:
    """Up to two waves of different directions by which a frame folds best; none without a mesh."""
    edges = _edges(gray)
    if not edges.any():
        return []
    sample = _Pixels.sample_of(gray)
    folds: list[tuple[float, Wave]] = []
    for peak in _peaks(edges):
        if any(gain >= _CLEAR and _are_parallel(peak, wave) for gain, wave in folds):
            continue
        y, x = _refined(edges, peak)
        waves = [(y / times, x / times) for times in _MULTIPLES if times <= _PERIODS_PX[1] * np.hypot(y, x)]
        folds += [(gain, wave) for wave in waves if (gain := sample.gain([wave]))]
    chosen: list[Wave] = []
    for _, wave in sorted(folds, reverse=True):
        if not any(_are_parallel(wave, other) for other in chosen):
            chosen.append(wave)
    return chosen[:2]


def _edges(gray: Gray) -> Gray:
    """Strength of edges at each pixel, without what is larger than a mesh."""
    x, y = (np.minimum(np.abs(cv2.Sobel(gray, cv2.CV_32F, *axis)), _EDGE) for axis in ((1, 0), (0, 1)))
    strength = np.asarray(x + y, np.float32)
    height, width = strength.shape
    reduced = cv2.resize(strength, (-(-width // _REDUCED), -(-height // _REDUCED)), interpolation=cv2.INTER_AREA)
    around = cv2.GaussianBlur(reduced, (0, 0), _PERIODS_PX[1] / 4 / _REDUCED)
    return np.asarray(strength - cv2.resize(around, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _peaks(edges: Gray) -> list[Wave]:
    """The sharpest peaks of the spectrum in each octave, long periods first.

    The axes themselves are left out: edges of buildings and of the frame lie there, and strips are measured elsewhere.
    """
    height, width = edges.shape
    spectrum = np.abs(np.fft.rfft2(_windowed(edges))).astype(np.float32)
    down, across = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    period = 1 / np.maximum(np.hypot(down, across), 1e-9)
    allowed = (period >= _PERIODS_PX[0]) & (period <= _PERIODS_PX[1]) & (down != 0) & (across != 0)
    allowed &= spectrum >= cv2.dilate(spectrum, np.ones((3, 3), np.uint8))
    logarithm = np.log(spectrum + 1e-3)
    sharp = logarithm - cv2.blur(logarithm, (_AROUND, _AROUND), borderType=cv2.BORDER_REFLECT)
    rows, columns = np.nonzero(allowed & (sharp >= np.log(_PEAK)))
    octave = np.floor(np.log2(period[rows, columns])).astype(int)
    chosen: list[int] = []
    for one in sorted(set(octave.tolist()), reverse=True):
        of_octave = np.flatnonzero(octave == one)
        best = np.argsort(-sharp[rows[of_octave], columns[of_octave]], kind="stable")[:_PEAKS]
        chosen += of_octave[best].tolist()
    return [(float(down[rows[at], 0]), float(across[0, columns[at]])) for at in chosen]


def _windowed(edges: Gray) -> Gray:
    return np.asarray(edges * np.outer(*(np.hanning(length) for length in edges.shape)), np.float32)


def _refined(edges: Gray, wave: Wave) -> Wave:
    """The strongest wave near one, to a twentieth of a frequency of the whole frame."""
    height, width = edges.shape
    weighted = _windowed(edges)
    y, x = wave
    step = 0.5
    for _ in range(_REFINEMENTS):
        ys, xs = (y + np.array([-step, 0, step]) / height), (x + np.array([-step, 0, step]) / width)
        rows = np.exp(-2j * np.pi * ys[:, None] * np.arange(height)[None])
        columns = np.exp(-2j * np.pi * np.arange(width)[:, None] * xs[None]).astype(np.complex64)
        cosine, sine = np.split(np.concatenate([rows.real, rows.imag]).astype(np.float32) @ weighted, 2)
        strength = np.abs((cosine + 1j * sine) @ columns)
        best = np.unravel_index(int(strength.argmax()), strength.shape)
        y, x = float(ys[best[0]]), float(xs[best[1]])
        step /= 2
    return y, x


def _are_parallel(one: Wave, other: Wave) -> bool:
    sine = abs(one[0] * other[1] - one[1] * other[0]) / (np.hypot(*one) * np.hypot(*other))
    return bool(sine <= _PARALLEL)


@dataclass(frozen=True, slots=True)
class _Pixels:
    """Pixels (n,) of a frame, to be folded: where they are, and their gray levels.

    Each is placed anywhere within its square: by whole pixels, a fold of 8.01 columns sorts the rows.
    """

    rows: npt.NDArray[np.float64]
    columns: npt.NDArray[np.float64]
    levels: npt.NDArray[np.float64]

    @classmethod
    def all_of(cls, gray: Gray) -> _Pixels:
        rows, columns = (index.ravel() for index in np.indices(gray.shape))
        return cls._at(gray, rows, columns)

    @classmethod
    def sample_of(cls, gray: Gray) -> _Pixels:
        random = np.random.default_rng(_SEED)
        rows, columns = (random.integers(0, length, _SAMPLE_PX) for length in gray.shape)
        return cls._at(gray, rows, columns)

    @classmethod
    def _at(cls, gray: Gray, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64]) -> _Pixels:
        within = np.random.default_rng(_SEED).random((2, len(rows)))
        return cls(rows + within[0], columns + within[1], gray[rows, columns].astype(np.float64))

    def gain(self, waves: list[Wave]) -> float:
        """How much more alike the pixels of the mesh are than others, times its share; 0 without a mesh."""
        spread, bins = self._spread(waves)
        shares = np.bincount(bins, minlength=len(spread)) / len(bins)
        alike = spread < _ALIKE
        return float(((1 - spread) * shares)[alike].sum()) if shares[alike].sum() >= _HIDDEN_SHARE[0] else 0.0

    def alike(self, waves: list[Wave]) -> Hidden:
        """(n,) whether a pixel shows the same in all cells."""
        spread, bins = self._spread(waves)
        return np.asarray(spread[bins] < _ALIKE)

    def _spread(self, waves: list[Wave]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
        """Spread of gray levels in each bin of the folded pixels as a share of that of all, and each pixel's bin."""
        bins = np.zeros(len(self.levels), np.int64)
        for y, x in waves:
            bins = bins * _BINS + ((self.rows * y + self.columns * x) % 1 * _BINS).astype(np.int64) % _BINS
        count = _BINS ** len(waves)
        sizes = np.maximum(1, np.bincount(bins, minlength=count))
        means = np.bincount(bins, self.levels, minlength=count) / sizes
        spread = np.bincount(bins, np.abs(self.levels - means[bins]), minlength=count) / sizes
        return spread / max(1e-6, float(np.abs(self.levels - self.levels.mean()).mean())), bins
