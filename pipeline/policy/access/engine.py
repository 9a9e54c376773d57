"""Cedar policies of access, parsed once, and the verdicts that they give."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from pipeline.errors import PolicyError
from pipeline.policy.access.facts import cedar_entities, cedar_request
from pipeline.policy.access.request import AccessRequest

if TYPE_CHECKING:
    import cedarpy

NO_PERMISSION: Final = "no-permission"
NO_PURPOSE: Final = "no-purpose"
ENGINE_FAILED: Final = "engine-failed"
_ANNOTATIONS: Final = ("id", "law", "en", "pt")


@dataclass(frozen=True, slots=True)
class Policy:
    """A rule and its source.

    Attributes:
        policy_id: in the policy file.
        law: its article, in English; see `pipeline.domain.legal_term.portuguese_citation`.
        english, portuguese: the rule in words, a clause without a full stop.
        permits: whether it allows; otherwise it forbids.
    """

    policy_id: str
    law: str
    english: str
    portuguese: str
    permits: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of the policies.

    Attributes:
        allowed: whether the request may be carried out.
        policies: ids of those that decided; first `NO_PERMISSION` where no policy permits it to the role. `NO_PURPOSE`
            and `ENGINE_FAILED` stand alone.
        problem: of the engine; "" when it answered.
    """

    allowed: bool
    policies: tuple[str, ...]
    problem: str = ""


class PolicyEngine:
    """The policies of one file.

    Args:
        policies: text in Cedar; each policy with the annotations id, law, en, pt.
        schema: text in Cedar's schema language.

    Raises:
        PolicyError: they cannot be parsed, do not fit one another, or an annotation is missing or an id not unique.
    """

    def __init__(self, policies: str, schema: str) -> None:
        import cedarpy

        try:
            self._schema = cedarpy.Schema.from_str(schema)
            checked = cedarpy.validate_policies(policies, self._schema)
            parsed = json.loads(cedarpy.policies_to_json_str(policies))
        except ValueError as error:
            raise PolicyError("access policies", f"cannot be parsed: {error}", _REINSTALL) from None
        if not checked.validation_passed:
            raise PolicyError("access policies", f"do not fit their schema: {checked.errors[0]}", _REINSTALL)
        by_id = _by_id(list(parsed["staticPolicies"].values()))
        self.policies: Mapping[str, Policy] = {name: _policy(one) for name, one in by_id.items()}
        self._all = _policy_set(by_id)
        self._permits = _policy_set({name: one for name, one in by_id.items() if self.policies[name].permits})

    def verdict(self, request: AccessRequest) -> Verdict:
        """The verdict on a request. An error of any kind is a refusal with its problem."""
        if request.purpose is None:
            return Verdict(allowed=False, policies=(NO_PURPOSE,))
        import cedarpy

        try:
            asked = cedar_request(request)
            entities = cedarpy.Entities.from_json_str(json.dumps(cedar_entities(request)), self._schema)
            allowed, decided = self._answer(asked, self._all, entities)
            if allowed and decided:
                return Verdict(allowed=True, policies=decided)
            granted, _ = self._answer(asked, self._permits, entities)
        except Exception as error:  # noqa: BLE001 - whatever fails here must refuse
            return Verdict(allowed=False, policies=(ENGINE_FAILED,), problem=str(error))
        return Verdict(allowed=False, policies=decided if granted else (NO_PERMISSION, *decided))

    def _answer(
        self, asked: dict[str, Any], policies: cedarpy.PolicySet, entities: cedarpy.Entities
    ) -> tuple[bool, tuple[str, ...]]:
        """Whether the policies allow a request, and the ids of those that decided.

        Raises:
            PolicyError: one cannot be evaluated. Cedar leaves it out then: a broken rule would forbid nothing.
        """
        import cedarpy

        answer = cedarpy.is_authorized(asked, policies, entities, self._schema)
        if answer.diagnostics.errors:
            raise PolicyError("access policies", "; ".join(map(str, answer.diagnostics.errors)), _REINSTALL)
        return answer.allowed, tuple(sorted(answer.diagnostics.reasons))


_REINSTALL: Final = "Nothing is allowed until the file is restored; install the program again"


def _policy_set(by_id: Mapping[str, Any]) -> cedarpy.PolicySet:
    import cedarpy

    return cedarpy.PolicySet.from_json_str(json.dumps({"staticPolicies": by_id, "templates": {}, "templateLinks": []}))


def _by_id(policies: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    for policy in policies:
        missing = [name for name in _ANNOTATIONS if not policy.get("annotations", {}).get(name)]
        if missing:
            named = policy.get("annotations", {}).get("id", "without id")
            raise PolicyError(f"access policy {named}", f"has no @{missing[0]}", _REINSTALL)
    by_id = {str(policy["annotations"]["id"]): policy for policy in policies}
    if len(by_id) < len(policies):
        raise PolicyError("access policies", "have one id twice", _REINSTALL)
    return by_id


def _policy(policy: Mapping[str, Any]) -> Policy:
    notes = policy["annotations"]
    return Policy(notes["id"], notes["law"], notes["en"], notes["pt"], permits=policy["effect"] == "permit")


@cache
def shipped_engine() -> PolicyEngine:
    """The engine with the policies of this package; parsed at the first decision of a process.

    Raises:
        PolicyError: see `PolicyEngine`.
    """
    folder = files(__package__)
    policies, schema = ((folder / name).read_text(encoding="utf-8") for name in ("access.cedar", "access.cedarschema"))
    return PolicyEngine(policies, schema)
