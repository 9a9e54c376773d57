"""A drawing on a camera's image: privacy masks, ignored areas, zones, lines and calibration, in its configuration.

The checks are those of the configuration itself; here each flaw has the place of the drawing that it concerns.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from pipeline.analytics.calibration import Calibration
from pipeline.config.area_settings import AreaSettings, LineSettings, ZoneSettings, check_line, check_zone
from pipeline.config.camera_settings import CameraSettings, CheckedPolygon
from pipeline.config.config_change import ConfigChange
from pipeline.config.drawn_areas import areas_for_file, as_lists, drawn_areas, rounded
from pipeline.config.load import parse_config
from pipeline.domain.polygon import Polygon, polygon_flaw
from pipeline.errors import ConfigError
from pipeline.storage.yaml_document import BadDocument
from pipeline.storage.yaml_edit import set_values

__all__ = ["CameraDrawing", "DrawingFlaw", "drawing_change", "drawing_flaws"]

_POLYGON: Final = TypeAdapter[Polygon](CheckedPolygon)


@dataclass(frozen=True, slots=True)
class DrawingFlaw:
    """Why a part of a drawing cannot be stored.

    Attributes:
        part: ``masks``, ``ignore``, ``zones``, ``lines`` or ``calibration``; number: in that list.
        code: of the reason, such as ``edges-cross``; values: its names and figures.
        message: the reason in English, as errors about the configuration state it.
    """

    part: str
    number: int
    code: str
    message: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """JSON values."""
        return {name: getattr(self, name) for name in self.__slots__} | {"values": dict(self.values)}


@dataclass(frozen=True, slots=True)
class CameraDrawing:
    """A drawing as plain values, not yet checked; all coordinates are shares of the upright image.

    Attributes:
        masks, ignore: polygons [[x, y], …].
        zones, lines: as in `areas` of the configuration.
        calibration: as in the configuration; None without one.
        drawn_for: size of the image, such as ``1280x720``.
    """

    masks: Sequence[Any] = ()
    ignore: Sequence[Any] = ()
    zones: Sequence[Any] = ()
    lines: Sequence[Any] = ()
    calibration: Any = None
    drawn_for: str | None = None

    @classmethod
    def of_camera(cls, camera: CameraSettings) -> CameraDrawing:
        """What the configuration of a camera has."""
        zones, lines = drawn_areas(camera)
        return cls(
            [as_lists(mask) for mask in camera.masks],
            [as_lists(area) for area in camera.ignore],
            zones,
            lines,
            None if camera.calibration is None else camera.calibration.model_dump(mode="json"),
            camera.areas.drawn_for,
        )

    def as_json(self) -> dict[str, Any]:
        """JSON values."""
        return {name: getattr(self, name) for name in self.__slots__}


def drawing_flaws(drawing: CameraDrawing) -> list[DrawingFlaw]:
    """Everything that keeps a drawing from being stored; empty if nothing does."""
    found = [*_polygon_flaws("masks", drawing.masks), *_polygon_flaws("ignore", drawing.ignore)]
    masks = tuple(_POLYGON.validate_python(mask) for mask in drawing.masks) if not found else ()
    found += _calibration_flaws(drawing.calibration)
    names: list[str] = []
    for number, values in enumerate(drawing.zones):
        found += _area_flaws("zones", number, values, masks, names)
    for number, values in enumerate(drawing.lines):
        found += _area_flaws("lines", number, values, masks, names)
    return found


def drawing_change(
    path: Path, text: str, camera_id: str, drawing: CameraDrawing, environ: Mapping[str, str] = os.environ
) -> ConfigChange:
    """The configuration with a drawing in the entry of its camera, checked as a whole; nothing is written.

    What the drawing leaves as it was stays byte for byte in the file, comments included; areas in meters stay so.

    Args:
        path: the file; text: its content, of a valid configuration.
        camera_id: a camera of it; drawing: the new one, without flaws.
        environ: variables of addresses.

    Raises:
        ConfigError: the drawing or the configuration with it is not valid, or the file's layout allows no change.
    """
    config = parse_config(text, path, environ)
    index = next(number for number, camera in enumerate(config.cameras) if camera.id == camera_id)
    camera = config.cameras[index]
    values = _changed_values(camera, drawing)
    try:
        after = set_values(text, "cameras", index, values) if values else text
    except BadDocument as error:
        raise ConfigError(f"{path}:{error.line}" if error.line else str(path), error.problem, error.fix) from None
    return ConfigChange(path, text, after, parse_config(after, path, environ))


def _changed_values(camera: CameraSettings, drawing: CameraDrawing) -> dict[str, Any]:
    """Keys of the camera's entry whose values the drawing changes, with the new ones."""
    values: dict[str, Any] = {}
    for key, polygons, new in (("masks", camera.masks, drawing.masks), ("ignore", camera.ignore, drawing.ignore)):
        old = [as_lists(polygon) for polygon in polygons]
        written = [polygon if polygon in old else rounded(polygon) for polygon in map(as_lists, new)]
        if written != old:
            values[key] = written
    calibration = None if drawing.calibration is None else Calibration.model_validate(drawing.calibration)
    if calibration != camera.calibration:
        values["calibration"] = None if calibration is None else calibration.model_dump(mode="json")
    before = camera.areas.model_dump(mode="json", exclude_unset=True)
    areas = areas_for_file(camera, drawing.zones, drawing.lines, calibration)
    if drawing.drawn_for is not None and (areas.get("zones") or areas.get("lines")):
        areas["drawn_for"] = drawing.drawn_for
    if areas != before:
        values["areas"] = areas
    return values


