"""Thresholds that the alert rules of each camera use now."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from pipeline.alerting.learned_limits import UsedThreshold, used_thresholds
from pipeline.alerting.limits import Limits
from pipeline.alerting.usual_file import UsualFiles
from pipeline.config.settings import Config
from pipeline.domain.clock import SystemClock
from pipeline.domain.events import AlertRule
from pipeline.domain.incident_feedback import FEEDBACK_MS, Feedback, Tuning, Tunings, feedback

__all__ = ["CameraThreshold", "Feedback", "UsedThreshold", "camera_thresholds", "given_feedback"]


class CameraThreshold(NamedTuple):
    """A threshold of a camera."""

    camera_id: str
    threshold: UsedThreshold


def given_feedback(where: str, now_ms: int | None = None) -> list[Feedback]:
    """What closings of incidents have changed, oldest first; nothing where no register was made yet.

    Args:
        where: the register; now_ms: milliseconds since 1970 UTC, None for now.

    Raises:
        ReleaseError: the register cannot be read.
    """
    at_ms = SystemClock().wall_ms() if now_ms is None else now_ms
    if "://" not in where and not Path(where).exists():
        return []
    from pipeline.governance.incident_feed import IncidentFeed  # here: SQLAlchemy takes long to import

    with IncidentFeed(where) as feed:
        return feedback(feed.closings(at_ms - FEEDBACK_MS), at_ms)


def camera_thresholds(
    config: Config,
    camera_ids: Collection[str] = (),
    ts_ms: int | None = None,
    given: Sequence[Feedback] = (),
) -> list[CameraThreshold]:
    """Thresholds of the rules that report at each camera; they say nothing about a person or vehicle.

    Args:
        config: the configuration.
        given: what closings have changed.
        camera_ids: of those that are wanted; none for all.
        ts_ms: a time of the hour, milliseconds since 1970 UTC; None for now.
    """
    at_ms = SystemClock().wall_ms() if ts_ms is None else ts_ms
    files = UsualFiles(config.data_dir)
    tuned = {(one.closing.camera_id, one.closing.rule): one.after for one in given}
    found = []
    for camera in config.cameras:
        if camera_ids and camera.id not in camera_ids:
            continue
        settings = config.alerts.of_camera(camera.alerts)
        usual = files.read(camera.id) if settings.learn else None
        limits = Limits(settings.thresholds, usual, partial(_factor, tuned, camera.id))
        found += [CameraThreshold(camera.id, one) for one in used_thresholds(limits, camera.traffic_areas(), at_ms)]
    return found


def _factor(tuned: Tunings, camera_id: str, rule: AlertRule) -> float:
    return tuned.get((camera_id, rule.value), Tuning()).threshold
