"""Operations that the roles of the person who acts include, and the refusal of those that they do not."""

from __future__ import annotations

from collections.abc import Collection

from pipeline.app.access.access_door import USUAL_PURPOSES
from pipeline.app.people.acting_person import Wanted, records_target
from pipeline.app.people.open_registry import OpenRegistry
from pipeline.domain.operation import Operation
from pipeline.domain.purpose import Purpose
from pipeline.errors import PolicyError
from pipeline.policy.access.matrix import included_operations

_NOT_INCLUDED = "no-permission"


def own_operations(opened: OpenRegistry) -> frozenset[Operation]:
    """Operations that some role of the person includes, for some purpose; each one is decided on where it is done.

    Those that only emergency access opens count while the person has it.

    Raises:
        PolicyError: no one is recognized.
    """
    person = opened.actor.person()
    emergency = opened.registry.break_glass(person.login) is not None
    return frozenset().union(
        *(included_operations(role, emergency=emergency) for role in person.roles_at(opened.clock.wall_ms()))
    )


def require_own(opened: OpenRegistry, wanted: Collection[Operation]) -> None:
    """Require that a person's roles include one of some operations.

    Raises:
        PolicyError: they include none; the refusal is audited, and its text states which roles do.
    """
    if own_operations(opened).intersection(wanted):
        return
    person, operation = opened.actor.person(), next(iter(wanted))
    opened.actor.authorize(
        Wanted(
            operation=operation,
            target=records_target(person.institution, person.sector),
            purpose=USUAL_PURPOSES.get(operation, Purpose.CRISIS),  # one must be named; the role decides
        )
    )
    raise PolicyError(f"person {person.login}", "may not do this in their roles", policy=_NOT_INCLUDED)
