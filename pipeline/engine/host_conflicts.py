"""Cameras at one host of which only one may read plates: refused until their scenes are declared apart."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Final

import structlog

from pipeline.domain.events import AlertEvent, AlertRule, Severity
from pipeline.domain.times import HOUR_MS
from pipeline.engine.camera_events import camera_alert
from pipeline.policy.gate import Gate

_REPEAT_MS: Final = HOUR_MS
_DETAIL: Final = (
    "may show the same scene as another camera at its host, which may not read plates: plates are refused until "
    "other_scene_than names that one"
)

_log = structlog.get_logger(__name__)


class HostConflicts:
    """Refuses plates of cameras that may be a second stream of one that may not read plates.

    Images prove that two streams show one scene; nothing but a person can state that they do not.

    Args:
        gate: refuses the plates.
        clock_ms: milliseconds since 1970 UTC.
    """

    def __init__(self, gate: Gate, clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> None:
        self._gate = gate
        self._clock_ms = clock_ms
        self._declared: frozenset[tuple[str, str]] = frozenset()
        self._alerted_ms: dict[tuple[str, str], int] = {}
        """Pairs whose plates are refused, with the time of the last alert."""

    def declare(self, pairs: Iterable[tuple[str, str]]) -> None:
        """The pairs of a configuration, which `check` applies; safe from any thread.

        Args:
            pairs: a camera that may read plates, and one at its host that may not.
        """
        self._declared = frozenset(pairs)

    def check(self) -> list[AlertEvent]:
        """Refuse plates of the declared pairs before those of further frames pass; alerts, again once an hour."""
        declared = self._declared
        for pair in [pair for pair in self._alerted_ms if pair not in declared]:
            del self._alerted_ms[pair]
            self._gate.permit_plates(pair[0], host_key(pair[1]))
        now_ms, alerts = self._clock_ms(), []
        for pair in sorted(declared):
            if pair not in self._alerted_ms:
                self._refuse(*pair)
            elif now_ms - self._alerted_ms[pair] < _REPEAT_MS:
                continue
            self._alerted_ms[pair] = now_ms
            reader, other = pair
            rule = AlertRule.SCENE_CONFLICT
            alerts.append(camera_alert(reader, rule, Severity.CRITICAL, _DETAIL, now_ms, subject=other))
        return alerts

    def _refuse(self, reader: str, other: str) -> None:
        reason = f"it has the host of camera {other}, which may not read plates, and may show the same scene"
        fix = f"If it shows another scene, state other_scene_than: [{other}]; if not, declare both alike"
        _log.warning("host_conflict", cameras=[reader, other], fix=fix)
        self._gate.forbid_plates(reader, host_key(other), reason)


def host_key(other: str) -> str:
    """Of the refusal in the gate: one because of the images of the same camera stands beside it."""
    return f"host:{other}"
