"""Answers about incidents, from the register and event store of this machine or from a server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from pipeline.app.questions import Answer, Events
from pipeline.domain.events import AlertEvent, Event
from pipeline.domain.incident import IncidentRow, IncidentStep

AskAlerts: TypeAlias = Callable[[Events], Answer[list[Event]]]
"""Asks the event store, in the name of the person, and audited."""


@dataclass(frozen=True, slots=True)
class IncidentList:
    """Incidents of a time.

    Attributes:
        answer: of the event store, with what limits it; its value are the rows.
        withheld: incidents about plates that this person may not review.
    """

    answer: Answer[list[IncidentRow]]
    withheld: int


@dataclass(frozen=True, slots=True)
class IncidentDetails:
    """One incident.

    Attributes:
        row: its state; alerts: those in the store, oldest first.
        steps: what people have done with it, oldest first.
    """

    row: IncidentRow
    alerts: tuple[AlertEvent, ...]
    steps: tuple[IncidentStep, ...]
