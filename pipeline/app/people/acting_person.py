"""The person who acts: recognized, authorized, and named in the audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

from pipeline.app.audit.audited_operation import Record, entry_of
from pipeline.app.people.identity import Identity, Recognized, SystemUser
from pipeline.domain.account import Account
from pipeline.domain.audit import Outcome
from pipeline.domain.material import Material
from pipeline.domain.operation import Operation
from pipeline.domain.people import AccountStatus, RegisteredPerson
from pipeline.domain.ports import Clock
from pipeline.domain.purpose import Purpose
from pipeline.domain.registry_change import RegistryChange
from pipeline.domain.requester import Requester
from pipeline.domain.role import Role
from pipeline.errors import PolicyError
from pipeline.governance.registry import Registry
from pipeline.policy.access.decision import Decision, decide
from pipeline.policy.access.engine import NO_PERMISSION
from pipeline.policy.access.request import AccessRequest, Approval, StandingOrder, Target
from pipeline.policy.access.wording import PORTUGUESE, refusal_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What an administrator wants to do.

    Attributes:
        operation: see `Operation`.
        target: the people, cameras or records that it concerns.
        purpose: of it; concerned: login of another person; case_number: "" without one.
        approval: of a second person; defence_heard: whether the prior defence is recorded.
        material, standing_order, own_interest: see `AccessRequest`.
        facts: further fields of the record of a refusal.
    """

    operation: Operation
    target: Target
    purpose: Purpose | None = Purpose.ADMINISTRATION
    concerned: str = ""
    case_number: str = ""
    approval: Approval | None = None
    defence_heard: bool = False
    material: Material | None = None
    standing_order: StandingOrder | None = None
    own_interest: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)


def records_target(institution: str, sector: str, *, has_local_unit: bool = True) -> Target:
    """Records about the people or cameras of a sector: nothing of them depends on a stream or its surroundings."""
    return Target(
        institution=institution,
        sector=sector,
        has_local_unit=has_local_unit,
        sensitive=False,
        suspended=False,
        project_approved=True,
    )


class _OfBody(Protocol):
    @property
    def institution(self) -> str: ...
    @property
    def sector(self) -> str: ...


_Listed = TypeVar("_Listed", bound=_OfBody)


def of_body(found: Sequence[_Listed], account: Account) -> tuple[_Listed, ...]:
    """Those of a list that belong to the body of an account; all for the general administration."""
    if account.role is Role.SECTOR_ADMINISTRATOR:
        return tuple(one for one in found if (one.institution, one.sector) == (account.institution, account.sector))
    return tuple(one for one in found if account.central or one.institution == account.institution)


class ChangeRecorder:
    """Puts changes of the registry into the audit, with the person who makes them.

    Args:
        record: of the audit.
        requester: the operating system's user.
    """

    def __init__(self, record: Record, requester: Requester) -> None:
        self._record = record
        self._requester = requester
        self.account: Account | None = None

    def __call__(self, change: RegistryChange) -> None:
        """Record a change; `AuditUnavailable` undoes it."""
        self.add(change.operation, details={"action": change.action, "subject": change.subject, **change.facts})

    def add(self, operation: Operation, outcome: Outcome = Outcome.ALLOWED, **facts: Any) -> None:
        """Record an operation of the acting person."""
        if self.account is not None:
            who = self.account
            facts |= {"account": who.person, "institution": who.institution, "role": who.role.value}
        self._record(entry_of(operation, self._requester, outcome, **facts))


