"""Each rule refuses alone: without it, its request would be allowed."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from pipeline.domain.account import InstitutionKind
from pipeline.domain.material import Material
from pipeline.domain.operation import Operation
from pipeline.domain.purpose import Purpose
from pipeline.domain.role import Role
from pipeline.policy.access.decision import decide
from pipeline.policy.access.engine import shipped_engine
from pipeline.policy.access.request import AccessRequest
from tests.policy.access.request_space import (
    OTHERS,
    PAPERS,
    PLACES,
    STATES,
    Change,
    approved,
    opened,
    ordinary,
    same,
    with_account,
    with_target,
)

_ANALYST: Final = (Role.INTELLIGENCE_ANALYST, Operation.PLATE_QUERY, Purpose.CRIMINAL_INVESTIGATION)
_OPERATOR: Final = (Role.OPERATOR, Operation.MONITORING, Purpose.CITY_SERVICES)
_SECTOR: Final = (Role.SECTOR_ADMINISTRATOR, Operation.ACCOUNT_REGISTRATION, Purpose.ADMINISTRATION)
_GENERAL: Final = (Role.GENERAL_ADMINISTRATOR, Operation.CONFIGURATION, Purpose.UPKEEP)
_CONVOY: Final = (Role.INTELLIGENCE_ANALYST, Operation.CONVOY_QUERY, Purpose.INTELLIGENCE)
_WATCHED: Final = (Role.OBSERVER, Operation.MONITORING, Purpose.CITY_SERVICES)
_DISCLOSED: Final = (Role.DISCLOSURE_OFFICER, Operation.DISCLOSURE, Purpose.RESEARCH)
_Asked = tuple[Role, Operation, Purpose]


def _of(material: Material) -> Change:
    return lambda request: replace(request, material=material)


def _approved_of(material: Material) -> Change:
    return lambda request: approved()(replace(request, material=material))


ALONE: Final[dict[str, tuple[_Asked, Change]]] = {
    "account-left": (_ANALYST, STATES["left"]),
    "account-suspended": (_ANALYST, STATES["suspended"]),
    "account-not-valid": (_ANALYST, STATES["no longer valid"]),
    "account-untrained": (_ANALYST, STATES["training ended"]),
    "account-without-term": (_ANALYST, STATES["without term"]),
    "account-contract-ended": (_ANALYST, STATES["contractor without contract"]),
    "account-idle": (_ANALYST, STATES["idle"]),
    "account-without-second-factor": (_ANALYST, STATES["without second factor"]),
    "general-administration-is-central": (_GENERAL, PLACES["not the center"]),
    "other-institution": (_ANALYST, PLACES["other institution"]),
    "other-sector": (_OPERATOR, PLACES["other sector"]),
    "own-administration-registers": (
        (Role.GENERAL_ADMINISTRATOR, Operation.PERMISSION, Purpose.ADMINISTRATION),
        PLACES["other sector"],
    ),
    "partner-own-cameras": (_WATCHED, PLACES["partner, other's cameras"]),
    "partner-only-views": (
        (Role.OBSERVER, Operation.COUNT_QUERY, Purpose.MOBILITY),
        with_account(kind=InstitutionKind.PARTNER),
    ),
    "not-oneself": (_SECTOR, OTHERS["on oneself"]),
    "concerned-person-named": (_SECTOR, OTHERS["on no one"]),
    "own-interest": (_ANALYST, OTHERS["own interest"]),
    "purpose-of-live": ((Role.OPERATOR, Operation.CAPTURE, Purpose.RESEARCH), same),
    "purpose-of-retrieval": ((Role.OPERATOR, Operation.RETRIEVAL, Purpose.MOBILITY), same),
    "purpose-of-treatment": ((Role.DISCLOSURE_OFFICER, Operation.TREATMENT, Purpose.EVENTS), same),
    "purpose-of-media": ((Role.DISCLOSURE_OFFICER, Operation.RECORDING_TO_MEDIA, Purpose.RESEARCH), same),
    "purpose-of-sharing": ((Role.SECTOR_ADMINISTRATOR, Operation.SHARING, Purpose.RESEARCH), approved()),
    "purpose-of-disclosure": (
        (Role.DISCLOSURE_OFFICER, Operation.DISCLOSURE, Purpose.MOBILITY),
        _approved_of(Material.COUNTS),
    ),
    "purpose-of-plate-search": ((Role.INTELLIGENCE_ANALYST, Operation.JOURNEY_QUERY, Purpose.MOBILITY), same),
    "purpose-of-mass-search": ((Role.INTELLIGENCE_ANALYST, Operation.BULK_QUERY, Purpose.PROCEEDING), approved()),
    "purpose-of-alerts": ((Role.OPERATOR, Operation.ALERT_REVIEW, Purpose.CRISIS), same),
    "purpose-of-incidents": ((Role.OPERATOR, Operation.INCIDENT, Purpose.UPKEEP), same),
    "purpose-of-counts": ((Role.OBSERVER, Operation.COUNT_QUERY, Purpose.UPKEEP), same),
    "purpose-of-plate-export": ((Role.INTELLIGENCE_ANALYST, Operation.EXPORT, Purpose.RESEARCH), same),
    "purpose-of-anonymized-video": (
        (Role.RESEARCHER_LIAISON, Operation.RETRIEVAL, Purpose.EVENTS),
        _of(Material.ANONYMIZED_VIDEO),
    ),
    "purpose-of-holds": ((Role.OPERATOR, Operation.HOLD, Purpose.MOBILITY), same),
    "purpose-of-disposal": ((Role.SECTOR_ADMINISTRATOR, Operation.DISPOSAL, Purpose.EVENTS), same),
    "purpose-of-subject-requests": (
        (Role.DATA_PROTECTION_OFFICER, Operation.ERASURE, Purpose.ACCIDENTAL_CAPTURE),
        approved(),
    ),
    "purpose-of-administration": ((Role.GENERAL_ADMINISTRATOR, Operation.CONFIGURATION, Purpose.EVENTS), same),
    "purpose-of-cooperation": ((Role.GENERAL_ADMINISTRATOR, Operation.RESCISSION, Purpose.UPKEEP), same),
    "purpose-of-break-glass": ((Role.OPERATOR, Operation.MONITORING, Purpose.EVENTS), opened()),
    "purpose-of-oversight": ((Role.AUDITOR, Operation.AUDIT_READING, Purpose.ADMINISTRATION), same),
    "purpose-of-reports": ((Role.AUDITOR, Operation.REPORT, Purpose.UPKEEP), same),
    "purpose-of-benchmarks": ((Role.BENCHMARK_ENGINEER, Operation.BENCHMARK, Purpose.RESEARCH), same),
    "security-bodies-investigate": (_ANALYST, PLACES["public body"]),
    "case-number": (_ANALYST, PAPERS["nothing"]),
    "case-number-format": (_ANALYST, PAPERS["other format"]),
    "second-person": (_CONVOY, same),
    "approval-of-another-person": (_CONVOY, PAPERS["own approval"]),
    "approval-of-this-request": (_CONVOY, PAPERS["approval of another case"]),
    "approval-by-administration": (_CONVOY, PAPERS["approval by an operator"]),
    "standing-order-valid": (_CONVOY, PAPERS["own standing order"]),
    "break-glass-valid": (
        (Role.OPERATOR, Operation.PLATE_QUERY, Purpose.CRISIS),
        PAPERS["emergency by one"],
    ),
    "prior-defence": (
        (Role.GENERAL_ADMINISTRATOR, Operation.SANCTION, Purpose.COOPERATION),
        OTHERS["without defence"],
    ),
    "camera-suspended": (_OPERATOR, PLACES["suspended"]),
    "camera-project-not-approved": (_OPERATOR, PLACES["project not approved"]),
    "plates-not-allowed": (_ANALYST, PLACES["without plates"]),
    "sensitive-place": (
        (Role.INTELLIGENCE_ANALYST, Operation.JOURNEY_QUERY, Purpose.CRIMINAL_INVESTIGATION),
        PLACES["sensitive"],
    ),
    "disclosed-anonymized": (_DISCLOSED, approved()),
    "research-anonymized": (
        (Role.RESEARCHER_LIAISON, Operation.RETRIEVAL, Purpose.CRIMINAL_INVESTIGATION),
        same,
    ),
}
"""A request that this rule alone forbids."""
NEVER_ALONE: Final = {
    "camera-primacy": "only operators move cameras, and `other-sector` holds for them too",
    "measurements-only": "no permit lets benchmark engineers at anything else",
}
"""Rules that state what others imply: they would hold if a role were given more."""


def _request(asked: _Asked, change: Change) -> AccessRequest:
    return change(ordinary(*asked))


@pytest.mark.parametrize("policy_id", ALONE)
def test_each_rule_refuses_alone(policy_id: str) -> None:
    asked, change = ALONE[policy_id]
    assert decide(_request(asked, change)).policy_ids == (policy_id,)


def test_every_rule_that_forbids_is_tried() -> None:
    forbidding = {name for name, policy in shipped_engine().policies.items() if not policy.permits}
    assert forbidding == set(ALONE) | set(NEVER_ALONE)


@pytest.mark.parametrize(
    ("asked", "change", "policy_id"),
    [
        ((Role.OPERATOR, Operation.CAMERA_MOVEMENT, Purpose.EVENTS), PLACES["other sector, shared"], "camera-primacy"),
        ((Role.BENCHMARK_ENGINEER, Operation.MONITORING, Purpose.EVENTS), same, "measurements-only"),
        ((Role.BENCHMARK_ENGINEER, Operation.PLATE_QUERY, Purpose.INTELLIGENCE), same, "measurements-only"),
    ],
)
def test_a_rule_that_others_imply_is_named_as_well(asked: _Asked, change: Change, policy_id: str) -> None:
    decision = decide(_request(asked, change))
    assert not decision.allowed
    assert policy_id in decision.policy_ids


@pytest.mark.parametrize(
    "operation", [Operation.PATTERN_QUERY, Operation.JOURNEY_QUERY, Operation.CONVOY_QUERY, Operation.BULK_QUERY]
)
def test_sensitive_places_have_no_patterns_journeys_or_convoys_whatever_is_approved(operation: Operation) -> None:
    for purpose in Purpose:
        request = approved()(with_target(sensitive=True)(ordinary(Role.INTELLIGENCE_ANALYST, operation, purpose)))
        assert "sensitive-place" in decide(request).policy_ids


def test_one_plate_may_be_searched_at_a_sensitive_place_in_a_case_for_a_crime() -> None:
    request = with_target(sensitive=True)(ordinary(*_ANALYST))
    assert decide(request).allowed
    assert not decide(replace(request, case_number="")).allowed
    assert not decide(replace(request, purpose=Purpose.INTELLIGENCE)).allowed
    assert not decide(opened()(request)).allowed, "an emergency stands in for no case there"
