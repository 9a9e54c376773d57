"""Decisions on access."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pipeline.policy.access.engine import (
    ENGINE_FAILED,
    NO_PERMISSION,
    NO_PURPOSE,
    Policy,
    PolicyEngine,
    Verdict,
    shipped_engine,
)
from pipeline.policy.access.request import AccessRequest

OF_PROGRAM: Final = {
    NO_PERMISSION: Policy(
        NO_PERMISSION,
        "decree 18.743/2014 art. 5 §1, §3",
        "the role does not include this operation",
        "a função não inclui esta operação",
    ),
    NO_PURPOSE: Policy(
        NO_PURPOSE,
        "decree 18.743/2014 art. 5",
        "no purpose is named, and the system is used exclusively for its object",
        "nenhuma finalidade foi informada, e o sistema se destina exclusivamente ao seu objeto",
    ),
    ENGINE_FAILED: Policy(
        ENGINE_FAILED,
        "rule of this program",
        "the access policies could not be evaluated, so nothing is allowed",
        "as regras de acesso não puderam ser avaliadas; por isso nada é permitido",
    ),
}
"""Reasons of refusals that no policy gives."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision on a request.

    Attributes:
        request: as it was decided.
        allowed: whether it may be carried out.
        reasons: the policies that decided: of an allowed request those that permit it, of a refused one those that
            forbid it.
        problem: of the engine; "" when it answered.
    """

    request: AccessRequest
    allowed: bool
    reasons: tuple[Policy, ...]
    problem: str = ""

    @property
    def policy_ids(self) -> tuple[str, ...]:
        """Ids of the policies that decided, for the audit."""
        return tuple(reason.policy_id for reason in self.reasons)


def decide(request: AccessRequest, engine: PolicyEngine | None = None) -> Decision:
    """Decide on a request. Whatever fails is a refusal.

    Args:
        request: see `AccessRequest`; engine: other policies than those of this package.
    """
    policies: dict[str, Policy] = dict(OF_PROGRAM)
    try:
        engine = engine or shipped_engine()
        verdict = engine.verdict(request)
        policies.update(engine.policies)
    except Exception as error:  # noqa: BLE001 - a package that cannot be imported must refuse as well
        verdict = Verdict(allowed=False, policies=(ENGINE_FAILED,), problem=str(error))
    reasons = tuple(policies[name] for name in verdict.policies)
    return Decision(request, verdict.allowed, reasons, verdict.problem)
