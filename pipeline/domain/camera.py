"""Declared cameras: observed public space (scope), sensitive surroundings, position."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

CAMERA_ID: Final = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
"""Ids of cameras: they are names of files, keys of messages and labels of metrics too."""
_LONGEST_ID: Final = 64
LEAST_FPS: Final = 5.0
"""Analyzed frames per second below which plates of passing vehicles are missed."""
LEAST_TRACK_FPS: Final = 2.0
"""Analyzed frames per second below which passing vehicles are not tracked, and so not counted."""
_LETTERS: Final = str.maketrans({"ß": "ss", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "œ": "oe", "Œ": "OE", "&": "e"})
"""Letters that do not decompose into a plain one and an accent."""


class Scope(StrEnum):
    """The public space that a camera is declared to observe (decree 18.743 art. 13; law 11.766 art. 9 §3)."""

    PUBLIC_ROAD = "public-road"
    CAR_PARK_ENTRANCE = "car-park-entrance"
    PUBLIC_SQUARE = "public-square"
    """Squares, parks, sidewalks: counting and anonymized release, never plate reading."""


class Priority(StrEnum):
    """Order in which cameras are served while the machine is overloaded."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for those that are served first."""
        return list(Priority).index(self)


class Surroundings(StrEnum):
    """Places near a camera that reveal something sensitive about people who stop there (LGPD art. 5 II)."""

    TEMPLE = "temple"
    CLINIC = "clinic"
    UNION_HALL = "union-hall"
    PARTY_OFFICE = "party-office"
    SCHOOL = "school"
    """Schools and nurseries (LGPD art. 14)."""
    SHELTER = "shelter"
    """Shelters, homes and services for victims of violence, refugees and people without a home."""
    COMMUNITY_CENTER = "community-center"
    """Places that reveal ethnic origin or sex life."""


@dataclass(frozen=True, slots=True)
class AreaNames:
    """Names of a camera's traffic areas (`pipeline.domain.traffic_areas`): zones, lines and the lines' directions."""

    zones: frozenset[str] = frozenset()
    lines: frozenset[str] = frozenset()
    directions: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.zones or self.lines)

    def __or__(self, other: AreaNames) -> AreaNames:
        """The names of both."""
        return AreaNames(self.zones | other.zones, self.lines | other.lines, self.directions | other.directions)

    def all(self) -> frozenset[str]:
        """Every name, whatever it is of."""
        return self.zones | self.lines | self.directions


@dataclass(frozen=True, slots=True)
class Camera:
    """A declared camera.

    Attributes:
        camera_id: unique in an installation; letters, digits, dot, dash and underscore.
        scope: the observed public space.
        name: display name.
        surroundings: sensitive places in its view; if not empty, plates are not read.
        latitude, longitude: degrees, WGS 84; None if unknown.
        analyze_fps: frames analyzed per second; None for all, or where it is not known.
        areas: names of its traffic areas, the only ones that figures of it may hold.
    """

    camera_id: str
    scope: Scope
    name: str = ""
    surroundings: frozenset[Surroundings] = frozenset()
    latitude: float | None = None
    longitude: float | None = None
    analyze_fps: float | None = field(default=None, compare=False)  # no part of what is declared to the public
    areas: AreaNames = AreaNames()

    def analyzed_below(self, fps: float) -> bool:
        """Whether fewer frames per second are analyzed."""
        return self.analyze_fps is not None and self.analyze_fps < fps


def camera_id_problem(text: str) -> str:
    """Why `text` is no camera id, with the closest one that is; "" when it is one."""
    if CAMERA_ID.fullmatch(text) and not text.endswith("\n"):
        return ""
    # A login or a whole address that stands in the wrong place is not repeated, not even in part.
    secret = any(char in text for char in ":@=")
    plain = "" if secret else suggested_camera_id(text)
    instead = f"; write {plain!r}, and the full name under name" if plain else ""
    if not text:
        return "the id is empty"
    if len(text) > _LONGEST_ID:
        return f"the id has {len(text)} characters, {_LONGEST_ID} are possible{instead}"
    if secret:
        return "the id may contain letters without accents, digits, dot, dash and underscore"
    bad = list(dict.fromkeys(char for char in text if not re.fullmatch(r"[A-Za-z0-9._-]", char)))
    if not bad:
        return f"the id must begin with a letter or a digit{instead}"
    shown = ", ".join(
        "a blank" if char == " " else ascii(char) if not char.isprintable() else repr(char) for char in bad[:5]
    )
    return f"the id contains {shown}; it may contain letters without accents, digits, dot, dash and underscore{instead}"


def suggested_camera_id(text: str) -> str:
    """The id that is closest to a name: ``Praça da Sé`` becomes ``Praca-da-Se``; "" when nothing remains."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return re.sub(r"[^A-Za-z0-9._]+", "-", plain).strip("-._")[:_LONGEST_ID].rstrip("-._")
