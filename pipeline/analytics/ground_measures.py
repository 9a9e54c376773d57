"""Ground calibrations from what can be measured on a road: a rectangle, distances of four points, or a lane's width."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal, Self, TypeAlias

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError
from scipy.optimize import brentq, least_squares

from pipeline.analytics.calibration import Calibration, GroundPoint

__all__ = ["DistancesMeasure", "LaneMeasure", "Measure", "MeasuredGround", "RectangleMeasure"]

_STRICT: Final = ConfigDict(extra="forbid", frozen=True)
_WORST_MISFIT: Final = 0.05
"""Maximum misfit of the sixth distance to the other five, as share of the longest."""
_FOCAL_LENGTHS: Final = (0.3, 30.0)
"""Searched, in widths of the image: horizontal fields of view of 118 down to 2 degrees."""

_Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]
_Place: TypeAlias = tuple[_Share, _Share]
_Meters: TypeAlias = Annotated[float, Field(gt=0, le=10_000)]
_Vector: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MeasuredGround:
    """A calibration that was measured.

    Attributes:
        calibration: of the camera.
        misfit_m: by how much the measured lengths contradict each other, meters; None where none is redundant.
    """

    calibration: Calibration
    misfit_m: float | None = None


class RectangleMeasure(BaseModel):
    """A rectangle of known size on the road, such as a parking bay or a crosswalk.

    Attributes:
        corners: in the image, around it: near left, near right, far right, far left.
        width_m: from the first corner to the second; length_m: from the second to the third.
    """

    model_config = _STRICT

    kind: Literal["rectangle"] = "rectangle"
    corners: tuple[_Place, _Place, _Place, _Place]
    width_m: _Meters
    length_m: _Meters

    def ground(self, aspect: float) -> MeasuredGround:  # noqa: ARG002 - of one kind with the others
        """The calibration, see `Measure`."""
        width, length = self.width_m, self.length_m
        return MeasuredGround(
            calibration=_calibration(self.corners, np.array([(0, 0), (width, 0), (width, length), (0, length)]))
        )


class DistancesMeasure(BaseModel):
    """Four points on the road, A to D in their order around an area, and the distances between them.

    Attributes:
        corners: A, B, C, D in the image: near left, near right, far right, far left.
        ab, bc, cd, da: sides; ac: diagonal; bd: the other one, which shows how exact the others are. Meters.
    """

    model_config = _STRICT

    kind: Literal["distances"] = "distances"
    corners: tuple[_Place, _Place, _Place, _Place]
    ab: _Meters
    bc: _Meters
    cd: _Meters
    da: _Meters
    ac: _Meters
    bd: _Meters | None = None

    @model_validator(mode="after")
    def _triangles_close(self) -> Self:
        for name, one, other in (("ABC", self.ab, self.bc), ("ACD", self.cd, self.da)):
            if not abs(one - other) < self.ac < one + other:
                raise PydanticCustomError(
                    "open-triangle",
                    "the distances of triangle {triangle} do not close: {ac} m cannot join {one} m and {other} m; "
                    "measure them again",
                    {"triangle": name, "ac": self.ac, "one": one, "other": other},
                )
        return self

    def ground(self, aspect: float) -> MeasuredGround:  # noqa: ARG002 - of one kind with the others
        """The calibration, see `Measure`."""
        c = self._apex(self.ab, self.ac, self.bc)
        turned = self._apex(self.ac, self.da, self.cd)
        angle = np.arctan2(c[1], c[0])
        d = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ turned
        points = np.array([(0.0, 0.0), (self.ab, 0.0), c, d])
        misfit = None
        if self.bd is not None:
            pairs = np.array([(0, 1), (1, 2), (2, 3), (3, 0), (0, 2), (1, 3)])
            measured = np.array([self.ab, self.bc, self.cd, self.da, self.ac, self.bd])

            def misfits(values: _Vector) -> _Vector:
                placed = values.reshape(4, 2)
                lengths = np.linalg.norm(placed[pairs[:, 0]] - placed[pairs[:, 1]], axis=1)
                return np.asarray(lengths - measured, np.float64)

            fitted = least_squares(misfits, points.ravel())
            points, misfit = fitted.x.reshape(4, 2), float(np.abs(misfits(fitted.x)).max())
            if misfit > _WORST_MISFIT * measured.max():
                raise PydanticCustomError(
                    "contradiction",
                    "the six distances contradict each other by {misfit} m; measure them again",
                    {"misfit": f"{misfit:.2f}"},
                )
        return MeasuredGround(calibration=_calibration(self.corners, points), misfit_m=misfit)

    @staticmethod
    def _apex(base: float, left: float, right: float) -> _Vector:
        """The third corner of a triangle on a base along x, on the side of positive y."""
        x = (base**2 + left**2 - right**2) / (2 * base)
        return np.array([x, np.sqrt(max(left**2 - x**2, 0.0))])


class LaneMeasure(BaseModel):
    """The two edges of a straight lane of known width, and one length along it or the camera's field of view.

    The camera is taken to hang level, without distortion of its lens, and with the optical axis at the image's center.

    Attributes:
        left, right: points on the two edges, near first; two on each, or one where `vanishing` is given.
        vanishing: where edges and paths of vehicles meet in the image, as `vanishing_point` finds it; may lie outside.
        width_m: of the lane, between the edges.
        along, along_m: two points along an edge, and their distance, such as the period of the dashes.
        field_of_view_deg: horizontal, of the lens as it is set; instead of `along`.
    """

    model_config = _STRICT

    kind: Literal["lane"] = "lane"
    left: tuple[_Place, ...] = Field(min_length=1, max_length=2)
    right: tuple[_Place, ...] = Field(min_length=1, max_length=2)
    vanishing: tuple[float, float] | None = None
    width_m: _Meters
    along: tuple[_Place, _Place] | None = None
    along_m: _Meters | None = None
    field_of_view_deg: float | None = Field(default=None, ge=2, le=118)

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.vanishing is None and (len(self.left) < 2 or len(self.right) < 2):
            raise PydanticCustomError("few-points", "draw two points on each edge of the lane")
        if (self.along is None or self.along_m is None) and self.field_of_view_deg is None:
            raise PydanticCustomError(
                "no-length", "a lane needs a length along it, or the camera's horizontal field of view"
            )
        return self

    def ground(self, aspect: float) -> MeasuredGround:
        """The calibration, see `Measure`."""
        vanishing = _meeting(*self.left, *self.right) if self.vanishing is None else np.array(self.vanishing)
        highest = min(point[1] for point in (*self.left, *self.right, *(self.along or ())))
        if not vanishing[1] < highest:
            raise PydanticCustomError("no-horizon", "the edges of the lane do not meet above it; draw them again")
        if self.along is not None and self.along_m is not None:
            focal = self._focal(vanishing, aspect, self.along, self.along_m)
        else:
            assert self.field_of_view_deg is not None  # noqa: S101 - see _is_complete
            focal = 0.5 / np.tan(np.radians(self.field_of_view_deg) / 2)
        image = np.array([point for edge in (self.left, self.right) for point in _along_edge(edge, vanishing)])
        ground = self._placed(image, vanishing, aspect, focal)
        origin = ground[0].copy()
        return MeasuredGround(calibration=_calibration([(x, y) for x, y in image.tolist()], ground - origin))

    def _focal(self, vanishing: _Vector, aspect: float, along: tuple[_Place, _Place], along_m: float) -> float:
        """The focal length, in widths of the image, at which the length along the lane is as measured."""

        def excess(focal: float) -> float:
            start, end = self._placed(np.array(along), vanishing, aspect, focal)
            return float(np.linalg.norm(end - start)) - along_m

        low, high = (excess(focal) for focal in _FOCAL_LENGTHS)
        if low * high > 0:
            raise PydanticCustomError(
                "unlike-length",
                "no camera shows a lane of {width} m and a length of {length} m like this; check both figures",
                {"width": self.width_m, "length": along_m},
            )
        return float(brentq(excess, *_FOCAL_LENGTHS))

    def _placed(self, points: _Vector, vanishing: _Vector, aspect: float, focal: float) -> _Vector:
        """Image points on the road, (n, 2) meters across and along the lane."""
        travel = _rays(vanishing, aspect, focal)
        # Level camera: the horizon is the row of the vanishing point, so the normal, downward, has no part across.
        normal = np.array([0.0, focal, -travel[1]])
        normal, travel = normal / np.linalg.norm(normal), travel / np.linalg.norm(travel)
        axes = np.stack([np.cross(normal, travel), travel], axis=1)

        def on_road(places: npt.ArrayLike) -> _Vector:
            rays = _rays(places, aspect, focal)
            return np.asarray(rays / (rays @ normal)[:, None] @ axes, np.float64)  # camera one unit above the road

        left, right = on_road([self.left[0], self.right[0]])
        return np.asarray(on_road(points) * (self.width_m / abs(right[0] - left[0])), np.float64)


Measure: TypeAlias = Annotated[RectangleMeasure | DistancesMeasure | LaneMeasure, Field(discriminator="kind")]
"""What was measured; `ground(aspect)` makes the calibration, for an image of that width over its height.

