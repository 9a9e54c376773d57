"""Alert of a test: about the program itself, of the rule `test`."""

from __future__ import annotations

from pipeline.domain.clock import SystemClock
from pipeline.domain.event_identity import UNIDENTIFIED, identified
from pipeline.domain.events import ENGINE_ID, AlertEvent, AlertRule, Severity

_DETAIL = "test of the channel"


def sample_alert() -> AlertEvent:
    """An alert that tests a channel, of this moment."""
    return identified(
        AlertEvent(
            event_id=UNIDENTIFIED,
            camera_id=ENGINE_ID,
            ts_ms=SystemClock().wall_ms(),
            rule=AlertRule.TEST.value,
            severity=Severity.INFO,
            detail=_DETAIL,
        )
    )
