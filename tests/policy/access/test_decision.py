"""Decisions fail closed, name their policies, and cost little."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from importlib.resources import files
from pathlib import Path

import pytest

from pipeline.domain.account import InstitutionKind
from pipeline.domain.material import Material
from pipeline.domain.operation import Operation
from pipeline.domain.purpose import Purpose
from pipeline.domain.role import Role
from pipeline.errors import PolicyError
from pipeline.policy.access import engine as engine_module
from pipeline.policy.access.decision import decide
from pipeline.policy.access.engine import ENGINE_FAILED, NO_PERMISSION, NO_PURPOSE, PolicyEngine, shipped_engine
from pipeline.policy.access.request import AccessRequest
from tests.policy.access.request_space import Change, approved, ordinary, with_account, with_state, with_target

_FOLDER = files("pipeline.policy.access")
SCHEMA = (_FOLDER / "access.cedarschema").read_text(encoding="utf-8")
_NOTES = '@law("decree") @en("a rule") @pt("uma regra")'
_PERMIT = f'@id("all") {_NOTES} permit (principal, action, resource);'


def plate_query() -> AccessRequest:
    return ordinary(Role.INTELLIGENCE_ANALYST, Operation.PLATE_QUERY, Purpose.CRIMINAL_INVESTIGATION)


def test_an_allowed_request_names_the_policy_that_permits_it_and_its_article() -> None:
    decision = decide(plate_query())
    assert decision.allowed
    assert decision.policy_ids == ("intelligence-analyst",)
    assert decision.reasons[0].law == "law 11.766/2022 art. 9, §3, §4"


def test_a_role_without_permission_is_named_before_everything_else_that_forbids() -> None:
    request = with_state(left=True)(replace(plate_query(), case_number=""))
    decision = decide(with_account(role=Role.OBSERVER)(request))
    assert decision.policy_ids == (NO_PERMISSION, "account-left", "case-number")


def test_a_request_without_a_purpose_is_refused() -> None:
    assert decide(replace(plate_query(), purpose=None)).policy_ids == (NO_PURPOSE,)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (with_account(institution="City"), "is no id"),
        (with_account(sector="a/b"), "is no id"),
        (with_target(institution=""), "is no id"),
        (with_account(person=" \u3000"), "is no key"),
        (approved(person="p1\u200b"), "is no key"),
        (approved(person="р1"), "is no key"),
        (lambda request: replace(request, material=Material.COUNTS), "does not concern counts"),
        (lambda request: replace(request, case_format="("), "is no regular expression"),
        (lambda request: replace(request, now_ms=2**63), ""),
        (with_state(last_used_ms=2**63 - 1_800_000_000_100), "overflow"),
        (lambda request: replace(request, case_number="\ud800", case_format=".*"), ""),
        (approved(institution="x y"), "is no id"),
    ],
)
def test_a_request_that_cannot_be_evaluated_is_refused_with_the_problem(change: Change, problem: str) -> None:
    decision = decide(change(plate_query()))
    assert not decision.allowed
    assert decision.policy_ids == (ENGINE_FAILED,)
    assert problem in decision.problem
    assert decision.problem


def test_a_policy_that_cannot_be_evaluated_refuses_what_another_permits() -> None:
    forbid = f'@id("sum") {_NOTES} forbid (principal, action, resource) when {{ context.now_ms * 9000000 < 0 }};'
    decision = decide(plate_query(), PolicyEngine(f"{_PERMIT}\n{forbid}", SCHEMA))
    assert not decision.allowed, "Cedar alone leaves the broken policy out, and permits"
    assert decision.policy_ids == (ENGINE_FAILED,)
    assert "sum" in decision.problem


def test_policies_that_permit_everything_are_asked_by_the_same_code() -> None:
    assert decide(plate_query(), PolicyEngine(_PERMIT, SCHEMA)).policy_ids == ("all",)


@pytest.mark.parametrize(
    ("policies", "problem"),
    [
        ("permit (principal, action, resource)", "cannot be parsed"),
        (f'@id("a") {_NOTES} permit (principal, action, resource) when {{ context.purpos == 1 }};', "purpos"),
        (f'@id("a") {_NOTES} permit (principal in Role::"boss", action, resource);', "boss"),
        (f'@id("a") {_NOTES} permit (principal, action == Action::"peek", resource);', "peek"),
        ('@id("a") permit (principal, action, resource);', "has no @law"),
        (f"{_NOTES} permit (principal, action, resource);", "has no @id"),
        (f"{_PERMIT}\n{_PERMIT}", "one id twice"),
    ],
)
def test_policies_with_a_mistake_are_not_loaded(policies: str, problem: str) -> None:
    with pytest.raises(PolicyError, match=problem):
        PolicyEngine(policies, SCHEMA)


@pytest.fixture
def unparsed() -> Iterator[None]:
    """No parsed policies before, and none of this test after."""
    shipped_engine.cache_clear()
    yield
    shipped_engine.cache_clear()


@pytest.mark.usefixtures("unparsed")
def test_nothing_is_allowed_without_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cedarpy", None)
    decision = decide(plate_query())
    assert decision.policy_ids == (ENGINE_FAILED,)
    assert "cedarpy" in decision.problem


@pytest.mark.usefixtures("unparsed")
def test_nothing_is_allowed_without_the_file_of_policies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(engine_module, "files", lambda _: tmp_path)
    decision = decide(plate_query())
    assert decision.policy_ids == (ENGINE_FAILED,)
    assert "access.cedar" in decision.problem


@pytest.mark.parametrize("term", [Role, Purpose, Material, InstitutionKind])
def test_the_schema_lists_the_terms_of_the_domain(term: type[StrEnum]) -> None:
    listed = re.search(rf"entity {term.__name__} enum \[(.*?)\]", SCHEMA, re.DOTALL)
    assert listed
    assert re.findall(r'"([^"]+)"', listed[1]) == [member.value for member in term]


def test_the_schema_lists_the_operations_of_the_domain() -> None:
    listed = re.findall(r'^action "?([\w-]+)"?(?: in \[[^]]*\])?\s+appliesTo', SCHEMA, re.MULTILINE)
    assert sorted(listed) == sorted(operation.value for operation in Operation)


def test_persons_are_compared_in_one_spelling() -> None:
    request = ordinary(Role.INTELLIGENCE_ANALYST, Operation.CONVOY_QUERY, Purpose.INTELLIGENCE)
    assert decide(approved(person="p2")(request)).allowed
    for spelled in ("P1", " p1", "\uff501"):
        assert decide(approved(person=spelled)(request)).policy_ids == ("approval-of-another-person",)


def test_a_decision_takes_less_than_a_millisecond_of_processor_time() -> None:
    request = plate_query()
    decide(request)
    begin = time.process_time()
    for _ in range(300):
        assert decide(request).allowed
    assert (time.process_time() - begin) / 300 < 0.001


def test_the_engine_is_imported_at_the_first_decision_only() -> None:
    code = (
        "import sys\n"
        "import pipeline.policy.access.decision, pipeline.policy.access.wording\n"
        "assert 'cedarpy' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
