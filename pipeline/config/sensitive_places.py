"""A city's list of sensitive places, such as an extract of OpenStreetMap, and the cameras near them."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from pipeline.domain.camera import Surroundings
from pipeline.domain.plural import counted
from pipeline.domain.route import GeoPoint
from pipeline.errors import ConfigError

_OPENSTREETMAP: Final = {
    Surroundings.TEMPLE: "place_of_worship monastery church chapel mosque synagogue temple cathedral shrine",
    Surroundings.CLINIC: "hospital clinic doctors dentist pharmacy health_post blood_donation rehabilitation "
    "nursing_home healthcare centre psychotherapist laboratory dialysis midwife hospice",
    Surroundings.UNION_HALL: "union trade_union labor_union",
    Surroundings.PARTY_OFFICE: "political_party politician",
    Surroundings.SCHOOL: "school kindergarten childcare prep_school",
    Surroundings.SHELTER: "shelter social_facility refugee_site orphanage",
    Surroundings.COMMUNITY_CENTER: "gay lgbtq brothel love_hotel stripclub swingerclub indigenous",
}
"""Values of OpenStreetMap's keys amenity, building, healthcare, office, social_facility and lgbtq."""
_KNOWN: Final = {word: place for place, words in _OPENSTREETMAP.items() for word in words.split()} | {
    place.value.replace("-", "_"): place for place in Surroundings
}
_KEYS: Final = ("category", "amenity", "healthcare", "office", "social_facility", "religion", "building")
_COLUMNS: Final = ("name", "category", "latitude", "longitude")
_MOST_NAMED: Final = 10
_CELL: Final = 0.05
"""Degrees; more than the largest distance that may be set, also far from the equator."""
_DEGREE_M: Final = 111_195.0
_Row = tuple[str, str, tuple[GeoPoint, ...]]
_FIX: Final = "Give a GeoJSON FeatureCollection, or a CSV file with the columns " + ", ".join(_COLUMNS)


