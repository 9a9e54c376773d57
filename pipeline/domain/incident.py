"""The life of an incident: new, acknowledged, escalated, closed; steps, comments and hand-overs of shifts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from pipeline.domain.events import AlertEvent, IncidentPhase, Severity


class IncidentState(StrEnum):
    """State of an incident, as people have set it."""

    NEW = "new"
    """No person has acknowledged it."""
    ACKNOWLEDGED = "acknowledged"
    ESCALATED = "escalated"
    CLOSED = "closed"


class IncidentAction(StrEnum):
    """What a person does with an incident."""

    ACKNOWLEDGE = "acknowledge"
    ESCALATE = "escalate"
    CLOSE = "close"
    COMMENT = "comment"


class CloseReason(StrEnum):
    """Why an incident is closed."""

    TRUE = "true"
    """It happened, and needs nothing more."""
    FALSE = "false"
    """It did not happen: a false alarm."""
    DUPLICATE = "duplicate"
    """It is another incident."""
    TEST = "test"


def incident_id(alert: AlertEvent) -> str:
    """The incident of an alert; an alert that is no part of one is an incident of its own, under its event id.

    A step of a person in such an incident names that alert as its evidence.
    """
    return alert.incident or (alert.evidence if alert.phase.is_step else str(alert.event_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """What an incident is, from its alerts.

    Attributes:
        incident: its id; camera_id: where it was first noticed.
        rule: the condition; severity: the highest of its alerts.
        began_ms: when it began, milliseconds since 1970 UTC.
    """

    incident: str
    camera_id: str
    rule: str
    severity: Severity
    began_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentStep:
    """Something that a person did with an incident.

    Attributes:
        at_ms: when; by: the account, or the user of the operating system in evaluation mode.
        action: what; text: comment, or to which office it was escalated.
        reason: of closing; duplicate_of: the other incident.
    """

    at_ms: int
    by: str
    action: IncidentAction
    text: str = ""
    reason: CloseReason | None = None
    duplicate_of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRecord(Incident):
    """An incident that a person has done something with.

    Attributes:
        state: see `IncidentState`; holder, held_ms: the person who has it, and since when; "" for no one.
        reason: of closing.
        steps: oldest first.
    """

    state: IncidentState
    holder: str
    held_ms: int
    reason: CloseReason | None
    steps: tuple[IncidentStep, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """The hand-over of a shift: its open incidents, with a text, for the next shift to acknowledge.

    Attributes:
        number: of the hand-over; at_ms, by: when and by which person it was written.
        text: what the next shift should know; incidents: ids of those open then.
        accepted_by, accepted_ms: the person of the next shift; "" and None before.
    """

    number: int
    at_ms: int
    by: str
    text: str
    incidents: tuple[str, ...]
    accepted_by: str = ""
    accepted_ms: int | None = None


class IncidentRow(msgspec.Struct, frozen=True, kw_only=True):
    """An incident in a list: what its alerts say, and what people have done with it.

    Attributes:
        incident, camera_id, rule, severity: see `Incident`; subject: the zone, line or sink.
        first_ts_ms, ts_ms: its begin, and its last alert; alerts: their number in the answer.
        phase: of the last alert; "" for one that is no part of an incident.
        state, holder, reason: see `IncidentRecord`.
        text: sentence of the last alert.
    """

    incident: str
    camera_id: str
    rule: str
    severity: Severity
    subject: str
    first_ts_ms: int
    ts_ms: int
    alerts: int
    phase: IncidentPhase
    state: IncidentState = IncidentState.NEW
    holder: str = ""
    reason: str = ""
    text: str = ""
