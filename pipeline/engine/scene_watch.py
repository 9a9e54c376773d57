"""Cameras that show one scene under declarations that differ: found by their images, whatever their addresses say."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
import structlog

from pipeline.domain.events import AlertEvent, AlertRule, Event, Severity
from pipeline.domain.frame import Frame
from pipeline.domain.times import HOUR_MS, MINUTE_MS
from pipeline.engine.camera_events import camera_alert
from pipeline.engine.scene_features import FEATURES_PX, SceneFeatures, scene_features, show_one_scene
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
"""Samples of a camera that match, and in which something moved, before it is taken for the other one."""
_LEAST_CHANGE: Final = 10
"""Gray levels by which a pixel of the small image changes where something moves; noise and compression stay below."""
_LEAST_MOVED: Final = 0.004
"""Share of such pixels: 17 of the small image, a clock changes fewer."""
_DIFFERENT: Final = 900
"""Samples of each camera of a pair in a row that match none of the other's before their plates pass again."""
_FEATURES_STEP_MS: Final = MINUTE_MS
"""Stream time between two samples of a camera whose features are compared; the first is one of its first images."""
_FIRST_STEP_MS: Final = 10_000
"""The same for the first samples."""
_FIRST_SAMPLES: Final = 3
_MOST_COMPARED: Final = 16
"""Cameras with which one sample is compared, 3 ms each; the others' turn is the next time."""
_FEATURE_MATCHES: Final = 2
"""Samples in a row whose features are those of another camera's newest one."""
_REPEAT_MS: Final = HOUR_MS

_log = structlog.get_logger(__name__)
_Hash = npt.NDArray[np.bool_]


@dataclass(slots=True)
class _Scene:
    """Samples of one camera: of each other camera, matches, and samples that differed, in a row.

    Attributes:
        features: of the newest sample with features, at features_ms, the one with that number (`sampled`).
        compared: cameras with which such samples were compared; feature_matches: of each, samples that match.
        moved: something did since that sample; in_motion: before it.
    """

    last_ms: int | None = None
    small: npt.NDArray[np.uint8] | None = None
    hashes: deque[_Hash] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    matches: dict[str, int] = field(default_factory=dict)
    differed: dict[str, int] = field(default_factory=dict)
    features: SceneFeatures | None = None
    features_ms: int | None = None
    sampled: int = 0
    compared: int = 0
    feature_matches: dict[str, int] = field(default_factory=dict)
    moved: bool = False
    in_motion: bool = False


