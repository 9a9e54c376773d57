"""Map of the situation: cameras by their state, with the number of their open incidents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pipeline.console.camera_map import CameraMap, Place, camera_map, located
from pipeline.domain.ports import SourceState
from pipeline.http_api.question_routes import CameraAnswer

_WITH_IMAGE: Final = frozenset({SourceState.STREAMING, SourceState.OVERLOADED, SourceState.LOW_RATE})
LIVE: Final = "live"
LOST: Final = "lost"
"""Kinds of places: with an image, and without one."""


def situation_map(
    cameras: Sequence[CameraAnswer] | None, incidents: Sequence[Mapping[str, Any]] | None, base: str
) -> CameraMap | None:
    """The map of some cameras; those with open incidents come first, so that their spots bear their names.

    Args:
        cameras, incidents: as the page shows them, None where they are not known; base: address of the page.
    """
    number = Counter(one["camera_id"] for one in incidents or ())
    ordered = sorted(cameras or (), key=lambda one: (-number[one.camera_id], _is_live(one), one.camera_id))
    known = located(ordered)
    places = [
        Place(
            one.camera_id,
            known[one.camera_id],
            LIVE if _is_live(one) else LOST,
            str(number[one.camera_id] or ""),
            f"{base}/cameras/{one.camera_id}",
        )
        for one in ordered
        if one.camera_id in known
    ]
    return camera_map(places, (), {one.camera_id for one in ordered} - known.keys())


def _is_live(camera: CameraAnswer) -> bool:
    return camera.state in _WITH_IMAGE and not camera.stopped
