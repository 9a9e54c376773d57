"""Journeys of vehicles: the coordinates that routes and clones are computed with, and how far back clones are searched.

The answers are computed where the store is, see `pipeline.app.queries.Route` and `Clones`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

import msgspec

from pipeline.app.questions import Clones
from pipeline.config.camera_settings import CameraSettings
from pipeline.domain.route import GeoPoint
from pipeline.domain.times import DAY_MS
from pipeline.errors import ConfigError


def camera_locations(cameras: Iterable[CameraSettings]) -> dict[str, GeoPoint | None]:
    """The coordinates of configured cameras, by id; None for those without."""
    return {
        camera.id: None
        if camera.latitude is None or camera.longitude is None
        else GeoPoint(camera.latitude, camera.longitude)
        for camera in cameras
    }


def known_locations(locations: dict[str, GeoPoint | None]) -> dict[str, GeoPoint]:
    """The coordinates of the cameras that have some."""
    return {camera_id: point for camera_id, point in locations.items() if point is not None}


def bounded_clones(question: Clones, now_ms: int | None = None) -> Clones:
    """The question as it is asked, see `recent_clones`.

    Args:
        question: with the coordinates of the cameras.
        now_ms: milliseconds since 1970 UTC; by default what the clock says.

    Raises:
        ConfigError: no camera has coordinates, so there are no speeds.
    """
    if not known_locations(dict(question.locations)):
        raise ConfigError(
            "clones",
            "no camera has coordinates, so no speed can be computed",
            "Give latitude and longitude to the cameras of the configuration, or name another one by --config",
        )
    return recent_clones(question, time.time_ns() // 1_000_000 if now_ms is None else now_ms)


def recent_clones(question: Clones, now_ms: int) -> Clones:
    """The question about all plates without a start: only the 24 hours before its end are searched."""
    if question.plate or question.start_ms is not None:
        return question
    end_ms = now_ms if question.end_ms is None else question.end_ms
    return msgspec.structs.replace(question, start_ms=end_ms - DAY_MS)
