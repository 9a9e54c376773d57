"""Use cases of approvals and standing orders: ask, list, decide."""

from __future__ import annotations

from pipeline.app.people.acting_person import Wanted, records_target
from pipeline.app.people.open_registry import OpenRegistry
from pipeline.domain.approvals import ApprovalKind, ApprovalState, AskedApproval, NewApproval
from pipeline.domain.operation import Operation

__all__ = ["ApprovalKind", "ApprovalState", "Approvals", "AskedApproval", "NewApproval"]


class Approvals:
    """Approvals, for the person who acts.

    Args:
        opened: the registry.
    """

    def __init__(self, opened: OpenRegistry) -> None:
        self._registry, self._actor = opened.registry, opened.actor

    def ask(self, wanted: NewApproval) -> AskedApproval:
        """Ask for an approval for the person who acts; another one decides."""
        return self._registry.ask_approval(self._actor.person().login, wanted)

    def list(self) -> tuple[AskedApproval, ...]:
        """Those of the person's institution, newest first; of all for the general administration."""
        person = self._actor.person()
        people = {one.login: one for one in self._registry.people()}
        found = tuple(
            one
            for one in self._registry.approvals()
            if person.central or people[one.login].institution == person.institution
        )
        self._actor.note(Operation.REPORT, rows=len(found), details={"action": "approvals"})
        return found

    def decide(self, approval_id: int, state: ApprovalState) -> AskedApproval:
        """Approve or refuse what another person asked for.

        Raises:
            RegistryError: it is unknown, or decided already.
            PolicyError: the person may not.
        """
        asked = self._registry.approval(approval_id)
        person = self._registry.person(asked.login)
        sector = self._registry.sector(person.institution, person.sector)
        target = records_target(person.institution, person.sector, has_local_unit=sector.has_local_unit)
        by = self._actor.authorize(Wanted(operation=Operation.APPROVAL, target=target, concerned=asked.login))
        return self._registry.decide_approval(approval_id, by, state)
