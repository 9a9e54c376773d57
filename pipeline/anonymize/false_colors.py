"""False colors, as thermal cameras and enhanced night video show levels: by hue instead of brightness.

Networks do not know people in them. Nearly all of such a frame is saturated, and in many hues.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from pipeline.domain.frame import BgrImage

_LONGER_SIDE: Final = 320
"""To which a larger frame is reduced, without mixing colors."""
_SATURATED, _BRIGHT = 100, 60
"""Least saturation and value, of 255, of a color whose hue counts …"""
_SHARE: Final = 0.75
"""… of at least this share of the pixels."""
_HUE_DEGREES: Final = 20
"""A hue is one of so many parts of the color circle …"""
_MIN_HUES, _HUE_SHARE = 7, 0.01
"""… of which a palette has at least so many, each in this share of the pixels."""


def has_false_colors(frame: BgrImage) -> bool:
    """Whether a frame (height, width, 3) BGR shows levels by a palette of many hues."""
    scale = min(1.0, _LONGER_SIDE / max(frame.shape[:2]))
    size = max(1, round(frame.shape[1] * scale)), max(1, round(frame.shape[0] * scale))
    small = cv2.resize(frame, size, interpolation=cv2.INTER_NEAREST)
    hue, saturation, value = cv2.split(cv2.cvtColor(small, cv2.COLOR_BGR2HSV))
    counted = (saturation >= _SATURATED) & (value >= _BRIGHT)
    if counted.mean() < _SHARE:
        return False
    hues = np.bincount(hue[counted].astype(int) * 2 // _HUE_DEGREES)
    return int((hues >= _HUE_SHARE * counted.sum()).sum()) >= _MIN_HUES
