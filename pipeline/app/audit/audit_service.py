"""Use cases of auditors: verify, search, report, prove, anchor, and the hand-over of their key."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Any, Final

from pipeline.app.audit.audited_operation import audit_of_stores
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.output_files import output_file
from pipeline.audit.anchors import Anchor, add_anchor
from pipeline.audit.checkpoints import close_segments, sign_checkpoint
from pipeline.audit.inclusion_proof import proof_text, prove_record
from pipeline.audit.log_state import STATE_NAME
from pipeline.audit.monthly_report import MonthlyReport, MonthNumbers, ReportHead, month_numbers, monthly_report
from pipeline.audit.record_search import RecordQuestion, search_records
from pipeline.audit.seal import KEY_NAME, auditor_key_text, read_auditor_key
from pipeline.audit.segments import segment_names
from pipeline.audit.verification import Finding, Verification, verify
from pipeline.domain.months import month_span_ms
from pipeline.domain.operation import Operation
from pipeline.domain.requester import Requester
from pipeline.errors import AuditError
from pipeline.storage.atomic import create_file

__all__ = ["Anchored", "Audit", "Finding", "MonthNumbers", "RecordQuestion", "Verification"]

_READING: Final = Operation.AUDIT_READING
_ANCHORING: Final = Operation.AUDIT_ANCHORING


@dataclass(frozen=True, slots=True)
class Anchored:
    """What an anchoring did.

    Attributes:
        anchor: what was appended to the auditor's file.
        stamped: number of checkpoints that got a time stamp.
        waiting: number of those that wait for one; 0 where no authority is configured.
        problem: why they wait; "" where none does.
    """

    anchor: Anchor
    stamped: int = 0
    waiting: int = 0
    problem: str = ""


class Audit:
    """The audit of a configuration or data folder, for one auditor; each use of it is recorded in it.

    Args:
        stores: name its folder.
        requester: the auditor.
        key: file of the auditor's key; None for the one that still lies in the folder, if any.
    """

    def __init__(self, stores: ConfiguredStores, requester: Requester, key: Path | None = None) -> None:
        self._stores = stores
        self._audit = audit_of_stores(stores, requester)
        self._folder = stores.audit_dir
        self._key_path = key

    @property
    def key_is_here(self) -> bool:
        """Whether the auditor's key still lies on this machine, where its administrators can read it."""
        return (self._folder / KEY_NAME).exists()

    def size(self) -> int:
        """Bytes of all records."""
        return sum((self._folder / name).stat().st_size for name in segment_names(self._folder))

    def verify(self, anchor: Path | None = None, progress: Callable[[int], None] = lambda _: None) -> Verification:
        """Check everything.

        Args:
            anchor: the auditor's file.
            progress: receives the bytes of each line.

        Raises:
            AuditError: there is no audit, or key or anchor cannot be used.
        """
        with self._errors():
            self._check_exists()
            return verify(self._folder, self._key(), anchor, progress)

    def check_time_stamps(self, authority: Path) -> list[tuple[str, str]]:
        """Checkpoints and the times that the authority states for them.

        Raises:
            AuditError: a time stamp is not of its checkpoint and this authority.
            MissingComponent: the package for time stamps is not installed.
        """
        from pipeline.audit.time_stamps import check_time_stamps  # here: it is optional

        with self._errors():
            return [(one.checkpoint, one.time) for one in check_time_stamps(self._folder, authority.read_bytes())]

    def search(self, question: RecordQuestion) -> Iterator[dict[str, Any]]:
        """The records that match, oldest first, without this search's own.

        Raises:
            AuditError: a plate is searched for without the key.
        """
        self._permit(Operation.AUDIT_PLATE_QUERY if question.plate else _READING)
        with self._errors():
            self._check_exists()
            key = self._key() if question.plate else None
            if question.plate and key is None:
                raise AuditError("search by plate", "needs the auditor's key", "Name its file: --key FILE")
            found = list(search_records(self._folder, question, key))
        plates = (question.plate,) if question.plate else ()
        self._record(_READING, plates=plates, rows=len(found), details={"action": "search"})
        yield from found

    def report(
        self, month: str, target: str | None, zone: tzinfo | None, register: str = ""
    ) -> tuple[str, MonthNumbers]:
        """Write the report of a month; the file and its numbers.

        Args:
            month: such as ``2026-11``.
            target: file, whose suffix .html, .pdf or .xlsx decides its form; None for ``audit-MONTH.html``.
            zone: of the times.
            register: of disclosures, erasures and requests, which need not exist; "" leaves their sections out.

        Raises:
            ViapublicaError: it is no month, or the file cannot be written.
        """
        start_ms, last_ms = month_span_ms(month, zone)
        self._permit(_READING)
        checked = self.verify()
        with self._errors():
            records = list(search_records(self._folder, RecordQuestion(start_ms=start_ms, end_ms=last_ms + 1)))
        now_ms = time.time_ns() // 1_000_000
        head = ReportHead(self._stores.institution, month.strip(), now_ms, zone, _verified(checked))
        path = target or f"audit-{month.strip()}.html"
        self._record(_READING, rows=len(records), details={"action": "report", "month": month.strip()})
        from pipeline.app.rights.monthly_sections import monthly_sections  # here: SQLAlchemy takes long to import

        further = monthly_sections(self._stores, register, month, zone) if register else []
        content = _rendered(monthly_report(records, head, further), path)
        with output_file("--out", path, "wb") as file:
            file.write(content)
        return path, month_numbers(records)

    def prove(self, sequence: int, target: str) -> int:
        """Write the proof of one record; the size of the audit that it stands in.

        Raises:
            AuditError: there is no such record, or the audit was changed.
        """
        text, size = self.proof(sequence)
        with output_file("--out", target, "w", encoding="utf-8") as file:
            file.write(text)
        return size

    def proof(self, sequence: int, permitted: Callable[[Mapping[str, Any]], bool] = lambda _: True) -> tuple[str, int]:
        """The proof of one record, and the size of the audit that it stands in.

        Args:
            sequence: of the record; permitted: whether the auditor may see it.

        Raises:
            AuditError: there is no such record, none that they may see, or the audit was changed.
        """
        self._permit(_READING)
        with self._errors():
            self._check_exists()
            stored = sign_checkpoint(self._folder, time.time_ns() // 1_000_000)
            proof = prove_record(self._folder, sequence, stored)
        if not permitted(json.loads(proof["record"])):
            raise AuditError(f"record {sequence}", "is not one that you may see", "Search for records first")
        self._record(_READING, details={"action": "prove", "record": sequence})
        return proof_text(proof), stored.checkpoint.size

    def anchor(self, target: Path) -> Anchored:
        """Append a checkpoint of all records to the auditor's file, and have waiting ones time-stamped.

        Raises:
            AuditError: the audit does not extend what was anchored: it was changed; nothing is appended.
        """
        now_ms = time.time_ns() // 1_000_000
        self._record(_ANCHORING, details={"action": "anchor"})
        with self._errors():
            close_segments(self._folder, now_ms)
            added = add_anchor(target, self._folder, sign_checkpoint(self._folder, now_ms), now_ms)
        authority = self._stores.audit.time_stamp_authority
        if authority is None:
            return Anchored(added)
        from pipeline.audit.time_stamps import request_time_stamps, waiting_checkpoints  # here: it is optional

        with self._errors():
            before = len(waiting_checkpoints(self._folder))
            try:
                return Anchored(added, request_time_stamps(self._folder, authority))
            except AuditError as error:
                waiting = len(waiting_checkpoints(self._folder))
                return Anchored(added, before - waiting, waiting, f"{error.subject} {error.problem}")

    def hand_over_key(self, target: Path) -> None:
        """Move the auditor's key to a file of the auditor: then this machine cannot open older seals and plates.

        Raises:
            AuditError: it was handed over already, or the file cannot be written.
        """
        self._permit(_READING)
        with self._errors():
            self._check_exists()
            here = self._folder / KEY_NAME
            if not here.exists():
                raise AuditError("auditor's key", "is not on this machine any more", "Ask the auditor")
            create_file(target, auditor_key_text(read_auditor_key(here)))
            self._record(_READING, details={"action": "hand-over-key"})
            here.unlink()

    def _key(self) -> bytes | None:
        path = self._key_path or (self._folder / KEY_NAME if self.key_is_here else None)
        return None if path is None else read_auditor_key(path)

    def _permit(self, operation: Operation) -> None:
        """Decide before anything is read.

        Raises:
            RefusedAccess: the person may not do it.
        """
        self._audit.access.decide(operation)

    def _record(self, operation: Operation, **facts: Any) -> None:
        self._audit.add(operation, **facts)

    def _check_exists(self) -> None:
        if not (self._folder / STATE_NAME).exists() and not segment_names(self._folder):
            raise AuditError(
                f"audit {self._folder}", "does not exist yet", "It begins with the first operation, such as a query"
            )

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            place = error.filename or self._folder
            raise AuditError(
                f"audit {place}", f"cannot be read or written ({error.strerror})", "Check its rights"
            ) from error


def _rendered(report: MonthlyReport, path: str) -> bytes:
    """The report in the form that the name of its file asks for."""
    form = Path(path).suffix.lower()
    if form == ".pdf":
        from pipeline.governance.typeset import typeset  # here: the release extra is optional

        return typeset("report", report.plain())
    if form == ".xlsx":
        from pipeline.governance.report_workbook import render_workbook

        return render_workbook(report.title, report.facts, report.sections)
    if form not in {".html", ".htm"}:
        raise AuditError(f"--out {path}", "is no report", "Use the suffix .pdf, .xlsx or .html")
    return report.html().encode()


def _verified(found: Verification) -> str:
    """The result of a verification, in Portuguese."""
    seals = "selos conferidos" if found.sealed else "selos não conferidos: falta a chave do auditor"
    if found.intact:
        return f"íntegra: {found.records} registros, nenhum alterado ({seals}); último: {found.last_hash}"
    first = found.findings[0]
    return f"ALTERADA: {found.found} ocorrências ({seals}); a primeira em {first.place}, registro {first.sequence}"
