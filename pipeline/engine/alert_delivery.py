"""Events on their way to the dispatcher, with the alerts that follow from them and the incidents they open and end."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipeline.domain.clock import SystemClock
from pipeline.domain.events import Event
from pipeline.domain.ports import Clock
from pipeline.engine.alert_rules import AlertRules
from pipeline.engine.event_dispatcher import EventDispatcher
from pipeline.engine.incident_watch import IncidentWatch
from pipeline.engine.open_incidents import OpenIncidents


class AlertDelivery:
    """Used by the thread that runs the engine.

    Args:
        dispatcher: where events leave; rules: alert rules.
        opened: incidents that are open, on the disk; None to keep none.
        people: what people do with incidents; None where no register is known.
        is_live: whether a camera of this id is a live one.
        clock: of ends that no one has watched.
    """

    def __init__(
        self,
        dispatcher: EventDispatcher,
        rules: AlertRules,
        *,
        opened: OpenIncidents | None,
        people: IncidentWatch | None,
        is_live: Callable[[str], bool],
        clock: Clock | None = None,
    ) -> None:
        self._dispatcher = dispatcher
        self._rules = rules
        self._opened = opened or OpenIncidents(None)
        self._people = people
        self._is_live = is_live
        self._clock = clock or SystemClock()

    def begin(self) -> None:
        """Send the ends of incidents that an earlier run has left open, also at cameras that do not run any more."""
        ended = self._opened.left(self._clock.wall_ms())
        if ended:
            self._dispatcher.send(ended, of_past=True)
            self._opened.end(ended)

    def send(self, events: Sequence[Event]) -> list[Event]:
        """Send events, and the alerts that follow from them; returns those that the gate let pass."""
        sent = self._send(events)
        return [*sent, *self._send(self._rules.follow(sent))]

    def send_steps(self) -> None:
        """Send what people have done with incidents since the last call."""
        if self._people is None or not (pending := self._people.pending):
            return
        self._dispatcher.send(self._people.events(), of_past=True)
        self._people.sent(pending)

    def _send(self, events: Sequence[Event]) -> list[Event]:
        if not events:
            return []
        self._opened.begin([event for event in events if self._is_live(event.camera_id)])
        sent = self._dispatcher.send(events)
        self._opened.end(events)
        return sent
