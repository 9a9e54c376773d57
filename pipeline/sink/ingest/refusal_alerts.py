"""Alerts about events from Kafka that policy refuses, limited in rate."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable
from typing import Final

from pipeline.domain.event_identity import UNIDENTIFIED, identified
from pipeline.domain.events import ENGINE_ID, AlertEvent, AlertRule, Severity
from pipeline.domain.plural import counted
from pipeline.policy.gate import RefusalRule

RULE: Final = AlertRule.EVENTS_REFUSED_BY_POLICY.value
_EVERY_MS: Final = 600_000
"""Between two alerts about the same rule and camera; refusals in between are summed."""

Subject = tuple[RefusalRule, str]
"""Rule, and id of the registered camera; "" for cameras that are not registered, whose ids could be anything."""


class RefusalAlerts:
    """Counts refusals, and makes an alert for each rule and camera at most every ten minutes.

    Args:
        group: of the ingester.
        clock_ms: milliseconds since 1970 UTC.
    """

    def __init__(self, group: str, clock_ms: Callable[[], int]) -> None:
        self._group = group
        self._clock_ms = clock_ms
        self._waiting: Counter[Subject] = Counter()
        self._sent_ms: dict[Subject, int] = {}

    def count(self, rule: RefusalRule, camera_id: str) -> None:
        """One more event was refused."""
        self._waiting[rule, "" if camera_id == ENGINE_ID else camera_id] += 1

    def due(self) -> list[AlertEvent]:
        """Alerts to send now; they stay due until `sent`."""
        now_ms = self._clock_ms()
        return [
            self._alert(subject, count, now_ms)
            for subject, count in sorted(self._waiting.items())
            if subject not in self._sent_ms or now_ms - self._sent_ms[subject] >= _EVERY_MS
        ]

    def sent(self, alerts: list[AlertEvent]) -> None:
        """These alerts are confirmed."""
        for alert in alerts:
            subject = (RefusalRule(alert.subject), "" if alert.camera_id == ENGINE_ID else alert.camera_id)
            del self._waiting[subject]
            self._sent_ms[subject] = alert.ts_ms

    def _alert(self, subject: Subject, count: int, now_ms: int) -> AlertEvent:
        rule, camera_id = subject[0], subject[1] or ENGINE_ID
        return identified(
            AlertEvent(
                event_id=UNIDENTIFIED,
                camera_id=camera_id,
                ts_ms=now_ms,
                rule=RULE,
                severity=Severity.WARNING,
                subject=rule.value,
                detail=f"policy refuses {counted(count, 'event')} from Kafka; see viapublica kafka dead-letters ls",
            ),
            zlib.crc32(self._group.encode()),  # two groups may refuse as many at the same time
        )
