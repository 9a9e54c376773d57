"""Test of alert channels: an alert that is sent at once, past the spool, with the answer of the destination."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.app.alerts.sample_alert import sample_alert
from pipeline.app.audit.audited_operation import operation_audit
from pipeline.channels.alert_message import AlertMessage, message_of
from pipeline.channels.build import build_channel
from pipeline.channels.channel import unreachable
from pipeline.channels.settings import AnyChannelSettings, WebPushSettings
from pipeline.config.load import load_config
from pipeline.config.settings import Config
from pipeline.domain.credentials import redact
from pipeline.domain.events import encode
from pipeline.domain.locale import Locale
from pipeline.domain.operation import Operation
from pipeline.domain.requester import Requester
from pipeline.domain.times import find_zone
from pipeline.engine.push_subscriptions import PushSubscriptions
from pipeline.errors import ConfigError, ViapublicaError

_PART: Final = "-test"
"""Of a connection beside that of a run."""


@dataclass(frozen=True, slots=True)
class ChannelProbe:
    """Result of a test.

    Attributes:
        channel: its name; kind: such as ``webhook``; target: the destination.
        ok: whether it has confirmed the alert; answer: what it said, or why not.
    """

    channel: str
    kind: str
    target: str
    ok: bool
    answer: str


def probe_channels(config: Path, names: Sequence[str], requester: Requester) -> tuple[ChannelProbe, ...]:
    """Send a test alert by channels.

    Args:
        config: the configuration; names: of its channels, none for all.
        requester: the person or program that asks.

    Raises:
        ConfigError: the configuration is not valid, or has no such channel, or none at all.
        RefusedAccess: the person may not.
        AuditUnavailable: the audit takes no record; nothing is sent.
    """
    loaded = load_config(config, for_queries=True)
    chosen = list(_chosen(loaded, names))
    audit = operation_audit(config, loaded.data_dir, requester)
    details = {"action": "test-channel", "channels": [one.name for one in chosen]}
    audit.add(Operation.CONFIGURATION, details=details)
    return tuple(probe_channel(loaded, one) for one in chosen)


def probe_channel(config: Config, settings: AnyChannelSettings) -> ChannelProbe:
    """Send a test alert by one channel; a failure is part of the result."""
    subscriptions = PushSubscriptions.of_config(config).of
    channel = build_channel(settings, config.data_dir, {}, subscriptions, _PART)
    ok = not isinstance(settings, WebPushSettings) or bool(subscriptions(settings.name))
    with closing(channel):
        try:
            channel.open()
            answer = channel.send([_message(settings.locale, config.zone)])
        except ViapublicaError as error:
            ok, answer = False, redact(str(error))
        except OSError as error:
            ok, answer = False, unreachable(error)
    return ChannelProbe(settings.name, settings.type, channel.target, ok, answer)


def _chosen(config: Config, names: Sequence[str]) -> Iterator[AnyChannelSettings]:
    known = {one.name: one for one in config.channels}
    if not known:
        raise ConfigError("channels", "the configuration has none", "Add channels; see docs/how-to/receive-alerts.md")
    for name in names or known:
        if name not in known:
            raise ConfigError(f"channel {name!r}", "is not configured", f"Known are {', '.join(sorted(known))}")
        yield known[name]


def _message(locale: Locale | None, zone: str | None) -> AlertMessage:
    alert = sample_alert()
    return message_of(alert, encode(alert), locale, find_zone(zone))
