"""Institutions, sectors, registered persons, their roles and accounts, as the registry states them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pipeline.domain.account import Account, AccountState, InstitutionKind
from pipeline.domain.role import Role


@dataclass(frozen=True, slots=True)
class Validity:
    """A period from a moment, included, to another one; milliseconds since 1970 UTC."""

    from_ms: int
    until_ms: int

    def includes(self, now_ms: int) -> bool:
        """Whether a moment lies in it."""
        return self.from_ms <= now_ms < self.until_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredInstitution:
    """A body whose people or cameras are registered (decree 18.743/2014 art. 3, 4).

    Attributes:
        institution_id: lower-case letters, digits, dot, dash and underscore.
        name: as on documents; kind: see `InstitutionKind`.
        central: whether it is the general administration; exactly one is.
        document: CNPJ, or the number of its agreement; "" if none is recorded.
        case_format: regular expression of its case numbers; "" for that of the program.
    """

    institution_id: str
    name: str
    kind: InstitutionKind
    central: bool = False
    document: str = ""
    case_format: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sector:
    """A part of an institution that runs cameras or has people.

    Attributes:
        institution_id, sector_id: of the body and, within it, of the sector.
        name: as on documents.
        has_local_unit: whether it registers its own people (art. 5 §1); if not, the general administration does (§2).
        retention_days: that its data is retained.
    """

    institution_id: str
    sector_id: str
    name: str
    has_local_unit: bool = True
    retention_days: int = 7


class AccountStatus(StrEnum):
    """State of an account; its roles count only while it is active."""

    INVITED = "invited"
    """Registered; password and second factor are not set yet."""
    ACTIVE = "active"
    SUSPENDED = "suspended"
    """By the administration (decree 18.743/2014 art. 7)."""
    CLOSED = "closed"
    """After 90 days without use, or because the person left (art. 5 §7)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleGrant:
    """A role of a person for a period.

    Attributes:
        grant_id: of the entry; role: that is granted.
        validity: when it counts; by, granted_ms: who granted it, and when.
        revoked_ms: when it was withdrawn; None while it is not.
    """

    grant_id: int
    role: Role
    validity: Validity
    by: str
    granted_ms: int
    revoked_ms: int | None = None

    def counts(self, now_ms: int) -> bool:
        """Whether the role may be used at a moment."""
        return self.revoked_ms is None and self.validity.includes(now_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """A person to register.

    Attributes:
        login: personal and not transferable (art. 5 §3); the key of the person in the registry and in the audit.
        name: of the person; document: CPF or number of the staff record, which no other person has.
        institution, sector: ids of the body they belong to.
        validity: of the registration.
        contractor: whether they work under a contract (art. 5 §6); contract_until_ms: its end.
        system_user: user of the operating system that this person alone works as; "" for none.
    """

    login: str
    name: str
    document: str
    institution: str
    sector: str
    validity: Validity
    contractor: bool = False
    contract_until_ms: int | None = None
    system_user: str = ""


class Lack(StrEnum):
    """What a registered person does not have yet, without which they may not work."""

    TRAINING = "training"
    """A valid one (decree 18.743/2014 art. 5 §4)."""
    TERM = "term"
    """Of secrecy and confidentiality, signed (§5)."""
    ROLE = "role"
    ACTIVATION = "activation"
    """Password and second factor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredPerson(NewPerson):
    """A registered person with their account.

    Attributes:
        kind, central: of their institution.
        status: of the account; status_reason: why it is suspended or closed.
        training: what art. 5 §4 requires; term: of secrecy and confidentiality (§5); None without one.
        left_ms: when they left the function; None while they have not.
        last_used_ms: of the account; at first, the time of the registration.
        registered_ms, registered_by: of the entry.
        roles: all grants, oldest first.
    """

    kind: InstitutionKind
    central: bool
    status: AccountStatus
    status_reason: str
    training: Validity | None
    term: Validity | None
    left_ms: int | None
    last_used_ms: int
    registered_ms: int
    registered_by: str
    roles: tuple[RoleGrant, ...] = ()

    def roles_at(self, now_ms: int) -> tuple[Role, ...]:
        """The roles that count at a moment."""
        return tuple(dict.fromkeys(grant.role for grant in self.roles if grant.counts(now_ms)))

    def lacks(self, now_ms: int) -> tuple[Lack, ...]:
        """What the person lacks at a moment; nothing where they left the function."""
        if self.left_ms is not None:
            return ()
        lacking = {
            Lack.TRAINING: self.training is None or not self.training.includes(now_ms),
            Lack.TERM: self.term is None or not self.term.includes(now_ms),
            Lack.ROLE: not self.roles_at(now_ms),
            Lack.ACTIVATION: self.status is AccountStatus.INVITED,
        }
        return tuple(lack for lack, is_so in lacking.items() if is_so)

    def account(self, role: Role, now_ms: int, *, second_factor: bool) -> Account:
        """The account in one of its roles, as access is decided on.

        Args:
            role: one of `roles_at`; now_ms: the moment.
            second_factor: whether the session passed it.
        """
        state = AccountState(
            valid_from_ms=self.validity.from_ms,
            valid_until_ms=self.validity.until_ms,
            last_used_ms=self.last_used_ms,
            term_until_ms=_until(self.term, now_ms),
            trained_until_ms=_until(self.training, now_ms),
            second_factor=second_factor,
            contractor=self.contractor,
            contract_until_ms=self.contract_until_ms,
            suspended=self.status is not AccountStatus.ACTIVE,
            left=self.left_ms is not None,
        )
        return Account(self.login, self.institution, self.sector, self.kind, role, state, self.central)


def _until(validity: Validity | None, now_ms: int) -> int | None:
    """The end of a period that has begun."""
    return validity.until_ms if validity is not None and validity.from_ms <= now_ms else None
