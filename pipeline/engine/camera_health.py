"""Turns the changes of cameras' states into events."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline.domain.credentials import redact
from pipeline.domain.events import Event, HealthEvent, Kind, event_id
from pipeline.domain.ports import SourceState
from pipeline.engine.camera_feed import CameraFeed

_TRYING = frozenset({SourceState.CONNECTING, SourceState.BACKING_OFF})
"""Between these a dead camera goes to and fro for as long as it is dead: for a reader they are one state."""
_LAST = frozenset({SourceState.ENDED, SourceState.FAILED})
_HOUR_S = 3600.0
_FREE = 6
"""Events in a row that are told at once: an outage of a camera and its end are four."""
_CALM_S = 600.0
"""Without an event for so long, the next ones are free again."""
_STEADY_S = 60.0
"""A state that lasts so long is told, however restless the camera was before."""


@dataclass(slots=True)
class _Camera:
    """What was told of a camera, and what it is now: the state, those of `_TRYING` as one, and the reason."""

    told: tuple[str, str] = ("", "")
    told_s: float = 0.0
    told_in_a_row: int = 0
    now: tuple[str, str] = ("", "")
    since_s: float = 0.0

    def is_due(self, state: SourceState, detail: str, now_s: float) -> bool:
        """Whether the state is to be told; it then counts as told."""
        now = ("trying" if state in _TRYING else state.value, "" if state in _LAST else detail)
        if now != self.now:
            self.now, self.since_s = now, now_s
        waited_s = now_s - self.told_s
        pause_s = 0.0 if self.told_in_a_row < _FREE else min(2.0 ** (self.told_in_a_row - _FREE), _HOUR_S)
        if now == self.told:
            due = state in _TRYING and waited_s >= _HOUR_S
        else:
            due = state in _LAST or waited_s >= pause_s or now_s - self.since_s >= _STEADY_S
        if due:
            # Much longer than the pause, or it was the pause that made it wait.
            calm = waited_s >= max(_CALM_S, 2 * pause_s)
            self.told, self.told_s, self.told_in_a_row = now, now_s, 1 if calm else self.told_in_a_row + 1
        return due


class HealthWatch:
    """Remembers what was last told of each camera. A file that runs well has no health events: it cannot be unwell.

    A live camera's change is told at once. That it is still dead, for the same reason, is told once an hour; of one
    that comes and goes, or fails for ever other reasons, the events come in pauses that double up to an hour.

    Args:
        feeds: of the cameras.
        monotonic_s: seconds of a clock that never steps.
    """

    def __init__(self, feeds: Sequence[CameraFeed], monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._feeds = feeds
        self._monotonic_s = monotonic_s
        self._cameras = {feed.source.camera_id: _Camera() for feed in feeds}

    def changes(self, last_ts_ms: Callable[[str], int | None]) -> list[Event]:
        """Events of the cameras whose state is to be told.

        Args:
            last_ts_ms: time of a camera's newest frame; a file's events are dated by it, so that a second run over
                the same file writes the same rows.
        """
        return [event for feed in self._feeds if (event := self._change(feed, last_ts_ms)) is not None]

    def _change(self, feed: CameraFeed, last_ts_ms: Callable[[str], int | None]) -> Event | None:
        camera_id, state = feed.source.camera_id, feed.state
        if not feed.source.live and state is not SourceState.FAILED:
            return None
        status = feed.source.status()
        detail = redact(feed.error or status.detail)
        if not self._cameras[camera_id].is_due(state, detail, self._monotonic_s()):
            return None
        now = time.time_ns() // 1_000_000
        when = now if feed.source.live else last_ts_ms(camera_id) or now
        subject = f"{state.value}" if not feed.source.live else f"{state.value}@{when}"
        return HealthEvent(
            event_id=event_id(camera_id, status.stream_id, Kind.HEALTH, subject),
            camera_id=camera_id,
            ts_ms=when,
            state=state.value,
            detail=detail,
            stream_id=status.stream_id,
        )
