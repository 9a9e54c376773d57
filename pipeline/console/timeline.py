"""A timeline of reads as a drawing: one line per camera, one point per read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 960
"""Of the drawing, in its own units."""
_LEFT: Final = 190
_RIGHT: Final = 20
_TOP: Final = 14
_ROW: Final = 26
_MOST_CAMERAS: Final = 12
_TICKS: Final = 4
_LEAST_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Timeline:
    """A drawing.

    Attributes:
        height: of it; rows: name of each camera and its y.
        points: x and y of each read; ticks: x and time of each vertical line, milliseconds since 1970 UTC.
        left_out: number of cameras for which there is no line.
    """

    height: int
    rows: tuple[tuple[str, int], ...]
    points: tuple[tuple[int, int], ...]
    ticks: tuple[tuple[int, int], ...]
    left_out: int


def timeline(reads: Sequence[tuple[str, int]]) -> Timeline | None:
    """The drawing of some reads; None without any.

    Args:
        reads: camera and time of each, in any order.
    """
    if not reads:
        return None
    cameras = list(dict.fromkeys(camera for camera, _ in sorted(reads, key=lambda one: one[1])))
    rows = {camera: _TOP + _ROW * number for number, camera in enumerate(cameras[:_MOST_CAMERAS])}
    first = min(at for _, at in reads)
    span = max(max(at for _, at in reads) - first, _LEAST_MS)

    def x(at_ms: int) -> int:
        return _LEFT + round((WIDTH - _LEFT - _RIGHT) * (at_ms - first) / span)

    return Timeline(
        height=_TOP + _ROW * len(rows) + _ROW,
        rows=tuple(rows.items()),
        points=tuple((x(at), rows[camera]) for camera, at in reads if camera in rows),
        ticks=tuple((x(at), at) for at in (first + span * number // _TICKS for number in range(_TICKS + 1))),
        left_out=len(cameras) - len(rows),
    )