It raises a `PydanticCustomError` or `ConfigError` where the measure determines no plane."""


def _rays(points: npt.ArrayLike, aspect: float, focal: float) -> _Vector:
    """Directions from the camera to image points: right, down and forward, in widths of the image."""
    places = np.asarray(points, np.float64)
    right, down = places[..., 0] - 0.5, (places[..., 1] - 0.5) / aspect
    return np.stack([right, down, np.full_like(right, focal)], axis=-1)


def _along_edge(edge: tuple[_Place, ...], vanishing: _Vector) -> list[_Vector]:
    """Two points on an edge: as drawn, or with one on the way to the vanishing point, in the image."""
    first = np.array(edge[0], np.float64)
    if len(edge) > 1:
        return [first, np.array(edge[1], np.float64)]
    second = (first + vanishing) / 2
    while (second < 0).any() or (second > 1).any():
        second = (first + second) / 2
    return [first, second]


def _meeting(*points: _Place) -> _Vector:
    """Where the line through the first two points meets that through the others."""
    homogeneous = np.column_stack([np.array(points, np.float64), np.ones(4)])
    meeting = np.cross(np.cross(*homogeneous[:2]), np.cross(*homogeneous[2:]))
    if abs(meeting[2]) < 1e-9 * np.abs(meeting).max():
        raise PydanticCustomError("no-horizon", "the edges of the lane do not meet above it; draw them again")
    return np.asarray(meeting[:2] / meeting[2], np.float64)


def _calibration(image: npt.ArrayLike, ground: _Vector) -> Calibration:
    """The calibration of corresponding points, meters rounded to millimeters."""
    places = np.asarray(image, np.float64)
    return Calibration(
        points=tuple(
            GroundPoint(x=round(x, 5), y=round(y, 5), x_m=round(x_m, 3) + 0.0, y_m=round(y_m, 3) + 0.0)
            for (x, y), (x_m, y_m) in zip(places.tolist(), ground.tolist(), strict=True)
        )
    )
