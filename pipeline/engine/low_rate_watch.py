"""Rates of live cameras below the configured one though the machine keeps up, and damaged images, with the cause."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from pipeline.domain.events import AlertEvent, AlertRule, Event, HealthEvent, Severity
from pipeline.domain.ports import CORRUPT, OVERLOAD, SourceState, SourceStatus
from pipeline.engine.camera_events import camera_alert, camera_state

_WINDOW_S: Final = 30.0
_BEGINS: Final = 0.8
_ENDS: Final = 0.9
"""Share of the configured rate below which a camera is reported, and from which on it is no longer."""
_MOST_DAMAGED: Final = 0.1
"""Share of the frames above which damage is reported, even where enough frames are analyzed."""
_REPEAT_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class CameraRate:
    """What a live camera is to deliver, and its source so far.

    Attributes:
        camera_id: the camera; analyze_fps: as configured, None for every frame; status: of its source.
    """

    camera_id: str
    analyze_fps: float | None
    status: SourceStatus

    @property
    def arrived(self) -> int:
        """Frames that arrived, whatever became of them."""
        return self.status.delivered + sum(self.status.drops.values())

    @property
    def damaged(self) -> int:
        """Frames that arrived without all of their data, whether anything of them could be decoded or not."""
        return self.status.damaged + self.status.drops.get(CORRUPT, 0)

    @property
    def wanted(self) -> int:
        """Frames that arrived whole and that the configured rate selected, analyzed or not."""
        return self.status.delivered + self.status.drops.get(OVERLOAD, 0)


class LowRateWatch:
    """Compares, window by window, the frames that cameras deliver with those that are configured.

    What is lost behind the source is an overload (`OverloadWatch`), and no low rate.

    Args:
        monotonic_s: seconds of a clock that never steps; clock_ms: milliseconds since 1970 UTC.
    """

    def __init__(
        self,
        monotonic_s: Callable[[], float] = time.monotonic,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._monotonic_s = monotonic_s
        self._clock_ms = clock_ms
        self._window_s = monotonic_s()
        self._before: dict[str, CameraRate] = {}
        self._reported_s: dict[str, float] = {}
        # Replaced as a whole, so that other threads read it without a lock.
        self.details: Mapping[str, str] = {}
        """Rate and cause of each camera whose rate is too low now."""

    @property
    def due(self) -> bool:
        """Whether a window is over and `check` would compare."""
        return self._monotonic_s() - self._window_s >= _WINDOW_S

    def check(self, rates: Iterable[CameraRate], overloaded: Collection[str]) -> list[Event]:
        """States and alerts of cameras whose rate becomes too low, again once an hour; states of those that recover.

        Args:
            rates: of all live cameras; overloaded: those that were reported as such, which are not judged.
        """
        if not self.due:
            return []
        now_s = self._monotonic_s()
        seconds, self._window_s = now_s - self._window_s, now_s
        before, self._before = self._before, {rate.camera_id: rate for rate in rates}
        events: list[Event] = []
        details: dict[str, str] = {}
        for camera_id, rate in self._before.items():
            known = self.details.get(camera_id, "")
            earlier = before.get(camera_id)
            if earlier is None or camera_id in overloaded or not _one_session(earlier, rate):
                if known and camera_id not in overloaded and rate.status.state is SourceState.STREAMING:
                    details[camera_id] = known  # of this window it streamed a part
                continue
            if detail := _low_rate(earlier, rate, seconds, _ENDS if known else _BEGINS):
                details[camera_id] = detail
                if not known or now_s - self._reported_s[camera_id] >= _REPEAT_S:
                    self._reported_s[camera_id] = now_s
                    events += [self._state(rate, SourceState.LOW_RATE, detail), self._alert(rate, detail)]
            elif known:
                events.append(self._state(rate, SourceState.STREAMING, ""))
        self.details = details
        return events

    def forget(self, camera_id: str) -> None:
        """Drop what is known of a camera that was removed."""
        self._before.pop(camera_id, None)
        self.details = {known: detail for known, detail in self.details.items() if known != camera_id}

    def _state(self, rate: CameraRate, state: SourceState, detail: str) -> HealthEvent:
        return camera_state(rate.camera_id, rate.status.stream_id, state, detail, self._clock_ms())

    def _alert(self, rate: CameraRate, detail: str) -> AlertEvent:
        return camera_alert(rate.camera_id, AlertRule.LOW_RATE, Severity.WARNING, detail, self._clock_ms())


def _one_session(before: CameraRate, rate: CameraRate) -> bool:
    """Whether a camera streamed throughout a window, in one session of one source."""
    streaming, one, other = SourceState.STREAMING, before.status, rate.status
    same = one.stream_id == other.stream_id and rate.arrived >= before.arrived
    return same and one.state is streaming and other.state is streaming


def _low_rate(before: CameraRate, rate: CameraRate, seconds: float, enough: float) -> str:
    """Rate and cause in words if fewer whole frames were delivered than configured; else ""."""
    arrived = (rate.arrived - before.arrived) / seconds
    wanted = (rate.wanted - before.wanted) / seconds
    corrupt = (rate.status.drops.get(CORRUPT, 0) - before.status.drops.get(CORRUPT, 0)) / seconds
    damaged = (rate.damaged - before.damaged) / seconds
    cause = f"{damaged:.1f} of {arrived:.1f} frames per second are damaged: check the network and the bit rate"
    fps = rate.analyze_fps
    if fps is None or wanted >= enough * fps:
        return cause if damaged > (_MOST_DAMAGED if enough == _BEGINS else _MOST_DAMAGED / 2) * arrived else ""
    if arrived < enough * fps:
        cause = f"only {arrived:.1f} arrive: check its frame rate and the network"
    elif arrived - corrupt >= enough * fps:
        cause = "its timestamps do not advance with time: check its clock and firmware"
    return f"{wanted:.1f} frames per second are analyzed instead of {fps:g}: {cause}"
