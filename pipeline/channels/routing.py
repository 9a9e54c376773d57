"""Routes of alerts to channels: by severity, rule, camera, zone and plates; quiet hours."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from typing import Final

from pipeline.channels.settings import ChannelSettings, QuietHours
from pipeline.domain.alert_names import ABOUT_PLATES
from pipeline.domain.events import AlertEvent, Event, IncidentPhase, Severity
from pipeline.domain.times import local_time
from pipeline.policy.spelled_plates import spells_plate

_RANKS: Final = {severity.value: rank for rank, severity in enumerate(Severity)}

_NOT_SENT: Final = frozenset({IncidentPhase.ACKNOWLEDGED, IncidentPhase.CLOSED})
"""Steps of people that those who get alerts need not know; an escalation they do."""


def is_severe(alert: AlertEvent, least: Severity) -> bool:
    """Whether an alert is at least as severe."""
    return _RANKS[str(alert.severity)] >= _RANKS[least.value]


def is_about_plate(alert: AlertEvent) -> bool:
    """Whether an alert is about a plate: by its rule, or because one of its texts spells one."""
    return alert.rule in ABOUT_PLATES or any(map(spells_plate, (alert.subject, alert.detail)))


@dataclass(frozen=True, slots=True)
class AlertRoute:
    """The alerts of one channel.

    Attributes:
        settings: of the channel.
        cameras: ids of those that are meant; None for all, and the program itself.
        zone: of quiet hours; None for the machine's.
    """

    settings: ChannelSettings
    cameras: frozenset[str] | None = None
    zone: tzinfo | None = None

    def has(self, event: Event) -> bool:
        """Whether an event is an alert that the channel sends."""
        wanted = self.settings
        return (
            isinstance(event, AlertEvent)
            and event.phase not in _NOT_SENT
            and is_severe(event, wanted.severity)
            and (not wanted.rules or event.rule in wanted.rules)
            and (self.cameras is None or event.camera_id in self.cameras)
            and (not wanted.areas or event.subject in wanted.areas)
            and (wanted.plates or not is_about_plate(event))
        )

    def has_now(self, event: Event) -> bool:
        """Whether it sends it without waiting for the end of quiet hours."""
        return self.has(event) and not self._waits(event)

    def has_later(self, event: Event) -> bool:
        """Whether it sends it when the quiet hours end; exactly one of this and `has_now` holds if `has` does."""
        return self.has(event) and self._waits(event)

    def _waits(self, event: Event) -> bool:
        # By the time of the event, not of the clock: both questions must have one answer.
        quiet = self.settings.quiet
        return (
            quiet is not None
            and isinstance(event, AlertEvent)
            and not is_severe(event, quiet.severity)
            and quiet_for_s(quiet, event.ts_ms, self.zone) > 0
        )


def quiet_for_s(quiet: QuietHours, at_ms: int, zone: tzinfo | None) -> float:
    """Seconds until quiet hours end; 0 outside of them.

    Args:
        quiet: the hours; at_ms: a time, milliseconds since 1970 UTC; zone: see `AlertRoute`.
    """
    now = local_time(at_ms, zone)
    begin, end = time.fromisoformat(quiet.begin), time.fromisoformat(quiet.end)
    at = now.time().replace(tzinfo=None)
    inside = begin <= at < end if begin < end else at >= begin or at < end
    if not inside:
        return 0.0
    until = datetime.combine(now.date(), end, now.tzinfo)
    if until <= now:
        until += timedelta(days=1)
    return max(0.001, (until - now).total_seconds())


def routed_cameras(
    settings: ChannelSettings, groups: Mapping[str, Collection[str]], owners: Mapping[str, str]
) -> frozenset[str] | None:
    """Ids of the cameras that a channel names, by id, group or owner; None where it names none.

    Args:
        settings: of the channel.
        groups: ids of cameras by the name of their group; owners: owner by id of the camera.
    """
    if not (settings.cameras or settings.groups or settings.owners):
        return None
    of_groups = (camera for group in settings.groups for camera in groups.get(group, ()))
    of_owners = (camera for camera, owner in owners.items() if owner in settings.owners)
    return frozenset({*settings.cameras, *of_groups, *of_owners})
