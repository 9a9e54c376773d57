"""Errors of a ground calibration: misfit of its points, error of speeds at a place, and vehicles that would fly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic_core import PydanticCustomError

from pipeline.analytics.calibration import Calibration, GroundPoint, fit_plane, project
from pipeline.domain.polygon import Corner
from pipeline.domain.traffic_areas import MOTOR_TRAFFIC, TrafficAreas
from pipeline.domain.trajectory import TrajectoryPoint
from pipeline.errors import ConfigError

__all__ = ["CalibrationError", "CheckLength", "Trajectory", "calibration_error", "check_horizon", "check_speeds"]

_CLICK: Final = 0.0015
"""Standard deviation of a point that a person sets: 2 pixels of 1280, as share of the width."""
_TAPE_M: Final = 0.05
"""Standard deviation of a measured position on the road, meters."""
_TRIALS: Final = 200
_STEP: Final = 0.004
"""Length over which the scale at a place is taken, as share of the image."""
FASTEST_KM_H: Final = 200.0
_MOST_FAST: Final = 0.1
"""Share of the recorded tracks that may be faster: some are two vehicles taken for one."""
_LEAST_TRACKS: Final = 5
_LEAST_WAY: Final = 0.05
"""Of a track that counts as moving, as share of the image."""
_LEAST_STEP_MS: Final = 300

Trajectory = Sequence[TrajectoryPoint]
"""Ground points of one vehicle."""


class CheckLength(NamedTuple):
    """A length on the road that was measured and did not go into the calibration; places as shares of the image."""

    start: Corner
    end: Corner
    meters: float


@dataclass(frozen=True, slots=True)
class CalibrationError:
    """Errors of a calibration.

    Attributes:
        points: it has; four always fit exactly.
        misfit_m: largest distance of a point from where the plane has it, meters.
        misfit_share: the same in the image, as share of its width.
        speed: standard error of speeds at the place that was asked for, as share of the speed.
        check: measured over true length, less one; None without a check length.
    """

    points: int
    misfit_m: float
    misfit_share: float
    speed: float
    check: float | None

    def as_json(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self)


def calibration_error(
    calibration: Calibration,
    at: Corner,
    aspect: float,
    *,
    toward: Corner | None = None,
    check: CheckLength | None = None,
) -> CalibrationError:
    """The errors of a calibration, for points that are set within 2 pixels of 1280 and measured within 5 cm.

    Args:
        calibration: of the camera.
        at: the place where speeds are judged, as share of the image; toward: a place in the direction of travel there,
            None for the direction in which the road recedes.
        aspect: width of the image over its height.
        check: a known length.

    Raises:
        ConfigError: `at` lies above the horizon.
    """
    image, ground = _arrays(calibration.points)
    placed = calibration.to_ground(image, 1, 1)
    back = calibration.to_image(ground) - image
    direction = np.subtract(toward, at) if toward is not None else np.array([0.0, -1.0])
    ends = np.array([at, np.add(at, direction / max(float(np.linalg.norm(direction)), 1e-9) * -_STEP)])
    lengths = [_length(calibration.homography(), ends)]
    if not np.isfinite(lengths[0]):
        raise ConfigError("calibration", "the place lies above its horizon", "Name a place on the road")
    noise = np.random.default_rng(17)  # fixed: the same calibration has the same error each time
    for _ in range(_TRIALS):
        moved = image + noise.normal(0, _CLICK, image.shape) * (1, aspect)
        measured = ground + noise.normal(0, _TAPE_M, ground.shape)
        lengths.append(_trial(moved, measured, ends))
    spread = np.array(lengths[1:]) / lengths[0] - 1
    error = None
    if check is not None:
        error = _length(calibration.homography(), (check.start, check.end)) / check.meters - 1
    return CalibrationError(
        len(image),
        float(np.linalg.norm(placed - ground, axis=1).max()),
        float(np.linalg.norm(back * (1, 1 / aspect), axis=1).max()),
        float(np.sqrt(np.nanmean(spread**2))) if np.isfinite(spread).mean() > 0.5 else float("inf"),
        error,
    )


def check_horizon(calibration: Calibration, areas: TrafficAreas) -> None:
    """Require that all places of motor traffic lie below the horizon of a calibration.

    Raises:
        pydantic_core.PydanticCustomError: a zone or a line reaches above it.
    """
    places = [(zone.name, zone.polygon) for zone in areas.zones if zone.kind in MOTOR_TRAFFIC]
    places += [(line.name, (line.start, line.end)) for line in areas.lines]
    for name, corners in places:
        if np.isnan(calibration.to_ground(corners, 1, 1)).any():
            raise PydanticCustomError(
                "horizon",
                "the horizon of the calibration runs through '{name}', as if vehicles drove in the sky; move the area "
                "below it, or measure the calibration again",
                {"name": name},
            )


def check_speeds(calibration: Calibration, trajectories: Sequence[Trajectory]) -> int:
    """Require that the vehicles of recorded tracks would not be faster than any road allows.

    Returns:
        The number of moving tracks that were judged; below five nothing is.

    Raises:
        pydantic_core.PydanticCustomError: more than a tenth of them would be faster than 200 km/h, or leave the road.
    """
    speeds = np.array([_speed_km_h(calibration, one) for one in trajectories if _moves(one)])
    if len(speeds) < _LEAST_TRACKS:
        return len(speeds)
    fast = float((~(speeds <= FASTEST_KM_H)).mean())  # nor is NaN, above the horizon
    if fast > _MOST_FAST:
        raise PydanticCustomError(
            "flying",
            "{share} of {tracks} recorded vehicles would be faster than {fastest} km/h, or above the horizon; a length "
            "is wrong, or two points are swapped",
            {"share": f"{fast:.0%}", "tracks": len(speeds), "fastest": round(FASTEST_KM_H)},
        )
    return len(speeds)


def _arrays(points: Sequence[GroundPoint]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    return np.array([(p.x, p.y) for p in points]), np.array([(p.x_m, p.y_m) for p in points])


def _length(matrix: npt.NDArray[np.float64], ends: npt.ArrayLike) -> float:
    start, end = project(matrix, np.asarray(ends, np.float64))
    return float(np.linalg.norm(end - start))


def _trial(image: npt.NDArray[np.float64], ground: npt.NDArray[np.float64], ends: npt.NDArray[np.float64]) -> float:
    """The length with points that were set and measured a little differently; NaN where they fix no plane."""
    try:
        return _length(fit_plane(image, ground), ends)
    except ConfigError:
        return float("nan")


def _moves(trajectory: Trajectory) -> bool:
    places = np.array([(point.x, point.y) for point in trajectory])
    return len(places) > 1 and float(np.ptp(places, axis=0).max()) >= _LEAST_WAY


def _speed_km_h(calibration: Calibration, trajectory: Trajectory) -> float:
    """The median speed of a track; NaN where half of it lies above the horizon."""
    points = [trajectory[0]]
    for point in trajectory[1:]:
        if point.offset_ms - points[-1].offset_ms >= _LEAST_STEP_MS:
            points.append(point)
    if len(points) < 2:
        points = [trajectory[0], trajectory[-1]]
    ground = calibration.to_ground([(point.x, point.y) for point in points], 1, 1)
    seconds = np.diff([point.offset_ms for point in points]) / 1000
    speeds = np.linalg.norm(np.diff(ground, axis=0), axis=1) / np.maximum(seconds, 1e-3) * 3.6
    return float(np.median(np.where(np.isnan(speeds), np.inf, speeds)))