def _polygon_flaws(part: str, polygons: Sequence[Any]) -> Iterator[DrawingFlaw]:
    for number, corners in enumerate(polygons):
        try:
            flaw = polygon_flaw(_POLYGON.validate_python(corners))
        except ValidationError as error:
            yield _invalid(part, number, error)
        else:
            if flaw is not None:
                yield DrawingFlaw(part, number, flaw.name.lower().replace("_", "-"), flaw.value)


def _calibration_flaws(calibration: Any) -> Iterator[DrawingFlaw]:
    try:
        if calibration is not None:
            Calibration.model_validate(calibration)
    except ValidationError as error:
        yield _invalid("calibration", 0, error)


def _area_flaws(
    part: str, number: int, values: Any, masks: Sequence[Polygon], names: list[str]
) -> Iterator[DrawingFlaw]:
    """Flaws of a zone or a line; `names` of those before it, to which its own is added."""
    try:
        if part == "zones":
            areas = AreaSettings(zones=(ZoneSettings.model_validate(values),))
        else:
            areas = AreaSettings(lines=(LineSettings.model_validate(values),))
        zones, lines = areas.placed(None)
        for zone in zones:
            check_zone(zone, masks)
        for line in lines:
            check_line(line, masks)
    except ValidationError as error:
        yield _invalid(part, number, error)
    except PydanticCustomError as error:
        yield DrawingFlaw(part, number, error.type, error.message(), error.context or {})
    name = str(values.get("name", "")) if isinstance(values, Mapping) else ""
    if name in names:
        message = f"the name {name!r} is used for more than one zone or line"
        yield DrawingFlaw(part, number, "name-twice", message, {"name": name})
    names.append(name)


def _invalid(part: str, number: int, error: ValidationError) -> DrawingFlaw:
    """The first mistake in the form of the values."""
    item = error.errors(include_url=False, include_input=False)[0]
    location = [str(place) for place in item["loc"]]
    message = str(item["msg"]).removeprefix("Value error, ")
    codes = {"value_error": "no-plane" if part == "calibration" else "outside", "string_pattern_mismatch": "bad-name"}
    code = codes.get(item["type"], item["type"])
    values = {name: value for name, value in item.get("ctx", {}).items() if isinstance(value, str | int | float)}
    where = ".".join(location)
    return DrawingFlaw(part, number, code, f"{where}: {message}" if where else message, {**values, "field": where})
