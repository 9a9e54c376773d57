"""The register's requests of the persons concerned: numbered by year, with deadline and decision, in the journal."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pipeline.domain.canonical_json import canonical_json
from pipeline.domain.subject_request import (
    SUBJECT_REQUEST_EXAMPLE,
    IdentityCheck,
    RequestDecision,
    RequestKind,
    SubjectRequest,
    SubjectRequestRecord,
    subject_request_number,
)
from pipeline.domain.times import local_time
from pipeline.errors import ReleaseError
from pipeline.governance import journal
from pipeline.governance.journal import Act
from pipeline.governance.journal_replay import check_unchanged
from pipeline.governance.register_session import RegisterSession
from pipeline.governance.tables import ErasureRow, SubjectRequestRow
from pipeline.policy.disclosure import checked_person
from pipeline.policy.subject_requests import (
    ANSWER_DAYS,
    check_erasure_of,
    checked_reasons_of,
    checked_subject_request,
    due_ms,
)


class SubjectRequestRegister(RegisterSession):
    """The requests of persons to an institution, in the database of its disclosures."""

    def receive(self, request: SubjectRequest, days: int = ANSWER_DAYS) -> SubjectRequestRecord:
        """Enter a request under the next number of the year.

        Args:
            request: as received; days: within which it is to be decided.

        Raises:
            PolicyError: it does not state what it must, or see `checked_subject_request`.
            ReleaseError: a name is not valid, or the database failed.
        """
        now_ms = self._clock.wall_ms()
        checked = checked_subject_request(request, now_ms, self._screen)
        until_ms, year = due_ms(now_ms, days), local_time(now_ms, self.zone).year
        with self._database.writing() as session:
            last = session.scalar(select(func.max(SubjectRequestRow.running)).where(SubjectRequestRow.year == year))
            row = SubjectRequestRow(
                number=subject_request_number(year, (last or 0) + 1),
                year=year,
                running=(last or 0) + 1,
                received_ms=now_ms,
                due_ms=until_ms,
                request=canonical_json(asdict(checked)),
                decision="",
                reasons="",
                decided_by="",
                decided_ms=None,
                erasure="",
            )
            session.add(row)
            change = {**json.loads(row.request), "due_ms": until_ms}
            _record(session, row, Act("receive-request", checked.by, now_ms), change)
            return _value(row)

    def check_decision(self, number: str, reasons: str) -> SubjectRequestRecord:
        """The request, if it may be decided with these reasons, before anything is erased for it.

        Raises:
            PolicyError: see `checked_reasons_of`.
            ReleaseError: there is no such request, or it was changed outside the program.
        """
        found = self.get(number)
        checked_reasons_of(found, reasons, self._screen)
        return found

    def decide(
        self, number: str, decision: RequestDecision, reasons: str, by: str, erasure: str = ""
    ) -> SubjectRequestRecord:
        """Decide a request, with reasons.

        Args:
            number: of the request; decision, reasons: what is decided, and why.
            by: the person who decides.
            erasure: number of the finished erasure that grants it; "" for a refusal, or for a request of access.

        Raises:
            PolicyError: it may not be decided so, see `check_erasure_of` and `checked_reasons_of`.
            ReleaseError: no such request or erasure, one was changed outside the program, or the database failed.
        """
        now_ms, person = self._clock.wall_ms(), checked_person("by", by)
        with self._database.writing() as session:
            row = self._row(session, number)
            erased = self._finished_erasure(session, erasure) if erasure else ""
            check_erasure_of(_value(row), decision, erased)
            row.reasons = checked_reasons_of(_value(row), reasons, self._screen)
            row.decision, row.erasure, row.decided_by, row.decided_ms = decision.value, erased, person, now_ms
            change = {"decision": row.decision, "reasons": row.reasons, "erasure": erased}
            _record(session, row, Act("decide-request", person, now_ms), change)
            return _value(row)

    def get(self, number: str) -> SubjectRequestRecord:
        """The request of a number.

        Raises:
            ReleaseError: there is none, or it was changed outside the program.
        """
        with self._database.reading() as session:
            return _value(self._row(session, number))

    def list(self) -> tuple[SubjectRequestRecord, ...]:
        """All requests, by number.

        Raises:
            ReleaseError: the database failed.
        """
        order = select(SubjectRequestRow).order_by(SubjectRequestRow.year, SubjectRequestRow.running)
        with self._database.reading() as session:
            return tuple(map(_value, session.scalars(order)))

    def overdue(self) -> tuple[SubjectRequestRecord, ...]:
        """Requests whose deadline is over without a decision, the longest overdue first.

        Raises:
            ReleaseError: the database failed.
        """
        now_ms = self._clock.wall_ms()
        return tuple(sorted((one for one in self.list() if one.is_overdue(now_ms)), key=lambda one: one.due_ms))

    def _row(self, session: Session, number: str) -> SubjectRequestRow:
        wanted = number.strip().upper().replace("-", "/")
        row = session.scalar(select(SubjectRequestRow).where(SubjectRequestRow.number == wanted))
        if row is None:
            raise ReleaseError(
                f"request {number!r}",
                f"is not in the register {self.subject}",
                f"Write it like {SUBJECT_REQUEST_EXAMPLE}",
            )
        digest = _digest(row)
        check_unchanged(session, row.number, digest)
        session.info[row.number] = digest
        return row

    def _finished_erasure(self, session: Session, number: str) -> str:
        wanted = number.strip().upper().replace("-", "/")
        row = session.scalar(select(ErasureRow).where(ErasureRow.number == wanted))
        if row is None or row.finished_ms is None or row.grounds:
            raise ReleaseError(
                f"erasure {number!r}",
                f"is no finished erasure of the register {self.subject}",
                "Erase first; see viapublica store erasures",
            )
        return row.number


def subject_request_digests(session: Session) -> dict[str, str]:
    """SHA-256 of each request as it is now, by number; for the check of the journal."""
    return {row.number: _digest(row) for row in session.scalars(select(SubjectRequestRow))}


def _digest(row: SubjectRequestRow) -> str:
    content = [row.number, row.received_ms, row.due_ms, row.request]
    content += [row.decision, row.reasons, row.decided_by, row.decided_ms, row.erasure]
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def _record(session: Session, row: SubjectRequestRow, act: Act, change: dict[str, Any]) -> None:
    session.flush()
    before = session.info.pop(row.number, "")
    journal.append(session, act, row.number, {"change": change, "before": before, "after": _digest(row)})


def _value(row: SubjectRequestRow) -> SubjectRequestRecord:
    stored = json.loads(row.request)
    stored |= {
        "kind": RequestKind(stored["kind"]),
        "identity": tuple(map(IdentityCheck, stored["identity"])),
        "camera_ids": tuple(stored["camera_ids"]),
    }
    return SubjectRequestRecord(
        number=row.number,
        request=SubjectRequest(**stored),
        received_ms=row.received_ms,
        due_ms=row.due_ms,
        decision=RequestDecision(row.decision) if row.decision else None,
        reasons=row.reasons,
        decided_by=row.decided_by,
        decided_ms=row.decided_ms,
        erasure=row.erasure,
    )
