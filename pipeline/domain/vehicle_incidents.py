"""Incidents about one vehicle each, over all cameras: they go on from one camera to the next."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

import msgspec

from pipeline.domain.alert_figures import Figure, decode_figures, encode_figures
from pipeline.domain.event_identity import identified
from pipeline.domain.events import AlertEvent, IncidentPhase

_MOST: Final = 1000
"""Open incidents; the one without an alert for longest ends first."""
_MOST_EVIDENCE: Final = 16


@dataclass(slots=True)
class _Open:
    incident: str
    first_ms: int
    last: AlertEvent
    evidence: list[str] = field(default_factory=list)
    cameras: list[str] = field(default_factory=list)


class VehicleIncidents:
    """The open ones of a run. One thread at a time.

    What they are about stays in the memory: no id can be computed from a plate.

    Args:
        quiet_ms: time without an alert after which an incident ends.
    """

    def __init__(self, quiet_ms: int) -> None:
        self._quiet_ms = quiet_ms
        self._open: dict[Hashable, _Open] = {}

    def knows(self, key: Hashable) -> bool:
        """Whether an incident is open."""
        return key in self._open

    def add(self, key: Hashable, alert: AlertEvent) -> AlertEvent:
        """An alert as the begin of an incident, or as an update of one that is open.

        An update names the camera before as its subject, with the seconds between; its evidence are the alerts so far.

        Args:
            key: what it is about; alert: without an incident.
        """
        one = self._open.pop(key, None)
        if one is None:
            one = _Open(_incident_id(alert), alert.began_ms, alert)
            placed = self._placed(alert, one, IncidentPhase.BEGUN)
        else:
            placed = self._placed(_after(alert, one.last), one, IncidentPhase.UPDATED)
        one.last = placed
        one.evidence = [*one.evidence, str(placed.event_id)][-_MOST_EVIDENCE:]
        self._open[key] = one  # as the newest
        return placed

    def due(self, now_ms: int) -> list[AlertEvent]:
        """Ends of incidents without an alert for long.

        Args:
            now_ms: milliseconds since 1970 UTC.
        """
        over = [key for key, one in self._open.items() if now_ms - one.last.ts_ms >= self._quiet_ms]
        over += list(self._open)[: max(0, len(self._open) - _MOST)]
        return [self._end(key, self._quiet_ms) for key in dict.fromkeys(over)]

    def close(self, now_ms: int) -> list[AlertEvent]:
        """Ends of all: no one watches any more."""
        return [self._end(key, max(1, now_ms - self._open[key].last.ts_ms)) for key in list(self._open)]

    def _end(self, key: Hashable, after_ms: int) -> AlertEvent:
        one = self._open.pop(key)
        figures = decode_figures(one.last.figures)
        figures.pop(Figure.SECONDS, None)
        ended = msgspec.structs.replace(
            one.last,
            ts_ms=one.last.ts_ms + after_ms,
            phase=IncidentPhase.ENDED,
            evidence=" ".join(one.evidence),
            figures=encode_figures(figures),
        )
        return identified(ended)

    def _placed(self, alert: AlertEvent, one: _Open, phase: IncidentPhase) -> AlertEvent:
        if alert.camera_id not in one.cameras:
            one.cameras.append(alert.camera_id)
        figures = decode_figures(alert.figures)
        if len(one.cameras) > 1:
            figures[Figure.CAMERAS] = len(one.cameras)
        return identified(
            msgspec.structs.replace(
                alert,
                incident=one.incident,
                phase=phase,
                first_ts_ms=min(one.first_ms, alert.began_ms),
                evidence=alert.evidence or " ".join(one.evidence),
                figures=encode_figures(figures),
            )
        )


def _after(alert: AlertEvent, before: AlertEvent) -> AlertEvent:
    """The alert with the camera before, where it says nothing else about another one."""
    if alert.subject or alert.camera_id == before.camera_id:
        return alert
    figures = {**decode_figures(alert.figures), Figure.SECONDS: round(max(0, alert.ts_ms - before.ts_ms) / 1000)}
    return msgspec.structs.replace(alert, subject=before.camera_id, figures=encode_figures(figures))


def _incident_id(alert: AlertEvent) -> str:
    said = f"{alert.rule} {alert.camera_id} {alert.stream_id} {alert.ts_ms} {alert.figures} {alert.evidence}"
    return sha256(said.encode()).hexdigest()[:24]
