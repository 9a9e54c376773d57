"""The one thing a new kind of sink has to provide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pipeline.domain.events import Event
from pipeline.errors import SinkError


class Refused(SinkError):
    """The other side will never take one of these events, however often it is offered."""


class AcknowledgedDataLost(SinkError):
    """The other side has lost events that it had confirmed: what the spool still keeps is to be sent again."""


class Writer(Protocol):
    """Writes batches to one broker, database or file; used by one thread only.

    After any failure but `Refused` it is closed and opened anew, so no half-dead connection survives. Whatever a
    method raises besides `Refused` is taken as passing trouble and tried again.
    """

    @property
    def target(self) -> str:
        """Where it writes to, for people, without credentials."""
        ...

    def open(self) -> None:
        """Connect and make tables, topics or files ready.

        Raises:
            AcknowledgedDataLost: it is open, and has lost what it had confirmed.
            ViapublicaError: not now.
        """
        ...

    def write(self, events: Sequence[Event]) -> None:
        """Return when all of `events` are safe on the other side. CameraSegmenter events again must be harmless.

        Raises:
            Refused: at least one of the events will never be taken; how many of the others were is not known.
            AcknowledgedDataLost: it has lost what it had confirmed before.
            ViapublicaError: not now.
        """
        ...

    def close(self) -> None:
        """Give back connections and threads; may be called at any time, also twice; never raises."""
        ...
