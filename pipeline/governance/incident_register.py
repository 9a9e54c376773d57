"""The register of incidents: their states, steps and comments, and hand-overs of shifts."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Final

from sqlalchemy import BigInteger, ForeignKey, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from pipeline.domain.events import Severity
from pipeline.domain.incident import (
    CloseReason,
    HandOver,
    Incident,
    IncidentAction,
    IncidentRecord,
    IncidentState,
    IncidentStep,
)
from pipeline.domain.operation import Operation
from pipeline.domain.registry_change import RegistryChange
from pipeline.domain.times import format_utc
from pipeline.errors import PolicyError, RegistryError
from pipeline.governance.people_tables import LOGIN
from pipeline.governance.registry_session import RegistrySession
from pipeline.governance.tables import Base
from pipeline.policy.registration import checked_text
from pipeline.policy.sensitive.screen import TextKind
from pipeline.policy.spelled_plates import spells_plate

_STATES: Final = {
    IncidentAction.ACKNOWLEDGE: IncidentState.ACKNOWLEDGED,
    IncidentAction.ESCALATE: IncidentState.ESCALATED,
    IncidentAction.CLOSE: IncidentState.CLOSED,
}
_INCIDENT: Final = String(36)
_IN_ONE_QUERY: Final = 500
"""Ids in one statement: databases limit its parameters."""


class IncidentTableRow(Base):
    """See `pipeline.domain.incident.IncidentRecord`."""

    __tablename__ = "incidents"

    incident: Mapped[str] = mapped_column(_INCIDENT, primary_key=True)
    camera_id: Mapped[str] = mapped_column(String(200))
    rule: Mapped[str] = mapped_column(String(64))
    severity: Mapped[str] = mapped_column(String(16))
    began_ms: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(16), index=True)
    holder: Mapped[str] = mapped_column(LOGIN)
    held_ms: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(16))


class IncidentStepRow(Base):
    """See `pipeline.domain.incident.IncidentStep`."""

    __tablename__ = "incident_steps"

    step_id: Mapped[int] = mapped_column(primary_key=True)
    incident: Mapped[str] = mapped_column(ForeignKey("incidents.incident"), index=True)
    at_ms: Mapped[int] = mapped_column(BigInteger)
    person: Mapped[str] = mapped_column(LOGIN)
    action: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(String(16))
    duplicate_of: Mapped[str] = mapped_column(_INCIDENT)


class HandOverRow(Base):
    """See `pipeline.domain.incident.HandOver`."""

    __tablename__ = "hand_overs"

    number: Mapped[int] = mapped_column(primary_key=True)
    at_ms: Mapped[int] = mapped_column(BigInteger)
    person: Mapped[str] = mapped_column(LOGIN)
    text: Mapped[str] = mapped_column(Text)
    incidents: Mapped[str] = mapped_column(Text)
    accepted_by: Mapped[str] = mapped_column(LOGIN)
    accepted_ms: Mapped[int | None] = mapped_column(BigInteger)


class UndoneFeedbackRow(Base):
    """A closing whose feedback does not count any more."""

    __tablename__ = "undone_feedback"

    incident: Mapped[str] = mapped_column(ForeignKey("incidents.incident"), primary_key=True)
    at_ms: Mapped[int] = mapped_column(BigInteger)
    person: Mapped[str] = mapped_column(LOGIN)


class IncidentRegister(RegistrySession):
    """Incidents that people have done something with; all others are new."""

    def add_step(self, incident: Incident, step: IncidentStep, *, take_over: bool = False) -> IncidentRecord:
        """Enter what a person does with an incident.

        Args:
            incident: from its alerts; step: without a time, which is now.
            take_over: do it although another person has it.

        Raises:
            RegistryError: another person has it, it is closed, or a value is missing.
            PolicyError: the text names a plate, or says something sensitive about people.
        """
        what, now_ms = f"incident {incident.incident}", self._clock.wall_ms()
        text = self._checked(what, step.text, required=step.action in {IncidentAction.COMMENT, IncidentAction.ESCALATE})
        _check_reason(what, incident.incident, step)
        facts: dict[str, str | int | bool] = {"camera": incident.camera_id, "rule": incident.rule}
        facts |= {"reason": step.reason.value} if step.reason else {}
        change = RegistryChange(Operation.INCIDENT, step.action.value, incident.incident, facts)
        with self._changing(change) as session:
            row = session.get(IncidentTableRow, incident.incident) or _new(session, incident)
            _check_open(what, row, step, take_over=take_over)
            if step.action is not IncidentAction.COMMENT:
                row.state, row.holder, row.held_ms = _STATES[step.action].value, step.by, now_ms
                row.reason = step.reason.value if step.reason else ""
            row.severity = incident.severity.value
            session.flush()
            session.add(
                IncidentStepRow(
                    incident=row.incident,
                    at_ms=now_ms,
                    person=step.by,
                    action=step.action.value,
                    text=text,
                    reason=step.reason.value if step.reason else "",
                    duplicate_of=step.duplicate_of,
                )
            )
            session.flush()
            return _record(session, row)

    def records(self, incidents: Collection[str]) -> dict[str, IncidentRecord]:
        """Those of some incidents that people have done something with, by id; without their steps."""
        wanted, found = sorted(incidents), dict[str, IncidentRecord]()
        with self._database.reading() as session:
            for first in range(0, len(wanted), _IN_ONE_QUERY):
                part = wanted[first : first + _IN_ONE_QUERY]
                rows = session.scalars(select(IncidentTableRow).where(IncidentTableRow.incident.in_(part)))
                found |= {row.incident: _without_steps(row) for row in rows}
        return found

    def record(self, incident: str) -> IncidentRecord | None:
        """An incident with its steps; None where no person has done anything with it."""
        with self._database.reading() as session:
            row = session.get(IncidentTableRow, incident)
            return None if row is None else _record(session, row)

    def open_incidents(self) -> tuple[IncidentRecord, ...]:
        """Those acknowledged or escalated and not closed, oldest first."""
        found = select(IncidentTableRow).where(IncidentTableRow.state != IncidentState.CLOSED.value)
        with self._database.reading() as session:
            return tuple(map(_without_steps, session.scalars(found.order_by(IncidentTableRow.began_ms))))

    def closed(self, text: str) -> IncidentRecord:
        """The closed incident whose id begins with a text; without its steps.

        Raises:
            RegistryError: there is none, or there are several.
        """
        begun = IncidentTableRow.incident.startswith(text, autoescape=True)
        with self._database.reading() as session:
            rows = session.scalars(select(IncidentTableRow).where(IncidentTableRow.reason != "", begun).limit(2)).all()
            if len(rows) != 1 or not text:
                raise RegistryError(
                    f"incident {text!r}", "is no one closed incident", "See viapublica alerts thresholds --feedback"
                )
            return _without_steps(rows[0])

    def undo_feedback(self, incident: str, by: str) -> None:
        """Let the closing of an incident count for no threshold any more; it stays closed.

        Args:
            incident: its id; by: the person.

        Raises:
            RegistryError: it is not closed, or undone already.
        """
        found = self.closed(incident)
        with self._database.reading() as session:
            if session.get(UndoneFeedbackRow, found.incident) is not None:
                raise RegistryError(f"incident {incident!r}", "is undone already", "Nothing is left to do")
        facts: dict[str, str | int | bool] = {
            "camera": found.camera_id,
            "rule": found.rule,
            "reason": found.reason.value if found.reason else "",
        }
        with self._changing(RegistryChange(Operation.INCIDENT, "undo-feedback", found.incident, facts)) as session:
            session.add(UndoneFeedbackRow(incident=found.incident, at_ms=self._clock.wall_ms(), person=by))

    def hand_over(self, by: str, text: str, incidents: Collection[str]) -> HandOver:
        """Write the hand-over of a shift.

        Args:
            by: the person; text: what the next shift should know; incidents: ids of those that are open.

        Raises:
            RegistryError: the text is missing.
            PolicyError: it names a plate, or says something sensitive about people.
        """
        checked = self._checked("hand-over", text, required=True)
        change = RegistryChange(Operation.INCIDENT, "hand-over", by, {"incidents": len(incidents)})
        with self._changing(change) as session:
            row = HandOverRow(
                at_ms=self._clock.wall_ms(),
                person=by,
                text=checked,
                incidents=json.dumps(sorted(incidents)),
                accepted_by="",
                accepted_ms=None,
            )
            session.add(row)
            session.flush()
            return _hand_over(row)

    def accept_hand_over(self, number: int, by: str) -> HandOver:
        """Acknowledge a hand-over, as a person of the next shift.

        Raises:
            RegistryError: there is none, it is acknowledged already, or the same person wrote it.
        """
        what = f"hand-over {number}"
        change = RegistryChange(Operation.INCIDENT, "accept-hand-over", by, {"number": number})
        with self._changing(change) as session:
            row = session.get(HandOverRow, number)
            if row is None:
                raise RegistryError(what, "does not exist", "See viapublica alerts hand-over --list")
            if row.accepted_by:
                raise RegistryError(what, f"was acknowledged by {row.accepted_by}", "Nothing is left to do")
            if row.person == by:
                raise RegistryError(what, "was written by you", "A person of the next shift acknowledges it")
            row.accepted_by, row.accepted_ms = by, self._clock.wall_ms()
            return _hand_over(row)

    def hand_overs(self, limit: int = 20) -> tuple[HandOver, ...]:
        """The last ones, newest first."""
        with self._database.reading() as session:
            rows = session.scalars(select(HandOverRow).order_by(HandOverRow.number.desc()).limit(limit))
            return tuple(map(_hand_over, rows))

    def _checked(self, what: str, text: str, *, required: bool) -> str:
        checked = checked_text(f"text of the {what}", text, self._screen, TextKind.REASON, required=required)
        if spells_plate(checked):
            raise PolicyError(
                f"text of the {what}",
                "names a plate",
                "Leave it out: the alert's evidence leads to it",
                policy="plates",
            )
        return checked


def _check_reason(what: str, own: str, step: IncidentStep) -> None:
    if (step.reason is not None) != (step.action is IncidentAction.CLOSE):
        raise RegistryError(
            what, "is closed with a reason, and only then has one", "Give true, false, duplicate or test"
        )
    if (step.reason is CloseReason.DUPLICATE) != bool(step.duplicate_of) or step.duplicate_of == own:
        raise RegistryError(what, "is a duplicate of another incident, and only then names one", "Name that incident")


def _check_open(what: str, row: IncidentTableRow, step: IncidentStep, *, take_over: bool) -> None:
    """Refuse what contradicts what another person has done; a comment never does.

    Raises:
        RegistryError: naming the person and the time.
    """
    if step.action is IncidentAction.COMMENT or not row.holder:
        return
    since = format_utc(row.held_ms)
    if row.state == IncidentState.CLOSED.value:
        raise RegistryError(
            what, f"was closed as {row.reason} by {row.holder} at {since}", "Add a comment if something is missing"
        )
    if row.holder != step.by and not take_over:
        raise RegistryError(
            what, f"is {row.state} by {row.holder} since {since}", "Ask them, or take it over (--take-over)"
        )


def _new(session: Session, incident: Incident) -> IncidentTableRow:
    row = IncidentTableRow(
        incident=incident.incident,
        camera_id=incident.camera_id,
        rule=incident.rule,
        severity=incident.severity.value,
        began_ms=incident.began_ms,
        state=IncidentState.NEW.value,
        holder="",
        held_ms=0,
        reason="",
    )
    session.add(row)
    return row


def _record(session: Session, row: IncidentTableRow) -> IncidentRecord:
    found = select(IncidentStepRow).where(IncidentStepRow.incident == row.incident).order_by(IncidentStepRow.step_id)
    steps = tuple(
        IncidentStep(
            at_ms=one.at_ms,
            by=one.person,
            action=IncidentAction(one.action),
            text=one.text,
            reason=CloseReason(one.reason) if one.reason else None,
            duplicate_of=one.duplicate_of,
        )
        for one in session.scalars(found)
    )
    return _without_steps(row, steps)


def _without_steps(row: IncidentTableRow, steps: tuple[IncidentStep, ...] = ()) -> IncidentRecord:
    return IncidentRecord(
        incident=row.incident,
        camera_id=row.camera_id,
        rule=row.rule,
        severity=Severity(row.severity),
        began_ms=row.began_ms,
        state=IncidentState(row.state),
        holder=row.holder,
        held_ms=row.held_ms,
        reason=CloseReason(row.reason) if row.reason else None,
        steps=steps,
    )


def _hand_over(row: HandOverRow) -> HandOver:
    return HandOver(
        number=row.number,
        at_ms=row.at_ms,
        by=row.person,
        text=row.text,
        incidents=tuple(json.loads(row.incidents)),
        accepted_by=row.accepted_by,
        accepted_ms=row.accepted_ms,
    )
