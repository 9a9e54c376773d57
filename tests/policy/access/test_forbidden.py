"""The policies allow exactly what the independent table of the law does."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

import pytest

from pipeline.domain.purpose import Purpose
from pipeline.domain.role import Role
from pipeline.policy.access.decision import decide
from pipeline.policy.access.request import AccessRequest
from tests.policy.access.duties import DUTIES, USES
from tests.policy.access.law_table import PROHIBITIONS, prohibitions_of
from tests.policy.access.request_space import OTHERS, PAPERS, PLACES, STATES, approved, core_requests

_SAMPLE = 1500


def _check(requests: Iterable[AccessRequest]) -> int:
    """Compare every decision; the number of allowed ones."""
    allowed = 0
    for request in requests:
        decision, forbidden = decide(request), prohibitions_of(request)
        assert decision.allowed == (not forbidden), f"{decision.policy_ids} against {forbidden}: {request}"
        allowed += decision.allowed
    return allowed


def _within_duties(role: Role) -> list[AccessRequest]:
    return [request for request in core_requests(role) if request.operation.value in DUTIES[role].split()]


@pytest.mark.parametrize("role", Role)
def test_each_operation_of_a_role_is_decided_as_by_the_table_for_each_purpose(role: Role) -> None:
    assert _check(map(approved(), _within_duties(role))) >= 1, "a role that may do nothing shows nothing"


def test_operations_outside_the_duties_of_a_role_are_refused() -> None:
    outside = {
        (role, request.operation): request
        for role in Role
        for request in core_requests(role)
        if prohibitions_of(approved()(request)) == ["duty"]
    }
    assert len(outside) > 200
    assert _check(map(approved(), outside.values())) == 0


def test_a_sample_of_everything_together_is_decided_as_by_the_table() -> None:
    useful = [request for role in Role for request in _within_duties(role) if not prohibitions_of(approved()(request))]
    parts = [list(part.values()) for part in (PLACES, STATES, PAPERS, OTHERS)]
    random = Random(18_743)

    def changed(number: int) -> AccessRequest:
        request = random.choice(useful)
        # Of half of them only one part is not ordinary: with all of them changed, nearly nothing is allowed.
        for part in parts if number % 2 else [random.choice(parts)]:
            request = random.choice(part)(request)
        return request

    allowed = _check(changed(number) for number in range(_SAMPLE))
    assert _SAMPLE // 20 < allowed < _SAMPLE * 19 // 20, "both answers are tried"


def test_each_prohibition_is_met_by_some_request_of_the_space() -> None:
    """A prohibition that no request meets would be compared with nothing."""
    core = [request for role in Role for request in list(core_requests(role))[::10]]
    changes = [change for part in (PLACES, STATES, PAPERS, OTHERS) for change in part.values()]
    met = {name for request in core for name in prohibitions_of(request)}
    met |= {name for change in changes for request in core[::5] for name in prohibitions_of(change(request))}
    assert met == {prohibition.name for prohibition in PROHIBITIONS}


def test_the_table_names_each_role_and_purpose() -> None:
    assert set(DUTIES) == set(Role)
    assert set(USES) == set(Purpose)
