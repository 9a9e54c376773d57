"""Entries of the audit: an operation, its person, and what came of it (decree 18.743/2014 art. 5, 7, 8)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

LOG_OPERATION: Final = "audit-log"
"""Operation of the entries that the audit writes about itself."""


class Outcome(StrEnum):
    """What came of an operation."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    """By a policy, which the entry names."""
    FAILED = "failed"
    """By an error: nothing was answered."""


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An operation that the audit records; see `docs/reference/audit.md` for the stored form.

    Attributes:
        operation: its identifier, such as ``plate-query``.
        outcome: what came of it.
        system_user: user of the operating system.
        account: personal account; "" until there are accounts.
        institution, role: of the account; "" without one.
        purpose, case: as stated; "" when not stated.
        cameras: ids of those concerned; empty for all.
        start_ms, end_ms: time range concerned, milliseconds since 1970 UTC; None is open.
        number: in the register of disclosures, such as ``2026/000123``; "" where none is concerned.
        plates: those concerned, in any writing; stored as keyed hashes only.
        rows: number of rows that were answered; None where nothing is counted.
        policy: identifier of the policy that refused.
        reason: of a refusal or failure, in one clause.
        details: further facts; never a plate.
    """

    operation: str
    outcome: Outcome
    system_user: str
    account: str = ""
    institution: str = ""
    role: str = ""
    purpose: str = ""
    case: str = ""
    cameras: tuple[str, ...] = ()
    start_ms: int | None = None
    end_ms: int | None = None
    number: str = ""
    plates: tuple[str, ...] = ()
    rows: int | None = None
    policy: str = ""
    reason: str = ""
    details: Mapping[str, str | int | bool] = {}
