"""The interface of channels, and their adapter to the sinks' interface of writers."""

from __future__ import annotations

import ssl
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import tzinfo
from typing import Final, Protocol

from pipeline.channels.alert_message import AlertMessage, record_message
from pipeline.channels.routing import is_about_plate, quiet_for_s
from pipeline.channels.settings import ChannelSettings
from pipeline.domain.event_writer import EventRecord, EventRefused, Postponed
from pipeline.errors import SinkError

_MINUTE_S: Final = 60.0


class Channel(Protocol):
    """Sends alerts to one destination; used by one thread only. After a failure it is closed and opened again."""

    @property
    def target(self) -> str:
        """The destination, for people, without credentials."""
        ...

    def open(self) -> None:
        """Connect.

        Raises:
            ViapublicaError, OSError: not now.
        """
        ...

    def send(self, messages: Sequence[AlertMessage]) -> str:
        """Return when the destination has confirmed all of them; its answer, for people.

        Raises:
            EventRefused: the destination will never take one of them.
            ViapublicaError, OSError: not now.
        """
        ...

    def close(self) -> None:
        """Release the connection; may be called at any time, also twice; never raises."""
        ...


def unreachable(error: OSError) -> str:
    """Why a destination cannot be reached, in a few words."""
    if isinstance(error, TimeoutError):
        return "does not answer in time"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"has a certificate that is not trusted: {error.verify_message}"
    return f"cannot be reached ({error.strerror or error.args[-1] if error.args else type(error).__name__})"


class RateLimit:
    """The most messages within a minute.

    Args:
        most: of them; clock: monotonic seconds.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._sent: deque[float] = deque(maxlen=most)

    def wait_s(self) -> float:
        """Seconds until another message may be sent; 0 for now."""
        if len(self._sent) < (self._sent.maxlen or 0):
            return 0.0
        return max(0.0, self._sent[0] + _MINUTE_S - self._clock())

    def count(self) -> None:
        """A message was sent."""
        self._sent.append(self._clock())


class ChannelWriter:
    """An `EventWriter` of alerts, for the spool of a channel.

    Args:
        channel: sends them.
        settings: of the channel.
        limit: shared by all writers of the channel.
        zone: of times in messages; None for the machine's.
        later: whether it holds what came in quiet hours until they end.
        clock_ms: milliseconds since 1970 UTC.
    """

    def __init__(
        self,
        channel: Channel,
        settings: ChannelSettings,
        limit: RateLimit,
        zone: tzinfo | None,
        *,
        later: bool = False,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._channel = channel
        self._settings = settings
        self._limit = limit
        self._zone = zone
        self._later = later
        self._clock_ms = clock_ms

    @property
    def target(self) -> str:
        """See `EventWriter`."""
        return self._channel.target

    def open(self) -> None:
        """See `EventWriter`: a channel connects when it has something to send."""

    def write(self, records: Sequence[EventRecord]) -> None:
        """See `EventWriter`.

        Raises:
            EventRefused: also for an alert about a plate where the channel is not marked for plates, and for no alert.
            Postponed: in quiet hours, or beyond the rate limit.
        """
        messages = [self._message(record) for record in records]
        wait_s = self._limit.wait_s()
        if self._later and self._settings.quiet is not None:
            wait_s = max(wait_s, quiet_for_s(self._settings.quiet, self._clock_ms(), self._zone))
        if wait_s:
            raise Postponed(min(wait_s, _MINUTE_S))  # again soon: the clock may be set
        self._limit.count()
        try:
            self._channel.open()
            self._channel.send(messages)
        except OSError as error:
            raise SinkError(self.target, unreachable(error)) from None

    def close(self) -> None:
        """See `EventWriter`."""
        self._channel.close()

    def _message(self, record: EventRecord) -> AlertMessage:
        message = record_message(record, self._settings.locale, self._zone)
        if message is None:
            raise EventRefused(self._settings.name, "is a channel of alerts, and this event is none")
        if is_about_plate(message.alert) and not self._settings.plates:
            raise EventRefused(
                self._settings.name, "is not marked for plates, and the alert is about one", "Set plates: true"
            )
        return message
