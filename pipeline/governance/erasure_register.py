"""The register's erasures: numbered by year, each with its proof, in the journal of the disclosures."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pipeline.domain.canonical_json import canonical_json
from pipeline.domain.erasure import (
    ERASURE_NUMBER_EXAMPLE,
    ErasureRecord,
    ErasureRequest,
    ErasureResult,
    erasure_number,
    read_erasure_number,
)
from pipeline.domain.times import format_utc, local_time
from pipeline.errors import ReleaseError
from pipeline.governance import journal
from pipeline.governance.journal import Act
from pipeline.governance.journal_replay import check_unchanged
from pipeline.governance.register_session import RegisterSession
from pipeline.governance.tables import ErasureRow, JournalRow
from pipeline.policy.disclosure import checked_person
from pipeline.policy.sensitive.screen import TextKind

Signer = Callable[[bytes], bytes]
"""Makes the signature of a document."""


class ErasureRegister(RegisterSession):
    """The erasures of an institution, in the database of its disclosures."""

    def begin(self, request: ErasureRequest) -> str:
        """Enter an erasure before anything is erased; its number. One that is never finished stays visible.

        Raises:
            PolicyError: the person is missing, or a text says something sensitive about people.
            ReleaseError: the database failed.
        """
        with self._database.writing() as session:
            row = self._new_row(session, request)
            _record(session, row, Act("begin-erasure", row.begun_by, row.begun_ms), json.loads(row.request))
            return row.number

    def refuse(self, request: ErasureRequest, grounds: str, sign: Signer | None = None) -> ErasureRecord:
        """Enter a request of erasure that is refused, under a number of its own; nothing is erased.

        Args:
            request: what was requested, and the person who refuses.
            grounds: why (Porto Alegre's decree, art. 19 §3: a refusal states its reasons).
            sign: see `finish`.

        Raises:
            PolicyError: the person is missing, or a text says something sensitive about people.
            ReleaseError: the grounds are missing, the database failed, or it cannot be signed.
        """
        if not grounds.strip():
            raise ReleaseError("grounds of the refusal", "are missing", "State why the request is refused")
        self._screen.check("grounds of the refusal", grounds, TextKind.REASON)
        with self._database.writing() as session:
            row = self._new_row(session, request)
            row.grounds, row.finished_ms = grounds.strip(), row.begun_ms
            change = {**json.loads(row.request), "grounds": row.grounds}
            content = {
                "document": "viapublica refused erasure",
                "refused": format_utc(row.begun_ms),
                "grounds": row.grounds,
            }
            _write_document(session, row, content, sign)
            _record(session, row, Act("refuse-erasure", row.begun_by, row.begun_ms), change | _proof(row))
            return _value(row)

    def _new_row(self, session: Session, request: ErasureRequest) -> ErasureRow:
        """A row under the next number of the year."""
        now_ms, by = self._clock.wall_ms(), checked_person("by", request.by)
        self._screen.check("reason of the erasure", request.reason, TextKind.REASON)
        year = local_time(now_ms, self.zone).year
        running = (session.scalar(select(func.max(ErasureRow.running)).where(ErasureRow.year == year)) or 0) + 1
        row = ErasureRow(
            number=erasure_number(year, running),
            year=year,
            running=running,
            begun_ms=now_ms,
            begun_by=by,
            request=canonical_json(asdict(request)),
        )
        session.add(row)
        return row

    def finish(self, number: str, result: ErasureResult, sign: Signer | None = None) -> ErasureRecord:
        """Enter what was erased, with the signed proof.

        Args:
            number: of the erasure.
            result: what was erased, what is left.
            sign: makes the signature; None where the institution has configured no certificate.

        Raises:
            ReleaseError: no such number, it was changed outside the program, it is finished already, or it cannot be
                signed.
        """
        now_ms = self._clock.wall_ms()
        with self._database.writing() as session:
            row = self._row(session, number)
            if row.finished_ms is not None:
                raise ReleaseError(f"erasure {number}", "is finished already", "Erase again under a number of its own")
            row.finished_ms = now_ms
            content = {
                "document": "viapublica erasure",
                "begun": format_utc(row.begun_ms),
                "finished": format_utc(now_ms),
                "result": {
                    "events": asdict(result.events),
                    "erased": [asdict(one) for one in result.erased],
                    "held": [note._asdict() for note in result.held],
                    "left": [note._asdict() for note in result.left],
                },
            }
            _write_document(session, row, content, sign)
            _record(session, row, Act("finish-erasure", row.begun_by, now_ms), _proof(row))
            return _value(row)

    def get(self, number: str) -> ErasureRecord:
        """The erasure of a number.

        Raises:
            ReleaseError: there is none, or it was changed outside the program.
        """
        with self._database.reading() as session:
            return _value(self._row(session, number))

    def list(self) -> tuple[ErasureRecord, ...]:
        """All erasures, by number."""
        with self._database.reading() as session:
            return tuple(map(_value, session.scalars(select(ErasureRow).order_by(ErasureRow.year, ErasureRow.running))))

    def last_entry_before(self, at_ms: int) -> int | None:
        """When the newest entry of the journal before a time was made, milliseconds since 1970 UTC; None without one.

        Raises:
            ReleaseError: it cannot be read.
        """
        with self._database.reading() as session:
            return session.scalar(select(func.max(JournalRow.at_ms)).where(JournalRow.at_ms < at_ms))

    def _row(self, session: Session, number: str) -> ErasureRow:
        wanted = read_erasure_number(number)
        row = session.scalar(select(ErasureRow).where(ErasureRow.number == wanted))
        if row is None:
            raise ReleaseError(
                f"erasure {number!r}",
                f"is not in the register {self.subject}",
                f"Write it like {ERASURE_NUMBER_EXAMPLE}; see viapublica store erasures",
            )
        digest = _digest(row)
        check_unchanged(session, row.number, digest)
        session.info[row.number] = digest
        return row


def erasure_digests(session: Session) -> dict[str, str]:
    """SHA-256 of each erasure as it is now, by number; for the check of the journal."""
    return {row.number: _digest(row) for row in session.scalars(select(ErasureRow))}


def _digest(row: ErasureRow) -> str:
    content = [row.number, row.begun_ms, row.begun_by, row.request, row.finished_ms, row.document, row.signature]
    content += [row.grounds] if row.grounds else []  # entries of before the column do not hash it
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def _write_document(session: Session, row: ErasureRow, content: dict[str, Any], sign: Signer | None) -> None:
    """The proof, with the journal's newest entry before it, and its signature."""
    entries = journal.entries(session)
    newest = {"entry": entries[-1].seq, "hash": entries[-1].hash} if entries else {"entry": 0, "hash": ""}
    request = json.loads(row.request)
    row.document = canonical_json({**content, "number": row.number, "request": request, "journal": newest})
    if sign is not None:
        row.signature = base64.b64encode(sign(row.document.encode())).decode()


def _proof(row: ErasureRow) -> dict[str, Any]:
    digest = hashlib.sha256(row.document.encode()).hexdigest()
    return {"document_sha256": digest, "signed": bool(row.signature)}


def _record(session: Session, row: ErasureRow, act: Act, change: dict[str, Any]) -> None:
    session.flush()
    before = session.info.pop(row.number, "")
    journal.append(session, act, row.number, {"change": change, "before": before, "after": _digest(row)})


def _value(row: ErasureRow) -> ErasureRecord:
    return ErasureRecord(
        row.number,
        row.begun_ms,
        row.begun_by,
        row.finished_ms,
        json.loads(row.request),
        row.document,
        base64.b64decode(row.signature),
        row.grounds,
    )
