"""Steps and closings of incidents, as a run reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy import func, select

from pipeline.domain.events import Severity
from pipeline.domain.incident import CloseReason, IncidentAction
from pipeline.domain.incident_feedback import Closing
from pipeline.domain.ports import Clock
from pipeline.governance.incident_register import IncidentStepRow, IncidentTableRow, UndoneFeedbackRow
from pipeline.governance.register_session import RegisterSession

_MOST_STEPS: Final = 500


class NewStep(NamedTuple):
    """A step of an incident, without the person and what they wrote.

    Attributes:
        step_id: ascending; incident, camera_id, rule, severity: of the incident.
        at_ms, action, reason: see `pipeline.domain.incident.IncidentStep`.
    """

    step_id: int
    incident: str
    camera_id: str
    rule: str
    severity: Severity
    at_ms: int
    action: IncidentAction
    reason: CloseReason | None


class IncidentFeed(RegisterSession):
    """Reads incidents for a run; changes nothing."""

    def __init__(self, where: str | Path, clock: Clock | None = None, *, lock_timeout_s: float = 10.0) -> None:
        super().__init__(where, clock, create=False, lock_timeout_s=lock_timeout_s)

    def last_step(self) -> int:
        """Number of the newest step; 0 before the first."""
        with self._database.reading() as session:
            return session.scalar(select(func.max(IncidentStepRow.step_id))) or 0

    def steps_after(self, step_id: int) -> list[NewStep]:
        """The oldest of the steps after one; comments are left out."""
        found = (
            select(IncidentStepRow, IncidentTableRow)
            .join(IncidentTableRow, IncidentTableRow.incident == IncidentStepRow.incident)
            .where(IncidentStepRow.step_id > step_id, IncidentStepRow.action != IncidentAction.COMMENT.value)
            .order_by(IncidentStepRow.step_id)
            .limit(_MOST_STEPS)
        )
        with self._database.reading() as session:
            return [
                NewStep(
                    step.step_id,
                    row.incident,
                    row.camera_id,
                    row.rule,
                    Severity(row.severity),
                    step.at_ms,
                    IncidentAction(step.action),
                    CloseReason(step.reason) if step.reason else None,
                )
                for step, row in session.execute(found)
            ]

    def closings(self, since_ms: int) -> list[Closing]:
        """Incidents that were closed since a time, oldest first.

        Args:
            since_ms: milliseconds since 1970 UTC.
        """
        found = (
            select(IncidentTableRow, UndoneFeedbackRow.incident)
            .outerjoin(UndoneFeedbackRow, UndoneFeedbackRow.incident == IncidentTableRow.incident)
            .where(IncidentTableRow.reason != "", IncidentTableRow.held_ms >= since_ms)
            .order_by(IncidentTableRow.held_ms)
        )
        with self._database.reading() as session:
            return [
                Closing(
                    row.incident,
                    row.camera_id,
                    row.rule,
                    CloseReason(row.reason),
                    row.holder,
                    row.held_ms,
                    undone is not None,
                )
                for row, undone in session.execute(found)
            ]
