"""Mapping between rows of people and values."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.domain.account import InstitutionKind
from pipeline.domain.people import (
    AccountStatus,
    NewPerson,
    RegisteredInstitution,
    RegisteredPerson,
    RoleGrant,
    Sector,
    Validity,
)
from pipeline.domain.role import Role
from pipeline.errors import PolicyError, RegistryError
from pipeline.governance.people_tables import AccountRow, InstitutionRow, PersonRow, RoleGrantRow, SectorRow


def institution_of(row: InstitutionRow) -> RegisteredInstitution:
    """The value of a row."""
    return RegisteredInstitution(
        institution_id=row.institution_id,
        name=row.name,
        kind=InstitutionKind(row.kind),
        central=row.central,
        document=row.document,
        case_format=row.case_format,
    )


def institution_row(institution: RegisteredInstitution, now_ms: int) -> InstitutionRow:
    """A new row."""
    return InstitutionRow(
        institution_id=institution.institution_id,
        name=institution.name,
        kind=institution.kind.value,
        central=institution.central,
        document=institution.document,
        case_format=institution.case_format,
        created_ms=now_ms,
    )


def new_sector_row(sector: Sector) -> SectorRow:
    """A new row."""
    return SectorRow(
        institution_id=sector.institution_id,
        sector_id=sector.sector_id,
        name=sector.name,
        has_local_unit=sector.has_local_unit,
        retention_days=sector.retention_days,
    )


def grant_row(role: Role, validity: Validity, by: str, now_ms: int) -> RoleGrantRow:
    """A new row."""
    return RoleGrantRow(
        role=role.value,
        from_ms=validity.from_ms,
        until_ms=validity.until_ms,
        granted_by=by,
        granted_ms=now_ms,
        revoked_by="",
    )


def sector_of(row: SectorRow) -> Sector:
    """The value of a row."""
    return Sector(
        institution_id=row.institution_id,
        sector_id=row.sector_id,
        name=row.name,
        has_local_unit=row.has_local_unit,
        retention_days=row.retention_days,
    )


def sector_row(session: Session, institution: str, sector: str) -> SectorRow:
    """The row of a sector.

    Raises:
        RegistryError: there is none.
    """
    row = session.get(SectorRow, (institution, sector))
    if row is None:
        raise RegistryError(
            f"sector {institution}/{sector}",
            "is not registered",
            "See viapublica institutions list; add it: viapublica institutions add-sector "
            f"{institution}/{sector} --name NAME",
        )
    return row


def person_row(session: Session, login: str) -> PersonRow:
    """The row of a person.

    Raises:
        RegistryError: there is none.
    """
    row = session.get(PersonRow, login)
    if row is None:
        raise RegistryError(f"person {login}", "is not registered", "See viapublica people list")
    return row


def system_user_row(session: Session, system_user: str) -> PersonRow:
    """The row of the person who works as a user of the operating system.

    Raises:
        PolicyError: no one does.
    """
    found = session.scalar(select(PersonRow).join(AccountRow).where(AccountRow.system_user == system_user))
    if found is None:
        raise PolicyError(
            f"user {system_user}",
            "has no account in the registry",
            "Work as the user of your account, or have it registered: viapublica people add LOGIN --name NAME "
            f"--document CPF --body INSTITUTION/SECTOR --until DATE --system-user {system_user}",
        )
    return found


def new_person_row(person: NewPerson, by: str, now_ms: int) -> PersonRow:
    """The rows of a new person and their account, which has no secrets yet."""
    account = AccountRow(
        login=person.login,
        status=AccountStatus.INVITED.value,
        status_reason="",
        password_hash="",
        totp_secret="",
        totp_step=0,
        invitation_hash="",
        invitation_until_ms=0,
        system_user=person.system_user or None,
        confirmed_ms=0,
        failures=0,
        locked_until_ms=0,
        last_used_ms=now_ms,
    )
    row = PersonRow(login=person.login, registered_ms=now_ms, registered_by=by, account=account)
    fill_person_row(row, person)
    return row


def fill_person_row(row: PersonRow, person: NewPerson) -> None:
    """Enter the values of a person who is registered, anew or again."""
    row.name, row.document = person.name, person.document
    row.institution, row.sector = person.institution, person.sector
    row.valid_from_ms, row.valid_until_ms = person.validity.from_ms, person.validity.until_ms
    row.contractor, row.contract_until_ms = person.contractor, person.contract_until_ms


def person_of(row: PersonRow) -> RegisteredPerson:
    """The value of a row, with account and roles, without secrets."""
    return RegisteredPerson(
        login=row.login,
        name=row.name,
        document=row.document,
        institution=row.institution,
        sector=row.sector,
        validity=Validity(row.valid_from_ms, row.valid_until_ms),
        contractor=row.contractor,
        contract_until_ms=row.contract_until_ms,
        system_user=row.account.system_user or "",
        kind=InstitutionKind(row.body.kind),
        central=row.body.central,
        status=AccountStatus(row.account.status),
        status_reason=row.account.status_reason,
        training=_period(row.trained_ms, row.trained_until_ms),
        term=_period(row.term_ms, row.term_until_ms),
        left_ms=row.left_ms,
        last_used_ms=row.account.last_used_ms,
        registered_ms=row.registered_ms,
        registered_by=row.registered_by,
        roles=tuple(_grant(one) for one in row.grants),
    )


def _grant(row: RoleGrantRow) -> RoleGrant:
    return RoleGrant(
        grant_id=row.grant_id,
        role=Role(row.role),
        validity=Validity(row.from_ms, row.until_ms),
        by=row.granted_by,
        granted_ms=row.granted_ms,
        revoked_ms=row.revoked_ms,
    )


def _period(from_ms: int | None, until_ms: int | None) -> Validity | None:
    return None if from_ms is None or until_ms is None else Validity(from_ms, until_ms)
