"""Matrix of roles and operations, worked out by deciding; run as a program, writes its page of the documentation."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Final, TypeAlias

from pipeline.domain.account import Account, AccountState, InstitutionKind
from pipeline.domain.operation import Operation
from pipeline.domain.purpose import Purpose
from pipeline.domain.role import Role
from pipeline.domain.times import HOUR_MS
from pipeline.policy.access.decision import Decision, decide
from pipeline.policy.access.engine import NO_PERMISSION, shipped_engine
from pipeline.policy.access.request import AccessRequest, Approval, BreakGlass, Target

_NOW_MS: Final = 1_800_000_000_000
_CASE: Final = "0001"


class Condition(StrEnum):
    """On which an operation is allowed, to a person of the sector that the cameras belong to, in good standing."""

    NONE = "yes"
    CASE = "case"
    APPROVAL = "approval"
    BOTH = "case + approval"
    EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True)
class Cell:
    """One role and one operation.

    Attributes:
        conditions: by purpose, the least that is needed; empty: never allowed.
    """

    conditions: Mapping[Purpose, Condition]

    def __str__(self) -> str:
        """Each condition once; a dash for an operation that is never allowed."""
        return " / ".join(one.value for one in Condition if one in self.conditions.values()) or "–"


Matrix: TypeAlias = Mapping[Operation, Mapping[Role, Cell]]
_Decide: TypeAlias = Callable[[AccessRequest], Decision]


def access_matrix() -> Matrix:
    """Every operation and role, by asking the policies."""
    return {operation: {role: _cell(role, operation) for role in Role} for operation in Operation}


def ordinary_request(role: Role, operation: Operation, purpose: Purpose) -> AccessRequest:
    """A request on the cameras of one's own sector that nothing but role, purpose, case and approval can prevent.

    The person is of a public-security body that is the general administration too, as in a small city.
    """
    state = AccountState(
        valid_from_ms=_NOW_MS - HOUR_MS,
        valid_until_ms=_NOW_MS + HOUR_MS,
        last_used_ms=_NOW_MS - HOUR_MS,
        term_until_ms=_NOW_MS + HOUR_MS,
        trained_until_ms=_NOW_MS + HOUR_MS,
        second_factor=True,
    )
    return AccessRequest(
        account=Account("p1", "city", "traffic", InstitutionKind.SECURITY, role, state, central=True),
        operation=operation,
        purpose=purpose,
        target=Target(
            institution="city",
            sector="traffic",
            plates_allowed=True,
            sensitive=False,
            suspended=False,
            project_approved=True,
        ),
        now_ms=_NOW_MS,
        concerned="p2",
        defence_heard=True,
    )


@cache
def included_operations(role: Role, *, emergency: bool) -> frozenset[Operation]:
    """Operations that a role includes, whatever else they need.

    Args:
        role: of a person in good standing; emergency: whether they have opened emergency access.
    """
    return frozenset(
        operation for operation in Operation if not _is_without_permission(role, operation, emergency=emergency)
    )


def _cell(role: Role, operation: Operation) -> Cell:
    if _is_without_permission(role, operation, emergency=True):
        return Cell({})
    found = {}
    for purpose in Purpose:
        conditions = [
            condition
            for material in operation.materials
            if (condition := _condition(replace(ordinary_request(role, operation, purpose), material=material)))
        ]
        if conditions:
            found[purpose] = min(conditions, key=list(Condition).index)
    return Cell(found)


def _is_without_permission(role: Role, operation: Operation, *, emergency: bool) -> bool:
    request = ordinary_request(role, operation, Purpose.CRISIS)
    return NO_PERMISSION in decide(_in_emergency(request) if emergency else request).policy_ids


def _condition(request: AccessRequest) -> Condition | None:
    """The least that makes a request allowed; None if nothing does."""
    with_case = replace(request, case_number=_CASE)
    if not decide(_approved(with_case)).allowed:
        return Condition.EMERGENCY if decide(_in_emergency(request)).allowed else None
    tried = ((Condition.NONE, request), (Condition.CASE, with_case), (Condition.APPROVAL, _approved(request)))
    return next((condition for condition, one in tried if decide(one).allowed), Condition.BOTH)


def _approved(request: AccessRequest) -> AccessRequest:
    approval = Approval(
        person="p2",
        role=Role.SECTOR_ADMINISTRATOR,
        institution=request.account.institution,
        operation=request.operation,
        case_number=request.case_number,
        until_ms=_NOW_MS + HOUR_MS,
    )
    return replace(request, approval=approval)


def _in_emergency(request: AccessRequest) -> AccessRequest:
    opened = BreakGlass(first="p1", second="p2", opened_ms=_NOW_MS, until_ms=_NOW_MS + HOUR_MS)
    return replace(request, break_glass=opened)


_INTRODUCTION: Final = """# Access

