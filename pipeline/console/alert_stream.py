"""The stream that makes an open page fetch its list again: at new alerts, and at steps of other people."""

from __future__ import annotations

from collections.abc import Callable

from fastapi.responses import StreamingResponse

from pipeline.app.alerts.alert_feed import FedAlert
from pipeline.console.visits import Visit
from pipeline.domain.purpose import Purpose
from pipeline.http_api.alert_streams import open_stream
from pipeline.http_api.service import Changes


def console_stream(visit: Visit, purpose: Purpose, last_event_id: str) -> StreamingResponse:
    """Signs as server-sent events, without data about incidents: the page asks for these, and is decided on.

    Args:
        visit: of the person; purpose: of the page; last_event_id: of the last sign that the page has had.

    Raises:
        PolicyError, StoreError, AuditUnavailable, RequestRefused: see `open_stream`.
    """
    changes = changes_since(visit.service.incident_changes)
    return open_stream(visit.caller, visit.service, purpose, last_event_id, text=alert_sign, changes=changes)


def alert_sign(one: FedAlert) -> str:
    """An alert as a page receives it."""
    return f"id: {one.event_id}\nevent: alert\ndata: {one.fields['severity']}\n\n"


def changes_since(changes: Changes) -> Callable[[], str]:
    """A sign where people have changed something since the last call."""
    known = changes.number

    def sign() -> str:
        nonlocal known
        if changes.number == known:
            return ""
        known = changes.number
        return "event: step\ndata: changed\n\n"

    return sign
