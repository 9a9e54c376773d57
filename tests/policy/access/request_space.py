"""The space of requests: every role, operation, material and purpose, places, account states, and papers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final, TypeAlias

from pipeline.domain.account import InstitutionKind
from pipeline.domain.operation import Operation
from pipeline.domain.purpose import Purpose
from pipeline.domain.role import Role
from pipeline.policy.access.matrix import ordinary_request
from pipeline.policy.access.request import AccessRequest, Approval, BreakGlass, StandingOrder

CASE: Final = "IP-2026/17"
HOUR_MS: Final = 3_600_000
Change: TypeAlias = Callable[[AccessRequest], AccessRequest]
PURPOSES: Final = list(Purpose)


def ordinary(role: Role, operation: Operation, purpose: Purpose) -> AccessRequest:
    """A request in good standing, on the own sector's cameras, with a case and without an approval."""
    return replace(ordinary_request(role, operation, purpose), case_number=CASE)


def core_requests(role: Role) -> Iterator[AccessRequest]:
    """One ordinary request for each operation, material and purpose of a role."""
    for operation in Operation:
        for material in operation.materials:
            for purpose in Purpose:
                yield replace(ordinary(role, operation, purpose), material=material)


def with_account(**values: Any) -> Change:
    return lambda request: replace(request, account=replace(request.account, **values))


def with_target(**values: Any) -> Change:
    return lambda request: replace(request, target=replace(request.target, **values))


def with_state(**values: Any) -> Change:
    """Times are relative to now."""

    def change(request: AccessRequest) -> AccessRequest:
        absolute = {
            name: value + request.now_ms if name.endswith("_ms") and value is not None else value
            for name, value in values.items()
        }
        return replace(request, account=replace(request.account, state=replace(request.account.state, **absolute)))

    return change


def approved(**values: Any) -> Change:
    """With an approval that is right but for `values`."""

    def change(request: AccessRequest) -> AccessRequest:
        right = Approval(
            person="p2",
            role=Role.SECTOR_ADMINISTRATOR,
            institution=request.account.institution,
            operation=request.operation,
            case_number=request.case_number,
            until_ms=request.now_ms + 1,
        )
        return replace(request, approval=replace(right, **values))

    return change


def ordered(**values: Any) -> Change:
    def change(request: AccessRequest) -> AccessRequest:
        right = StandingOrder(
            ordered_by="p2", operation=request.operation, from_ms=request.now_ms, until_ms=request.now_ms + 1
        )
        return replace(request, case_number="", standing_order=replace(right, **values))

    return change


def opened(**values: Any) -> Change:
    def change(request: AccessRequest) -> AccessRequest:
        right = BreakGlass(first="p1", second="p2", opened_ms=request.now_ms, until_ms=request.now_ms + 8 * HOUR_MS)
        return replace(request, case_number="", break_glass=replace(right, **values))

    return change


def same(request: AccessRequest) -> AccessRequest:
    return request


PLACES: Final[dict[str, Change]] = {
    "own sector": same,
    "public body": with_account(kind=InstitutionKind.PUBLIC),
    "other sector": with_target(sector="guard"),
    "other sector, shared": with_target(sector="guard", shared_with=frozenset({"city/traffic"})),
    "other sector, without a local unit": with_target(sector="guard", has_local_unit=False),
    "other institution": lambda request: with_account(central=False)(with_target(institution="state")(request)),
    "other institution, from the center": with_target(institution="state"),
    "other institution, without a local unit": with_target(institution="state", has_local_unit=False),
    "other institution, shared": lambda request: with_account(central=False)(
        with_target(institution="state", shared_with=frozenset({"city"}))(request)
    ),
    "other institution, shared with the sector": lambda request: with_account(central=False)(
        with_target(institution="state", sector="x", shared_with=frozenset({"city/traffic"}))(request)
    ),
    "other institution, shared with another": with_target(institution="state", shared_with=frozenset({"other"})),
    "not the center": with_account(central=False),
    "partner": with_account(kind=InstitutionKind.PARTNER, central=False),
    "partner, other's cameras": lambda request: with_account(kind=InstitutionKind.PARTNER, central=False)(
        with_target(institution="state", shared_with=frozenset({"city", "city/traffic"}))(request)
    ),
    "sensitive": with_target(sensitive=True),
    "without plates": with_target(plates_allowed=False),
    "suspended": with_target(suspended=True),
    "project not approved": with_target(project_approved=False),
}
STATES: Final[dict[str, Change]] = {
    "good": same,
    "left": with_state(left=True),
    "suspended": with_state(suspended=True),
    "not yet valid": with_state(valid_from_ms=1),
    "valid from now": with_state(valid_from_ms=0),
    "no longer valid": with_state(valid_until_ms=0),
    "untrained": with_state(trained_until_ms=None),
    "training ended": with_state(trained_until_ms=0),
    "without term": with_state(term_until_ms=None),
    "term ended": with_state(term_until_ms=0),
    "contractor": with_state(contractor=True, contract_until_ms=1),
    "contractor without contract": with_state(contractor=True),
    "contract ended": with_state(contractor=True, contract_until_ms=0),
    "contract ended, no contractor": with_state(contract_until_ms=0),
    "idle": with_state(last_used_ms=-90 * 24 * HOUR_MS),
    "nearly idle": with_state(last_used_ms=-90 * 24 * HOUR_MS + 1),
    "without second factor": with_state(second_factor=False),
}
PAPERS: Final[dict[str, Change]] = {
    "case": same,
    "nothing": lambda request: replace(request, case_number=""),
    "other format": lambda request: replace(request, case_format=r"PC \d+"),
    "case and approval": approved(),
    "approval without case": lambda request: approved()(replace(request, case_number="")),
    "own approval": approved(person="P1"),
    "expired approval": lambda request: approved(until_ms=request.now_ms)(request),
    "approval of another case": approved(case_number="IP-2026/18"),
    "approval of another operation": approved(operation=Operation.PERMISSION),
    "approval by an operator": approved(role=Role.OPERATOR),
    "approval by another institution": approved(institution="state"),
    "approval by the center": approved(institution="state", central=True, role=Role.GENERAL_ADMINISTRATOR),
    "approval by the data-protection officer": approved(role=Role.DATA_PROTECTION_OFFICER),
    "approval by a disclosure officer": approved(role=Role.DISCLOSURE_OFFICER),
    "standing order": ordered(),
    "own standing order": ordered(ordered_by="p1"),
    "standing order not in force": lambda request: ordered(from_ms=request.now_ms + 1)(request),
    "standing order ended": lambda request: ordered(until_ms=request.now_ms)(request),
    "standing order for another search": ordered(operation=Operation.RETRIEVAL),
    "emergency": opened(),
    "emergency by one": opened(second="p1"),
    "emergency of others": opened(first="p3"),
    "emergency over": lambda request: opened(until_ms=request.now_ms)(request),
    "emergency of nine hours": lambda request: opened(until_ms=request.now_ms + 9 * HOUR_MS)(request),
    "emergency with case": lambda request: replace(opened()(request), case_number=CASE),
}
OTHERS: Final[dict[str, Change]] = {
    "ordinary": same,
    "own interest": lambda request: replace(request, own_interest=True),
    "on no one": lambda request: replace(request, concerned=""),
    "on oneself": lambda request: replace(request, concerned=request.account.person),
    "without defence": lambda request: replace(request, defence_heard=False),
}
