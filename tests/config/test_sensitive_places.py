"""Cameras near a sensitive place of the city's list declare their surroundings; until then the place is in view."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from pipeline.app.config_check import check_config
from pipeline.config.load import load_config
from pipeline.config.sensitive_places import PlaceIndex, PlacesSettings, SensitivePlace, read_places
from pipeline.domain.camera import Surroundings
from pipeline.domain.route import GeoPoint
from pipeline.errors import ConfigError
from pipeline.policy.scope import may_read_plates

S = Surroundings
HERE = GeoPoint(-30.03, -51.22)
METER = 1 / 111_195
"""Degrees of latitude."""
PLACES = f"""name,category,latitude,longitude
Igreja Matriz,place_of_worship,{HERE.latitude + 30 * METER},{HERE.longitude}
Posto Central,hospital,{HERE.latitude - 45 * METER},{HERE.longitude}
Sindicato,union,{HERE.latitude + 70 * METER},{HERE.longitude}
"""
CITY = """
places: {file: places.csv}
cameras:
  - {id: near, source: "rtsp://10.0.0.7/x", scope: public-road, latitude: LAT, longitude: LON}
  - {id: declared, source: "rtsp://10.0.0.8/x", scope: public-road, latitude: LAT, longitude: LON, surroundings: []}
  - {id: seen, source: "rtsp://10.0.0.6/x", scope: public-road, latitude: LAT, longitude: LON, surroundings: [temple]}
  - {id: far, source: "rtsp://10.0.0.9/x", scope: public-road, latitude: -30.9, longitude: LON}
  - {id: lost, source: "rtsp://10.0.0.10/x", scope: public-road}
"""


@pytest.fixture
def city(tmp_path: Path) -> Path:
    (tmp_path / "places.csv").write_text(PLACES)
    path = tmp_path / "city.yaml"
    path.write_text(CITY.replace("LAT", str(HERE.latitude)).replace("LON", str(HERE.longitude)))
    return path


def test_a_place_near_an_undeclared_camera_counts_as_in_view(city: Path) -> None:
    cameras = {one.id: one.camera() for one in load_config(city).cameras}
    assert cameras["near"].surroundings == {S.TEMPLE, S.CLINIC}
    assert not may_read_plates(cameras["near"])
    assert {name for name, camera in cameras.items() if may_read_plates(camera)} == {"declared", "far", "lost"}
    assert load_config(city, for_queries=True).cameras[0].camera() == cameras["near"]


def test_the_check_fails_until_each_camera_is_declared(city: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        check_config(city)
    message = str(refused.value)
    assert "1 camera near a sensitive place" in message
    assert "near: 'Igreja Matriz' (temple, 30 m), 'Posto Central' (clinic, 45 m)" in message
    assert "State `surroundings`" in message
    city.write_text(city.read_text().replace("{id: near,", "{id: near, surroundings: [clinic],"))
    notes = {one.camera_id: one.notes for one in check_config(city).cameras}
    assert any("not compared with the list" in note for note in notes["lost"])
    assert notes["far"] == ()


def test_the_distance_is_the_city_s(city: Path) -> None:
    city.write_text(city.read_text().replace("{file: places.csv}", "{file: places.csv, within_m: 80}"))
    assert load_config(city).cameras[0].camera().surroundings == {S.TEMPLE, S.CLINIC, S.UNION_HALL}


def _geojson(path: Path, *features: tuple[dict[str, str], str, object]) -> PlacesSettings:
    listed = [
        {"type": "Feature", "properties": tags, "geometry": {"type": kind, "coordinates": where}}
        for tags, kind, where in features
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": listed}))
    return PlacesSettings(file=path)


def test_geojson_of_openstreetmap_has_points_and_areas(tmp_path: Path) -> None:
    square = [[[-51.0, -30.0], [-51.0, -30.01], [-51.01, -30.01], [-51.01, -30.0], [-51.0, -30.0]]]
    places = read_places(
        _geojson(
            tmp_path / "places.json",
            ({"name": "Mesquita", "amenity": "place_of_worship"}, "Point", [-51.2, -30.1]),
            ({"amenity": "hospital"}, "Polygon", square),
            ({"building": "yes", "office": "political_party"}, "MultiPolygon", [square]),
        )
    )
    assert [place.kind for place in places] == [S.TEMPLE, S.CLINIC, S.PARTY_OFFICE]
    index = PlaceIndex(places)
    (inside, _) = index.near(GeoPoint(-30.005, -51.005), 50)
    assert inside.distance_m == 0
    (beside, _) = index.near(GeoPoint(-30.01 - 40 * METER, -51.005), 50)
    assert beside.distance_m == pytest.approx(40, abs=0.5)
    assert index.near(GeoPoint(-30.01 - 60 * METER, -51.005), 50) == ()


@pytest.mark.parametrize("bearing", range(0, 360, 45))
def test_places_are_found_across_cells_in_every_direction(bearing: int) -> None:
    at = GeoPoint(-30.0, -51.0)
    north, east = math.cos(math.radians(bearing)), math.sin(math.radians(bearing))
    scale = math.cos(math.radians(at.latitude))
    place = GeoPoint(at.latitude + 1900 * METER * north, at.longitude + 1900 * METER * east / scale)
    (found,) = PlaceIndex([SensitivePlace("x", S.TEMPLE, (place,))]).near(at, 2000)
    assert found.distance_m == pytest.approx(1900, abs=3)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("name,category,latitude\nx,hospital,-30\n", "lacks the column 'longitude'"),
        ("name,category,latitude,longitude\nx,hospital,north,-51\n", "has no position"),
        ("name,category,latitude,longitude\nx,hospital,-130,-51\n", "outside the earth"),
        ("name,category,latitude,longitude\nx,quitanda,-30,-51\n", "1 category that is not known: 'quitanda'"),
        ("name,category,latitude,longitude\n", "has no place"),
        ('{"type": "FeatureCollection"}', "no GeoJSON"),
        ('{"features": [{"properties": {}, "geometry": null}]}', "has no position"),
    ],
)
def test_a_list_that_cannot_be_used_stops_the_start(tmp_path: Path, content: str, problem: str) -> None:
    path = tmp_path / "places.csv"
    path.write_text(content)
    with pytest.raises(ConfigError, match=problem):
        read_places(PlacesSettings(file=path))
    with pytest.raises(ConfigError, match="cannot be read"):
        read_places(PlacesSettings(file=tmp_path / "none.csv"))


def test_a_city_says_what_its_own_categories_are(tmp_path: Path) -> None:
    path = tmp_path / "places.csv"
    path.write_text("name;category;latitude;longitude\na;Templo;-30,1;-51\nb;posto de gasolina;-30;-51\n")
    settings = PlacesSettings(file=path, categories={"templo": S.TEMPLE, "posto de gasolina": None})
    (place,) = read_places(settings)
    assert (place.name, place.kind, place.outline) == ("a", S.TEMPLE, (GeoPoint(-30.1, -51.0),))
