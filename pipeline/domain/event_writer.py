"""The interface of writers, which put events into one broker, database or file, and the errors they raise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pipeline.domain.events import Event
from pipeline.errors import SinkError


@dataclass(frozen=True, slots=True)
class EventRecord:
    """An event, and the JSON in which it was accepted: brokers and files get these very bytes."""

    event: Event
    payload: bytes


class EventRefused(SinkError):
    """The destination will never take one of these events, however often it is offered."""


class AcknowledgedDataLost(SinkError):
    """The destination has lost events that it had confirmed: what the spool still retains must be sent again."""


class Postponed(SinkError):
    """The events are to be written later, and nothing is wrong: a rate limit, or quiet hours.

    Args:
        seconds: until then.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__("delivery", f"is postponed for {seconds:.0f} s")
        self.seconds = seconds


class EventWriter(Protocol):
    """Writes batches to one broker, database or file; used by one thread only.

    After any failure but `EventRefused` it is closed and opened again, so no half-dead connection survives. Whatever a
    method raises besides `EventRefused` is taken as temporary, and the call is repeated.
    """

    @property
    def target(self) -> str:
        """The destination, for people, without credentials."""
        ...

    def open(self) -> None:
        """Connect, and create missing tables, topics or files.

        Raises:
            AcknowledgedDataLost: it is open, and has lost what it had confirmed.
            ViapublicaError: not now.
        """
        ...

    def write(self, records: Sequence[EventRecord]) -> None:
        """Return when all records are safe at the destination. Writing the same records again must be harmless.

        Raises:
            EventRefused: at least one of them will never be taken; how many of the others were is not known.
            AcknowledgedDataLost: it has lost what it had confirmed before.
            Postponed: not before some time; it stays open.
            ViapublicaError: not now.
        """
        ...

    def close(self) -> None:
        """Release connections and threads; may be called at any time, also twice; never raises."""
        ...
