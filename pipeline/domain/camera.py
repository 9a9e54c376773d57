"""Declared cameras: observed public space (scope), sensitive surroundings, position."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """The public space that a camera is declared to observe (decree 18.743 art. 13; law 11.766 art. 9 §3)."""

    PUBLIC_ROAD = "public-road"
    CAR_PARK_ENTRANCE = "car-park-entrance"
    PUBLIC_SQUARE = "public-square"
    """Squares, parks, sidewalks: counting and anonymized release, never plate reading."""


class Surroundings(StrEnum):
    """Places near a camera that reveal something sensitive about people who stop there (LGPD art. 5 II)."""

    TEMPLE = "temple"
    CLINIC = "clinic"
    UNION_HALL = "union-hall"
    PARTY_OFFICE = "party-office"


@dataclass(frozen=True, slots=True)
class Camera:
    """A declared camera.

    Attributes:
        camera_id: unique in an installation; letters, digits, dot, dash and underscore.
        scope: the observed public space.
        name: display name.
        surroundings: sensitive places in its view; if not empty, plates are not read.
        latitude, longitude: degrees, WGS 84; None if unknown.
    """

    camera_id: str
    scope: Scope
    name: str = ""
    surroundings: frozenset[Surroundings] = frozenset()
    latitude: float | None = None
    longitude: float | None = None
