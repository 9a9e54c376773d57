"""Signs of misuse in searches by plate, for auditors: from the register of searches, and from refusals in the audit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from pipeline.app.access.access_door import QUERY_LIMIT
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.people.acting_person import Wanted, records_target
from pipeline.app.people.open_registry import OpenRegistry
from pipeline.audit.log_state import STATE_NAME
from pipeline.audit.record_search import RecordQuestion, search_records
from pipeline.domain.audit import Outcome
from pipeline.domain.operation import Operation
from pipeline.domain.purpose import Purpose
from pipeline.domain.query_use import LIMITED, QueryUse
from pipeline.domain.role import Role
from pipeline.domain.times import parse_time
from pipeline.governance.query_register import QueryRegister
from pipeline.policy.query_misuse import MisuseRule, MisuseSign, misuse_signs, sign_of

__all__ = ["MisuseReview", "MisuseRule", "MisuseSign", "signs_of"]

_REFUSALS: Final[Mapping[str, MisuseRule]] = {
    "own-interest": MisuseRule.OWN_VEHICLE,
    QUERY_LIMIT: MisuseRule.LIMIT_REACHED,
}


class MisuseReview:
    """The review of searches, for the person who acts.

    Args:
        opened: the registry, for them.
    """

    def __init__(self, opened: OpenRegistry) -> None:
        self._opened = opened

    def signs(self, start_ms: int | None = None, end_ms: int | None = None) -> list[MisuseSign]:
        """Signs of misuse within a time; outside the general administration only in searches of the own institution.

        Args:
            start_ms, end_ms: milliseconds since 1970 UTC; the end is not included; None is open.

        Raises:
            PolicyError: the person may not see them.
            AuditUnavailable: the audit takes no record.
        """
        person = self._opened.actor.person()
        target = records_target(person.institution, person.sector)
        wanted = Wanted(operation=Operation.AUDIT_READING, target=target, purpose=Purpose.OVERSIGHT)
        account = self._opened.actor.authorize(wanted)
        body = "" if account.central else account.institution
        found = signs_of(self._opened.registry, self._opened.stores, start_ms, end_ms, institution=body)
        self._opened.actor.note(Operation.AUDIT_READING, rows=len(found), details={"action": "anomalies"})
        return found


def signs_of(
    register: QueryRegister,
    stores: ConfiguredStores,
    start_ms: int | None,
    end_ms: int | None,
    *,
    institution: str = "",
) -> list[MisuseSign]:
    """Signs of misuse in the searches of an institution; "" for all."""
    uses = [use for use in register.queries(start_ms, end_ms) if institution in {"", use.institution}]
    found = misuse_signs(uses, stores.zone, register.shifts(), register.vehicles())
    return found + _refused(stores, start_ms, end_ms, institution)


def _refused(stores: ConfiguredStores, start_ms: int | None, end_ms: int | None, institution: str) -> list[MisuseSign]:
    """Signs in the refusals of the audit, one for each person and rule."""
    if not (stores.audit_dir / STATE_NAME).exists():
        return []
    question = RecordQuestion(start_ms=start_ms, end_ms=end_ms, outcome=Outcome.REFUSED.value)
    by_person: defaultdict[tuple[MisuseRule, str], list[QueryUse]] = defaultdict(list)
    for record in search_records(stores.audit_dir, question):
        rule = _REFUSALS.get(record.get("policy", ""))
        if rule is None or record["operation"] not in {one.value for one in LIMITED}:
            continue
        if institution in {"", record.get("institution", "")}:
            by_person[rule, record.get("account", "")].append(_use_of(record))
    return [sign_of(rule, uses) for (rule, _), uses in sorted(by_person.items())]


def _use_of(record: Mapping[str, Any]) -> QueryUse:
    return QueryUse(
        login=record.get("account", ""),
        institution=record.get("institution", ""),
        role=Role(record["role"]),
        operation=Operation(record["operation"]),
        case_number=record.get("case", ""),
        asked_ms=parse_time(record["time"]),
    )
