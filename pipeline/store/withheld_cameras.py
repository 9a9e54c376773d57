"""Cameras whose stored plates no answer may use, by the strictest of configuration and last dated declaration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pipeline.domain.camera import Camera
from pipeline.domain.camera_declaration import DatedDeclaration
from pipeline.domain.times import format_time
from pipeline.policy.scope import is_sensitive, why_no_plates
from pipeline.storage.declared_cameras import DeclaredCameras
from pipeline.storage.scene_conflicts import SceneConflicts


def withheld_cameras(data_dir: Path, configured: Mapping[str, Camera]) -> dict[str, str]:
    """Cameras whose stored plates no answer may use, with the reason and since when.

    An older or edited configuration shows no plate that the last declaration of the data folder withholds: a camera is
    declared anew only by the start or reload of a run or an ingester, which is logged. Nor does any process show those
    of a camera that the run found to show the scene of one that may read none.

    Args:
        data_dir: the data folder; configured: the cameras of a configuration, by id.

    Raises:
        ConfigError: the declarations of the data folder are corrupt or cannot be read.
    """
    declared = DeclaredCameras(data_dir).all()
    withheld = {}
    for camera_id in dict.fromkeys((*declared, *configured)):
        found = declared.get(camera_id, [])
        last = [one.declaration.camera for one in found[-1:]]
        present = [configured[camera_id]] if camera_id in configured else []
        why = next((reason for camera in (*last, *present) if (reason := why_no_plates(camera))), "")
        if why:
            withheld[camera_id] = f"{why}{_since(found)}"
    return {camera_id: why for (camera_id, _), why in SceneConflicts(data_dir).read().items()} | withheld


def sensitive_cameras(data_dir: Path, configured: Mapping[str, Camera]) -> frozenset[str]:
    """Cameras with sensitive surroundings, by the last declaration of the data folder or by a configuration.

    Of them no answer has a single track or a small count, whenever it was stored. A camera that the run found to show
    the scene of one of them is treated like it.

    Raises:
        ConfigError: see `withheld_cameras`.
    """
    declared = DeclaredCameras(data_dir).cameras()
    every = (*declared.values(), *configured.values())
    sensitive = frozenset(camera.camera_id for camera in every if is_sensitive(camera))
    return sensitive | {camera_id for camera_id, twin in SceneConflicts(data_dir).read() if twin in sensitive}


def declared_cameras(data_dir: Path, configured: Iterable[str]) -> frozenset[str]:
    """Cameras of which it is known how they are declared: plates of all others are withheld.

    Raises:
        ConfigError: see `withheld_cameras`.
    """
    return frozenset(DeclaredCameras(data_dir).cameras()) | frozenset(configured)


def strictest_cameras(data_dir: Path, configured: Mapping[str, Camera]) -> dict[str, Camera]:
    """Configured and declared cameras; of two declarations of a camera the one that forbids plates.

    Raises:
        ConfigError: see `withheld_cameras`.
    """
    declared = DeclaredCameras(data_dir).cameras()
    return {**declared, **configured} | {
        camera_id: camera for camera_id, camera in declared.items() if why_no_plates(camera)
    }


def _since(declarations: Sequence[DatedDeclaration]) -> str:
    """Since when a camera is declared so that no plates may be read; "" where that was not stored."""
    since_ms = None
    for one in reversed(declarations):
        if not why_no_plates(one.declaration.camera):
            break
        since_ms = one.from_ms
    return "" if since_ms is None else f", since {format_time(since_ms, None)}"
