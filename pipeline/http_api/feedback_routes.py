"""Routes of feedback: what closings of incidents have changed of thresholds and grouping, and taking one back."""

from __future__ import annotations

from http import HTTPStatus
from typing import Self

from fastapi import APIRouter
from pydantic import Field

from pipeline.app.alerts.incidents import CloseReason, Feedback
from pipeline.app.questions import Events
from pipeline.domain.events import Kind
from pipeline.http_api.asked_incidents import AskedIncidents
from pipeline.http_api.callers import CallerOf, ServiceOf
from pipeline.http_api.messages import AnswerBody
from pipeline.http_api.problems import responses, with_body
from pipeline.http_api.question_messages import Asked

router = APIRouter(prefix="/incidents/feedback", tags=["incidents"], responses=with_body())


class UndoBody(Asked):
    """The closing that should count no more."""

    incident: str = Field(description="Id of the incident, or its first characters.", min_length=6, max_length=36)


class TuningAnswer(AnswerBody):
    """Factors of one rule at one camera."""

    threshold: float = Field(description="Of its threshold, away from reporting, 1 to 2.")
    grouping: float = Field(description="Of the time within which conditions are one incident, 1 to 4.")


class FeedbackAnswer(AnswerBody):
    """A closing and what it changed."""

    incident: str
    camera_id: str
    rule: str
    reason: CloseReason
    by: str = Field(description="Login of the person who closed it.")
    at_ms: int = Field(description="When, milliseconds since 1970 UTC.")
    before: TuningAnswer
    after: TuningAnswer

    @classmethod
    def of(cls, one: Feedback) -> Self:
        """As it is answered."""
        closing = one.closing._asdict()
        del closing["undone"]
        return cls(**closing, before=TuningAnswer(**one.before._asdict()), after=TuningAnswer(**one.after._asdict()))


class FeedbackListAnswer(AnswerBody):
    """What closings have changed, oldest first."""

    feedback: list[FeedbackAnswer]
    left_out_cameras: int = Field(description="Registered cameras that no rule permits to ask about for this purpose.")


class UndoneAnswer(AnswerBody):
    """A closing that counts for no threshold any more."""

    incident: str


@router.post("/search")
def feedback(body: Asked, caller: CallerOf, service: ServiceOf) -> FeedbackListAnswer:
    """List the closings of the last 90 days that moved thresholds of your cameras, and by how much."""
    asked = AskedIncidents(body, caller, service)
    permitted = asked.permitted(Events(kind=Kind.ALERT))
    with asked.incidents() as incidents:
        found = [one for one in incidents.feedback() if one.closing.camera_id in permitted]
    return FeedbackListAnswer(feedback=[FeedbackAnswer.of(one) for one in found], left_out_cameras=asked.left_out)


@router.post("/undo", responses=responses(HTTPStatus.CONFLICT))
def undo(body: UndoBody, caller: CallerOf, service: ServiceOf) -> UndoneAnswer:
    """Let the closing of an incident count for no threshold any more; it stays closed."""
    with AskedIncidents(body, caller, service).incidents() as incidents:
        return UndoneAnswer(incident=incidents.undo_feedback(body.incident))
