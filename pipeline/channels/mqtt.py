"""MQTT: a retained message for each camera and rule, taken back when the incident ends."""

from __future__ import annotations

import json
import queue
from collections.abc import Sequence
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
    AlertRule.HOT_LISTS_CHECKED.value: AlertRule.HOT_LISTS_NOT_CHECKED.value,
}
"""Rules that say that the condition of another one is over."""
_AT_LEAST_ONCE: Final = 1


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
        if self._client is not None and self._client.is_connected():
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
        answers: queue.Queue[str] = queue.Queue()
        client.on_connect = lambda _client, _data, _flags, reason, _properties: answers.put(str(reason))
        client.connect(wanted.host, wanted.port, keepalive=30)
        self._client = client
        client.loop_start()
        try:
            answer = answers.get(timeout=wanted.timeout_s)
        except queue.Empty:
            raise SinkError(self.target, f"did not answer within {wanted.timeout_s:g} s") from None
        if answer != "Success":
            raise SinkError(self.target, f"refuses the connection: {answer}")

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
            sent.wait_for_publish(self._settings.timeout_s)
            confirmed = sent.is_published()
        except (RuntimeError, ValueError) as error:
            raise SinkError(self.target, f"does not take the message: {error}") from None
        if not confirmed:
            raise SinkError(self.target, f"did not confirm within {self._settings.timeout_s:g} s")

    def close(self) -> None:
        """See `Channel`."""
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()
            client.loop_stop()
