"""Cameras that show one scene under declarations that differ: found by their images, whatever their addresses say."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
import structlog

from pipeline.domain.events import AlertEvent, AlertRule, Event, Kind, Severity, event_id
from pipeline.domain.frame import Frame
from pipeline.policy.gate import Gate

_SIDE: Final = 16
_STEP_MS: Final = 1000
"""Stream time between two samples of a camera."""
_REMEMBERED: Final = 60
_STEP: Final = 3
"""Gray levels by which neighboring areas differ, so that noise and compression change nothing."""
_MOST_DIFFERENT: Final = 40
"""Of 512 bits. Over our six clips a smaller, brighter, noisy and hard compressed copy differs in at most 13, and two
scenes in at least 117."""
_DIFFERENT_SHARE: Final = 0.35
"""Of the bits that are set, where that is less: of an empty road there are few."""
_LEAST_SET: Final = 30
"""Bits that are set: dark and empty images are all alike."""
_MATCHES: Final = 10
"""Samples of a camera that match before it is taken for the other one."""

_log = structlog.get_logger(__name__)
_Hash = npt.NDArray[np.bool_]


@dataclass(slots=True)
class _Scene:
    last_ms: int | None = None
    hashes: deque[_Hash] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    matches: dict[str, int] = field(default_factory=dict)


class SceneWatch:
    """Compares one frame a second of each camera with those of cameras that may read plates where it may not.

    Args:
        gate: knows which camera may read plates; of both cameras of a pair that shows one scene none may any more.
        clock_ms: milliseconds since 1970 UTC.
    """

    def __init__(self, gate: Gate, clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> None:
        self._gate = gate
        self._clock_ms = clock_ms
        self._scenes: dict[str, _Scene] = {}

    def check(self, frames: Iterable[Frame]) -> list[Event]:
        """Alerts about cameras that were found to show one scene; their plates are refused from now on."""
        if not self._gate.without_plates():
            return []
        return [alert for frame in frames for alert in self._check(frame)]

    def forget(self, camera_id: str) -> None:
        """Drop what is known of a camera that was removed."""
        self._scenes.pop(camera_id, None)

    def _check(self, frame: Frame) -> list[Event]:
        camera_id = frame.camera_id
        scene = self._scenes.setdefault(camera_id, _Scene())
        if scene.last_ms is not None and 0 <= frame.ts_ms - scene.last_ms < _STEP_MS:
            return []
        scene.last_ms = frame.ts_ms
        found = difference_hash(frame.image.resized(_SIDE * 4 + 4, _SIDE * 4))
        if found is None:
            return []
        scene.hashes.append(found)
        forbidden = bool(self._gate.why_no_plates(camera_id))
        alerts: list[Event] = []
        for other_id, other in self._scenes.items():
            if other_id == camera_id or bool(self._gate.why_no_plates(other_id)) is forbidden:
                continue
            most = min(_MOST_DIFFERENT, _DIFFERENT_SHARE * int(np.count_nonzero(found)))
            same = any(int(np.count_nonzero(found ^ one)) <= most for one in other.hashes)
            scene.matches[other_id] = scene.matches.get(other_id, 0) + 1 if same else 0
            if scene.matches[other_id] >= _MATCHES:
                alerts += self._conflict(camera_id, other_id)
        return alerts

    def _conflict(self, one: str, other: str) -> list[Event]:
        _log.error("scene_conflict", cameras=sorted({one, other}), fix="Declare both alike, or remove one")
        for camera_id, twin in ((one, other), (other, one)):
            self._gate.forbid_plates(camera_id, f"it shows the same scene as camera {twin}, whose declaration differs")
        now_ms = self._clock_ms()
        return [
            AlertEvent(
                event_id=event_id(camera_id, "", Kind.ALERT, f"{AlertRule.SCENE_CONFLICT.value}/{twin}", now_ms),
                camera_id=camera_id,
                ts_ms=now_ms,
                rule=AlertRule.SCENE_CONFLICT.value,
                severity=Severity.CRITICAL,
                subject=twin,
                detail="shows the same scene as another camera whose declaration differs: plates of both are refused",
            )
            for camera_id, twin in ((one, other), (other, one))
        ]


def difference_hash(image: npt.NDArray[np.uint8]) -> _Hash | None:
    """Whether each of 16 × 16 areas is brighter, and whether darker, than the one to its left; None without contrast.

    Source: the difference hash (dHash) of N. Krawetz, 2013, with a step below which areas count as equal.

    Args:
        image: (h, w, 3) uint8, BGR, of any size.
    """
    gray = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), (0, 0), 1.0)
    small = cv2.resize(gray, (_SIDE + 1, _SIDE), interpolation=cv2.INTER_AREA).astype(np.int16)
    step = small[:, 1:] - small[:, :-1]
    found = np.stack([step > _STEP, step < -_STEP])
    return found if int(np.count_nonzero(found)) >= _LEAST_SET else None
