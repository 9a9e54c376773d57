"""Ground calibration of a camera: a homography from pixels to meters on the road."""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, model_validator

from pipeline.errors import ConfigError

Points = npt.NDArray[np.float64]
"""(n, 2) float64, x and y."""

_FLATNESS = 1e-3
"""Minimum ratio of the 8th singular value to the first: below it the points do not determine the homography.
Four corners of a road seen at a grazing angle have about 0.02, three of four points on a line have 0."""
_WORST_RESIDUAL = 0.05
"""Maximum residual of a point (beyond the fourth), as share of the extent of all points on the ground."""
_FIX = "Measure at least four points on the road that span an area, no three on one line, in the same order"


class GroundPoint(BaseModel):
    """One point on the road, in the image and on the ground."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    x: float = Field(ge=0, le=1, title="Image x", description="From the left edge, share of the image's width.")
    y: float = Field(ge=0, le=1, title="Image y", description="From the top edge, share of the image's height.")
    x_m: float = Field(ge=-1e6, le=1e6, title="Ground x", description="Meters along any fixed axis on the road.")
    y_m: float = Field(ge=-1e6, le=1e6, title="Ground y", description="Meters along the axis at right angles to it.")


class Calibration(BaseModel):
    """The ground plane of a camera: at least four points known in the image and in meters.

    The road is assumed to be flat; points above it (roofs, plates) are placed too far away.

    Raises:
        pydantic.ValidationError: with the `ConfigError` of `solve` inside, when the points determine no plane.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    points: tuple[GroundPoint, ...] = Field(
        min_length=4,
        max_length=100,
        title="Ground points",
        description="Points on the road: x and y as shares of the image, x_m and y_m in meters.",
    )

    @model_validator(mode="after")
    def _fix_a_plane(self) -> Calibration:
        self.homography()
        return self

    def homography(self) -> Points:
        """(3, 3) float64, from relative image coordinates to meters; positive scale on the side of the points.

        Raises:
            ConfigError: see `solve`.
        """
        return solve(self.points)

    def to_ground(self, points_px: npt.ArrayLike, width: int, height: int) -> Points:
        """Positions of image points on the road.

        Args:
            points_px: (n, 2), x and y, pixels of the stored image.
            width, height: pixels of that image.

        Returns:
            (n, 2) meters; NaN for points at or above the horizon.
        """
        points = np.asarray(points_px, np.float64).reshape(-1, 2) / (width, height)
        return project(self.homography(), points)

    def to_image(self, points_m: npt.ArrayLike) -> Points:
        """Points on the road as shares of the image; the inverse of `to_ground`.

        Args:
            points_m: (n, 2), x_m and y_m, meters.

        Returns:
            (n, 2) shares of width and height, outside 0 to 1 for what is not in view; NaN for points behind the camera.
        """
        points = np.asarray(points_m, np.float64).reshape(-1, 2)
        inverse: Points = np.asarray(np.linalg.inv(self.homography()), np.float64)
        image = project(inverse, points)
        in_front = _scale(self.homography(), np.nan_to_num(image)) > 0
        return np.where(in_front[:, None], image, np.nan)


@functools.lru_cache(maxsize=1024)
def solve(points: tuple[GroundPoint, ...]) -> Points:
    """The homography of these points: (3, 3) float64, by least squares; read-only.

    Raises:
        ConfigError: points coincide or lie on one line; the horizon would run between them (two are swapped); or they
            contradict each other.
    """
    matrix = fit_plane(
        np.array([(p.x, p.y) for p in points], np.float64), np.array([(p.x_m, p.y_m) for p in points], np.float64)
    )
    matrix.flags.writeable = False
    return matrix


def fit_plane(image: Points, ground: Points) -> Points:
    """The homography of corresponding points, (n, 2) shares of the image and meters: (3, 3) float64.

    Raises:
        ConfigError: see `solve`.
    """
    import cv2  # here: a configuration is read by commands that need no OpenCV

    _check_spread(image, ground)
    fitted, _ = cv2.findHomography(image, ground, 0)
    if fitted is None or not np.isfinite(fitted).all():
        raise ConfigError("calibration", "no plane fits its points", _FIX)
    matrix = np.array(fitted, np.float64)
    scale = _scale(matrix, image)
    if scale[0] < 0:
        matrix, scale = -matrix, -scale
    if (scale <= 0).any():
        raise ConfigError(
            "calibration", "the horizon would run between its points: two are swapped, or one is far off", _FIX
        )
    miss = np.linalg.norm(project(matrix, image) - ground, axis=1)
    worst = int(miss.argmax())
    if miss[worst] > _WORST_RESIDUAL * float(np.ptp(ground, axis=0).max()):
        raise ConfigError(
            "calibration", f"point {worst + 1} is {miss[worst]:.1f} m off the plane that the others fix", _FIX
        )
    return matrix


def _scale(matrix: Points, points: Points) -> Points:
    """The homogeneous coordinate of each point; 0 on the horizon, one sign on each side of it."""
    scale: Points = points @ matrix[2, :2] + matrix[2, 2]
    return scale


def project(matrix: Points, points: Points) -> Points:
    """Points under a homography, (n, 2); NaN at and above the horizon."""
    scale = _scale(matrix, points)
    below_horizon = np.where(scale > 1e-9, scale, np.nan)
    ground: Points = (points @ matrix[:2, :2].T + matrix[:2, 2]) / below_horizon[:, None]
    return ground


def _check_spread(image: Points, ground: Points) -> None:
    """Raise when either set of points is too near a line to determine a plane (rank of the direct linear transform)."""
    for forward, backward in ((image, ground), (ground, image)):
        a, b = _normalized(forward), _normalized(backward)
        ones = np.ones((len(a), 1))
        homogeneous = np.hstack([a, ones])
        zeros = np.zeros_like(homogeneous)
        rows = np.vstack(
            [np.hstack([homogeneous, zeros, -b[:, :1] * homogeneous]),
             np.hstack([zeros, homogeneous, -b[:, 1:] * homogeneous])]
        )  # fmt: skip
        _, singular, vectors = np.linalg.svd(rows)
        plane = np.linalg.svd(vectors[-1].reshape(3, 3), compute_uv=False)
        if singular[7] < _FLATNESS * singular[0] or plane[2] < _FLATNESS * plane[0]:
            raise ConfigError("calibration", "its points lie on one line, or coincide", _FIX)


def _normalized(points: Points) -> Points:
    """Centered, mean distance √2, so that thresholds are dimensionless (Hartley & Zisserman, Multiple View, 4.4.4)."""
    centered = points - points.mean(axis=0)
    distance = float(np.linalg.norm(centered, axis=1).mean())
    if distance <= 0:
        raise ConfigError("calibration", "its points coincide", _FIX)
    result: Points = centered * (np.sqrt(2) / distance)
    return result