`make reference` writes this page from the policies in `pipeline/policy/access/access.cedar`; a test refuses it when it
differs. [Decision 0044](../decisions/0044-access.md) says how they are
evaluated, [0047](../decisions/0047-access-in-use.md) who asks them.

A request names a role, an operation, a purpose, and the cameras, people or records of one sector. It is allowed when
the role permits it and no rule forbids it. The law's words are in the column in Portuguese.
"""
_MATRIX: Final = """
## Operations and roles

On the cameras and records of one's own sector, with an account in good standing. Separated by a slash: it depends on
the purpose, or on what is asked for (video, plates, counts).

| | |
| --- | --- |
| yes | for the purposes of the next table |
| case | with a case number in the format of the institution |
| approval | with a second person's approval of this operation and case |
| emergency | only in emergency access that two people opened, without a case number |
| – | never |

For queries by pattern, of convoys, of clones and in bulk, a standing order can take the place of case and approval.
"""
_PURPOSES: Final = """
## Operations and purposes

Every purpose for which some role may carry out the operation.
"""
_RULES: Final = """
## Rules

The first {permits} permit; each of the others forbids, whatever a role permits. A refusal names the identifier and
the article.
"""


def matrix_markdown() -> str:
    """The page of the documentation."""
    matrix = access_matrix()
    rules = shipped_engine().policies.values()
    permits = sum(rule.permits for rule in rules)
    parts = [
        _INTRODUCTION,
        "\n## Roles\n\n",
        *_table(("role", "in Portuguese", "source"), ((role.english, role.portuguese, role.law) for role in Role)),
        _MATRIX,
        "\n",
        *_table(
            ("operation", "in Portuguese", "source", *(role.english for role in Role)),
            ((one.english, one.portuguese, one.law, *(str(matrix[one][role]) for role in Role)) for one in Operation),
        ),
        _PURPOSES,
        "\n",
        *_table(("operation", "purposes"), ((one.english, _purposes(matrix[one])) for one in Operation)),
        "\n## Purposes\n\n",
        *_table(("purpose", "in Portuguese", "source"), ((one.english, one.portuguese, one.law) for one in Purpose)),
        _RULES.format(permits=permits),
        "\n",
        *_table(
            ("rule", "in words", "in Portuguese", "source"),
            ((f"`{rule.policy_id}`", rule.english, rule.portuguese, rule.law) for rule in rules),
        ),
    ]
    return "".join(parts)


def _purposes(row: Mapping[Role, Cell]) -> str:
    allowed = {purpose for cell in row.values() for purpose in cell.conditions}
    return "any" if allowed == set(Purpose) else "; ".join(one.english for one in Purpose if one in allowed)


def _table(heads: Sequence[str], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |\n"
    yield f"|{' --- |' * len(heads)}\n"
    for row in rows:
        yield f"| {' | '.join(row)} |\n"


if __name__ == "__main__":
    sys.stdout.write(matrix_markdown())
