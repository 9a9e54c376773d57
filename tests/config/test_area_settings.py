"""Traffic areas of a camera are checked where they are written, and every mistake names the area."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from pipeline.config.area_settings import masked_share
from pipeline.config.camera_settings import CameraSettings
from pipeline.domain.traffic_areas import ZoneKind

_ROAD = [[0.1, 0.2], [0.9, 0.2], [0.9, 0.9], [0.1, 0.9]]
_GROUND = [
    {"x": 0.1, "y": 0.9, "x_m": 0, "y_m": 0},
    {"x": 0.9, "y": 0.9, "x_m": 10, "y_m": 0},
    {"x": 0.6, "y": 0.3, "x_m": 10, "y_m": 50},
    {"x": 0.4, "y": 0.3, "x_m": 0, "y_m": 50},
]
_LEFT_HALF = [[0.0, 0.0], [0.5, 0.0], [0.5, 1.0], [0.0, 1.0]]


def _camera(areas: dict[str, Any], **more: Any) -> CameraSettings:
    return CameraSettings.model_validate(
        {"id": "av-1", "source": "rtsp://10.0.0.7/1", "scope": "public-road", "areas": areas, **more}
    )


def _zone(**changes: Any) -> dict[str, Any]:
    return {"zones": [{"name": "road", "kind": "roadway", "polygon": _ROAD, **changes}]}


def _line(**changes: Any) -> dict[str, Any]:
    return {"lines": [{"name": "gantry", "points": [[0.1, 0.5], [0.9, 0.5]], **changes}]}


def test_zones_and_lines_become_areas_whose_names_are_declared() -> None:
    camera = _camera(_zone(kind="lane", heading=[[0.5, 0.2], [0.5, 0.9]]) | _line(forward="south", backward="north"))
    areas = camera.traffic_areas()
    assert (areas.zones[0].kind, areas.zones[0].heading) == (ZoneKind.LANE, ((0.5, 0.2), (0.5, 0.9)))
    assert areas.lines[0].crossings([(0.5, 0.4)], [(0.5, 0.6)]).tolist() == [1]
    assert camera.camera().areas.all() == {"road", "gantry", "south", "north"}
    assert not _camera({}).traffic_areas()


def test_meters_on_the_road_are_the_place_that_the_camera_sees_there() -> None:
    corners = [[0, 0], [10, 0], [10, 50], [0, 50]]
    areas = {"units": "meters", "zones": [{"name": "road", "kind": "roadway", "polygon": corners}]}
    (zone,) = _camera(areas, calibration={"points": _GROUND}).traffic_areas().zones
    assert np.array(zone.polygon) == pytest.approx(np.array([[p["x"], p["y"]] for p in _GROUND]))
    behind = areas | {"zones": [{"name": "far", "polygon": [[0, 0], [10, 0], [10, -500]]}]}
    with pytest.raises(ValidationError, match=r"'far': point 3, \[10.0, -500.0\], lies outside the image"):
        _camera(behind, calibration={"points": _GROUND})


@pytest.mark.parametrize(
    ("areas", "problem"),
    [
        (_zone(polygon=[_ROAD[0], _ROAD[2], _ROAD[1], _ROAD[3]]), "'road': its edges cross"),
        (_zone(polygon=[[0.1, 0.1], [640, 0.1], [0.5, 0.9]]), r"'road': point 2, .*outside the image; divide pixels"),
        (_zone(polygon=[[0.1, 0.1], [0.11, 0.1], [0.11, 0.11]]), "'road': 0.005% of the image is too small"),
        (_zone(kind="lane"), "'road' is a lane and needs a heading"),
        (_zone(heading=[[0.5, 0.5], [0.5, 0.501]]), "heading are too close"),
        (_zone(name="faixa de ônibus"), "should match pattern"),
        (_line(points=[[0.5, 0.5], [0.505, 0.5]]), "'gantry': its ends are too close"),
        (_line(forward="x", backward="x"), "both directions of line 'gantry' are called 'x'"),
        (_zone(name="gantry") | _line(), "the name 'gantry' is used for more than one"),
        ({"units": "meters", **_zone()}, "areas in meters need the camera's calibration"),
        ({"drawn_for": "wide"}, "should match pattern"),
    ],
)
def test_mistakes_name_the_area_and_the_fix(areas: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        _camera(areas)


def test_nothing_is_counted_where_privacy_masks_hide_it() -> None:
    with pytest.raises(ValidationError, match=r"'gantry' runs across masks\[0\]"):
        _camera(_line(), masks=[_LEFT_HALF])
    with pytest.raises(ValidationError, match="'road': privacy masks hide all of it"):
        _camera(_zone(), masks=[_LEFT_HALF, [[0.4, 0], [1, 0], [1, 1], [0.4, 1]]])
    (zone,) = _camera(_zone(), masks=[_LEFT_HALF]).traffic_areas().zones
    assert masked_share(zone.polygon, [tuple((x, y) for x, y in _LEFT_HALF)]) == pytest.approx(0.5)


def test_an_area_named_after_a_sensitive_place_suggests_one() -> None:
    assert not _camera(_zone(name="porta-igreja")).reads_plates
    assert _camera(_zone(name="porta-igreja"), surroundings=[]).reads_plates
