"""Explanations of refusals: the smallest set of things with which a request would be allowed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain, combinations
from typing import Final, TypeAlias

from pipeline.domain.material import Material
from pipeline.domain.purpose import Purpose
from pipeline.domain.role import Role
from pipeline.domain.times import HOUR_MS
from pipeline.policy.access.decision import Decision, decide
from pipeline.policy.access.engine import ENGINE_FAILED, NO_PERMISSION, PolicyEngine
from pipeline.policy.access.remedies import REMEDIES, Remedy, other_person
from pipeline.policy.access.request import AccessRequest, BreakGlass

_MOST_ALTERNATIVES: Final = 2
"""Remedies that may stand in for one another in one answer: an agreement, or a person of the other body."""
_EMERGENCY_MS: Final = HOUR_MS
_Allowed: TypeAlias = Callable[[AccessRequest], bool]


@dataclass(frozen=True, slots=True)
class Missing:
    """What a refused request lacks, together.

    Attributes:
        remedies: things to obtain.
        purposes, roles: each of which would do; empty where the request's own does.
        material: to ask for instead; None where the request's own does.
        emergency: True: emergency access has to be opened anew; False: it has to be left out; None: as it is.
    """

    remedies: tuple[Remedy, ...] = ()
    purposes: tuple[Purpose, ...] = ()
    roles: tuple[Role, ...] = ()
    material: Material | None = None
    emergency: bool | None = None


@dataclass(frozen=True, slots=True)
class _Variant:
    """A request with some of its choices made otherwise."""

    request: AccessRequest
    purpose: Purpose | None = None
    role: Role | None = None
    material: Material | None = None
    emergency: bool | None = None


@lru_cache(maxsize=256)
def what_is_missing(decision: Decision, engine: PolicyEngine | None = None) -> Missing | None:
    """The smallest set of things with which a refused request would be allowed; None where there is none.

    It is found by deciding again, up to some hundred times, hence once for all languages: with every thing at once,
    then without each of them. Choices (purpose, role, material, emergency) are changed one or two at a time, and only
    where things alone do not suffice.

    Args:
        decision: a refusal; engine: of the decision.
    """
    if ENGINE_FAILED in decision.policy_ids:
        return None

    def allowed(request: AccessRequest) -> bool:
        return decide(request, engine).allowed

    for level in range(3):
        found = [
            (variant, remedies)
            for variant in _variants(decision.request, level, engine)
            if (remedies := _fewest_remedies(variant.request, allowed)) is not None
        ]
        if found:
            return _best(found)
    return None


def _best(found: list[tuple[_Variant, tuple[Remedy, ...]]]) -> Missing:
    first, remedies = min(found, key=lambda one: len(one[1]))
    alike = [variant for variant, needed in found if needed == remedies]
    same_but = [
        variant for variant in alike if (variant.material, variant.emergency) == (first.material, first.emergency)
    ]
    of_role = [variant.purpose for variant in same_but if variant.role == first.role and variant.purpose]
    of_purpose = [variant.role for variant in same_but if variant.purpose == first.purpose and variant.role]
    return Missing(
        remedies,
        tuple(of_role) if first.purpose else (),
        tuple(of_purpose) if first.role else (),
        first.material,
        first.emergency,
    )


def _fewest_remedies(request: AccessRequest, allowed: _Allowed) -> tuple[Remedy, ...] | None:
    """The fewest remedies that a request needs; None if all together do not suffice."""
    useful = [remedy for remedy in REMEDIES if remedy.applied(request) != request]
    if not allowed(_with(request, useful)):
        return None
    needed = [one for one in useful if not allowed(_with(request, [other for other in useful if other is not one]))]
    others = [one for one in useful if one not in needed]
    sets = chain.from_iterable(combinations(others, size) for size in range(_MOST_ALTERNATIVES + 1))
    for extra in sets:
        chosen = [one for one in useful if one in needed or one in extra]
        if allowed(_with(request, chosen)):
            return tuple(chosen)
    return tuple(useful)


def _with(request: AccessRequest, remedies: Iterable[Remedy]) -> AccessRequest:
    for remedy in remedies:
        request = remedy.applied(request)
    return request


def _variants(request: AccessRequest, level: int, engine: PolicyEngine | None) -> Iterator[_Variant]:
    """The request with so many of its choices made otherwise."""

    def permitted_roles(variant: _Variant) -> Iterator[_Variant]:
        others = _roles(variant)
        return (other for other in others if NO_PERMISSION not in decide(other.request, engine).policy_ids)

    for changed in combinations((permitted_roles, _purposes, _materials, _emergencies), level):
        variants = [_Variant(request)]
        for choices in changed:
            variants = [other for variant in variants for other in choices(variant)]
        yield from variants


def _purposes(variant: _Variant) -> Iterator[_Variant]:
    request = variant.request
    for purpose in Purpose:
        if purpose != request.purpose:
            yield replace(variant, request=replace(request, purpose=purpose), purpose=purpose)


def _roles(variant: _Variant) -> Iterator[_Variant]:
    request = variant.request
    for role in Role:
        if role != request.account.role:
            yield replace(variant, request=replace(request, account=replace(request.account, role=role)), role=role)


def _materials(variant: _Variant) -> Iterator[_Variant]:
    request = variant.request
    for material in request.operation.materials:
        if material != request.concerned_material:
            yield replace(variant, request=replace(request, material=material), material=material)


def _emergencies(variant: _Variant) -> Iterator[_Variant]:
    """Where emergency access was named: opened anew, or left out."""
    request, person = variant.request, variant.request.account.person
    if request.break_glass is None:
        return
    anew = BreakGlass(
        first=person,
        second=other_person(request),
        opened_ms=request.now_ms,
        until_ms=request.now_ms + _EMERGENCY_MS,
    )
    for opened in (anew, None):
        yield replace(variant, request=replace(request, break_glass=opened), emergency=opened is not None)
