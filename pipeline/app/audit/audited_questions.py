"""Records of questions to the event store in the audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Sized
from types import MappingProxyType
from typing import Any, Final

from pipeline.app.access.access_door import AccessDoor
from pipeline.app.audit.audited_operation import entry_of
from pipeline.domain.audit import AuditEntry, Outcome
from pipeline.domain.events import Kind
from pipeline.domain.operation import Operation
from pipeline.domain.requester import Requester
from pipeline.errors import PolicyError
from pipeline.store.coverage_questions import CorruptParts, LostDataOf
from pipeline.store.questions import (
    Clones,
    ClonesAnswer,
    Convoy,
    Events,
    ListedPlateAlerts,
    Plates,
    Question,
    ReadsByVehicle,
    Route,
    RouteAnswer,
    VehicleReadsPage,
)

__all__ = ["answered", "decide_question", "facts_of", "failed", "operation_of"]

MOST_SINGLE_PLATES: Final = 10
"""Plates of one question; a question about more is a search in bulk."""
_OPERATIONS: Final = {
    Route: Operation.JOURNEY_QUERY,
    Convoy: Operation.CONVOY_QUERY,
    Clones: Operation.CLONE_QUERY,
    ListedPlateAlerts: Operation.ALERT_REVIEW,
}
_OF_UPKEEP: Final = (LostDataOf, CorruptParts)
"""Questions about files of the store, which show no event."""
_FIXED: Final = ("within_ms", "meetings", "errors", "limit", "offset")


def decide_question(access: AccessDoor, question: Question[Any], known: Sequence[str]) -> Mapping[str, Any]:
    """Decide on a question before it is asked; who acts, see `AccessDoor.decide`.

    Args:
        access: decides; question: what is asked.
        known: cameras that a question about all of them concerns.

    Raises:
        RefusedAccess: the person may not ask it.
    """
    if isinstance(question, _OF_UPKEEP):
        return {}
    facts = facts_of(question)
    return access.decide(operation_of(question), cameras=facts["cameras"] or known, plates=facts["plates"])


def answered(
    question: Question[Any], requester: Requester, value: object, who: Mapping[str, Any] = MappingProxyType({})
) -> AuditEntry:
    """The entry of a question that has an answer.

    Args:
        question: what is asked; requester: who asks.
        value: the answer, of which only the number of rows is recorded; who: of `decide_question`.
    """
    facts = facts_of(question)
    facts["details"] |= who.get("details", {})
    return entry_of(operation_of(question), requester, rows=_rows(value), **{**who, **facts})


def failed(
    question: Question[Any], requester: Requester, error: Exception, who: Mapping[str, Any] = MappingProxyType({})
) -> AuditEntry:
    """The entry of a question that has no answer.

    Args:
        question: what is asked; requester: who asks; who: of `decide_question`.
        error: why there is none; its text may name a plate and is not recorded.
    """
    facts = {**who, "reason": type(error).__name__, **facts_of(question)}
    if isinstance(error, PolicyError):
        return entry_of(operation_of(question), requester, Outcome.REFUSED, policy=error.policy, **facts)
    return entry_of(operation_of(question), requester, Outcome.FAILED, **facts)


def operation_of(question: Question[Any]) -> Operation:
    """The operation that a question is."""
    match question:
        case Plates(like=True):
            return Operation.PATTERN_QUERY
        case Plates() if len(question.plates) <= MOST_SINGLE_PLATES:
            return Operation.PLATE_QUERY
        case Plates() | ReadsByVehicle() | Events(kind=None | Kind.PLATE_READ):
            return Operation.BULK_QUERY
        case _:
            return _OPERATIONS.get(type(question), Operation.COUNT_QUERY)


def facts_of(question: Question[Any]) -> dict[str, Any]:
    """What the audit records of a question."""
    details: dict[str, Any] = {"question": type(question).__name__}
    details |= {name: getattr(question, name) for name in _FIXED if getattr(question, name, None) is not None}
    kind = getattr(question, "kind", None)
    if isinstance(kind, Kind):
        details["kind"] = kind.value
    plates = getattr(question, "plates", ()) or tuple(filter(None, (getattr(question, "plate", ""),)))
    if getattr(question, "like", False):
        details["shortest_pattern"] = min(sum(character.isalnum() for character in plate) for plate in plates)
    return {
        "plates": plates,
        "cameras": getattr(question, "camera_ids", ()),
        "start_ms": getattr(question, "start_ms", None),
        "end_ms": getattr(question, "end_ms", None),
        "details": details,
    }


def _rows(value: object) -> int | None:
    match value:
        case RouteAnswer() | ClonesAnswer():
            return len(value.legs)
        case VehicleReadsPage():
            return len(value.vehicles)
        case Sized():
            return len(value)
        case _:
            return None
