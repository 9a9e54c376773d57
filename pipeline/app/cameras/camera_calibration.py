"""Ground calibration of a configured camera: from measures on the road, judged by its areas and recorded vehicles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from pipeline.analytics.calibration import Calibration
from pipeline.analytics.calibration_error import (
    CalibrationError,
    CheckLength,
    Trajectory,
    calibration_error,
    check_horizon,
    check_speeds,
)
from pipeline.analytics.ground_measures import Measure
from pipeline.analytics.vanishing_point import LEAST_PATHS, vanishing_point
from pipeline.app.audit.audited_operation import audit_of_stores
from pipeline.app.camera_setup import camera_of
from pipeline.app.cameras.permissions import check_not_stopped
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.queries import open_queries
from pipeline.config.camera_drawing import CameraDrawing, drawing_change
from pipeline.config.camera_settings import CameraSettings
from pipeline.config.config_change import ConfigChange, write_config
from pipeline.config.load import load_config, parse_config
from pipeline.config.settings import Config
from pipeline.domain.events import Kind, TrackEvent
from pipeline.domain.labels import VEHICLES
from pipeline.domain.operation import Operation
from pipeline.domain.polygon import Corner
from pipeline.domain.requester import Requester
from pipeline.domain.traffic_areas import TrafficAreas
from pipeline.domain.trajectory import decode_trajectory
from pipeline.errors import ConfigError, StoreError
from pipeline.storage.yaml_document import read_text
from pipeline.store.questions import Events

__all__ = [
    "CalibratedCamera",
    "GroundRefused",
    "GroundReport",
    "RecordedPaths",
    "calibrated_camera",
    "judged_ground",
    "measured_ground",
    "paths_meeting",
    "recorded_paths",
    "write_camera_change",
]

_MOST_TRACKS: Final = 1000
_VEHICLES: Final = frozenset(label.word for label in VEHICLES)
_USUAL_SIZE: Final = (1920, 1080)
_GRID_M: Final = (1, 2, 5, 10, 20, 50)
_GRID_LINES: Final = 12
_FIX: Final = "Measure it again"
_MEASURE: Final = TypeAdapter[Any](Measure)


class GroundRefused(ConfigError):
    """A calibration that cannot be true.

    Args:
        code: of the reason; problem, fix: in words; values: names and figures of the reason.
    """

    def __init__(self, code: str, problem: str, fix: str, values: Mapping[str, Any] | None = None) -> None:
        super().__init__("calibration", problem, fix)
        self.code, self.values = code, dict(values or {})


@dataclass(frozen=True, slots=True)
class RecordedPaths:
    """Paths of the vehicles that a camera recorded.

    Attributes:
        paths: the newest; note: why there are none, "" where there are some.
    """

    paths: Sequence[Trajectory] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class GroundReport:
    """A calibration, and how far it can be trusted.

    Attributes:
        calibration: of the camera.
        error: its errors, the one of speeds at `at`.
        contradiction_m: by how much measured lengths contradict each other; None where none is redundant.
        at: the place where speeds were judged, as share of the image.
        tracks: recorded vehicles that were judged; note: why none, "" where some were.
        grid_m: distance of the lines of `grid` on the road; grid: lines [[x, y], [x, y]] as shares of the image.
    """

    calibration: Calibration
    error: CalibrationError
    contradiction_m: float | None
    at: Corner
    tracks: int
    note: str
    grid_m: float
    grid: Sequence[Sequence[Sequence[float]]]

    def as_json(self) -> dict[str, Any]:
        """JSON values."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        return plain | {"calibration": self.calibration.model_dump(mode="json"), "error": self.error.as_json()}


@dataclass(frozen=True, slots=True)
class CalibratedCamera:
    """A camera with a calibration that was judged.

    Attributes:
        config: as it is; camera_id: the camera.
        report: of the calibration; change: of the file, None where the camera has it already.
    """

    config: Config
    camera_id: str
    report: GroundReport
    change: ConfigChange | None

    def write(self) -> None:
        """Write the calibration into the configuration; see `write_camera_change`."""
        if self.change is not None and self.change.after != self.change.before:
            write_camera_change(self.config, self.camera_id, self.change, {"action": "calibrate"})


