"""Personal accounts: the person, their body and role, and the state of the account (decree 18.743/2014 art. 5)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pipeline.domain.role import Role


class InstitutionKind(StrEnum):
    """Kind of body that a person belongs to."""

    PUBLIC = "public"
    """Of the administration, such as a secretariat (decree 18.743/2014 art. 3)."""
    SECURITY = "security"
    """Of public security: police, municipal guard, intelligence (law 11.766/2022 art. 9)."""
    PARTNER = "partner"
    """Firm, association or resident that provides cameras (law 11.766/2022 art. 3)."""


@dataclass(frozen=True, slots=True)
class AccountState:
    """What an account must have, and what may have happened to it. Times are milliseconds since 1970 UTC.

    Attributes:
        valid_from_ms, valid_until_ms: validity of the registration.
        term_until_ms: end of the signed confidentiality term (decree art. 5 §5); None where none is signed.
        trained_until_ms: end of the training's validity (art. 5 §4); None without training.
        last_used_ms: last log-in; at first, the time of the registration.
        second_factor: whether this session passed the second factor.
        contractor: whether the person works under a contract (art. 5 §6); contract_until_ms: its end.
        suspended: by the administration (art. 7).
        left: whether the person left the function (art. 5 §7).
    """

    valid_from_ms: int
    valid_until_ms: int
    last_used_ms: int
    term_until_ms: int | None = None
    trained_until_ms: int | None = None
    second_factor: bool = False
    contractor: bool = False
    contract_until_ms: int | None = None
    suspended: bool = False
    left: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """A personal, non-transferable account (decree art. 5 §3) in one of its roles.

    Attributes:
        person: key of the natural person in the register, the same in all of their accounts.
        institution, sector: ids of the body they belong to.
        kind: of the institution.
        role: in which they act.
        central: whether the institution is the general administration (art. 3).
        state: see `AccountState`.
    """

    person: str
    institution: str
    sector: str
    kind: InstitutionKind
    role: Role
    state: AccountState
    central: bool = False
