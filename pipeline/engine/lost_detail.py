"""Parts of an image that have lost the detail that they usually have: by light in the lens, or by dirt on it."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.engine.image_changes import Moment
from pipeline.engine.image_quality import Defect, Gray, area_deviations

_LEARNED: Final = 120
"""Samples before an image is judged."""
_QUANTILE: Final = 0.3
"""Of the detail of an area that is usual: vehicles that pass bring some to an empty road, and take it with them."""
_FOLLOWS_S: Final = 300.0
"""Time in which what is usual follows the image by a factor of two and more: faster than the light of a day."""
_GIVES_IN: Final = 1 / 36
"""Share of that speed in areas without their detail: a wall that was painted, a truck that was parked."""
_TEXTURED: Final = 3.0
"""Gray levels of detail from which an area has any that it could lose."""
_LEAST_AREAS: Final = 24
_LOST: Final = 0.35
"""Share of its usual detail below which an area has lost it, beside what all areas have lost."""
_LOST_SHARE: Final = 0.15
"""Share of the textured areas that must have lost theirs."""
_DAZZLED_SHARE: Final = 0.06
"""The same where light shines into the lens: around it only, and the veil over all others is no loss of a part."""
_SATURATED: Final = 250
_GLARE: Final = 0.03
"""Share of the pixels that are saturated beyond the usual one while light shines into the lens."""
_DIRTY_S: Final = 300.0
"""Longer than a bus stands at a light."""


class LostDetail:
    """Compares each sample of a camera with what is usual there; used by one thread."""

    def __init__(self) -> None:
        self._first: list[npt.NDArray[np.float32]] = []
        self._usual: npt.NDArray[np.float32] | None = None
        self._saturated = 0.0
        self._last = Moment()
        self._lost_since: Moment | None = None
        self._glares = False

    def add(self, gray: Gray, now: Moment) -> None:
        """One more sample, about a second after the last one."""
        detail, saturated = _detail(gray), float(np.mean(gray >= _SATURATED))
        step_s, self._last = min(max(now.at_s - self._last.at_s, 0.0), 60.0), now
        if self._usual is None:
            self._first.append(detail)
            self._saturated += (saturated - self._saturated) / len(self._first)
            if len(self._first) >= _LEARNED:
                self._usual = np.quantile(self._first, _QUANTILE, axis=0).astype(np.float32)
                self._first = []
            return
        lost = _lost(detail, self._usual)
        self._glares = saturated > self._saturated + _GLARE
        share = lost.sum() / max(np.count_nonzero(self._usual >= _TEXTURED), _LEAST_AREAS)
        if share < (_DAZZLED_SHARE if self._glares else _LOST_SHARE):
            self._lost_since = None
            self._saturated += step_s / _FOLLOWS_S * (saturated - self._saturated)
        elif self._lost_since is None:
            self._lost_since = now
        steps = step_s / _FOLLOWS_S * np.where(lost, _GIVES_IN, 1.0)
        self._usual *= np.exp(steps * (_QUANTILE - (detail < self._usual))).astype(np.float32)

    def found(self, now: Moment) -> tuple[Defect, Moment] | None:
        """The defect as of now and since when it lasts, None without one."""
        since = self._lost_since
        if since is None:
            return None
        if self._glares:
            return Defect.DAZZLED, since
        return (Defect.DIRTY, since) if now.at_s - since.at_s >= _DIRTY_S else None


def _lost(detail: npt.NDArray[np.float32], usual: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Areas without their detail: dusk, rain and fog take some of all of them, which is no loss of a part."""
    textured = usual >= _TEXTURED
    if np.count_nonzero(textured) < _LEAST_AREAS:
        return np.zeros(textured.shape, np.bool_)
    left = detail / np.maximum(usual, 1e-3)
    of_all = min(1.0, float(np.median(left[textured])))
    return np.asarray(textured & (left < _LOST * of_all), np.bool_)


def _detail(gray: Gray) -> npt.NDArray[np.float32]:
    """Contrast of edges in each area, without the noise of a sensor, gray levels."""
    levels = gray.astype(np.float32)
    return area_deviations(cv2.blur(levels, (3, 3)) - cv2.blur(levels, (11, 11)))
