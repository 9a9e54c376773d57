"""Thresholds that the alert rules of each camera use now."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from pipeline.alerting.learned_limits import UsedThreshold, used_thresholds
from pipeline.alerting.limits import Limits
from pipeline.alerting.usual_file import UsualFiles
from pipeline.config.settings import Config
from pipeline.domain.clock import SystemClock

__all__ = ["CameraThreshold", "UsedThreshold", "camera_thresholds"]


class CameraThreshold(NamedTuple):
    """A threshold of a camera."""

    camera_id: str
    threshold: UsedThreshold


def camera_thresholds(
    config: Config, camera_ids: Collection[str] = (), ts_ms: int | None = None
) -> list[CameraThreshold]:
    """Thresholds that can be learned, of all cameras or some; they say nothing about a person or vehicle.

    Args:
        config: the configuration.
        camera_ids: of those that are wanted; none for all.
        ts_ms: a time of the hour, milliseconds since 1970 UTC; None for now.
    """
    at_ms = SystemClock().wall_ms() if ts_ms is None else ts_ms
    files = UsualFiles(config.data_dir)
    found = []
    for camera in config.cameras:
        if camera_ids and camera.id not in camera_ids:
            continue
        settings = config.alerts.of_camera(camera.alerts)
        limits = Limits(settings.thresholds, files.read(camera.id) if settings.learn else None)
        found += [CameraThreshold(camera.id, one) for one in used_thresholds(limits, camera.traffic_areas(), at_ms)]
    return found
