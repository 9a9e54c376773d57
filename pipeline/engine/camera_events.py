"""Alerts and states of cameras as events, whose ids follow from what they say and when."""

from __future__ import annotations

from pipeline.domain.event_identity import UNIDENTIFIED, identified
from pipeline.domain.events import AlertEvent, AlertRule, HealthEvent, Severity
from pipeline.domain.ports import SourceState


def camera_alert(
    camera_id: str,
    rule: AlertRule,
    severity: Severity,
    detail: str,
    now_ms: int,
    *,
    subject: str = "",
    stream_id: str = "",
) -> AlertEvent:
    """An alert about a camera or the program.

    Args:
        camera_id: the camera, or `ENGINE_ID`.
        rule, severity, detail: see `AlertEvent`.
        now_ms: milliseconds since 1970 UTC.
        subject: what it is about beside the camera: another camera, a rule of policy.
        stream_id: the session in which it was noticed.
    """
    return identified(
        AlertEvent(
            event_id=UNIDENTIFIED,
            camera_id=camera_id,
            ts_ms=now_ms,
            rule=rule.value,
            severity=severity,
            subject=subject,
            detail=detail,
            stream_id=stream_id,
        )
    )


def camera_state(camera_id: str, stream_id: str, state: SourceState, detail: str, since_ms: int) -> HealthEvent:
    """The state of a camera in a session, from a time on.

    Args:
        camera_id, stream_id, state, detail: see `HealthEvent`.
        since_ms: milliseconds since 1970 UTC.
    """
    return identified(
        HealthEvent(
            event_id=UNIDENTIFIED,
            camera_id=camera_id,
            ts_ms=since_ms,
            state=state.value,
            detail=detail,
            stream_id=stream_id,
        )
    )
