"""Open incidents on the disk: after a kill, the next run reports their end.

They are lines of events, as those of sinks, so that an erasure finds them.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec
import structlog

from pipeline.domain.alert_figures import Figure, decode_figures, encode_figures
from pipeline.domain.event_identity import identified
from pipeline.domain.events import AlertEvent, Event, IncidentPhase, decode, encode
from pipeline.storage.atomic import atomic_file

_FILE: Final = "open-incidents.jsonl"
_BEGINS: Final = frozenset({IncidentPhase.BEGUN, IncidentPhase.UPDATED})

_log = structlog.get_logger(__name__)


class OpenIncidents:
    """The newest alert of each open incident of live cameras. One thread at a time.

    An incident is noted before its alert is sent, and forgotten after its end was: a kill at any time leaves none that
    never ends, and at worst an end of one that was never sent.

    Args:
        data_dir: folder of this run's data; None to keep none.
    """

    def __init__(self, data_dir: Path | None) -> None:
        self._file = None if data_dir is None else data_dir / _FILE
        self._open: dict[str, AlertEvent] = {}

    def left(self, now_ms: int) -> list[AlertEvent]:
        """Ends of the incidents that an earlier run has left open: no one has watched their end.

        Args:
            now_ms: milliseconds since 1970 UTC, the time of these alerts.
        """
        self._open = {alert.incident: alert for alert in self._stored()}
        return [unwatched_end(alert, now_ms) for alert in self._open.values()]

    def begin(self, events: Iterable[Event]) -> None:
        """Note the incidents of events that are about to be sent."""
        begun = {one.incident: one for one in events if isinstance(one, AlertEvent) and one.phase in _BEGINS}
        if begun.keys() - {""}:
            self._open |= begun
            self._store()

    def end(self, events: Iterable[Event]) -> None:
        """Forget the incidents of events that were sent and ended them."""
        ended = [one for one in events if isinstance(one, AlertEvent) and one.phase is IncidentPhase.ENDED]
        if [one for one in ended if self._open.pop(one.incident, None) is not None]:
            self._store()

    def _stored(self) -> list[AlertEvent]:
        if self._file is None:
            return []
        try:
            events = [decode(line) for line in self._file.read_bytes().splitlines()]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, msgspec.MsgspecError) as error:
            _log.warning("open_incidents_unreadable", file=str(self._file), error=type(error).__name__)
            return []
        return [event for event in events if isinstance(event, AlertEvent)]

    def _store(self) -> None:
        if self._file is None:
            return
        try:
            with atomic_file(self._file, sync=False) as file:
                file.writelines(encode(alert) + b"\n" for alert in self._open.values())
        except OSError as error:  # the disk is full: a kill now would leave them open
            _log.warning("open_incidents_not_stored", error=error.strerror)


def unwatched_end(alert: AlertEvent, now_ms: int) -> AlertEvent:
    """The end of an incident that no one has watched to its end.

    Args:
        alert: its newest one; now_ms: milliseconds since 1970 UTC.
    """
    figures = {**decode_figures(alert.figures), Figure.UNWATCHED: 1.0}
    figures.pop(Figure.SECONDS, None)
    ended = msgspec.structs.replace(
        alert,
        ts_ms=max(now_ms, alert.ts_ms + 1),
        phase=IncidentPhase.ENDED,
        figures=encode_figures(figures),
    )
    return identified(ended)