def recorded_paths(config: Config, camera: CameraSettings) -> RecordedPaths:
    """The paths of the newest vehicles that a camera recorded.

    Raises:
        PolicyError: the person may not ask about the camera, or the registry stopped it.
        AuditUnavailable: the audit takes no record.
    """
    check_not_stopped(config, camera.id)
    stores = ConfiguredStores.of_config(config)
    if not stores.stores:
        return RecordedPaths(note="there is no event store")
    try:
        with open_queries(stores, Requester.of_process()) as store:
            answer = store.ask(Events(kind=Kind.TRACK, camera_ids=(camera.id,), limit=_MOST_TRACKS))
    except StoreError as error:
        return RecordedPaths(note=f"{error.subject}: {error.problem}")
    tracks = [one for one in answer.value if isinstance(one, TrackEvent)]
    paths = [decode_trajectory(track.trajectory) for track in tracks if track.label in _VEHICLES]
    paths = [path for path in paths if len(path) > 1]
    return RecordedPaths(paths, "" if paths else "no track of a vehicle is stored")


def paths_meeting(recorded: RecordedPaths, aspect: float) -> Corner:
    """Where the paths of recorded vehicles meet, for a lane whose edges are hard to see.

    Args:
        recorded: of the camera; aspect: width of its image over its height.

    Raises:
        ConfigError: too few are straight, or they do not agree.
    """
    found = vanishing_point(recorded.paths, aspect)
    if found is None:
        raise GroundRefused(
            "no-meeting",
            recorded.note or f"fewer than {LEAST_PATHS} straight paths among {len(recorded.paths)} meet in one point",
            "Draw two points on each edge of the lane instead, or let the camera record more vehicles",
        )
    return found


def calibrated_camera(
    path: Path,
    camera_id: str,
    measure: Mapping[str, Any] | None,
    size: tuple[int, int] | None,
    *,
    at: Corner | None = None,
    check: tuple[Corner, Corner, float] | None = None,
) -> CalibratedCamera:
    """A camera of a configuration with a measured calibration; nothing is written.

    Args:
        path: the configuration; camera_id: a camera of it.
        measure: see `measured_ground`, where ``"vanishing": "tracks"`` stands for the meeting of recorded paths; None
            for the calibration that the camera has.
        size: width and height of its image; None for that of `drawn_for`, else 1920 x 1080.
        at, check: see `judged_ground`; the check as start, end and meters.

    Raises:
        ConfigError: the configuration is not valid, has no such camera, or the camera no calibration to judge.
        GroundRefused: the calibration cannot be true.
        PolicyError: the person may not ask about the camera; AuditUnavailable: the audit takes no record.
    """
    load_config(path)  # its errors say what is wrong with the file
    text = read_text(path)
    config = parse_config(text, path)
    camera = camera_of(config, path, camera_id)
    recorded = recorded_paths(config, camera)
    width, height = size or camera.areas.drawn_size or _USUAL_SIZE
    aspect, contradiction_m, change = width / height, None, None
    calibration = camera.calibration
    if measure is not None:
        values = dict(measure)
        if values.get("vanishing") == "tracks":
            values["vanishing"] = paths_meeting(recorded, aspect)
        calibration, contradiction_m = measured_ground(values, aspect)
    if calibration is None:
        raise ConfigError(f"camera {camera_id}", "has no calibration", "Give what was measured: --help lists the ways")
    length = None if check is None else CheckLength(*check)
    areas = camera.traffic_areas()
    report = judged_ground(calibration, areas, recorded, aspect, at=at, check=length, contradiction_m=contradiction_m)
    if measure is not None:
        drawing = replace(CameraDrawing.of_camera(camera), calibration=calibration.model_dump(mode="json"))
        change = drawing_change(path, text, camera_id, drawing)
    return CalibratedCamera(config, camera_id, report, change)


