"""Records of operations in the audit, on the disk before an operation answers or changes anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.app.access.access_door import AccessDoor, RefusedAccess, access_door
from pipeline.app.access.acting import acting_requester
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.audit.audit_log import AuditLog
from pipeline.config.load import load_config
from pipeline.domain.audit import AuditEntry, Outcome
from pipeline.domain.material import Material
from pipeline.domain.operation import Operation
from pipeline.domain.requester import Requester
from pipeline.errors import PolicyError

__all__ = [
    "OperationAudit",
    "Record",
    "audit_of_stores",
    "audit_record",
    "audited_stores",
    "decided_entry",
    "entry_of",
    "operation_audit",
]

Record = Callable[[AuditEntry], object]
"""Puts an entry into the audit; raises `AuditUnavailable` where that fails, which refuses the operation."""


def audit_record(folder: Path) -> Record:
    """What puts entries into the audit of a folder.

    Args:
        folder: of the audit, created when needed.
    """
    return AuditLog(folder).append


def entry_of(
    operation: Operation, requester: Requester, outcome: Outcome = Outcome.ALLOWED, **facts: Any
) -> AuditEntry:
    """An entry about an operation.

    Args:
        operation: which one.
        requester: the person or program that asks.
        outcome: what came of it.
        facts: further fields of `AuditEntry`.
    """
    return AuditEntry(
        operation=operation.value,
        outcome=outcome,
        system_user=requester.user,
        purpose=requester.purpose,
        case=requester.case,
        **facts,
    )


def decided_entry(
    access: AccessDoor,
    operation: Operation,
    outcome: Outcome = Outcome.ALLOWED,
    *,
    material: Material | None = None,
    **facts: Any,
) -> AuditEntry:
    """An entry about an operation that the person may do.

    Args:
        access: decides; operation, outcome, facts: see `entry_of`.
        material: what it concerns where the operation leaves a choice.

    Raises:
        RefusedAccess: the person may not do it.
    """
    if outcome is not Outcome.ALLOWED:
        return entry_of(operation, access.requester, outcome, **facts)
    cameras, plates = facts.get("cameras", ()), facts.get("plates", ())
    who = access.decide(operation, cameras=cameras, material=material, plates=plates)
    details = {**facts.pop("details", {}), **who.get("details", {})}
    return entry_of(operation, access.requester, outcome, **{**facts, **who, "details": details})


@dataclass(frozen=True, slots=True)
class OperationAudit:
    """The audit of a use case, and what decides on it; see `operation_audit`."""

    record: Record
    access: AccessDoor

    @property
    def requester(self) -> Requester:
        """The person or program that asks."""
        return self.access.requester

    def add(self, operation: Operation, outcome: Outcome = Outcome.ALLOWED, **facts: Any) -> None:
        """Decide on an operation, and record it, before it is done or answered.

        Args:
            operation: which one; outcome: what came of it.
            facts: further fields of `AuditEntry`; material: see `decided_entry`.

        Raises:
            RefusedAccess: the person may not do it.
            AuditUnavailable: the audit takes no record, so the operation must not be done.
        """
        self.record(decided_entry(self.access, operation, outcome, **facts))

    @contextmanager
    def doing(self, operation: Operation, **facts: Any) -> Iterator[None]:
        """Record an operation before the `with` statement does it, and again where that is refused or fails.

        The text of an error may repeat what must not be stored: its kind and the policy's id are recorded.
        """
        self.add(operation, **facts)
        try:
            yield
        except Exception as error:
            self.add_failure(operation, error, **facts)
            raise

    @contextmanager
    def refusals(self, operation: Operation, **facts: Any) -> Iterator[None]:
        """Record what is refused by a policy before it is an operation."""
        try:
            yield
        except PolicyError as error:
            self.add_failure(operation, error, **facts)
            raise

    def add_failure(self, operation: Operation, error: Exception, **facts: Any) -> None:
        """Record that an operation was refused by a policy, or failed; refusals of access are recorded already."""
        if isinstance(error, RefusedAccess):
            return
        refused = isinstance(error, PolicyError)
        policy = error.policy if isinstance(error, PolicyError) else ""
        outcome = Outcome.REFUSED if refused else Outcome.FAILED
        self.add(operation, outcome, policy=policy, reason=type(error).__name__, **facts)


def operation_audit(config: Path | None, beside: Path, requester: Requester | None = None) -> OperationAudit:
    """The audit of a use case.

    Args:
        config: the configuration that names it; None without one.
        beside: see `audited_stores`.
        requester: the person or program that asks; None for the one of `acting_requester`.

    Raises:
        ConfigError: the configuration is not valid.
    """
    return audit_of_stores(audited_stores(config, beside), requester)


def audit_of_stores(stores: ConfiguredStores, requester: Requester | None = None) -> OperationAudit:
    """The audit of a use case on event stores; arguments as of `operation_audit`."""
    door = access_door(stores, requester or acting_requester())
    return OperationAudit(audit_record(stores.audit_dir), door)


def audited_stores(config: Path | None, beside: Path) -> ConfiguredStores:
    """What names the audit of a configuration, and the registry that decides.

    Args:
        config: the configuration; None without one.
        beside: the folder that is read or changed; without a configuration the audit lies beside it, which is in
            the data folder where it has its usual place.

    Raises:
        ConfigError: the configuration is not valid.
    """
    if config is None:
        return ConfiguredStores(beside.absolute().parent, ())
    return ConfiguredStores.of_config(load_config(config, for_queries=True))
