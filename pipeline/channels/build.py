"""Construction of channels from their settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import assert_never

from pipeline.channels.channel import Channel
from pipeline.channels.settings import (
    AnyChannelSettings,
    CapSettings,
    EmailSettings,
    MqttSettings,
    SyslogSettings,
    WebhookSettings,
    WebPushSettings,
)
from pipeline.domain.push_subscription import PushSubscription
from pipeline.domain.route import GeoPoint


def build_channel(
    settings: AnyChannelSettings,
    data_dir: Path,
    places: Mapping[str, GeoPoint],
    subscriptions: Callable[[str], Sequence[PushSubscription]],
    part: str = "",
) -> Channel:
    """The channel of these settings; nothing is connected yet.

    Args:
        settings: which kind, where.
        data_dir: folder of this program's data; places: coordinates of cameras.
        subscriptions: those of a channel of Web Push, by its name.
        part: distinguishes several connections of one channel.
    """
    match settings:
        case WebhookSettings():
            from pipeline.channels.webhook import WebhookChannel

            return WebhookChannel(settings)
        case EmailSettings():
            from pipeline.channels.email_channel import EmailChannel

            return EmailChannel(settings)
        case MqttSettings():
            from pipeline.channels.mqtt import MqttChannel

            return MqttChannel(settings, f"viapublica-{settings.name}{part}")
        case SyslogSettings():
            from pipeline.channels.syslog import SyslogChannel

            return SyslogChannel(settings)
        case CapSettings():
            from pipeline.channels.cap import CapChannel

            return CapChannel(settings, data_dir / settings.folder, places)
        case WebPushSettings():
            from pipeline.channels.web_push import WebPushChannel

            return WebPushChannel(settings, partial(subscriptions, settings.name))
        case _:
            assert_never(settings)
