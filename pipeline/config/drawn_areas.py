"""Zones and lines of a drawing, as shares of the image, and the same as they are written into the configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from pipeline.analytics.calibration import Calibration
from pipeline.config.camera_settings import CameraSettings
from pipeline.errors import ConfigError

__all__ = ["areas_for_file", "as_lists", "drawn_areas", "rounded"]

_SHARE_DECIMALS: Final = 4
"""Of shares of the image in the file: less than a pixel of 4K."""
_METER_DECIMALS: Final = 2
_POINTS: Final = ("polygon", "points", "heading")
_DEFAULTS: Final[Mapping[str, Any]] = {
    "kind": "other",
    "heading": None,
    "forward": "forward",
    "backward": "backward",
}


def as_lists(points: Sequence[Sequence[float]]) -> list[list[float]]:
    """Points as JSON and YAML have them."""
    return [[float(value) for value in point] for point in points]


def rounded(points: Sequence[Sequence[float]]) -> list[list[float]]:
    """Shares of the image as they are written."""
    return [[round(float(value), _SHARE_DECIMALS) + 0.0 for value in point] for point in points]


def drawn_areas(camera: CameraSettings) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Zones and lines of a camera as plain values, all coordinates as shares of the image."""
    zones, lines = camera.areas.placed(camera.calibration)
    return (
        [
            {"name": zone.name, "kind": zone.kind.value, "polygon": as_lists(zone.polygon)}
            | ({} if zone.heading is None else {"heading": as_lists(zone.heading)})
            for zone in zones
        ],
        [
            {"name": line.name, "points": as_lists((line.start, line.end))}
            | {"forward": line.forward, "backward": line.backward}
            for line in lines
        ],
    )


def areas_for_file(
    camera: CameraSettings, zones: Sequence[Any], lines: Sequence[Any], calibration: Calibration | None
) -> dict[str, Any]:
    """`areas` for the file, with drawn zones and lines; what is drawn as before keeps the values that it has there.

    Args:
        camera: as it is configured; its units stay.
        zones, lines: as of `drawn_areas`.
        calibration: the new one.

    Raises:
        ConfigError: areas in meters without a calibration, or above its horizon.
    """
    written = camera.areas.model_dump(mode="json", exclude_unset=True)
    in_image = camera.areas.units == "image"
    same_ground = in_image or calibration == camera.calibration
    before = {one["name"]: one for listed in drawn_areas(camera) for one in listed}
    for key, drawn in (("zones", zones), ("lines", lines)):
        stored = {one["name"]: one for one in written.get(key, ())}
        entries = []
        for values in map(_complete, drawn):
            name = values["name"]
            if same_ground and name in stored and _complete(before[name]) == values:
                entries.append(stored[name])
            else:
                placed = _rounded(values) if in_image else _in_meters(values, calibration)
                held = stored.get(name, {})
                entries.append({k: v for k, v in placed.items() if k in held or _DEFAULTS.get(k, ...) != v})
        if entries or key in written:
            written[key] = entries
    return written


def _complete(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a zone or a line with plain points, and without a heading that is not set."""
    found = {key: as_lists(value) if key in _POINTS and value is not None else value for key, value in values.items()}
    return {key: value for key, value in found.items() if value is not None}


def _rounded(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: rounded(value) if key in _POINTS else value for key, value in values.items()}


def _in_meters(values: Mapping[str, Any], calibration: Calibration | None) -> dict[str, Any]:
    """The values with points on the road.

    Raises:
        ConfigError: there is no calibration, or a point lies above its horizon.
    """
    name = f"area {values['name']}"
    if calibration is None:
        raise ConfigError(name, "is in meters, which needs the camera's calibration", "Keep it, or use units: image")
    placed = dict(values)
    for key in _POINTS:
        if key in values:
            ground = calibration.to_ground(values[key], 1, 1)
            if np.isnan(ground).any():
                raise ConfigError(name, "reaches above the horizon of the calibration", "Draw it on the road")
            placed[key] = [[round(float(value), _METER_DECIMALS) + 0.0 for value in point] for point in ground]
    return placed
