"""Camera model of the plate scene: projection of points on the road to pixels.

World: meters, x to the right, y along the road away from the camera, z up, origin on the road under the pole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]
"""(n, 3) float64, meters in the world; or (n, 2), pixels."""
Size: TypeAlias = tuple[int, int]
"""Width and height, pixels."""


@dataclass(frozen=True, slots=True)
class PoleCamera:
    """A pinhole camera on a pole, pointed along the road and down.

    Attributes:
        size: of the image.
        height_m: of the camera above the road.
        pitch_deg: of its axis below the horizon.
        focal: focal length in widths of the image.
    """

    size: Size
    height_m: float = 3.0
    pitch_deg: float = 11.0
    focal: float = 1.3

    def project(self, points: Points) -> Points:
        """Pixels (n, 2) of world points (n, 3), which must lie before the camera."""
        pitch = np.deg2rad(self.pitch_deg)
        up_m = points[:, 2] - self.height_m
        depth_m = points[:, 1] * np.cos(pitch) - up_m * np.sin(pitch)
        down_m = -points[:, 1] * np.sin(pitch) - up_m * np.cos(pitch)
        focal_px = self.focal * self.size[0]
        center = np.array(self.size) / 2
        pixels: Points = np.stack((points[:, 0], down_m), axis=1) * (focal_px / depth_m)[:, None] + center
        return pixels

    def position(self) -> Points:
        """Position of the camera, (3,), meters."""
        return np.array([0.0, 0.0, self.height_m])
