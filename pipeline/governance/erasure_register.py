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
)
from pipeline.domain.times import format_utc, local_time
from pipeline.errors import ReleaseError
from pipeline.governance import journal
from pipeline.governance.journal import Act
from pipeline.governance.register_session import RegisterSession
from pipeline.governance.tables import ErasureRow
from pipeline.policy.disclosure import checked_person

Signer = Callable[[bytes], bytes]
"""Makes the signature of a document."""


class ErasureRegister(RegisterSession):
    """The erasures of an institution, in the database of its disclosures."""

    def begin(self, request: ErasureRequest) -> str:
        """Enter an erasure before anything is erased; its number. One that is never finished stays visible.

        Raises:
            PolicyError: the person is missing.
            ReleaseError: the database failed.
        """
        now_ms, by = self._clock.wall_ms(), checked_person("by", request.by)
        with self._database.writing() as session:
            year = local_time(now_ms, self.zone).year
            last = session.scalar(select(func.max(ErasureRow.running)).where(ErasureRow.year == year))
            number = erasure_number(year, (last or 0) + 1)
            row = ErasureRow(
                number=number,
                year=year,
                running=(last or 0) + 1,
                begun_ms=now_ms,
                begun_by=by,
                request=canonical_json(asdict(request)),
            )
            session.add(row)
            _record(session, row, Act("begin-erasure", by, now_ms), json.loads(row.request))
            return number

    def finish(self, number: str, result: ErasureResult, sign: Signer | None = None) -> ErasureRecord:
        """Enter what was erased, with the signed proof.

        Args:
            number: of the erasure.
            result: what was erased, what is left.
            sign: makes the signature; None where the institution has configured no certificate.

        Raises:
            ReleaseError: no such number, it is finished already, or it cannot be signed.
        """
        now_ms = self._clock.wall_ms()
        with self._database.writing() as session:
            row = self._row(session, number)
            if row.finished_ms is not None:
                raise ReleaseError(f"erasure {number}", "is finished already", "Erase again under a number of its own")
            last = journal.entries(session)[-1]
            row.document = canonical_json(
                {
                    "document": "viapublica erasure",
                    "number": row.number,
                    "begun": format_utc(row.begun_ms),
                    "finished": format_utc(now_ms),
                    "request": json.loads(row.request),
                    "result": {
                        "events": asdict(result.events),
                        "erased": [asdict(one) for one in result.erased],
                        "held": [note._asdict() for note in result.held],
                        "left": [note._asdict() for note in result.left],
                    },
                    "journal": {"entry": last.seq, "hash": last.hash},
                }
            )
            row.finished_ms = now_ms
            if sign is not None:
                row.signature = base64.b64encode(sign(row.document.encode())).decode()
            change = {"document_sha256": hashlib.sha256(row.document.encode()).hexdigest(), "signed": sign is not None}
            _record(session, row, Act("finish-erasure", row.begun_by, now_ms), change)
            return _value(row)

    def get(self, number: str) -> ErasureRecord:
        """The erasure of a number.

        Raises:
            ReleaseError: there is none.
        """
        with self._database.reading() as session:
            return _value(self._row(session, number))

    def list(self) -> tuple[ErasureRecord, ...]:
        """All erasures, by number."""
        with self._database.reading() as session:
            return tuple(map(_value, session.scalars(select(ErasureRow).order_by(ErasureRow.year, ErasureRow.running))))

    def _row(self, session: Session, number: str) -> ErasureRow:
        wanted = number.strip().upper().replace("-", "/")
        row = session.scalar(select(ErasureRow).where(ErasureRow.number == wanted))
        if row is None:
            raise ReleaseError(
                f"erasure {number!r}",
                f"is not in the register {self.subject}",
                f"Write it like {ERASURE_NUMBER_EXAMPLE}; see viapublica store erasures",
            )
        return row


def erasure_digests(session: Session) -> dict[str, str]:
    """SHA-256 of each erasure as it is now, by number; for the check of the journal."""
    return {row.number: _digest(row) for row in session.scalars(select(ErasureRow))}


def _digest(row: ErasureRow) -> str:
    content = [row.number, row.begun_ms, row.begun_by, row.request, row.finished_ms, row.document, row.signature]
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def _record(session: Session, row: ErasureRow, act: Act, change: dict[str, Any]) -> None:
    session.flush()
    journal.append(session, act, row.number, {"change": change, "after": _digest(row)})


def _value(row: ErasureRow) -> ErasureRecord:
    return ErasureRecord(
        row.number,
        row.begun_ms,
        row.begun_by,
        row.finished_ms,
        json.loads(row.request),
        row.document,
        base64.b64decode(row.signature),
    )
