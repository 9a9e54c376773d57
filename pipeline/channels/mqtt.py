"""MQTT: a retained message for each camera and rule, taken back when the incident ends."""

from __future__ import annotations

import json
import selectors
import ssl
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from pipeline.channels.alert_message import AlertMessage
from pipeline.channels.settings import MqttSettings
from pipeline.channels.tls_context import tls_context
from pipeline.domain.events import AlertRule
from pipeline.domain.extras import missing_package
from pipeline.errors import SinkError

if TYPE_CHECKING:
    from paho.mqtt.client import Client

_ENDS: Final = {
    AlertRule.OVERLOAD_ENDED.value: AlertRule.OVERLOADED.value,
    AlertRule.IMAGE_RESTORED.value: AlertRule.IMAGE_UNUSABLE.value,
    AlertRule.SCENE_CONFLICT_ENDED.value: AlertRule.SCENE_CONFLICT.value,
    AlertRule.VIEW_CONFIRMED.value: AlertRule.CAMERA_MOVED.value,
    AlertRule.VIEW_CHECKED.value: AlertRule.VIEW_UNCHECKED.value,
    AlertRule.CLOCK_STEADY.value: AlertRule.CLOCK_DRIFTS.value,
    AlertRule.HOT_LISTS_CHECKED.value: AlertRule.HOT_LISTS_NOT_CHECKED.value,
}
"""Rules that say that the condition of another one is over."""
_AT_LEAST_ONCE: Final = 1
_REUSED_S: Final = 30
"""Time after the last message in which a connection is used again; the broker ends it after half as much more."""


class MqttChannel:
    """A `Channel` to a broker (MQTT 3.1.1). Messages have quality of service 1.

    Topics are ``<topic>/<camera>/<rule>``. A subscriber of ``<topic>/#`` gets each alert, and, when it subscribes,
    those whose incident has not ended.

    Args:
        settings: of the channel.
        client_id: the same at every start, so that the broker ends a connection that a killed process left.
    """

    def __init__(self, settings: MqttSettings, client_id: str) -> None:
        self._settings = settings
        self._client_id = client_id
        self._client: Client | None = None
        self._used_s = 0.0

    @property
    def target(self) -> str:
        """See `Channel`."""
        return f"{self._settings.host}:{self._settings.port}"

    def open(self) -> None:
        """See `Channel`.

        Raises:
            SinkError: the broker refuses the connection, or does not answer.
            MissingComponent: the client is not installed.
        """
        if self._client is not None and self._client.is_connected() and time.monotonic() - self._used_s < _REUSED_S:
            return
        self.close()
        try:
            from paho.mqtt.client import Client
            from paho.mqtt.enums import CallbackAPIVersion
        except ImportError:
            raise missing_package("paho") from None
        wanted = self._settings
        client = Client(CallbackAPIVersion.VERSION2, client_id=self._client_id, clean_session=True)
        client.connect_timeout = wanted.timeout_s
        if wanted.login is not None:
            client.username_pw_set(wanted.login.user, wanted.login.secret())
        if wanted.tls is not None:
            client.tls_set_context(tls_context(wanted.tls))
        answers: list[str] = []
        client.on_connect = lambda _client, _data, _flags, reason, _properties: answers.append(str(reason))
        self._client = client
        client.connect(wanted.host, wanted.port, keepalive=_REUSED_S)
        if not self._await(client, lambda: bool(answers)):
            raise SinkError(self.target, f"did not answer within {wanted.timeout_s:g} s")
        if answers[0] != "Success":
            raise SinkError(self.target, f"refuses the connection: {answers[0]}")

    def send(self, messages: Sequence[AlertMessage]) -> str:
        """See `Channel`."""
        for message in messages:
            self._publish(message)
        return "confirmed"

    def _publish(self, message: AlertMessage) -> None:
        alert = message.alert
        body = json.dumps(
            {**message.fields(), "incident": message.incident, "title": message.title, "text": message.text},
            ensure_ascii=False,
        )
        own = self._topic(alert.camera_id, alert.rule)
        if alert.phase.is_step:  # the state of the camera is another thing
            self._put(own, body, retain=False)
            return
        ended = own if message.ended else self._topic(alert.camera_id, _ENDS.get(alert.rule, ""))
        if not ended:
            self._put(own, body, retain=True)
            return
        self._put(own, body, retain=False)
        self._put(ended, "", retain=True)

    def _topic(self, camera_id: str, rule: str) -> str:
        return f"{self._settings.topic}/{camera_id}/{rule}" if rule else ""

    def _put(self, topic: str, body: str, *, retain: bool) -> None:
        assert self._client is not None  # noqa: S101 - opened
        sent = self._client.publish(topic, body, qos=_AT_LEAST_ONCE, retain=retain)
        try:
            confirmed = self._await(self._client, sent.is_published)
        except (RuntimeError, ValueError) as error:
            raise SinkError(self.target, f"does not take the message: {error}") from None
        if not confirmed:
            raise SinkError(self.target, f"did not confirm within {self._settings.timeout_s:g} s")

    def _await(self, client: Client, done: Callable[[], bool]) -> bool:
        """Read and write until something has happened; False after the time limit, or where the connection ended.

        The client's own thread waits with `select`, which fails in processes of more than 1,024 open files.
        """
        deadline_s = time.monotonic() + self._settings.timeout_s
        while not done():
            connection, left_s = client.socket(), deadline_s - time.monotonic()
            if connection is None or left_s <= 0:
                return False
            with selectors.DefaultSelector() as waiting:
                writes = selectors.EVENT_WRITE if client.want_write() else 0
                waiting.register(connection, selectors.EVENT_READ | writes)
                decrypted = isinstance(connection, ssl.SSLSocket) and connection.pending() > 0
                ready = waiting.select(0 if decrypted else left_s)
            events = ready[0][1] if ready else 0
            if decrypted or events & selectors.EVENT_READ:
                client.loop_read()
            if events & selectors.EVENT_WRITE:
                client.loop_write()
        self._used_s = time.monotonic()
        return True

    def close(self) -> None:
        """See `Channel`."""
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()
