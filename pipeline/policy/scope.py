"""Permission to read plates, by the declared scope and surroundings of a camera."""

from __future__ import annotations

from pipeline.domain.camera import Camera, Scope

_LPR_SCOPES = frozenset({Scope.PUBLIC_ROAD, Scope.CAR_PARK_ENTRANCE})


def may_read_plates(camera: Camera) -> bool:
    """Whether plates may be read: on public roads and at car-park entrances only (law 11.766/2022 art. 9 §3).

    Surroundings that reveal something sensitive about people who stop there exclude it (decree 18.743/2014 art. 12).
    """
    return camera.scope in _LPR_SCOPES and not camera.surroundings


def why_no_plates(camera: Camera) -> str:
    """The reason why plates may not be read; "" if they may."""
    if camera.scope not in _LPR_SCOPES:
        return f"scope {camera.scope.value} is neither public-road nor car-park-entrance (law 11.766/2022 art. 9 §3)"
    if camera.surroundings:
        places = ", ".join(sorted(place.value for place in camera.surroundings))
        return f"sensitive surroundings: {places} (decree 18.743/2014 art. 12)"
    return ""
