"""Records of the register's changes and readings in the audit, before they are committed or answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import tzinfo
from pathlib import Path
from typing import Any, Final

from pipeline.app.audit.audited_operation import OperationAudit, Record, audited_stores
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.domain.audit import AuditEntry, Outcome
from pipeline.domain.disclosure import Disclosure, DisclosureState, JournalEntry, Match, Request
from pipeline.domain.operation import Operation
from pipeline.domain.ports import Clock
from pipeline.governance.journal import JournalBreak, Report
from pipeline.governance.register import Register
from pipeline.policy.sensitive.screen import TextScreen
from pipeline.storage.register_location import REGISTER_FOLDER

__all__ = ["ACTIONS", "AuditedRegister", "register_stores", "report_to"]

ACTIONS: Final[Mapping[str, Operation]] = {
    "request": Operation.DISCLOSURE,
    "declare": Operation.DISCLOSURE,
    "approve": Operation.APPROVAL,
    "refuse": Operation.APPROVAL,
    "withdraw": Operation.APPROVAL,
    "request-exemption": Operation.DISCLOSURE,
    "show-exemption": Operation.RETRIEVAL,
    "confirm-exemption": Operation.APPROVAL,
    "build": Operation.DISCLOSURE,
    "deliver": Operation.DISCLOSURE,
    "begin-erasure": Operation.ERASURE,
    "finish-erasure": Operation.ERASURE,
    "refuse-erasure": Operation.SUBJECT_REQUEST,
    "receive-request": Operation.SUBJECT_REQUEST,
    "decide-request": Operation.SUBJECT_REQUEST,
}
"""Actions of the journal, and the operations that they are."""


def report_to(record: Record, erasing: Operation = Operation.ERASURE) -> Report:
    """What reports journal entries of a register into the audit.

    Args:
        record: puts entries into the audit.
        erasing: the operation that an erasure is part of.
    """
    actions = {**ACTIONS, "begin-erasure": erasing, "finish-erasure": erasing}
    return lambda entry, failure: record(_audit_entry(entry, failure, actions[entry.action]))


def register_stores(config: Path | None, where: str) -> ConfiguredStores:
    """What names the audit of a register, and the registry that decides: the same database.

    Args:
        config: the configuration that names it; None without one: then it lies beside the register's folder.
        where: the register, an SQLite file or an address.

    Raises:
        ConfigError: the configuration is not valid.
    """
    beside = Path(REGISTER_FOLDER) if "://" in where else Path(where).absolute().parent
    return replace(audited_stores(config, beside), register_database=where)


class AuditedRegister(Register):
    """A register whose changes and readings are in the audit before they are committed or answered.

    Args:
        where, clock, zone, create, screen: see `Register`.
        audit: where it is recorded, and the person or program that reads.
    """

    def __init__(
        self,
        where: str,
        audit: OperationAudit,
        *,
        clock: Clock | None = None,
        zone: tzinfo | None = None,
        create: bool = False,
        screen: TextScreen | None = None,
    ) -> None:
        super().__init__(where, clock, zone=zone, create=create, screen=screen, report=report_to(audit.record))
        self._audit = audit

    def request(self, request: Request, declaration: Path | None = None) -> Disclosure:
        """See `Register.request`."""
        named = self._audit.access.named(request.requested_by)
        return super().request(replace(request, requested_by=named), declaration)

    def _person(self, by: str) -> str:
        """Where people are registered, the name of the person who acts: no one enters anything for another one."""
        return super()._person(self._audit.access.named(by))

    def get(self, number: str) -> Disclosure:
        """See `Register.get`; raises `AuditUnavailable` where the audit takes no record, as all readings do."""
        found = super().get(number)
        self._add_reading("show", found.number)
        return found

    def list(self, state: DisclosureState | None = None, month: str | None = None) -> tuple[Disclosure, ...]:
        """See `Register.list`."""
        found = super().list(state, month)
        self._add_reading("list", rows=len(found))
        return found

    def find_by_hash(self, sha256: str) -> tuple[Match, ...]:
        """See `Register.find_by_hash`."""
        found = super().find_by_hash(sha256)
        self._add_reading("find", rows=len(found))
        return found

    def journal(self, number: str | None = None) -> tuple[JournalEntry, ...]:
        """See `Register.journal`."""
        found = super().journal(number)
        self._add_reading("journal", found[-1].number if number is not None and found else "", rows=len(found))
        return found

    def check_journal(self) -> JournalBreak | None:
        """See `Register.check_journal`."""
        broken = super().check_journal()
        self._add_reading("check-journal", rows=0 if broken is None else 1)
        return broken

    def _add_reading(self, action: str, number: str = "", rows: int = 1) -> None:
        self._audit.add(Operation.REPORT, number=number, rows=rows, details={"action": action})


def _audit_entry(entry: JournalEntry, failure: str, operation: Operation) -> AuditEntry:
    change: Mapping[str, Any] = entry.details.get("change", {})
    place = _place(change)
    built = {name: change[name] for name in ("sha256", "document_sha256") if name in change}
    return AuditEntry(
        operation=operation.value,
        outcome=Outcome.FAILED if failure else Outcome.ALLOWED,
        system_user=entry.account,
        number=entry.number,
        reason=failure,
        details={"action": entry.action, "by": entry.who, "entry": entry.seq, "entry_hash": entry.hash, **built},
        **place,
    )


def _place(change: Mapping[str, Any]) -> dict[str, Any]:
    """Camera and time of a request; none for a vehicle that is erased: the audit does not say where it was seen."""
    if change.get("fingerprint"):
        return {}
    content = change.get("request", {}).get("content", change)
    camera = content.get("camera_id")
    cameras = (camera,) if camera else tuple(content.get("camera_ids", ()))
    return {"cameras": cameras, "start_ms": content.get("begin_ms"), "end_ms": content.get("end_ms")}