class PlacesSettings(BaseModel):
    """Sensitive places of the city, beside which a camera has to declare its surroundings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: Path = Field(
        title="List of places",
        description="GeoJSON of points or areas with the properties name and category (or OpenStreetMap's amenity, "
        "healthcare, office …), or CSV with name, category, latitude, longitude. Relative to the configuration file.",
    )
    within_m: float = Field(
        default=50,
        gt=0,
        le=2_000,
        title="Distance",
        description="Meters from a place within which a camera has to declare `surroundings`. Until it does, the place "
        "counts as in view.",
    )
    categories: dict[str, Surroundings | None] = Field(
        default_factory=dict,
        title="Categories",
        description="Words of the list that are no value of OpenStreetMap, with the kind of place; null for one that "
        "is not sensitive.",
        examples=[{"templo": "temple", "posto de gasolina": None}],
    )


@dataclass(frozen=True, slots=True)
class SensitivePlace:
    """A place of the list: its name, kind, and outline; a single point where no more is known."""

    name: str
    kind: Surroundings
    outline: tuple[GeoPoint, ...]


@dataclass(frozen=True, slots=True)
class NearPlace:
    """A place near a camera, and its distance in meters."""

    place: SensitivePlace
    distance_m: float

    def __str__(self) -> str:
        name = repr(self.place.name) if self.place.name else "a place without a name"
        return f"{name} ({self.place.kind.value}, {self.distance_m:.0f} m)"


def read_places(settings: PlacesSettings) -> list[SensitivePlace]:
    """The places of a list; those of categories that are not sensitive are left out.

    Raises:
        ConfigError: it cannot be read, a row has no position, or a category is not known.
    """
    path = settings.file
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "not UTF-8"
        raise ConfigError(f"places.file {path}", f"cannot be read ({why})", _FIX) from None
    rows = list(_geojson(text, path) if text.lstrip().startswith("{") else _csv(text, path))
    if not rows:
        raise ConfigError(f"places.file {path}", "has no place", _FIX)
    kinds = _KNOWN | {_plain(word): kind for word, kind in settings.categories.items()}
    unknown = sorted({category for _, category, _ in rows if _plain(category) not in kinds})
    if unknown:
        named = ", ".join(map(repr, unknown[:_MOST_NAMED]))
        raise ConfigError(
            f"places.file {path}",
            f"has {counted(len(unknown), 'category')} that {'is' if len(unknown) == 1 else 'are'} not known: {named}",
            "State under places.categories what kind of place each is, null for one that is not sensitive",
        )
    return [
        SensitivePlace(name, kind, outline) for name, category, outline in rows if (kind := kinds[_plain(category)])
    ]


class PlaceIndex:
    """The places of a list by their position, for questions about what is near."""

    def __init__(self, places: Iterable[SensitivePlace]) -> None:
        self._cells: dict[tuple[int, int], list[SensitivePlace]] = {}
        for place in places:
            rows = [_cell(point)[0] for point in place.outline]
            columns = [_cell(point)[1] for point in place.outline]
            for row in range(min(rows), max(rows) + 1):
                for column in range(min(columns), max(columns) + 1):
                    self._cells.setdefault((row, column), []).append(place)

    def near(self, at: GeoPoint, within_m: float) -> tuple[NearPlace, ...]:
        """The places within a distance, nearest first; inside the outline of one it is 0."""
        row, column = _cell(at)
        around = {
            id(place): place
            for x in (row - 1, row, row + 1)
            for y in (column - 1, column, column + 1)
            for place in self._cells.get((x, y), ())
        }
        found = (NearPlace(place, _distance_m(at, place.outline)) for place in around.values())
        return tuple(sorted((one for one in found if one.distance_m <= within_m), key=lambda one: one.distance_m))


def _cell(point: GeoPoint) -> tuple[int, int]:
    return math.floor(point.latitude / _CELL), math.floor(point.longitude / _CELL)


def _distance_m(at: GeoPoint, outline: Sequence[GeoPoint]) -> float:
    """From a point to an outline, on a plane: places are small, and the error is far below a meter."""
    scale = math.cos(math.radians(at.latitude))
    corners = [
        ((point.longitude - at.longitude) * scale * _DEGREE_M, (point.latitude - at.latitude) * _DEGREE_M)
        for point in outline
    ]
    if len(corners) > 2 and _has_origin(corners):
        return 0.0
    return min(_to_segment(*ends) for ends in pairwise([*corners, corners[0]]))


def _to_segment(one: tuple[float, float], other: tuple[float, float]) -> float:
    """From the origin to a segment."""
    (x, y), (across, up) = one, (other[0] - one[0], other[1] - one[1])
    length = across * across + up * up
    share = 0.0 if length == 0 else max(0.0, min(1.0, -(x * across + y * up) / length))
    return math.hypot(x + share * across, y + share * up)


def _has_origin(corners: Sequence[tuple[float, float]]) -> bool:
    crossings = 0
    for (x1, y1), (x2, y2) in pairwise([*corners, corners[0]]):
        if (y1 > 0) != (y2 > 0) and x1 - y1 * (x2 - x1) / (y2 - y1) > 0:
            crossings += 1
    return crossings % 2 == 1


def _csv(text: str, path: Path) -> Iterator[_Row]:
    first = text.split("\n", 1)[0]
    reader = csv.DictReader(text.splitlines(), delimiter=";" if first.count(";") > first.count(",") else ",")
    missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise ConfigError(f"places.file {path}", f"lacks the column {missing[0]!r}", _FIX)
    for number, row in enumerate(reader, 2):
        where = f"places.file {path}:{number}"
        yield (row["name"] or "").strip(), row["category"] or "", (_point(row["latitude"], row["longitude"], where),)


def _geojson(text: str, path: Path) -> Iterator[_Row]:
    try:
        features = json.loads(text)["features"]
    except (ValueError, KeyError, TypeError):
        raise ConfigError(f"places.file {path}", "is no GeoJSON FeatureCollection", _FIX) from None
    for number, feature in enumerate(features):
        where = f"places.file {path}: feature {number}"
        try:
            tags: Mapping[str, Any] = feature["properties"] or {}
            outlines = list(_outlines(feature["geometry"]["coordinates"]))
        except (KeyError, TypeError, ValueError, IndexError):
            raise ConfigError(where, "has no position", _FIX) from None
        words = [str(tags[key]) for key in _KEYS if tags.get(key)]
        known = next((word for word in words if _plain(word) in _KNOWN), words[0] if words else "")
        for outline in outlines:
            points = tuple(_point(latitude, longitude, where) for longitude, latitude in outline)
            yield str(tags.get("name") or ""), known, points


def _outlines(coordinates: Any) -> Iterator[list[tuple[Any, Any]]]:
    """The outlines of a geometry of any type, as longitudes and latitudes."""
    if isinstance(coordinates[0], int | float):
        yield [(coordinates[0], coordinates[1])]
    elif isinstance(coordinates[0][0], int | float):
        yield [(corner[0], corner[1]) for corner in coordinates]
    else:
        for part in coordinates:
            yield from _outlines(part)


def _point(latitude: object, longitude: object, where: str) -> GeoPoint:
    try:
        point = GeoPoint(float(str(latitude).replace(",", ".")), float(str(longitude).replace(",", ".")))
    except ValueError:
        raise ConfigError(where, "has no position", _FIX) from None
    if not (-90 <= point.latitude <= 90 and -180 <= point.longitude <= 180):
        raise ConfigError(where, "has a position outside the earth", "Give degrees, WGS 84")
    return point


def _plain(category: str) -> str:
    return category.strip().casefold().replace(" ", "_").replace("-", "_")
