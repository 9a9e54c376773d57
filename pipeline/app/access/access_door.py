"""Decisions on the operations of a requester, made before each use case.

Where people are registered, the person's account decides. In evaluation mode nothing is refused: the decision is made
for the role that comes closest, and stated in the audit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pipeline.app.access.acting import acting_person
from pipeline.app.access.evaluation import on_evaluation
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.domain.account import Account, AccountState, InstitutionKind
from pipeline.domain.clock import SystemClock
from pipeline.domain.material import Material
from pipeline.domain.operation import Operation
from pipeline.domain.purpose import Purpose
from pipeline.domain.requester import Requester
from pipeline.domain.role import Role
from pipeline.domain.times import DAY_MS
from pipeline.errors import ConfigError, PolicyError
from pipeline.storage.register_location import RegistryPlace, registry_place

if TYPE_CHECKING:
    from pipeline.app.people.open_registry import OpenRegistry

USUAL_PURPOSES: Final[Mapping[Operation, Purpose]] = {
    Operation.AUDIT_READING: Purpose.OVERSIGHT,
    Operation.AUDIT_PLATE_QUERY: Purpose.OVERSIGHT,
    Operation.AUDIT_ANCHORING: Purpose.OVERSIGHT,
    Operation.REPORT: Purpose.OVERSIGHT,
    Operation.ERASURE: Purpose.SUBJECT_REQUEST,
    Operation.SUBJECT_REQUEST: Purpose.SUBJECT_REQUEST,
}
"""Purposes of operations that have only one; of the others it has to be stated."""
UPKEEP: Final[Mapping[Operation, tuple[Operation, Purpose]]] = {
    Operation.DISPOSAL: (Operation.DISPOSAL, Purpose.END_OF_RETENTION),
    Operation.TRANSMISSION: (Operation.CONFIGURATION, Purpose.UPKEEP),
    Operation.RECORDING_TO_MEDIA: (Operation.CONFIGURATION, Purpose.UPKEEP),
    Operation.RETENTION: (Operation.CONFIGURATION, Purpose.UPKEEP),
}
"""Upkeep, which shows nothing, and the operation and purpose that it is decided as: disposals, sending again, backups,
and restoring them. The service does it by timers; see `decide_upkeep`."""
QUERY_LIMIT: Final = "query-limit"
"""Policy of refusals by the limits of searches."""


class RefusedAccess(PolicyError):
    """A refusal by the access policies, which is in the audit already."""


class QueryLimitReached(RefusedAccess):
    """An account has made as many searches as it may.

    Args:
        subject, problem, fix: see `ViapublicaError`.
        wait_s: seconds until another one is possible.
    """

    def __init__(self, subject: str, problem: str, fix: str, wait_s: int) -> None:
        super().__init__(subject, problem, fix, policy=QUERY_LIMIT)
        self.wait_s = wait_s


def stated_purpose(requester: Requester, operation: Operation) -> Purpose | None:
    """The purpose of a requester, else the usual one of the operation; None where none is known.

    Raises:
        ConfigError: it is none of the law's list.
    """
    if not requester.purpose:
        return USUAL_PURPOSES.get(operation)
    found = next((one for one in Purpose if one.value == requester.purpose), None)
    if found is None:
        listed = ", ".join(one.value for one in Purpose)
        raise ConfigError(f"purpose {requester.purpose!r}", "is none of the law's list", f"Name one of: {listed}")
    return found


@dataclass(frozen=True, slots=True)
class AccessDoor:
    """Decides what a requester may do.

    Attributes:
        stores: name the audit and the screen of free texts.
        requester: the person or program that asks.
        place: of the registry of people; None in evaluation mode.
        opened: the registry, for the person who acts, where they are recognized already; see `acting_as`.
    """

    stores: ConfiguredStores
    requester: Requester
    place: RegistryPlace | None
    opened: OpenRegistry | None = None
    _decided: dict[Any, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def evaluation(self) -> bool:
        """Whether no people are registered."""
        return self.place is None and self.opened is None

    def named(self, by: str) -> str:
        """The name of the person who acts, for an entry that states one; in evaluation mode the one that is stated.

        Args:
            by: as stated: their name, login, or user of the operating system.

        Raises:
            PolicyError: no one is recognized, or it is another person.
        """
        if self.opened is None and self.place is None:
            return by
        from pipeline.app.access.account_decision import name_of_account, registered_name

        if self.opened is not None:
            return registered_name(self.opened, by)
        assert self.place is not None  # noqa: S101 - see above
        return name_of_account(self.place.where, self.stores, self.requester, by)

    def decide(
        self,
        operation: Operation,
        *,
        cameras: Sequence[str] = (),
        material: Material | None = None,
        plates: Sequence[str] = (),
    ) -> Mapping[str, Any]:
        """Decide before an operation is done or answered.

        Args:
            operation: which one; cameras: ids of those concerned, none for all.
            material: what it concerns where the operation leaves a choice; plates: of a search, for the audit.

        Returns:
            Fields of `AuditEntry` that say who acts, for its record; in evaluation mode `details` of the decision.

        Raises:
            RefusedAccess: it may not be done; the refusal is in the audit.
            ConfigError: the purpose is none of the law's list.
        """
        key = operation, tuple(cameras), material, tuple(plates)
        if key not in self._decided:
            self._decided[key] = self._decide(operation, cameras, material, plates)
        return self._decided[key]

    def _decide(
        self, operation: Operation, cameras: Sequence[str], material: Material | None, plates: Sequence[str]
    ) -> Mapping[str, Any]:
        if self.opened is None and self.place is None:
            on_evaluation.get()(self.requester.user)
            return {"details": {"evaluation": _stated_decision(operation, material, self.requester)}}
        # Here: SQLAlchemy takes long to import.
        from pipeline.app.access.account_decision import (
            AskedOperation,
            decide_for_account,
            decide_for_person,
            decide_upkeep,
        )

        if operation in UPKEEP and self.opened is None and self.place is not None:
            wanted, purpose = UPKEEP[operation]
            requester = Requester(user=self.requester.user, purpose=purpose.value)
            return decide_upkeep(self.place.where, self.stores, requester, AskedOperation(wanted))
        asked = AskedOperation(operation, tuple(cameras), material, tuple(plates))
        if self.opened is not None:
            return decide_for_person(self.opened, self.stores, self.requester, asked)
        assert self.place is not None  # noqa: S101 - see above
        return decide_for_account(self.place.where, self.stores, self.requester, asked)


def access_door(stores: ConfiguredStores, requester: Requester) -> AccessDoor:
    """The door of a configuration or data folder.

    Raises:
        ReleaseError: it is not known whether people are registered.
    """
    place = registry_place(stores.register_database, stores.data_dir)
    return AccessDoor(stores, requester, place, acting_person.get())


def _stated_decision(operation: Operation, material: Material | None, requester: Requester) -> str:
    """The role that comes closest to an operation, and the rules by which a person in it would be refused."""
    from pipeline.policy.access.decision import decide
    from pipeline.policy.access.engine import NO_PERMISSION
    from pipeline.policy.access.request import AccessRequest, Target

    now_ms = SystemClock().wall_ms()
    state = AccountState(now_ms - 1, now_ms + DAY_MS, now_ms, now_ms + DAY_MS, now_ms + DAY_MS, second_factor=True)
    target = Target(
        institution="evaluation",
        sector="evaluation",
        plates_allowed=True,
        sensitive=False,
        suspended=False,
        project_approved=True,
    )
    purpose = next((one for one in Purpose if one.value == requester.purpose), USUAL_PURPOSES.get(operation))
    decisions = [
        decide(
            AccessRequest(
                account=Account(
                    "evaluation", "evaluation", "evaluation", InstitutionKind.SECURITY, role, state, central=True
                ),
                operation=operation,
                purpose=purpose,
                target=target,
                now_ms=now_ms,
                material=material,
                case_number=requester.case,
            )
        )
        for role in Role
    ]
    closest = min(decisions, key=lambda one: (not one.allowed, NO_PERMISSION in one.policy_ids, len(one.policy_ids)))
    role = closest.request.account.role.value
    return f"{role}: allowed" if closest.allowed else f"{role}: {', '.join(closest.policy_ids)}"