class SceneWatch:
    """Compares one frame a second of each camera with those of cameras that may read plates where it may not.

    Only samples in which something moved count as matches: two cameras behind one recorder may show its test image
    or "no signal" for hours. While nothing moves, no plate passes that another camera could show.

    Args:
        gate: knows which camera may read plates; of both cameras of a pair that shows one scene none may any more,
            until their scenes have differed for a quarter of an hour.
        clock_ms: milliseconds since 1970 UTC.
    """

    def __init__(self, gate: Gate, clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> None:
        self._gate = gate
        self._clock_ms = clock_ms
        self._scenes: dict[str, _Scene] = {}
        # Those of an earlier run are alerted about at once.
        self._conflicts: dict[tuple[str, str], int] = {
            (one, other): clock_ms() - _REPEAT_MS
            for one, other in gate.conflicts
            if (other, one) in gate.conflicts and one < other
        }
        """Pairs that show one scene, in alphabetical order, with the time of their last alerts."""
        self._ended: list[Event] = []

    def check(self, frames: Iterable[Frame]) -> list[Event]:
        """Alerts about cameras found to show one scene, whose plates are refused from now on, and about those that no
        longer do; the former again once an hour.
        """
        if not self._conflicts and not self._gate.without_plates():
            return []
        ended, self._ended = self._ended, []
        return [*ended, *(alert for frame in frames for alert in self._check(frame)), *self._repeated()]

    def forget(self, camera_id: str) -> None:
        """Drop what is known of a camera that was removed; the others are judged anew."""
        for pair in [pair for pair in self._conflicts if camera_id in pair]:
            self._ended += [alert for alert in self._end(*pair) if alert.camera_id != camera_id]
        self._scenes.pop(camera_id, None)
        for scene in self._scenes.values():
            scene.matches.pop(camera_id, None)
            scene.differed.pop(camera_id, None)
            scene.feature_matches.pop(camera_id, None)

    def _check(self, frame: Frame) -> list[Event]:
        camera_id = frame.camera_id
        scene = self._scenes.setdefault(camera_id, _Scene())
        if scene.last_ms is not None and 0 <= frame.ts_ms - scene.last_ms < _STEP_MS:
            return []
        scene.last_ms = frame.ts_ms
        image = frame.image.resized(_SIDE * 4 + 4, _SIDE * 4)
        moved, scene.small = _moved(scene.small, image), image
        scene.moved = scene.moved or moved
        alerts: list[Event] = list(self._check_features(frame, scene))
        found = difference_hash(image)
        if found is None:
            return alerts
        scene.hashes.append(found)
        for other_id, other in self._opposed(camera_id):
            same = _is_among(found, other.hashes)
            scene.differed[other_id] = 0 if same else scene.differed.get(other_id, 0) + 1
            scene.matches[other_id] = scene.matches.get(other_id, 0) + moved if same else 0
            alerts += self._judged(camera_id, other_id)
        return alerts

    def _opposed(self, camera_id: str) -> list[tuple[str, _Scene]]:
        """Cameras that may read plates if this one may not, and the reverse."""
        forbidden = bool(self._gate.why_declared_without_plates(camera_id))
        return [
            (other_id, other)
            for other_id, other in self._scenes.items()
            if other_id != camera_id and bool(self._gate.why_declared_without_plates(other_id)) is not forbidden
        ]

    def _check_features(self, frame: Frame, scene: _Scene) -> Iterator[AlertEvent]:
        """Alerts of pairs that show one scene in other sections, turned or with other masks, once a minute."""
        step_ms = _FIRST_STEP_MS if scene.sampled < _FIRST_SAMPLES else _FEATURES_STEP_MS
        if scene.features_ms is not None and 0 <= frame.ts_ms - scene.features_ms < step_ms:
            return
        opposed = self._opposed(frame.camera_id)
        if not opposed:
            return
        scene.features_ms, scene.in_motion, scene.moved = frame.ts_ms, scene.moved, False
        scene.features = scene_features(frame.image.resized(*FEATURES_PX))
        scene.sampled += 1
        start = scene.compared % len(opposed)
        turn = [*opposed[start:], *opposed[:start]][:_MOST_COMPARED]
        scene.compared += len(turn)
        for other_id, other in turn:
            if scene.features is None or other.features is None:
                scene.differed[other_id] = 0  # where nothing is recognized, nothing differs
                continue
            same = show_one_scene(scene.features, other.features)
            seen = same and (scene.in_motion or other.in_motion)
            scene.feature_matches[other_id] = scene.feature_matches.get(other_id, 0) + seen if same else 0
            if same:
                scene.differed[other_id] = other.differed[frame.camera_id] = 0
            pair = (min(frame.camera_id, other_id), max(frame.camera_id, other_id))
            matches = scene.feature_matches[other_id] + other.feature_matches.get(frame.camera_id, 0)
            if pair not in self._conflicts and matches >= _FEATURE_MATCHES and seen:
                yield from self._begin(*pair)

    def _judged(self, camera_id: str, other_id: str) -> list[AlertEvent]:
        """Alerts where the conflict of a pair begins or ends with the present sample."""
        pair = (min(camera_id, other_id), max(camera_id, other_id))
        scene, other = self._scenes[camera_id], self._scenes[other_id]
        if pair not in self._conflicts:
            return self._begin(*pair) if scene.matches[other_id] >= _MATCHES else []
        differed = min(scene.differed.get(other_id, 0), other.differed.get(camera_id, 0))
        return self._end(*pair) if differed >= _DIFFERENT else []

    def _begin(self, one: str, other: str) -> list[AlertEvent]:
        _log.error("scene_conflict", cameras=[one, other], fix="Declare both alike, or remove one")
        for camera_id, twin in ((one, other), (other, one)):
            reason = f"it shows the same scene as camera {twin}, whose declaration differs"
            self._gate.forbid_plates(camera_id, twin, reason)
            if (scene := self._scenes.get(camera_id)) is not None:
                scene.differed[twin] = 0
        return self._alerts(one, other)

    def _alerts(self, one: str, other: str) -> list[AlertEvent]:
        self._conflicts[one, other] = self._clock_ms()
        detail = "shows the same scene as another camera whose declaration differs: plates of both are refused"
        return self._about_both(one, other, AlertRule.SCENE_CONFLICT, Severity.CRITICAL, detail)

    def _repeated(self) -> list[AlertEvent]:
        """Answers find a condition that lasts by its alerts of the last hour."""
        now_ms = self._clock_ms()
        due = [pair for pair, alerted_ms in self._conflicts.items() if now_ms - alerted_ms >= _REPEAT_MS]
        return [alert for pair in due for alert in self._alerts(*pair)]

    def _end(self, one: str, other: str) -> list[AlertEvent]:
        _log.info("scene_conflict_ended", cameras=[one, other])
        del self._conflicts[one, other]
        for camera_id, twin in ((one, other), (other, one)):
            self._gate.permit_plates(camera_id, twin)
            if (scene := self._scenes.get(camera_id)) is not None:
                scene.matches[twin] = 0
        detail = "no longer shows the same scene as another camera: plates pass again where its declaration allows it"
        return self._about_both(one, other, AlertRule.SCENE_CONFLICT_ENDED, Severity.INFO, detail)

    def _about_both(self, one: str, other: str, rule: AlertRule, severity: Severity, detail: str) -> list[AlertEvent]:
        now_ms = self._clock_ms()
        return [
            camera_alert(camera_id, rule, severity, detail, now_ms, subject=twin)
            for camera_id, twin in ((one, other), (other, one))
        ]


def _moved(before: npt.NDArray[np.uint8] | None, image: npt.NDArray[np.uint8]) -> bool:
    """Whether something larger than the digits of a clock moved between two samples."""
    if before is None:
        return False
    change = cv2.absdiff(before, image).max(axis=2)
    return bool(np.count_nonzero(change > _LEAST_CHANGE) >= _LEAST_MOVED * change.size)


def _is_among(found: _Hash, hashes: Iterable[_Hash]) -> bool:
    most = min(_MOST_DIFFERENT, _DIFFERENT_SHARE * int(np.count_nonzero(found)))
    return any(int(np.count_nonzero(found ^ one)) <= most for one in hashes)


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
