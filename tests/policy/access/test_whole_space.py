"""Every request of the space is decided as by the independent table of the law."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np
import pytest

from pipeline.domain.role import Role
from pipeline.policy.access.decision import decide
from pipeline.policy.access.request import AccessRequest
from tests.policy.access.law_table import PROHIBITIONS, prohibitions_of
from tests.policy.access.request_space import OTHERS, PAPERS, PLACES, STATES, approved, core_requests
from tests.policy.access.whole_space import LawRule, Product, cedar_facts, cedar_rules, law_facts

_AXES = [list(axis.values()) for axis in (PLACES, STATES, PAPERS, OTHERS)]


def _compared(core: Sequence[AccessRequest]) -> tuple[int, int]:
    """Compare all decisions on some ordinary requests with every change; how many there are, and how many allowed."""
    policies, law = Product(core, _AXES, cedar_facts), Product(core, _AXES, law_facts)
    rules = cedar_rules()
    permitted = policies.any_applies([rule for rule in rules if rule.permits])
    forbidden = policies.any_applies([rule for rule in rules if not rule.permits])
    prohibited = law.any_applies([LawRule(one) for one in PROHIBITIONS])
    decided = allowed = 0
    for number, (permit, forbid, prohibition) in enumerate(zip(permitted, forbidden, prohibited, strict=True)):
        allows = permit & ~forbid
        if (wrong := np.argwhere(allows == prohibition)).size:
            request = policies.request((number, *map(int, wrong[0])))
            pytest.fail(f"{decide(request).policy_ids} against {prohibitions_of(request)}: {request}")
        decided, allowed = decided + allows.size, allowed + int(allows.sum())
    return decided, allowed


@pytest.mark.soak
@pytest.mark.timeout(0)  # 35 s of processor time each, much longer on a busy machine
@pytest.mark.parametrize("role", Role)
def test_every_request_of_the_space_is_decided_as_by_the_table(role: Role) -> None:
    decided, allowed = _compared(list(core_requests(role)))
    assert decided == 44_599_500
    assert allowed > 100
    print(f"{role.value}: {decided:,} decisions, {allowed:,} allowed")


def test_combined_answers_are_those_of_the_whole_policies() -> None:
    """What is combined from single rules is what is decided on a request as a whole, and as the table says."""
    random = Random(11_766)
    core = []
    for role in Role:
        requests = list(core_requests(role))
        lawful = [one for one in requests if not prohibitions_of(approved()(one))]
        core += [random.choice(lawful), *random.sample(requests, 2)]
    policies, law = Product(core, _AXES, cedar_facts), Product(core, _AXES, law_facts)
    rules = cedar_rules()
    permitted = np.array(list(policies.any_applies([rule for rule in rules if rule.permits])))
    forbidden = np.array(list(policies.any_applies([rule for rule in rules if not rule.permits])))
    prohibited = np.array(list(law.any_applies([LawRule(one) for one in PROHIBITIONS])))
    allows = permitted & ~forbidden
    assert np.array_equal(allows, ~prohibited)
    allowed = np.argwhere(allows)
    assert len(allowed) > 1000
    anywhere = [tuple(random.randrange(length) for length in policies.shape) for _ in range(200)]
    for place in [*anywhere, *(tuple(map(int, one)) for one in allowed[:: len(allowed) // 100])]:
        request = policies.request(place)
        assert decide(request).allowed == bool(allows[place])
        assert bool(prohibitions_of(request)) == bool(prohibited[place])
        assert policies.has_facts_of_axes(place)
        assert law.has_facts_of_axes(place)