def write_camera_change(config: Config, camera_id: str, change: ConfigChange, details: Mapping[str, Any]) -> None:
    """Write a change of a camera's entry into the configuration, after the audit has its record.

    Args:
        config: before the change; camera_id: the camera; change: of it; details: for the audit.

    Raises:
        ConfigError: the file was changed meanwhile, or cannot be written.
        PolicyError: the person may not change it; AuditUnavailable: the audit takes no record.
    """
    audit = audit_of_stores(ConfiguredStores.of_config(config))
    with audit.doing(Operation.CONFIGURATION, cameras=(camera_id,), details=dict(details)):
        write_config(change)


def measured_ground(values: Mapping[str, Any], aspect: float) -> tuple[Calibration, float | None]:
    """The calibration of a measure, and by how much the measured lengths contradict each other.

    Args:
        values: of a `Measure`, or `points` as in the configuration; aspect: width of the image over its height.

    Raises:
        ConfigError: the measure is not complete, contradicts itself, or determines no plane.
    """
    try:
        if "points" in values:
            return Calibration.model_validate(values), None
        ground = _MEASURE.validate_python(values).ground(aspect)
    except ValidationError as error:
        item = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in item["loc"][1:])
        message = str(item["msg"]).removeprefix("Value error, ")
        code = "no-plane" if item["type"] == "value_error" else item["type"]
        raise GroundRefused(code, f"{where}: {message}" if where else message, _FIX, item.get("ctx")) from None
    except PydanticCustomError as error:
        raise GroundRefused(error.type, error.message(), _FIX, error.context) from None
    return ground.calibration, ground.misfit_m


def judged_ground(
    calibration: Calibration,
    areas: TrafficAreas,
    recorded: RecordedPaths,
    aspect: float,
    *,
    at: Corner | None = None,
    check: CheckLength | None = None,
    contradiction_m: float | None = None,
) -> GroundReport:
    """How far a calibration can be trusted.

    Args:
        calibration: of the camera; areas: of it; recorded: its vehicles; aspect: width of its image over its height.
        at: where the error of speeds is stated; None for the middle of the measured points.
        check: a known length that did not go into the calibration.
        contradiction_m: see `measured_ground`.

    Raises:
        ConfigError: vehicles would fly: the horizon runs through the road, or recorded vehicles would be faster than
            200 km/h; or `at` lies above the horizon.
    """
    try:
        check_horizon(calibration, areas)
        tracks = check_speeds(calibration, recorded.paths)
    except PydanticCustomError as error:
        raise GroundRefused(error.type, error.message(), _FIX, error.context) from None
    middle = np.mean([(point.x, point.y) for point in calibration.points], axis=0)
    place = at or (float(middle[0]), float(middle[1]))
    errors = calibration_error(calibration, place, aspect, check=check)
    grid_m, grid = _grid(calibration)
    note = recorded.note or ("" if tracks else "no recorded vehicle moves far enough to be judged")
    return GroundReport(calibration, errors, contradiction_m, place, tracks, note, grid_m, grid)


def _grid(calibration: Calibration) -> tuple[float, list[list[list[float]]]]:
    """Lines on the road around the measured points, at whole meters, as shares of the image."""
    points = np.array([(point.x_m, point.y_m) for point in calibration.points])
    low, high = points.min(axis=0), points.max(axis=0)
    extent = high - low
    low, high = low - extent / 2, high + extent / 2
    step = next((one for one in _GRID_M if float((high - low).max()) / one <= _GRID_LINES), _GRID_M[-1])
    first, last = np.ceil(low / step) * step, np.floor(high / step) * step
    lines = [((x, first[1]), (x, last[1])) for x in np.arange(first[0], last[0] + step / 2, step)]
    lines += [((first[0], y), (last[0], y)) for y in np.arange(first[1], last[1] + step / 2, step)]
    shown = [calibration.to_image(line) for line in lines]
    return float(step), [line.round(5).tolist() for line in shown if np.isfinite(line).all()]
