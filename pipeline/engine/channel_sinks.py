"""Channels of alerts as sinks of a run: a spool and a thread each, and a second one for quiet hours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from pipeline.channels.build import build_channel
from pipeline.channels.channel import ChannelWriter, RateLimit
from pipeline.channels.routing import AlertRoute, routed_cameras
from pipeline.channels.settings import AnyChannelSettings, EmailSettings
from pipeline.config.settings import Config
from pipeline.domain.channel_names import QUIET_SUFFIX
from pipeline.domain.events import Event
from pipeline.domain.ports import EventSink, SinkStatus
from pipeline.domain.push_subscription import PushSubscription
from pipeline.domain.times import find_zone
from pipeline.engine.push_subscriptions import PushSubscriptions
from pipeline.policy.gate import Admission
from pipeline.sink.settings import DeliverySettings
from pipeline.sink.spool.settings import FullSpoolPolicy, SpoolSettings
from pipeline.sink.spooled import SpooledSink

_SEGMENT_BYTES: Final = 2**20
_IN_ONE_MAIL: Final = 100


def channel_sinks(config: Config, admit: Admission) -> list[EventSink]:
    """A running sink for each channel of a configuration. A destination that is away is no error: it is retried.

    Args:
        config: the configuration.
        admit: decides about each alert again before it is delivered.

    Raises:
        SinkError: a spool cannot be used, or another process runs the channel on this data folder.
    """
    subscriptions = PushSubscriptions.of_config(config).of
    return [sink for settings in config.channels for sink in _sinks(config, settings, admit, subscriptions)]


def _sinks(
    config: Config,
    settings: AnyChannelSettings,
    admit: Admission,
    subscriptions: Callable[[str], Sequence[PushSubscription]],
) -> list[EventSink]:
    zone, limit = find_zone(config.zone), RateLimit(settings.most_per_minute)
    route = AlertRoute(settings, camera_ids(config, settings), zone)
    sinks: list[EventSink] = []
    for name, has, later in zip(settings.sink_names, (route.has_now, route.has_later), (False, True), strict=False):
        part = QUIET_SUFFIX if later else ""
        channel = build_channel(settings, config.data_dir, config.places_of_cameras, subscriptions, part)
        writer = ChannelWriter(channel, settings, limit, zone, later=later)
        sinks.append(RoutedSink(SpooledSink(writer, delivery(settings, name), config.data_dir, admit), has))
    return sinks


def camera_ids(config: Config, settings: AnyChannelSettings) -> frozenset[str] | None:
    """Ids of the cameras of a channel; None for all."""
    groups = {group.name: group.cameras for group in config.retention.groups}
    return routed_cameras(settings, groups, {camera.id: camera.owner for camera in config.cameras})


def delivery(settings: AnyChannelSettings, name: str) -> DeliverySettings:
    """How the spool of a channel delivers.

    An alert of its own for each attempt, so that nothing is sent twice because the next one failed; e-mail collects.
    """
    collects = isinstance(settings, EmailSettings)
    return DeliverySettings(
        name=name,
        batch_events=_IN_ONE_MAIL if collects else 1,
        batch_interval_s=settings.digest_s if isinstance(settings, EmailSettings) else 0.0,
        retry_max_s=settings.retry_max_s,
        close_timeout_s=min(5.0, settings.timeout_s),
        spool=SpoolSettings(
            segment_bytes=_SEGMENT_BYTES,
            max_bytes=settings.spool_bytes,
            when_full=FullSpoolPolicy.DROP_OLDEST,
        ),
    )


class RoutedSink:
    """An `EventSink` that takes some events, and passes over all others.

    Args:
        sink: gets those events; has: whether an event is one of them.
    """

    def __init__(self, sink: EventSink, has: Callable[[Event], bool]) -> None:
        self._sink = sink
        self._has = has

    @property
    def name(self) -> str:
        """See `EventSink`."""
        return self._sink.name

    def add(self, events: Sequence[Event]) -> None:
        """See `EventSink`."""
        if wanted := [event for event in events if self._has(event)]:
            self._sink.add(wanted)

    def flush(self, timeout_s: float) -> None:
        """See `EventSink`."""
        self._sink.flush(timeout_s)

    def status(self) -> SinkStatus:
        """See `EventSink`."""
        return self._sink.status()

    def give_up(self) -> None:
        """See `EventSink`."""
        self._sink.give_up()

    def close(self, timeout_s: float | None = None, last: Sequence[Event] = ()) -> None:
        """See `EventSink`."""
        self._sink.close(timeout_s, [event for event in last if self._has(event)])