class ActingPerson:
    """The person who acts, for one use of the registry.

    Args:
        registry: of people.
        recorder: gets refusals.
        clock: of the decisions.
        requester: the operating system's user.
        identity: recognizes the person; None for the operating system's user.
    """

    def __init__(
        self,
        registry: Registry,
        recorder: ChangeRecorder,
        clock: Clock,
        requester: Requester,
        identity: Identity | None = None,
    ) -> None:
        self._registry = registry
        self._recorder = recorder
        self._clock = clock
        self._requester = requester
        self._identity = identity or SystemUser(registry, requester.user)

    def confirm(self, code: str) -> None:
        """Take the one-time code of the person, which counts for 15 minutes.

        Raises:
            PolicyError: it is wrong, or there is no such account.
        """
        self._registry.confirm(self._requester.user, code)

    def recognized(self) -> Recognized:
        """The person, and how they are recognized.

        Raises:
            PolicyError: no one is.
        """
        return self._identity.recognize()

    def person(self) -> RegisteredPerson:
        """The person.

        Raises:
            PolicyError: no one is recognized.
        """
        return self.recognized().person

    def needs_code(self) -> bool:
        """Whether the person has to give a one-time code first.

        Raises:
            PolicyError: there is no account of this user, or it is not activated.
        """
        who = self.recognized()
        person, confirmed = who.person, who.second_factor
        if person.status is AccountStatus.INVITED:
            raise PolicyError(
                f"account {person.login}", "is not activated", f"viapublica people activate {person.login}"
            )
        return not confirmed

    def authorize(self, wanted: Wanted) -> Account:
        """Decide in each role of the person that counts now; the first that may do it acts.

        Raises:
            PolicyError: none may; the text says what is missing and the office to ask. The refusal is audited.
        """
        account, _ = self.authorize_some(wanted, [wanted.target])
        return account

    def authorize_some(self, wanted: Wanted, targets: Sequence[Target]) -> tuple[Account, frozenset[Target]]:
        """Decide about several targets; those that the person may do it with, in the role that may most.

        Args:
            wanted: the operation; its target does not count.
            targets: one or more.

        Raises:
            PolicyError: none may be; the text says what is missing and the office to ask. The refusal is audited.
        """
        who = self.recognized()
        self._check_token(who, wanted)
        decisions = self._decisions(who.person, wanted, targets, second_factor=who.second_factor)
        account = decisions[0].request.account
        self._recorder.account = account
        allowed = frozenset(one.request.target for one in decisions if one.allowed)
        if not allowed:
            self._check(min(decisions, key=lambda one: len(one.policy_ids)), wanted)
        return account, allowed

    def note(self, operation: Operation, **facts: Any) -> None:
        """Put what the person reads into the audit, before it is shown.

        Raises:
            AuditUnavailable: the audit takes no record: nothing may be shown.
        """
        self._recorder.add(operation, **facts)

    def check_other(self, person: RegisteredPerson, wanted: Wanted) -> None:
        """Decide for another person, as after their log-in with two factors.

        Raises:
            PolicyError: they may not; audited as the refusal of the person who acts.
        """
        (decision,) = self._decisions(person, wanted, [wanted.target], second_factor=True)
        self._check(decision, wanted)

    def _check_token(self, who: Recognized, wanted: Wanted) -> None:
        """Refuse what a personal token was not made for."""
        if who.operations is None or wanted.operation in who.operations:
            return
        facts = {"account": who.person.login, "institution": who.person.institution, **wanted.facts}
        self._recorder.add(wanted.operation, Outcome.REFUSED, policy="token-operations", **facts)
        raise PolicyError(
            "personal token",
            f"does not include {wanted.operation.value}",
            "Log in, or create a token that includes it",
            policy="token-operations",
        )

    def _decisions(
        self, person: RegisteredPerson, wanted: Wanted, targets: Sequence[Target], *, second_factor: bool
    ) -> list[Decision]:
        """The decisions on some targets, in the role that may most; with open emergency access only where it helps."""
        now_ms = self._clock.wall_ms()
        accounts = [person.account(role, now_ms, second_factor=second_factor) for role in person.roles_at(now_ms)]
        if not accounts:
            raise PolicyError(
                f"person {person.login}", "has no role that counts now", "Ask an administrator: people role grant"
            )
        case_format = self._registry.case_format(person.institution)
        emergency = self._registry.break_glass(person.login)

        def decided(account: Account, target: Target) -> Decision:
            request = _request(account, replace(wanted, target=target), now_ms, case_format)
            decision = decide(request)
            if decision.allowed or emergency is None:
                return decision
            opened = decide(replace(request, break_glass=emergency))
            return opened if opened.allowed else decision

        rounds = [[decided(account, target) for target in targets] for account in accounts]
        return max(rounds, key=_breadth)

    def _check(self, decision: Decision, wanted: Wanted) -> None:
        if decision.allowed:
            return
        concerned: dict[str, Any] = {"details": {"concerned": wanted.concerned}} if wanted.concerned else {}
        self._recorder.add(
            wanted.operation,
            Outcome.REFUSED,
            policy=decision.policy_ids[0],
            **(concerned | dict(wanted.facts)),
        )
        text = refusal_text(decision).rstrip(".")
        raise PolicyError(
            f"person {decision.request.account.person}",
            text,
            policy=decision.policy_ids[0],
            portuguese=refusal_text(decision, PORTUGUESE),
        )


def _breadth(decisions: Sequence[Decision]) -> tuple[int, int]:
    """How much a role may do; of two that may do nothing, one that includes the operation explains more."""
    return sum(one.allowed for one in decisions), -sum(NO_PERMISSION in one.policy_ids for one in decisions)


def _request(account: Account, wanted: Wanted, now_ms: int, case_format: str) -> AccessRequest:
    return AccessRequest(
        account=account,
        operation=wanted.operation,
        purpose=wanted.purpose,
        target=wanted.target,
        now_ms=now_ms,
        concerned=wanted.concerned,
        case_number=wanted.case_number,
        approval=wanted.approval,
        defence_heard=wanted.defence_heard,
        material=wanted.material,
        case_format=case_format,
        standing_order=wanted.standing_order,
        own_interest=wanted.own_interest,
    )
