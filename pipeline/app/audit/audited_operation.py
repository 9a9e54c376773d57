"""Records of operations in the audit, on the disk before an operation answers or changes anything."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline.audit.audit_log import AuditLog
from pipeline.domain.audit import AuditEntry, Outcome
from pipeline.domain.operation import Operation
from pipeline.domain.requester import Requester

__all__ = ["Record", "audit_record", "entry_of"]

Record = Callable[[AuditEntry], object]
"""Puts an entry into the audit; raises `AuditUnavailable` where that fails, which refuses the operation."""


def audit_record(folder: Path) -> Record:
    """What puts entries into the audit of a folder.

    Args:
        folder: of the audit, created when needed.
    """
    return AuditLog(folder).append


def entry_of(
    operation: Operation, requester: Requester, outcome: Outcome = Outcome.ALLOWED, **facts: Any
) -> AuditEntry:
    """An entry about an operation.

    Args:
        operation: which one.
        requester: the person or program that asks.
        outcome: what came of it.
        facts: further fields of `AuditEntry`.
    """
    return AuditEntry(
        operation=operation.value,
        outcome=outcome,
        system_user=requester.user,
        purpose=requester.purpose,
        case=requester.case,
        **facts,
    )
