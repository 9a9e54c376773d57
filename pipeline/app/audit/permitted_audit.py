"""Use cases of auditors with an account: verification and search of the audit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.app.access.acting import acting_as
from pipeline.app.audit.audit_service import Audit, RecordQuestion, Verification
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.people.acting_person import Wanted, records_target
from pipeline.app.people.open_registry import OpenRegistry
from pipeline.domain.account import Account
from pipeline.domain.operation import Operation
from pipeline.domain.purpose import Purpose
from pipeline.domain.requester import Requester

__all__ = ["PermittedAudit", "RecordQuestion", "Verification"]


class PermittedAudit:
    """The audit, for the person who acts.

    Args:
        opened: the registry, for them; stores: name the audit's folder.
    """

    def __init__(self, opened: OpenRegistry, stores: ConfiguredStores) -> None:
        self._opened = opened
        self._stores = stores
        self._requester = Requester(user=opened.requester.user, purpose=Purpose.OVERSIGHT.value)

    def verify(self) -> Verification:
        """Check every record, seal and checkpoint, as far as this machine can without the auditor's key and file.

        Raises:
            PolicyError: the person may not.
            AuditError: there is no audit.
        """
        self._authorized()
        self._opened.actor.note(Operation.AUDIT_READING, details={"action": "verify"})
        return Audit(self._stores, self._requester).verify()

    def search(self, question: RecordQuestion) -> list[Mapping[str, Any]]:
        """The records that match, oldest first; outside the general administration only those of the own institution.

        Raises:
            PolicyError: the person may not.
            AuditError: there is no audit, or a plate is searched for, which needs the auditor's key.
        """
        account = self._authorized()
        with acting_as(self._opened):
            found = list(Audit(self._stores, self._requester).search(question))
        return [one for one in found if _may_see(account, one)]

    def proof(self, sequence: int) -> str:
        """The proof of one record that the person may see, as the content of a file.

        Raises:
            PolicyError: the person may not.
            AuditError: there is no audit, no such record, or none that they may see.
        """
        account = self._authorized()
        with acting_as(self._opened):
            text, _ = Audit(self._stores, self._requester).proof(sequence, lambda record: _may_see(account, record))
        return text

    def _authorized(self) -> Account:
        person = self._opened.actor.person()
        target = records_target(person.institution, person.sector)
        return self._opened.actor.authorize(
            Wanted(operation=Operation.AUDIT_READING, target=target, purpose=Purpose.OVERSIGHT)
        )


def _may_see(account: Account, record: Mapping[str, Any]) -> bool:
    return account.central or record.get("institution") == account.institution
