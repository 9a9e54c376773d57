"""Permission to read plates, by the declared scope and surroundings of a camera."""

from __future__ import annotations

from typing import Final

from pipeline.domain.camera import Camera, Scope
from pipeline.domain.language import ENGLISH, Language

_SCOPE: Final = "scope {scope} is neither public-road nor car-park-entrance (law 11.766/2022 art. 9 §3)"
_SURROUNDINGS: Final = "sensitive surroundings: {places} (decree 18.743/2014 art. 12)"
_LPR_SCOPES = frozenset({Scope.PUBLIC_ROAD, Scope.CAR_PARK_ENTRANCE})


LEAST_COUNT: Final = 10
"""Vehicles or persons below which a stored count at a sensitive place is in no answer (k-anonymity, k = 10)."""


def is_sensitive(camera: Camera) -> bool:
    """Whether its surroundings reveal something about the people who stop there (decree 18.743/2014 art. 12)."""
    return bool(camera.surroundings)


def allows_plates(scope: Scope) -> bool:
    """Whether plates may be read where a camera of a scope faces (law 11.766/2022 art. 9 §3)."""
    return scope in _LPR_SCOPES


def may_read_plates(camera: Camera) -> bool:
    """Whether plates may be read: on public roads and at car-park entrances only (law 11.766/2022 art. 9 §3).

    Surroundings that reveal something sensitive about people who stop there exclude it (decree 18.743/2014 art. 12).
    """
    return camera.scope in _LPR_SCOPES and not camera.surroundings


def why_no_plates(camera: Camera, language: Language = ENGLISH) -> str:
    """The reason why plates may not be read; "" if they may."""
    if camera.scope not in _LPR_SCOPES:
        return language.text(_SCOPE, scope=camera.scope.value)
    return why_no_tracks(camera, language)


def why_no_tracks(camera: Camera, language: Language = ENGLISH) -> str:
    """The reason why no single track may leave the engine: its surroundings; "" if it may. Counts are no tracks."""
    if not is_sensitive(camera):
        return ""
    places = ", ".join(sorted(place.value for place in camera.surroundings))
    return language.text(_SURROUNDINGS, places=places)
