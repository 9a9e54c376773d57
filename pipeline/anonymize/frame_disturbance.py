"""Disturbances of frames or of a part of them, measured so that test objects are disturbed like everything there.

Bars, slats, lost lines, lost line synchronization and inverted blocks break an image along lines across it; noise of
any grain is everywhere. A fence or blinds may fill a part of the image only, so parts are measured too. Natural scenes
do neither: edges of roads and houses end somewhere, and a sky or a road is smooth. Meshes at any angle are measured in
the whole image (`mesh`), bent edges also in its parts (`bent_edges`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.anonymize.bent_edges import NO_BEND, NO_BOXES, Bend, Boxes, EdgeDirections
from pipeline.anonymize.mesh import Hidden, find_mesh
from pipeline.domain.frame import BgrImage

_PARTS: Final = 16
"""Of the length of a line …"""
_BROKEN_PARTS: Final = 0.45
"""… in at least this share of which the image changes at a break."""
_REACH: Final = 24
_MIN_RATIO, _MIN_STEP = 2.0, 4.0
"""A break: the change from line to line exceeds this many times the usual one within `_REACH` lines, and this many gray
levels more."""
_USUAL: Final = 60
"""Percentile of the changes: bars without any change in them may be half of the image, and a third of lines broken."""
_STRIP_SHARE: Final = 1 / 12
"""Of the image's side, to which strips between breaks are thin."""
_PATTERN_SHARE, _PATTERN_SHARE_OF_BLOCK = 0.25, 0.4
"""Of the side of the image, and of a block of it, that thin strips occupy in a pattern; captions occupy less."""
_GRAINS: Final = (1, 2, 4)
"""Pixels of one grain of noise."""
_MIN_GRAINS: Final = 120
"""Along the image's shorter side; with fewer, noise and scene do not differ."""
_BLOCK: Final = 8
_EVERYWHERE: Final = 20
"""Percentile over blocks: four fifths of the image have more noise."""
_PARTS_PER_SIDE: Final = 3
"""Of the image, which are measured one by one."""
_LOCAL_NOISE: Final = 25.0
"""Gray levels from which noise of one part is a disturbance: foliage and gravel have up to 24."""
_PART_SHARE, _MIN_PART_PX = 1 / 2, 128
"""Size of a disturbed part: fraction of the image's side, minimum in pixels."""
_NOISY: Final = 0.12
"""Noise of the whole image, as a share of its gray levels, from which people in it are hard to see."""
_SMOOTH: Final = 0.35
"""Noise within grains of four pixels, as a share of the grains': less is noise of an enlarged image …"""
_SMOOTH_GAIN: Final = 1.6
"""… of which so much more was in the small image than is measured in the large one."""
_DARK, _BRIGHT = 2, 98
"""Percentiles of an image's gray levels."""
_SEED: Final = 13

Gray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FrameDisturbance:
    """Disturbance of one frame.

    Attributes:
        row_px, column_px: thickness of the strips into which the image is broken; 0 without a pattern.
        noise: standard deviation of the grains in gray levels; grain_px: pixels of a grain.
        smooth: whether grains pass into one another, as in an enlarged image.
        bend: of edges.
        mesh: (height, width) where a mesh hides the frame; None without one.
    """

    row_px: int
    column_px: int
    noise: float
    grain_px: int
    smooth: bool = False
    bend: Bend = NO_BEND
    mesh: Hidden | None = field(default=None, compare=False)

    @property
    def has_pattern(self) -> bool:
        """Whether the image is broken into strips, behind a mesh, or bent."""
        return bool(self.row_px or self.column_px) or self.hides_small_objects

    @property
    def hides_small_objects(self) -> bool:
        """Whether large objects may be found where small ones are not: behind a mesh, or bent."""
        return self.mesh is not None or bool(self.bend.period_px)

    def visible(self, height: int, width: int, left: int = 0, top: int = 0) -> npt.NDArray[np.bool_]:
        """(height, width) which pixels of an object there are seen: every second strip shows something else."""
        seen = np.logical_and.outer(_every_second(height, self.row_px), _every_second(width, self.column_px))
        if self.mesh is not None:
            seen &= ~self.mesh[top : top + height, left : left + width]
        return seen

    def grain(self, height: int, width: int) -> Gray:
        """(height, width) noise in gray levels, the same for each call."""
        rows, columns = -(-height // self.grain_px), -(-width // self.grain_px)
        coarse = np.random.default_rng(_SEED).normal(0, self.noise, (rows, columns)).astype(np.float32)
        if self.smooth:
            size = columns * self.grain_px, rows * self.grain_px
            return cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC).astype(np.float32)[:height, :width]
        return np.kron(coarse, np.ones((self.grain_px, self.grain_px), np.float32))[:height, :width]


@dataclass(frozen=True, slots=True)
class DisturbedPart:
    """The part of a frame that is disturbed most; the whole frame where no part differs from it.

    Attributes:
        rows, columns: of the frame.
        disturbance: of the part.
    """

    rows: slice
    columns: slice
    disturbance: FrameDisturbance

    def is_whole(self, frame: BgrImage) -> bool:
        """Whether it is all of a frame (height, width, 3) BGR."""
        height, width = frame.shape[:2]
        return (self.rows, self.columns) == (slice(0, height), slice(0, width))


def measure_disturbance(frame: BgrImage) -> FrameDisturbance:
    """The disturbance of a frame (height, width, 3) BGR as a whole."""
    return _measured(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY).astype(np.float32))


