"""Alerts about cameras without video and sinks that lose or refuse events."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from pipeline.domain.events import ENGINE_ID, AlertRule, Event, HealthEvent, Severity
from pipeline.domain.plural import counted
from pipeline.domain.ports import RECORDING_ENDED, STOPPED, SinkStatus, SourceState
from pipeline.domain.times import HOUR_MS
from pipeline.engine.camera_events import camera_alert

_LOST = frozenset(
    {SourceState.STALLED.value, SourceState.BACKING_OFF.value, SourceState.FAILED.value, SourceState.ENDED.value}
)
_HEALTHY = SourceState.STREAMING.value


class SourceAlertWatch:
    """Raises an alert when a problem begins, and again only after it was resolved or has grown.

    Args:
        clock_ms: milliseconds since 1970 UTC.
    """

    def __init__(self, clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> None:
        self._clock_ms = clock_ms
        self._lost_cameras: set[str] = set()
        self._refused: dict[tuple[str, str], tuple[int, int]] = {}
        self._reported: dict[tuple[str, str], int] = {}

    def about_cameras(self, changes: Iterable[Event]) -> list[Event]:
        """Alerts about cameras that stopped delivering video, with the reason.

        Args:
            changes: events of `HealthWatch`.
        """
        alerts: list[Event] = []
        for change in changes:
            if not isinstance(change, HealthEvent):
                continue
            if change.state == _HEALTHY:
                self._lost_cameras.discard(change.camera_id)
            elif change.state in _LOST and not _is_meant(change) and change.camera_id not in self._lost_cameras:
                self._lost_cameras.add(change.camera_id)
                final = change.state in {SourceState.FAILED.value, SourceState.ENDED.value}
                alerts.append(
                    camera_alert(
                        change.camera_id,
                        AlertRule.CAMERA_LOST,
                        Severity.CRITICAL if final else Severity.WARNING,
                        change.detail or change.state,
                        change.ts_ms,
                        stream_id=change.stream_id,
                    )
                )
        return alerts

    def forget(self, camera_id: str) -> None:
        """Drop what is known of a camera that was removed."""
        self._lost_cameras.discard(camera_id)

    def about_clocks(self, in_future: Mapping[str, int]) -> list[Event]:
        """Alerts about cameras of which events were refused because of their time; again once an hour while more are.

        Args:
            in_future: how many events of each camera were refused so far.
        """
        now_ms = self._clock_ms()
        rule = AlertRule.CLOCK_WRONG
        new = self._grown({(camera_id, rule.value): refused for camera_id, refused in in_future.items()}, now_ms)
        detail = "events with a time in the future are refused: a clock, or the start time of a video, is wrong"
        return [camera_alert(camera_id, rule, Severity.CRITICAL, detail, now_ms) for camera_id, _ in new]

    def about_refusals(self, refused: Mapping[tuple[str, str], int]) -> list[Event]:
        """Alerts about events that the policy gate refused; again once an hour while more are.

        Args:
            refused: how many events so far, by camera and rule; "" for cameras that are not registered.
        """
        now_ms, rule = self._clock_ms(), AlertRule.EVENTS_REFUSED_BY_POLICY
        return [
            camera_alert(
                camera_id or ENGINE_ID,
                rule,
                Severity.WARNING,
                f"policy refuses {counted(count, 'event')}",
                now_ms,
                subject=why,
            )
            for (camera_id, why), count in self._grown(refused, now_ms).items()
        ]

    def _grown(self, counts: Mapping[tuple[str, str], int], now_ms: int) -> dict[tuple[str, str], int]:
        """By how much counts have grown of which an alert is due: the first, or the next one after an hour."""
        grown = {}
        for key, count in sorted(counts.items()):
            before, alerted_ms = self._refused.get(key, (0, now_ms - HOUR_MS))
            if count > before and now_ms - alerted_ms >= HOUR_MS:
                grown[key] = count - before
                self._refused[key] = (count, now_ms)
        return grown

    def about_sinks(self, statuses: Sequence[SinkStatus], lost: Mapping[str, int]) -> list[Event]:
        """Alerts about sinks that lost or refused events since the last call.

        Args:
            statuses: of all sinks.
            lost: events per sink that never reached its spool.
        """
        alerts: list[Event] = []
        for status in statuses:
            gone = status.lost + lost.get(status.name, 0)
            for rule, severity, count in (
                (AlertRule.EVENTS_LOST, Severity.CRITICAL, gone),
                (AlertRule.EVENTS_REFUSED, Severity.WARNING, status.refused),
            ):
                before = self._reported.get((status.name, rule), 0)
                if count > before:
                    self._reported[(status.name, rule)] = count
                    alerts.append(self._of_sink(status, rule, severity, count - before))
        return alerts

    def _of_sink(self, status: SinkStatus, rule: AlertRule, severity: Severity, count: int) -> Event:
        detail = f"{counted(count, 'event')}{': ' + status.error if status.error else ''}"
        return camera_alert(ENGINE_ID, rule, severity, detail, self._clock_ms(), subject=status.name)


def _is_meant(change: HealthEvent) -> bool:
    """Whether a camera ended because it was stopped, or is a recording by its configuration."""
    return change.state == SourceState.ENDED.value and change.detail.startswith((STOPPED, RECORDING_ENDED))
