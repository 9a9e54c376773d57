"""Agreements on sharing: of registered bodies, for stated purposes and operations, within their validity."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.domain.operation import Operation
from pipeline.domain.people import Validity
from pipeline.domain.purpose import Purpose
from pipeline.domain.sharing_agreement import SHAREABLE, NewAgreement
from pipeline.errors import RegistryError
from pipeline.governance.registry import Registry
from tests.governance.entries import StoppedClock
from tests.governance.people import Changes, year

_ROOT = Path(__file__).parents[2]


@pytest.fixture
def wanted(clock: StoppedClock) -> NewAgreement:
    return NewAgreement(
        number="Convênio 12/2026",
        owner="ceic",
        recipient="padaria/loja",
        purposes=frozenset({Purpose.CITY_SERVICES}),
        operations=frozenset({Operation.MONITORING, Operation.COUNT_QUERY}),
        validity=year(clock),
    )


def shares(
    registry: Registry, *, sector: str = "central", operation: Operation = Operation.MONITORING
) -> frozenset[str]:
    return registry.shared_with("ceic", sector, operation, Purpose.CITY_SERVICES)


def test_an_agreement_counts_within_its_validity_and_scope(
    registry: Registry, clock: StoppedClock, changes: Changes, wanted: NewAgreement
) -> None:
    later = replace(wanted, validity=Validity(clock.now_ms + 1000, wanted.validity.until_ms))
    added = registry.add_agreement(later, "ana")
    assert shares(registry) == frozenset()
    clock.now_ms += 1000
    assert shares(registry) == shares(registry, sector="any") == {"padaria/loja"}
    assert shares(registry, operation=Operation.RETRIEVAL) == frozenset()
    assert registry.shared_with("padaria", "loja", Operation.MONITORING, Purpose.CITY_SERVICES) == frozenset()
    assert registry.shared_with("ceic", "central", Operation.MONITORING, Purpose.EVENTS) == frozenset()
    assert registry.shared_with("ceic", "central", Operation.MONITORING, None) == frozenset()
    registry.add_agreement(replace(wanted, owner="ceic/central", recipient="padaria"), "ana")
    assert shares(registry) == {"padaria/loja", "padaria"}
    assert shares(registry, sector="other") == {"padaria/loja"}
    registry.end_agreement(added.agreement_id, "ana")
    assert shares(registry) == {"padaria"}
    with pytest.raises(RegistryError, match="was ended by ana"):
        registry.end_agreement(added.agreement_id, "ana")
    clock.now_ms = wanted.validity.until_ms
    assert shares(registry) == frozenset()
    assert changes.actions[-3:] == ["add-agreement", "add-agreement", "end-agreement"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"recipient": "pm"}, "is not registered"),
        ({"recipient": "ceic/nowhere"}, "is not registered"),
        ({"recipient": "ceic"}, "with itself"),
        ({"purposes": frozenset()}, "names no purpose"),
        ({"operations": frozenset({Operation.ERASURE})}, "cannot share erasure"),
        ({"number": " "}, "is missing"),
        ({"validity": Validity(2_000_000_000_000, 2_000_000_000_000)}, "ends before it begins"),
    ],
)
def test_what_is_no_agreement_is_named(
    registry: Registry, wanted: NewAgreement, change: dict[str, object], problem: str
) -> None:
    with pytest.raises(RegistryError, match=problem):
        registry.add_agreement(replace(wanted, **change), "ana")  # type: ignore[arg-type]
    assert registry.agreements() == ()


def test_what_can_be_shared_is_what_the_access_policies_share() -> None:
    schema = (_ROOT / "pipeline" / "policy" / "access" / "access.cedarschema").read_text()
    named = re.findall(r'^action "?([\w-]+)"? in \[[^\]]*"shareable"', schema, re.MULTILINE)
    assert {one.value for one in SHAREABLE} == set(named)
