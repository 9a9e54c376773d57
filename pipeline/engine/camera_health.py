"""Health events: changes of the cameras' states, rate-limited, and life signs of cameras that stream."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from pipeline.domain.credentials import redact
from pipeline.domain.events import LIFE_SIGN, LIFE_SIGN_MS, Event
from pipeline.domain.ports import SourceState
from pipeline.engine.camera_events import camera_state
from pipeline.engine.camera_feed import CameraFeed

_TRYING = frozenset({SourceState.CONNECTING, SourceState.BACKING_OFF})
"""An unreachable camera alternates between these: in events they are one state."""
_LAST = frozenset({SourceState.ENDED, SourceState.FAILED})
_HOUR_S = 3600.0
_BURST = 6
"""Events in a row that are sent at once: an outage of a camera and its end are four."""
_CALM_S = 600.0
"""After this long without an event, the next ones are sent at once again."""
_STEADY_S = 60.0
"""A state that lasts this long is reported, however often it changed before."""
_FIRST_SIGN_S: Final = 10.0
"""The first life sign follows soon: from then on it is known that a camera sends them, and that their end means one."""


@dataclass(slots=True)
class _Camera:
    """Last reported and present state of a camera, those of `_TRYING` as one, with the reason."""

    reported: tuple[str, str] = ("", "")
    reported_s: float = 0.0
    reported_in_a_row: int = 0
    now: tuple[str, str] = ("", "")
    since_s: float = 0.0
    next_sign_s: float = 0.0

    def needs_sign(self, now_s: float) -> bool:
        """Whether a camera that streams, as was reported, is due to say so again; it then counts as said."""
        if self.now != self.reported or self.now[0] != SourceState.STREAMING.value or now_s < self.next_sign_s:
            return False
        self.next_sign_s = now_s + LIFE_SIGN_MS / 1000
        return True

    def is_due(self, state: SourceState, detail: str, now_s: float) -> bool:
        """Whether the state is to be reported; it then counts as reported."""
        now = ("trying" if state in _TRYING else state.value, "" if state in _LAST else detail)
        if now != self.now:
            self.now, self.since_s = now, now_s
        waited_s = now_s - self.reported_s
        pause_s = 0.0 if self.reported_in_a_row < _BURST else min(2.0 ** (self.reported_in_a_row - _BURST), _HOUR_S)
        if now == self.reported:
            due = state in _TRYING and waited_s >= _HOUR_S
        else:
            due = state in _LAST or waited_s >= pause_s or now_s - self.since_s >= _STEADY_S
        if due:
            # Must be much longer than the pause, or the pause itself made it wait.
            calm = waited_s >= max(_CALM_S, 2 * pause_s)
            self.reported, self.reported_s, self.reported_in_a_row = (
                now,
                now_s,
                1 if calm else self.reported_in_a_row + 1,
            )
            self.next_sign_s = now_s + _FIRST_SIGN_S
        return due


class HealthWatch:
    """Remembers the last reported state of each camera. Files have health events only when they fail.

    A live camera's change is reported at once. While it stays unreachable for the same reason, that is repeated once an
    hour; for a camera that comes and goes, or whose reasons keep changing, the pauses between events double up to an
    hour. While it streams, it sends a life sign every five minutes: where they end without a change of state, the
    process was killed, or its events are not stored yet.

    Args:
        monotonic_s: seconds of a clock that never steps.
    """

    def __init__(self, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._monotonic_s = monotonic_s
        self._cameras: dict[str, _Camera] = {}

    def changes(
        self,
        feeds: Iterable[CameraFeed],
        last_ts_ms: Callable[[str], int | None],
        limited: Mapping[str, SourceState] = MappingProxyType({}),
    ) -> list[Event]:
        """Events of the cameras whose state is to be reported.

        Args:
            feeds: of the cameras.
            last_ts_ms: time of a camera's newest frame; a file's events are dated by it, so that a second run over
                the same file writes the same rows.
            limited: state of cameras that stream and were reported as overloaded or of a low rate; their life signs
                have that state.
        """
        return [event for feed in feeds if (event := self._change(feed, last_ts_ms, limited)) is not None]

    def forget(self, camera_id: str) -> None:
        """Drop what is known of a camera that was removed."""
        self._cameras.pop(camera_id, None)

    def _change(
        self, feed: CameraFeed, last_ts_ms: Callable[[str], int | None], limited: Mapping[str, SourceState]
    ) -> Event | None:
        camera_id, state = feed.source.camera_id, feed.state
        if not feed.source.live and state is not SourceState.FAILED:
            return None
        status = feed.source.status()
        detail = redact(feed.error or status.detail)
        camera, now_s = self._cameras.setdefault(camera_id, _Camera()), self._monotonic_s()
        if not camera.is_due(state, detail, now_s):
            if not feed.source.live or not camera.needs_sign(now_s):
                return None
            detail = LIFE_SIGN
            state = limited.get(camera_id, state)
        now = time.time_ns() // 1_000_000
        when = now if feed.source.live else last_ts_ms(camera_id) or now
        return camera_state(camera_id, status.stream_id, state, detail, when)
