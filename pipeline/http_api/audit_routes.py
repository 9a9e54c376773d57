"""Routes of auditors: verification and search of the audit, signs of misuse."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from pipeline.app.audit.misuse_review import MisuseReview, MisuseRule, MisuseSign
from pipeline.app.audit.permitted_audit import PermittedAudit, RecordQuestion
from pipeline.domain.audit import Outcome
from pipeline.domain.operation import Operation
from pipeline.domain.times import format_utc, parse_range
from pipeline.errors import ViapublicaError
from pipeline.http_api.callers import CallerOf, ServiceOf
from pipeline.http_api.messages import AnswerBody, RequestBody
from pipeline.http_api.problems import InvalidRequest, of_account, with_body
from pipeline.http_api.service import Service

router = APIRouter(prefix="/audit", tags=["audit"])


class VerificationAnswer(AnswerBody):
    """Result of a verification on this machine; only the auditor's own key and file of anchors prove everything."""

    intact: bool
    records: int
    checkpoints: int
    sealed: bool = Field(description="Whether seals were checked, which needs the auditor's key.")
    findings: list[str] = Field(description="Places of changes.")
    notes: list[str]


class AuditQuestion(RequestBody):
    """A search of the audit. By plate only the auditor can search, with their key, on the command line."""

    person: str = Field(default="", description="Account, user of the system, or institution.", max_length=200)
    operation: Operation | None = None
    outcome: Outcome | None = None
    camera: str = Field(default="", description="Also records that concern all cameras.", max_length=64)
    case: str = Field(default="", max_length=64)
    start: str | None = Field(default=None, description="Begin, included: ISO 8601.", max_length=40)
    end: str | None = Field(default=None, description="End, not included: ISO 8601.", max_length=40)
    limit: int = Field(default=100, description="Records of the page.", ge=1, le=1000)
    offset: int = Field(default=0, description="Records to skip: next_offset of the page before.", ge=0, le=10_000_000)


class AuditAnswer(AnswerBody):
    """A page of records."""

    records: list[dict[str, Any]] = Field(description="As in the reference of the audit, oldest first.")
    next_offset: int | None = Field(description="Of the next page; null when this is the last one.")
    found: int = Field(description="Number of records that match.")


class AnomaliesQuestion(RequestBody):
    """A review of the searches by plate of a time; they are remembered for 62 days."""

    start: str | None = Field(default=None, description="Begin, included: ISO 8601.", max_length=40)
    end: str | None = Field(default=None, description="End, not included: ISO 8601.", max_length=40)


class Anomaly(AnswerBody):
    """A sign of misuse: what an auditor should ask about. It accuses no one."""

    rule: MisuseRule
    persons: list[str] = Field(description="Logins.")
    cases: list[str] = Field(description="Case numbers as stated.")
    number: int = Field(description="Of searches, cases, days or plates, as the rule counts.")
    first: str
    last: str

    @classmethod
    def of(cls, sign: MisuseSign) -> Anomaly:
        """The answer about a sign."""
        return cls(
            rule=sign.rule,
            persons=list(sign.persons),
            cases=list(sign.cases),
            number=sign.number,
            first=format_utc(sign.first_ms),
            last=format_utc(sign.last_ms),
        )


class AnomaliesAnswer(AnswerBody):
    """Signs of misuse."""

    anomalies: list[Anomaly]


@router.get("/verification", responses=of_account())
def verification(caller: CallerOf, service: ServiceOf) -> VerificationAnswer:
    """Check every record and checkpoint of the audit: four times an hour, and one at a time."""
    with service.limits.verification(caller.person.login):
        found = PermittedAudit(caller.registry, service.stores).verify()
    return VerificationAnswer(
        intact=found.intact,
        records=found.records,
        checkpoints=found.checkpoints,
        sealed=found.sealed,
        findings=[f"{one.place}: {one.problem}" for one in found.findings],
        notes=list(found.notes),
    )


@router.post("/search", responses=with_body())
def search(body: AuditQuestion, caller: CallerOf, service: ServiceOf) -> AuditAnswer:
    """Search the audit; outside the general administration only the records of the own institution."""
    start_ms, end_ms = _range(body, service)
    question = RecordQuestion(
        person=body.person,
        operation="" if body.operation is None else body.operation.value,
        outcome="" if body.outcome is None else body.outcome.value,
        camera=body.camera,
        case=body.case,
        start_ms=start_ms,
        end_ms=end_ms,
    )
    found = PermittedAudit(caller.registry, service.stores).search(question)
    end = body.offset + body.limit
    return AuditAnswer(
        records=[dict(one) for one in found[body.offset : end]],
        next_offset=end if len(found) > end else None,
        found=len(found),
    )


@router.post("/anomalies", responses=with_body())
def anomalies(body: AnomaliesQuestion, caller: CallerOf, service: ServiceOf) -> AnomaliesAnswer:
    """Review the searches by plate: unusual numbers, one plate in many cases, hours outside the shift, own vehicles."""
    found = MisuseReview(caller.registry).signs(*_range(body, service))
    return AnomaliesAnswer(anomalies=[Anomaly.of(one) for one in found])


def _range(body: AuditQuestion | AnomaliesQuestion, service: Service) -> tuple[int | None, int | None]:
    try:
        return parse_range(body.start, body.end, service.stores.zone)
    except ViapublicaError as error:
        raise InvalidRequest("start, end", error.problem, error.fix) from None