def most_disturbed_part(frame: BgrImage, recognized: Boxes = NO_BOXES) -> DisturbedPart:
    """Where objects in a frame are hardest to see.

    Args:
        frame: (height, width, 3) BGR.
        recognized: see `EdgeDirections`.
    """
    gray = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY).astype(np.float32)
    height, width = gray.shape
    edges = EdgeDirections(gray, recognized)
    whole = DisturbedPart(
        slice(0, height), slice(0, width), replace(_measured(gray), bend=edges.bend(), mesh=find_mesh(gray))
    )
    if whole.disturbance.has_pattern:
        return whole
    parts = [
        DisturbedPart(*place, _measured(_block(gray, row, column), _PATTERN_SHARE_OF_BLOCK))
        for (row, column), place in parts_of(height, width).items()
    ]
    worst = max(parts, key=lambda part: (part.disturbance.has_pattern, part.disturbance.noise))
    if worst.disturbance.has_pattern:
        return worst
    if (bent := _most_bent_part(gray, edges)) is not None:
        return bent
    dark, bright = np.percentile(gray, [_DARK, _BRIGHT])
    if whole.disturbance.noise >= _NOISY * (bright - dark):
        return replace(worst, disturbance=whole.disturbance)
    return worst if worst.disturbance.noise >= max(_LOCAL_NOISE, 2 * whole.disturbance.noise) else whole


def _most_bent_part(gray: Gray, edges: EdgeDirections) -> DisturbedPart | None:
    """Where a frame is bent much more than parts of ordinary ones; nothing where no part is."""
    places = list(parts_of(*gray.shape).values())
    bends = [edges.bend_of_part(*place) for place in places]
    bend, (rows, columns) = max(zip(bends, places, strict=True), key=lambda one: one[0].amplitude_px)
    if not bend.period_px:
        return None
    part = _measured(np.ascontiguousarray(gray[rows, columns]))
    return DisturbedPart(rows, columns, replace(part, bend=bend))


def parts_of(height: int, width: int) -> dict[tuple[int, int], tuple[slice, slice]]:
    """The overlapping parts of a frame by row and column: rows and columns of its pixels."""
    return {
        (row, column): (_part(row, height), _part(column, width))
        for row in range(_PARTS_PER_SIDE)
        for column in range(_PARTS_PER_SIDE)
    }


def _measured(gray: Gray, pattern_share: float = _PATTERN_SHARE) -> FrameDisturbance:
    grains = [px for px in _GRAINS if px == 1 or min(gray.shape) // px >= _MIN_GRAINS]
    noise, grain_px = max((_noise(gray, px), px) for px in grains)
    smooth = grain_px == max(_GRAINS) and _noise(gray, 1) < _SMOOTH * noise
    noise *= _SMOOTH_GAIN if smooth else 1
    rows, columns = (_strip_px(np.ascontiguousarray(one), pattern_share) for one in (gray, gray.T))
    return FrameDisturbance(rows, columns, noise, grain_px, smooth)


def _block(gray: Gray, row: int, column: int) -> Gray:
    height, width = (length // _PARTS_PER_SIDE for length in gray.shape)
    return np.ascontiguousarray(gray[row * height : (row + 1) * height, column * width : (column + 1) * width])


def _part(number: int, length: int) -> slice:
    """Around one of `_PARTS_PER_SIDE` blocks of a side, large enough for test objects."""
    size = min(length, max(_MIN_PART_PX, round(length * _PART_SHARE)))
    begin = round(length * (number + 0.5) / _PARTS_PER_SIDE - size / 2)
    begin = min(max(begin, 0), length - size)
    return slice(begin, begin + size)


def _strip_px(gray: Gray, pattern_share: float) -> int:
    """Typical thickness of thin horizontal strips, where these are a pattern; else 0."""
    breaks = np.flatnonzero(_breaks(gray))
    breaks = breaks[np.diff(breaks, prepend=-2) > 1]
    strips = np.diff(breaks)
    thin = strips[strips <= max(2, round(len(gray) * _STRIP_SHARE))]
    return int(np.median(thin)) if thin.sum() >= pattern_share * len(gray) else 0


def _breaks(gray: Gray) -> npt.NDArray[np.bool_]:
    """(height - 1,) whether the image breaks between a line and the next one, across most of its width."""
    steps = np.abs(np.diff(gray, axis=0))
    parts = np.stack([part.mean(axis=1) for part in np.array_split(steps, _PARTS, axis=1)])
    likely = (parts > _MIN_STEP).mean(axis=0) >= _BROKEN_PARTS
    reach = min(_REACH, parts.shape[1] - 1)
    padded = np.pad(parts, ((0, 0), (reach, reach)), mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=1)[:, likely]
    broken = np.zeros(parts.shape[1], bool)
    if likely.any():
        usual = np.percentile(windows, _USUAL, axis=2)
        broken[likely] = (parts[:, likely] > _MIN_RATIO * usual + _MIN_STEP).mean(axis=0) >= _BROKEN_PARTS
    return broken


def _noise(gray: Gray, grain_px: int) -> float:
    """Standard deviation of what is finer than two grains, in the smooth parts of the image."""
    height, width = gray.shape
    small = cv2.resize(gray, (width // grain_px, height // grain_px), interpolation=cv2.INTER_AREA)
    fine = small - cv2.GaussianBlur(small, (0, 0), 1.5)
    rows, columns = fine.shape[0] // _BLOCK, fine.shape[1] // _BLOCK
    blocks = fine[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK)
    return float(np.percentile(blocks.std(axis=(1, 3)), _EVERYWHERE))


def _every_second(length: int, strip_px: int) -> npt.NDArray[np.bool_]:
    return np.ones(length, bool) if not strip_px else np.arange(length) // strip_px % 2 == 0
