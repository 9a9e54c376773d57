"""Alerts as channels get them."""

from __future__ import annotations

from typing import Any

import msgspec

from pipeline.channels.alert_message import AlertMessage, message_of
from pipeline.channels.settings import WebhookSettings
from pipeline.domain.event_identity import identified
from pipeline.domain.event_writer import EventRecord
from pipeline.domain.events import AlertEvent, encode
from pipeline.store.settings import Credentials
from tests.event_samples import alert

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
"""Of the example in the specification of Standard Webhooks."""
INCIDENT = "0123456789abcdef01234567"


def changed_alert(number: int = 1, **values: Any) -> AlertEvent:
    return identified(msgspec.structs.replace(alert(number), **values))


def record(event: AlertEvent) -> EventRecord:
    return EventRecord(event, encode(event))


def message(number: int = 1, **values: Any) -> AlertMessage:
    event = changed_alert(number, **values)
    return message_of(event, encode(event), None, None)


def webhook(port: int = 1, **values: Any) -> WebhookSettings:
    secret = Credentials(password=SECRET)  # type: ignore[arg-type]
    given = {"name": "cco", "url": f"http://127.0.0.1:{port}/hook?key=k", "secret": secret, "timeout_s": 2.0}
    return WebhookSettings.model_validate(given | values)
