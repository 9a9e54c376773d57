"""Translation of a request into what Cedar is asked: principal, action, resource, context."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import fields
from typing import Any, Final

from pipeline.domain.account import Account, AccountState
from pipeline.errors import ConfigError
from pipeline.policy.access.request import AccessRequest, Target, checked_id

_STATE_FIELDS: Final = tuple(field.name for field in fields(AccountState))
_PERSON: Final = re.compile(r"[a-z0-9][a-z0-9.@_-]{0,199}")
_PRINCIPAL: Final = {"type": "Account", "id": "requester"}
_RESOURCE: Final = {"type": "Target", "id": "target"}
"""There is one of each in a request: no id that a person chose is ever compared by Cedar's syntax."""


def cedar_request(request: AccessRequest) -> dict[str, Any]:
    """The request of `cedarpy.is_authorized`.

    Raises:
        ConfigError: a value is not valid, or the operation does not concern such material.
    """
    if request.concerned_material not in request.operation.materials:
        raise ConfigError(
            f"operation {request.operation.value}", f"does not concern {request.concerned_material.value}", ""
        )
    return {
        "principal": _PRINCIPAL,
        "action": {"type": "Action", "id": request.operation.value},
        "resource": _RESOURCE,
        "context": _context(request),
    }


def cedar_entities(request: AccessRequest) -> list[dict[str, Any]]:
    """The entities of `cedarpy.is_authorized`: the account with its role, and the target.

    Raises:
        ConfigError: an id is not valid.
    """
    return [_account(request.account), _target(request.target)]


def _account(account: Account) -> dict[str, Any]:
    return {
        "uid": _PRINCIPAL,
        "parents": [_entity("Role", account.role.value)],
        "attrs": {
            "person": person_key(account.person),
            "institution": checked_id("institution", account.institution),
            "unit": _unit(account.institution, account.sector),
            "kind": {"__entity": _entity("InstitutionKind", account.kind.value)},
            "central": account.central,
        },
    }


def _target(target: Target) -> dict[str, Any]:
    return {
        "uid": _RESOURCE,
        "parents": [],
        "attrs": {
            "institution": checked_id("institution", target.institution),
            "unit": _unit(target.institution, target.sector),
            "shared_with": sorted(target.shared_with),
            "has_local_unit": target.has_local_unit,
            "plates_allowed": target.plates_allowed,
            "sensitive": target.sensitive,
            "suspended": target.suspended,
            "project_approved": target.project_approved,
        },
    }


def _context(request: AccessRequest) -> dict[str, Any]:
    assert request.purpose is not None  # noqa: S101 - `PolicyEngine.verdict` refuses it before
    facts: dict[str, Any] = {
        "operation": request.operation.value,
        "purpose": {"__entity": _entity("Purpose", request.purpose.value)},
        "material": {"__entity": _entity("Material", request.concerned_material.value)},
        "now_ms": request.now_ms,
        "case_number": request.case_number,
        "case_given": bool(request.case_number),
        "case_well_formed": request.is_case_well_formed,
        "state": _state(request.account.state),
        "defence_heard": request.defence_heard,
        "own_interest": request.own_interest,
    }
    if request.concerned:
        facts["concerned"] = person_key(request.concerned)
    if approval := request.approval:
        facts["approval"] = {
            "person": person_key(approval.person),
            "role": {"__entity": _entity("Role", approval.role.value)},
            "institution": checked_id("institution", approval.institution),
            "central": approval.central,
            "operation": approval.operation.value,
            "case_number": approval.case_number,
            "until_ms": approval.until_ms,
        }
    if order := request.standing_order:
        facts["standing_order"] = {
            "ordered_by": person_key(order.ordered_by),
            "operation": order.operation.value,
            "from_ms": order.from_ms,
            "until_ms": order.until_ms,
        }
    if opened := request.break_glass:
        facts["break_glass"] = {
            "first": person_key(opened.first),
            "second": person_key(opened.second),
            "opened_ms": opened.opened_ms,
            "until_ms": opened.until_ms,
        }
    return facts


def _state(state: AccountState) -> dict[str, Any]:
    values = {name: getattr(state, name) for name in _STATE_FIELDS}
    return {name: value for name, value in values.items() if value is not None}


def _unit(institution: str, sector: str) -> str:
    return f"{checked_id('institution', institution)}/{checked_id('sector', sector)}"


def _entity(kind: str, name: str) -> dict[str, str]:
    return {"type": kind, "id": name}


def person_key(person: str) -> str:
    """The key of a natural person, in one spelling.

    Raises:
        ConfigError: it has another character than ASCII letters, digits and ``.@_-``: one that is not seen would make
            two persons of one.
    """
    key = unicodedata.normalize("NFKC", person).casefold().strip()
    if not _PERSON.fullmatch(key):
        raise ConfigError(f"person {person!r}", "is no key of the register", "Name the person as registered")
    return key
