"""A camera as the law sees it: where it looks and what may be done there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """The public space a camera has been declared to look at (decree 18.743 art. 13; law 11.766 art. 9 §3)."""

    PUBLIC_ROAD = "public-road"
    CAR_PARK_ENTRANCE = "car-park-entrance"
    PUBLIC_SQUARE = "public-square"
    """Squares, parks, pavements: counting and anonymized release, never plate reading."""


class Surroundings(StrEnum):
    """Places next to a camera that would tell something sensitive about who stops there (LGPD art. 5 II)."""

    TEMPLE = "temple"
    CLINIC = "clinic"
    UNION_HALL = "union-hall"
    PARTY_OFFICE = "party-office"


@dataclass(frozen=True, slots=True)
class Camera:
    """A declared camera.

    Attributes:
        camera_id: unique in an installation; letters, digits, dot, dash and underscore.
        scope: the public space it looks at.
        name: words for people.
        surroundings: sensitive places in its view; not empty means no per-plate analytics.
        latitude, longitude: degrees, WGS 84, or None when unknown.
    """

    camera_id: str
    scope: Scope
    name: str = ""
    surroundings: frozenset[Surroundings] = frozenset()
    latitude: float | None = None
    longitude: float | None = None
