"""Alerts as channels get them."""

from __future__ import annotations

from typing import Any

import msgspec

from pipeline.channels.alert_message import AlertMessage, message_of
from pipeline.channels.settings import WebhookSettings, WebPushSettings
from pipeline.domain.event_identity import identified
from pipeline.domain.event_writer import EventRecord
from pipeline.domain.events import AlertEvent, encode
from pipeline.store.settings import Credentials
from tests.event_samples import alert

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
"""Of the example in the specification of Standard Webhooks."""
VAPID_KEY = (
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHcCAQEEIJ9fqjZc6DFa0wszpLHPW1jWBsMb1t4DDD/yFYVNCvZ+oAoGCCqGSM49AwEHoUQDQgAEwE/CqO75LZFnKj\n"
    "spn5TwFFRqBomoEdsA5GGpmQjzuMXPQ+THZ1ECg2a8hqINqxrGiRzjHTyurAitOGJhmMjRfA==\n"
    "-----END EC PRIVATE KEY-----"
)
VAPID_PUBLIC = "BMBPwqju-S2RZyo7KZ-U8BRUagaJqBHbAORhqZkI87jFz0Pkx2dRAoNmvIaiDasaxokc4x08rqwIrThiYZjI0Xw"
INCIDENT = "0123456789abcdef01234567"


def changed_alert(number: int = 1, **values: Any) -> AlertEvent:
    return identified(msgspec.structs.replace(alert(number), **values))


def record(event: AlertEvent) -> EventRecord:
    return EventRecord(event, encode(event))


def message(number: int = 1, **values: Any) -> AlertMessage:
    event = changed_alert(number, **values)
    return message_of(event, encode(event), None, None)


def push_settings(name: str = "guard", **values: Any) -> WebPushSettings:
    """A channel of Web Push whose services are on this machine."""
    key = Credentials(password=VAPID_KEY)  # type: ignore[arg-type]
    given = {"name": name, "key": key, "public_key": VAPID_PUBLIC, "contact": "cco@example.org"}
    return WebPushSettings.model_validate(given | {"services": ("127.0.0.1",), "timeout_s": 2.0} | values)


def webhook(port: int = 1, **values: Any) -> WebhookSettings:
    secret = Credentials(password=SECRET)  # type: ignore[arg-type]
    given = {"name": "cco", "url": f"http://127.0.0.1:{port}/hook?key=k", "secret": secret, "timeout_s": 2.0}
    return WebhookSettings.model_validate(given | values)
