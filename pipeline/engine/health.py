"""Turns the changes of cameras' states into events."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from pipeline.domain.events import Event, HealthEvent, Kind, event_id
from pipeline.domain.ports import SourceState
from pipeline.domain.redact import redact
from pipeline.engine.feed import Feed


class HealthWatch:
    """Remembers the last state of each camera. A file that runs well has no health events: it cannot be unwell."""

    def __init__(self, feeds: Sequence[Feed]) -> None:
        self._feeds = feeds
        self._last: dict[str, SourceState] = {}

    def changes(self, last_ts_ms: Callable[[str], int | None]) -> list[Event]:
        """Events of the cameras whose state differs from the last call's.

        Args:
            last_ts_ms: time of a camera's newest frame; a file's events are dated by it, so that a second run over
                the same file writes the same rows.
        """
        events: list[Event] = []
        for feed in self._feeds:
            camera_id, state = feed.source.camera_id, feed.state
            if self._last.get(camera_id) is state:
                continue
            self._last[camera_id] = state
            status = feed.source.status()
            detail = redact(feed.error or status.detail)
            if not feed.source.live and state is not SourceState.FAILED:
                continue
            now = time.time_ns() // 1_000_000
            when = now if feed.source.live else last_ts_ms(camera_id) or now
            subject = f"{state.value}" if not feed.source.live else f"{state.value}@{when}"
            events.append(
                HealthEvent(
                    event_id=event_id(camera_id, status.stream_id, Kind.HEALTH, subject),
                    camera_id=camera_id,
                    ts_ms=when,
                    state=state.value,
                    detail=detail,
                    stream_id=status.stream_id,
                )
            )
        return events
