"""The page of roles and operations is what the policies decide."""

from __future__ import annotations

import pytest

from pipeline.domain.operation import Operation
from pipeline.domain.purpose import Purpose
from pipeline.domain.role import Role
from pipeline.policy.access import matrix
from pipeline.policy.access.matrix import Condition, Matrix, matrix_markdown
from tests.policy.access.duties import DUTIES
from tests.project.places import ROOT


@pytest.fixture(scope="module")
def cells() -> Matrix:
    return matrix.access_matrix()


def test_the_page_is_what_the_policies_decide(cells: Matrix, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matrix, "access_matrix", lambda: cells)
    page = (ROOT / "docs" / "reference" / "access.md").read_text(encoding="utf-8")
    assert page == matrix_markdown(), "run `make reference`"


def test_each_role_has_a_dash_exactly_outside_its_duties(cells: Matrix) -> None:
    for operation in Operation:
        for role in Role:
            assert (str(cells[operation][role]) != "–") == (operation.value in DUTIES[role].split()), (operation, role)


def test_conditions_are_the_least_that_is_needed(cells: Matrix) -> None:
    analyst = Role.INTELLIGENCE_ANALYST
    assert cells[Operation.PLATE_QUERY][analyst].conditions[Purpose.INTELLIGENCE] is Condition.CASE
    assert cells[Operation.CONVOY_QUERY][analyst].conditions[Purpose.INTELLIGENCE] is Condition.BOTH
    assert cells[Operation.MONITORING][analyst].conditions[Purpose.EVENTS] is Condition.NONE
    assert str(cells[Operation.PLATE_QUERY][Role.OPERATOR]) == "emergency"
    assert str(cells[Operation.MONITORING][Role.AUDITOR]) == "–"
