"""Routes of the requests of the persons concerned (decree 18.743/2014 art. 19)."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field

from pipeline.app.rights.permitted_requests import permitted_requests
from pipeline.domain.subject_request import RequestDecision, RequestKind
from pipeline.domain.times import format_utc
from pipeline.http_api.callers import CallerOf, ServiceOf
from pipeline.http_api.messages import AnswerBody, RequestBody
from pipeline.http_api.problems import with_body

router = APIRouter(prefix="/subject-requests", tags=["rights"])


class RequestsQuestion(RequestBody):
    """A page of requests."""

    case: str = Field(description="Number of the case in which they are handled.", max_length=64)
    limit: int = Field(default=100, description="Requests of the page.", ge=1, le=1000)
    offset: int = Field(default=0, description="Requests to skip: next_offset of the page before.", ge=0, le=1_000_000)


class RequestAnswer(AnswerBody):
    """A request, without the person: their name and contact are for those who handle it, on the command line."""

    number: str
    kind: RequestKind
    received: str
    due: str
    overdue: bool = Field(description="Whether the deadline is over without a decision.")
    decision: RequestDecision | None
    decided: str | None
    erasure: str = Field(description="Number of the erasure that was made for it; empty without one.")


class RequestsAnswer(AnswerBody):
    """A page of requests, by number."""

    requests: list[RequestAnswer]
    next_offset: int | None = Field(description="Of the next page; null when this is the last one.")
    found: int


@router.post("/search", responses=with_body())
def search(body: RequestsQuestion, caller: CallerOf, service: ServiceOf) -> RequestsAnswer:
    """List the requests of persons concerned, with their deadlines."""
    found = permitted_requests(caller.registry, service.register, service.stores, body.case)
    now_ms, end = service.now_ms, body.offset + body.limit
    requests = [
        RequestAnswer(
            number=one.number,
            kind=one.request.kind,
            received=format_utc(one.received_ms),
            due=format_utc(one.due_ms),
            overdue=one.is_overdue(now_ms),
            decision=one.decision,
            decided=None if one.decided_ms is None else format_utc(one.decided_ms),
            erasure=one.erasure,
        )
        for one in found[body.offset : end]
    ]
    return RequestsAnswer(requests=requests, next_offset=end if len(found) > end else None, found=len(found))
