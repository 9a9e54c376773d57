"""Findings of rules on plate reads, as alerts that lead to the read and never name a plate."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Final, NamedTuple, Protocol

from pipeline.domain.alert_figures import Figure, encode_figures
from pipeline.domain.event_identity import UNIDENTIFIED
from pipeline.domain.events import AlertEvent, AlertRule, PlateReadEvent, Severity
from pipeline.domain.route import GeoPoint

_SURE: Final = 0.8
"""Confidence of a read's weakest character from which it is compared."""
_VOTES: Final = 3


class VehicleFinding(NamedTuple):
    """A condition about a vehicle.

    Attributes:
        key: what it is about, equal from camera to camera; it stays in the memory.
        alert: about it, without an incident.
    """

    key: Hashable
    alert: AlertEvent


class PlateRule(Protocol):
    """Sees one kind of condition in the plate reads of all live cameras."""

    @property
    def rule(self) -> AlertRule:
        """Which condition."""
        ...

    def observe(self, event: PlateReadEvent | AlertEvent, places: Mapping[str, GeoPoint]) -> Iterable[VehicleFinding]:
        """What one more event shows: a plate read, or an alert of a listed plate.

        Args:
            event: of a live camera; places: coordinates of cameras.
        """
        ...


def is_sure(read: PlateReadEvent) -> bool:
    """Whether a read may be compared with those of other cameras."""
    return read.confidence >= _SURE and read.votes >= _VOTES


def read_alert(
    rule: AlertRule,
    severity: Severity,
    read: PlateReadEvent,
    figures: Mapping[Figure, float],
    evidence: str,
    *,
    subject: str = "",
) -> AlertEvent:
    """An alert about the vehicle of a read; see `AlertEvent`. Its id is made where its incident is known."""
    return AlertEvent(
        event_id=UNIDENTIFIED,
        camera_id=read.camera_id,
        ts_ms=read.ts_ms,
        rule=rule.value,
        severity=severity,
        subject=subject,
        stream_id=read.stream_id,
        first_ts_ms=read.first_ts_ms,
        label=read.vehicle,
        track_id=read.track_id,
        x1=read.x1,
        y1=read.y1,
        x2=read.x2,
        y2=read.y2,
        evidence=evidence,
        figures=encode_figures(figures),
    )
