"""Coordinates of cameras, and the time that clones are searched in."""

from __future__ import annotations

import msgspec
import pytest

from pipeline.app.journeys import bounded_clones, camera_locations, known_locations
from pipeline.app.questions import Clones
from pipeline.config.camera_settings import CameraSettings
from pipeline.domain.route import GeoPoint
from pipeline.errors import ConfigError

SE = GeoPoint(-23.55, -46.63)
DAY_MS = 86_400_000
NOW_MS = 1_790_000_000_000


def camera(name: str, **where: float) -> CameraSettings:
    return CameraSettings.model_validate({"id": name, "source": "a.mp4", "scope": "public-road", **where})


def test_cameras_without_coordinates_are_known_to_have_none() -> None:
    found = camera_locations([camera("se", latitude=-23.55, longitude=-46.63), camera("blind")])
    assert found == {"se": SE, "blind": None}
    assert known_locations(found) == {"se": SE}


def test_all_plates_are_searched_for_clones_over_a_day_unless_a_start_is_given() -> None:
    everything = Clones(locations={"se": SE})
    assert bounded_clones(everything, NOW_MS).start_ms == NOW_MS - DAY_MS
    past = msgspec.structs.replace(everything, end_ms=5 * DAY_MS)
    assert bounded_clones(past, NOW_MS).start_ms == 4 * DAY_MS
    for bounded in (
        msgspec.structs.replace(everything, start_ms=7),
        msgspec.structs.replace(everything, plate="ABC1D23"),
    ):
        assert bounded_clones(bounded, NOW_MS) == bounded


def test_clones_without_any_coordinates_are_refused() -> None:
    for locations in ({}, {"blind": None}):
        with pytest.raises(ConfigError, match=r"no camera has coordinates.*latitude and longitude"):
            bounded_clones(Clones(locations=locations))
