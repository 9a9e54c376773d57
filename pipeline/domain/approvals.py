"""Approvals of a second person, and standing orders, as they are asked for and decided."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pipeline.domain.operation import Operation
from pipeline.domain.role import Role


class ApprovalKind(StrEnum):
    """What a second person is asked for."""

    APPROVAL = "approval"
    """Of one operation in one case."""
    STANDING_ORDER = "standing-order"
    """Written order to repeat one kind of search."""


class ApprovalState(StrEnum):
    """State of a request for an approval."""

    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApproval:
    """An approval that a person asks for.

    Attributes:
        kind: see `ApprovalKind`; operation: that is to be approved.
        case_number: of the case; "" for a standing order.
        hours: how long it counts from the decision on.
        reason: why it is needed.
    """

    kind: ApprovalKind
    operation: Operation
    case_number: str
    hours: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedApproval(NewApproval):
    """An approval that was asked for.

    Attributes:
        approval_id: of the entry; login, asked_ms: who asked, and when.
        state: see `ApprovalState`; decided_by, decided_role, decided_ms: of the decision, "" and None before.
        until_ms: end of an approval.
    """

    approval_id: int
    login: str
    asked_ms: int
    state: ApprovalState
    decided_by: str = ""
    decided_role: Role | None = None
    decided_ms: int | None = None
    until_ms: int | None = None
