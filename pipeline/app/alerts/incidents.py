"""Incidents for the people who respond to them: list, show, acknowledge, escalate, close, comment, hand over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from pipeline.app.access.access_door import RefusedAccess
from pipeline.app.alerts.incident_answers import AskAlerts, IncidentDetails, IncidentList
from pipeline.app.alerts.thresholds import Feedback, given_feedback
from pipeline.app.audit.audited_operation import audit_of_stores, entry_of
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.questions import Answer, Events
from pipeline.domain.alert_names import ABOUT_PLATES
from pipeline.domain.alert_sentences import alert_sentence
from pipeline.domain.clock import SystemClock
from pipeline.domain.events import AlertEvent, Kind, Severity
from pipeline.domain.incident import (
    CloseReason,
    HandOver,
    Incident,
    IncidentAction,
    IncidentRecord,
    IncidentRow,
    IncidentState,
    IncidentStep,
    incident_id,
)
from pipeline.domain.locale import Locale
from pipeline.domain.operation import Operation
from pipeline.domain.ports import Clock
from pipeline.domain.registry_change import RegistryChange
from pipeline.domain.requester import Requester
from pipeline.errors import RegistryError
from pipeline.governance.incident_register import IncidentRegister

__all__ = [
    "CloseReason",
    "Feedback",
    "HandOver",
    "IncidentAction",
    "IncidentRow",
    "IncidentState",
    "Incidents",
]

_SEVERITIES: Final = list(Severity)
_SEARCHED: Final = 20_000
"""The newest alerts, among which an incident is found by the begin of its id."""
_LEAST_ID: Final = 6
_SHOWN_ID: Final = 12


class Incidents:
    """The incidents of an installation, for one requester; closes the register at the end of a `with` statement.

    Args:
        where: the register; created when needed, as in evaluation mode.
        stores: name event store, audit and the screen of free texts.
        requester: the person who acts.
        ask: asks the event store; not called for hand-overs and feedback.
        clock: None for the machine's.

    Raises:
        ReleaseError, MissingComponent: the register cannot be opened.
    """

    def __init__(
        self,
        where: str,
        stores: ConfiguredStores,
        requester: Requester,
        ask: AskAlerts,
        clock: Clock | None = None,
    ) -> None:
        self._where = where
        self._requester = requester
        self._ask = ask
        self._clock = clock or SystemClock()
        self._audit = audit_of_stores(stores, requester)
        self._who: Mapping[str, Any] = {}
        self._register = IncidentRegister(where, self._recorded, self._clock, create=True, screen=stores.screen)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._register.close()

    def list(
        self,
        question: Events,
        *,
        states: Sequence[IncidentState] = (),
        locale: Locale | None = None,
    ) -> IncidentList:
        """Incidents whose alerts are of a time and of some cameras, newest first.

        Args:
            question: time, cameras, and the page, in alerts.
            states: only incidents in these; none for all.
            locale: of the sentences; None for English.

        Raises:
            RefusedAccess: the person may not ask for alerts.
            StoreError: the store cannot answer.
        """
        answer = self._ask(msgspec.structs.replace(question, kind=Kind.ALERT))
        rows = incident_rows(_alerts(answer.value), locale)
        hidden = [row for row in rows if row.rule in ABOUT_PLATES]
        if hidden and not self._may_review({row.camera_id for row in hidden}):
            rows = [row for row in rows if row.rule not in ABOUT_PLATES]
        else:
            hidden = []
        records = self._register.records({row.incident for row in rows})
        found = [_with_record(row, records.get(row.incident)) for row in rows]
        shown = [row for row in found if not states or row.state in states]
        return IncidentList(Answer(shown, answer.notes, answer.cameras, answer.evaluation), len(hidden))

    def show(self, incident: str, locale: Locale | None = None) -> IncidentDetails:
        """One incident with its alerts, steps and comments.

        Args:
            incident: its id or the begin of it; locale: see `list`.

        Raises:
            RegistryError: there is none, or several begin like this.
            RefusedAccess: the person may not.
        """
        alerts = self._found(incident)
        (row,) = incident_rows(alerts, locale)
        self._audit.add(_operation(row.rule), cameras=(row.camera_id,), details={"action": "show-incident"})
        record = self._register.record(row.incident)
        seen = (one for one in alerts if not one.phase.is_step)
        alerts = sorted(seen, key=lambda one: one.ts_ms)
        return IncidentDetails(_with_record(row, record), tuple(alerts), () if record is None else record.steps)

    def do(
        self,
        incident: str,
        action: IncidentAction,
        *,
        text: str = "",
        reason: CloseReason | None = None,
        duplicate_of: str = "",
        take_over: bool = False,
    ) -> IncidentRecord:
        """Acknowledge, escalate, close or comment on an incident.

        Args:
            incident: its id or the begin of it.
            action: what is done; text: a comment, or to which office it is escalated.
            reason: of closing; duplicate_of: the other incident, or the begin of its id.
            take_over: do it although another person has it.

        Raises:
            RegistryError: another person has it, it is closed, unknown, or a value is missing.
            PolicyError: the text names a plate or says something sensitive about people.
            RefusedAccess: the person may not.
            AuditUnavailable: the audit takes no record; nothing is entered.
        """
        (row,) = incident_rows(self._found(incident), None)
        operation = _operation(row.rule)
        self._who = self._audit.access.decide(operation, cameras=(row.camera_id,))
        other = ""
        if duplicate_of:
            (found,) = incident_rows(self._found(duplicate_of), None)
            other = found.incident
        step = IncidentStep(at_ms=0, by=self._person, action=action, text=text, reason=reason, duplicate_of=other)
        about = Incident(
            incident=row.incident,
            camera_id=row.camera_id,
            rule=row.rule,
            severity=row.severity,
            began_ms=row.first_ts_ms,
        )
        with self._audit.refusals(operation, cameras=(row.camera_id,), details={"action": action.value}):
            return self._register.add_step(about, step, take_over=take_over)

    def undo_feedback(self, incident: str) -> str:
        """Let the closing of an incident count for no threshold any more; its id.

        Args:
            incident: the begin of its id.

        Raises:
            RegistryError, RefusedAccess, AuditUnavailable: see `do`.
        """
        found = self._register.closed(incident)
        operation, cameras = _operation(found.rule), (found.camera_id,)
        self._who = self._audit.access.decide(operation, cameras=cameras)
        with self._audit.refusals(operation, cameras=cameras, details={"action": "undo-feedback"}):
            self._register.undo_feedback(found.incident, self._person)
        return found.incident

    def feedback(self) -> Sequence[Feedback]:
        """What closings of incidents have changed, oldest first; about plates where the person may review alerts.

        Raises:
            RefusedAccess, AuditUnavailable: see `do`.
        """
        self._audit.add(Operation.INCIDENT, details={"action": "list-feedback"})
        found = given_feedback(self._where, self._clock.wall_ms())
        about_plates = {one.closing.camera_id for one in found if one.closing.rule in ABOUT_PLATES}
        if about_plates and not self._may_review(about_plates):
            return [one for one in found if one.closing.rule not in ABOUT_PLATES]
        return found

    def hand_over(self, text: str) -> HandOver:
        """Write the hand-over of a shift with the incidents that are acknowledged or escalated.

        Raises:
            RegistryError, PolicyError, RefusedAccess, AuditUnavailable: see `do`.
        """
        self._who = self._audit.access.decide(Operation.INCIDENT)
        with self._audit.refusals(Operation.INCIDENT, details={"action": "hand-over"}):
            open_ones = [one.incident for one in self._register.open_incidents()]
            return self._register.hand_over(self._person, text, open_ones)

    def accept_hand_over(self, number: int) -> HandOver:
        """Acknowledge a hand-over as a person of the next shift.

        Raises:
            RegistryError, RefusedAccess, AuditUnavailable: see `do`.
        """
        self._who = self._audit.access.decide(Operation.INCIDENT)
        return self._register.accept_hand_over(number, self._person)

    def hand_overs(self) -> tuple[HandOver, ...]:
        """The last hand-overs, newest first.

        Raises:
            RefusedAccess, AuditUnavailable: see `do`.
        """
        self._audit.add(Operation.INCIDENT, details={"action": "list-hand-overs"})
        return self._register.hand_overs()

    @property
    def _person(self) -> str:
        return str(self._who.get("account") or self._requester.user)

    def _recorded(self, change: RegistryChange) -> None:
        """Put a change into the audit before it is committed; the person was decided on."""
        operation = _operation(str(change.facts.get("rule", "")))
        cameras = tuple(filter(None, [str(change.facts.get("camera", ""))]))
        facts = {name: value for name, value in change.facts.items() if name != "camera"}
        details = {"action": change.action, "subject": change.subject, **facts, **self._who.get("details", {})}
        who = {name: value for name, value in self._who.items() if name != "details"}
        self._audit.record(entry_of(operation, self._requester, cameras=cameras, details=details, **who))

    def _may_review(self, cameras: Iterable[str]) -> bool:
        try:
            self._audit.add(Operation.ALERT_REVIEW, cameras=tuple(sorted(cameras)))
        except RefusedAccess:
            return False
        return True

    def _found(self, text: str) -> Sequence[AlertEvent]:
        """The alerts of the one incident whose id begins with a text, newest first."""
        wanted = text.strip().casefold()
        if len(wanted) < _LEAST_ID:
            raise RegistryError(f"incident {text!r}", "is too short", f"Give {_LEAST_ID} characters of its id or more")
        alerts = [
            one
            for one in _alerts(self._ask(Events(kind=Kind.ALERT, limit=_SEARCHED)).value)
            if incident_id(one).startswith(wanted)
        ]
        ids = {incident_id(one) for one in alerts}
        if not ids:
            raise RegistryError(f"incident {text!r}", "is not among the stored alerts", "See viapublica alerts list")
        if len(ids) > 1:
            several = ", ".join(sorted(one[:_SHOWN_ID] for one in ids)[:5])
            raise RegistryError(f"incident {text!r}", f"may be {several}", "Give more of its id")
        return alerts


def _operation(rule: str) -> Operation:
    return Operation.ALERT_REVIEW if rule in ABOUT_PLATES else Operation.INCIDENT


def _alerts(events: Iterable[object]) -> list[AlertEvent]:
    return [one for one in events if isinstance(one, AlertEvent)]


def incident_rows(alerts: Sequence[AlertEvent], locale: Locale | None) -> list[IncidentRow]:
    """A row for each incident of some alerts, newest first.

    Args:
        alerts: newest first; locale: of the sentences, None for English.
    """
    grouped: dict[str, list[AlertEvent]] = {}
    for alert in alerts:
        grouped.setdefault(incident_id(alert), []).append(alert)
    return [_row(incident, own, locale) for incident, own in grouped.items()]


def _row(incident: str, alerts: Sequence[AlertEvent], locale: Locale | None) -> IncidentRow:
    seen = [one for one in alerts if not one.phase.is_step] or alerts
    newest, oldest = seen[0], seen[-1]
    return IncidentRow(
        incident=incident,
        camera_id=oldest.camera_id,
        rule=oldest.rule,
        severity=max((one.severity for one in seen), key=_SEVERITIES.index),
        subject=oldest.subject,
        first_ts_ms=min(one.began_ms for one in seen),
        ts_ms=newest.ts_ms,
        alerts=len(seen),
        phase=newest.phase,
        text=alert_sentence(newest, locale),
    )


def _with_record(row: IncidentRow, record: IncidentRecord | None) -> IncidentRow:
    if record is None:
        return row
    reason = record.reason.value if record.reason else ""
    return msgspec.structs.replace(row, state=record.state, holder=record.holder, reason=reason)
