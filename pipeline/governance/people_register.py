"""The register of institutions, sectors and persons: training, terms, contracts, roles, leaving."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from pipeline.domain.account import InstitutionKind
from pipeline.domain.operation import Operation
from pipeline.domain.people import AccountStatus, NewPerson, RegisteredInstitution, RegisteredPerson, Sector, Validity
from pipeline.domain.registry_change import RegistryChange
from pipeline.domain.role import Role
from pipeline.errors import RegistryError
from pipeline.governance.login_sessions import end_sessions
from pipeline.governance.people_rows import (
    fill_person_row,
    grant_row,
    institution_of,
    institution_row,
    new_person_row,
    new_sector_row,
    person_of,
    person_row,
    sector_of,
    sector_row,
)
from pipeline.governance.people_tables import (
    AccountRow,
    DirectoryIdentityRow,
    InstitutionRow,
    PasskeyRow,
    PersonRow,
    SectorRow,
)
from pipeline.governance.registry_session import RegistrySession
from pipeline.policy.access.request import CASE_FORMAT
from pipeline.policy.registration import (
    check_other_person,
    check_role,
    checked_institution,
    checked_login,
    checked_new_person,
    checked_sector,
    checked_validity,
)


class PeopleRegister(RegistrySession):
    """Institutions, sectors and persons. `by` is always the login of the person who decides."""

    def add_institution(self, institution: RegisteredInstitution) -> RegisteredInstitution:
        """Register an institution.

        Raises:
            RegistryError: its id exists, or there is a general administration already.
        """
        wanted = checked_institution(institution, self._screen)
        facts = {"kind": wanted.kind.value, "central": wanted.central}
        name = wanted.institution_id
        with self._changing(_change(Operation.INSTITUTION_REGISTRATION, "add", name, facts)) as session:
            if session.get(InstitutionRow, name) is not None:
                raise RegistryError(f"institution {name}", "is registered already", "Choose another id")
            central = session.scalar(select(InstitutionRow).where(InstitutionRow.central))
            if wanted.central and central is not None:
                raise RegistryError(
                    f"institution {name}",
                    f"cannot be the general administration: that is {central.institution_id}",
                    "Add it without --central",
                )
            session.add(institution_row(wanted, self._clock.wall_ms()))
        return wanted

    def add_sector(self, sector: Sector) -> Sector:
        """Register a sector of an institution.

        Raises:
            RegistryError: the institution is unknown, or it has the sector already.
        """
        wanted = checked_sector(sector, self._screen)
        name = f"{wanted.institution_id}/{wanted.sector_id}"
        facts = {"local_unit": wanted.has_local_unit, "retention_days": wanted.retention_days}
        with self._changing(_change(Operation.INSTITUTION_REGISTRATION, "add-sector", name, facts)) as session:
            if session.get(InstitutionRow, wanted.institution_id) is None:
                raise RegistryError(
                    f"institution {wanted.institution_id}", "is not registered", "See viapublica institutions list"
                )
            if session.get(SectorRow, (wanted.institution_id, wanted.sector_id)) is not None:
                raise RegistryError(f"sector {name}", "is registered already", "Choose another id")
            session.add(new_sector_row(wanted))
        return wanted

    def institutions(self) -> tuple[tuple[RegisteredInstitution, tuple[Sector, ...]], ...]:
        """All institutions by id, each with its sectors."""
        with self._database.reading() as session:
            sectors = [sector_of(row) for row in session.scalars(select(SectorRow).order_by(SectorRow.sector_id))]
            rows = session.scalars(select(InstitutionRow).order_by(InstitutionRow.institution_id))
            return tuple(
                (institution_of(row), tuple(one for one in sectors if one.institution_id == row.institution_id))
                for row in rows
            )

    def sector(self, institution: str, sector: str) -> Sector:
        """One sector.

        Raises:
            RegistryError: it is not registered.
        """
        with self._database.reading() as session:
            return sector_of(sector_row(session, institution, sector))

    def case_format(self, institution: str) -> str:
        """The regular expression of an institution's case numbers; that of the program where it has none.

        Raises:
            RegistryError: it is not registered.
        """

        def read(session: Session) -> str:
            row = session.get(InstitutionRow, institution)
            if row is None:
                raise RegistryError(
                    f"institution {institution}", "is not registered", "See viapublica institutions list"
                )
            return row.case_format or CASE_FORMAT

        return self._database.unchanged(("case-format", institution), read)

    def person(self, login: str) -> RegisteredPerson:
        """One person.

        Raises:
            RegistryError: they are not registered.
        """
        with self._database.reading() as session:
            return person_of(person_row(session, checked_login(login)))

    def people(self) -> tuple[RegisteredPerson, ...]:
        """All persons by login, those who left included."""
        with self._database.reading() as session:
            return tuple(person_of(row) for row in session.scalars(select(PersonRow).order_by(PersonRow.login)))

    def register(self, persons: Sequence[NewPerson], by: str) -> tuple[RegisteredPerson, ...]:
        """Register persons, all of them or none. One who left is registered again, with training and term to renew.

        Raises:
            RegistryError: a value is not possible, or login, document or system user is another person's.
            PolicyError: a person would register themselves.
        """
        now_ms = self._clock.wall_ms()
        wanted = [checked_new_person(person) for person in persons]
        for one in wanted:
            check_other_person(one.login, by)
        changes = [
            _change(
                Operation.ACCOUNT_REGISTRATION,
                "register",
                one.login,
                {"institution": one.institution, "sector": one.sector, "contractor": one.contractor},
            )
            for one in wanted
        ]
        with self._changing(*changes) as session:
            rows = [self._registered(session, one, by, now_ms) for one in wanted]
            session.flush()
            return tuple(person_of(row) for row in rows)

    def train(self, login: str, validity: Validity, by: str) -> RegisteredPerson:
        """Record a training (art. 5 §4).

        Raises:
            RegistryError: the person is unknown or left, or the period is not possible.
            PolicyError: a person would record their own.
        """
        period = checked_validity("training", validity)
        with self._changing(_change(Operation.PERMISSION, "train", login, _period(period))) as session:
            row = self._present(session, login, by)
            row.trained_ms, row.trained_until_ms = period.from_ms, period.until_ms
            return person_of(row)

    def sign_term(self, login: str, validity: Validity, by: str) -> RegisteredPerson:
        """Record a signed term of secrecy and confidentiality (art. 5 §5).

        Raises:
            RegistryError: the person is unknown or left, or the period is not possible.
            PolicyError: a person would record their own.
        """
        period = checked_validity("term", validity)
        with self._changing(_change(Operation.PERMISSION, "term", login, _period(period))) as session:
            row = self._present(session, login, by)
            row.term_ms, row.term_until_ms = period.from_ms, period.until_ms
            return person_of(row)

    def renew(self, login: str, validity: Validity, by: str, contract_until_ms: int | None = None) -> RegisteredPerson:
        """Extend the registration, and the contract of a contractor (art. 5 §6).

        Raises:
            RegistryError: the person is unknown or left, or the period is not possible.
            PolicyError: a person would extend their own.
        """
        period = checked_validity("registration", validity)
        with self._changing(_change(Operation.ACCOUNT_REGISTRATION, "renew", login, _period(period))) as session:
            row = self._present(session, login, by)
            row.valid_from_ms, row.valid_until_ms = period.from_ms, period.until_ms
            if contract_until_ms is not None:
                row.contractor, row.contract_until_ms = True, contract_until_ms
            return person_of(row)

    def leave(self, login: str, by: str) -> RegisteredPerson:
        """Record that a person left the function: account and all sessions end at once (art. 5 §7).

        Raises:
            RegistryError: the person is unknown, or left already.
            PolicyError: a person would do it for themselves.
        """
        now_ms = self._clock.wall_ms()
        with self._changing(_change(Operation.ACCOUNT_SUSPENSION, "leave", login)) as session:
            row = self._present(session, login, by)
            row.left_ms = now_ms
            close_account(session, row.account, "left", now_ms)
            for grant in row.grants:
                if grant.revoked_ms is None:
                    grant.revoked_ms, grant.revoked_by = now_ms, by
            return person_of(row)

    def grant(self, login: str, role: Role, validity: Validity, by: str) -> RegisteredPerson:
        """Grant a role for a period; a grant of the same role that still counts ends.

        Raises:
            RegistryError: the person is unknown or left, or the period is not possible.
            PolicyError: the role is none for people of that body, or a person would grant it to themselves.
        """
        now_ms = self._clock.wall_ms()
        period = checked_validity("role", validity)
        facts = {"role": role.value, **_period(period)}
        with self._changing(_change(Operation.PERMISSION, "grant", login, facts)) as session:
            row = self._present(session, login, by)
            check_role(row.login, role, InstitutionKind(row.body.kind), central=row.body.central)
            _end_grants(row, role, by, now_ms)
            row.grants.append(grant_row(role, period, by, now_ms))
            session.flush()
            return person_of(row)

    def revoke(self, login: str, role: Role, by: str) -> RegisteredPerson:
        """Withdraw a role at once.

        Raises:
            RegistryError: the person is unknown, or does not have the role.
            PolicyError: a person would do it for themselves.
        """
        facts = {"role": role.value}
        with self._changing(_change(Operation.PERMISSION, "revoke", login, facts)) as session:
            row = self._present(session, login, by)
            if not _end_grants(row, role, by, self._clock.wall_ms()):
                raise RegistryError(
                    f"role {role.value} of {row.login}", "is not granted", f"See viapublica people show {row.login}"
                )
            return person_of(row)

    def _present(self, session: Session, login: str, by: str) -> PersonRow:
        """The row of a person who has not left and is another one."""
        row = person_row(session, checked_login(login))
        check_other_person(row.login, by)
        if row.left_ms is not None:
            raise RegistryError(
                f"person {row.login}",
                "left the function",
                f"Register them again: viapublica people add {row.login} --name NAME --document CPF "
                "--body INSTITUTION/SECTOR --until DATE",
            )
        return row

    def _registered(self, session: Session, one: NewPerson, by: str, now_ms: int) -> PersonRow:
        sector_row(session, one.institution, one.sector)
        alike = or_(PersonRow.login == one.login, PersonRow.document == one.document)
        found = session.scalars(select(PersonRow).where(alike)).all()
        again = next((row for row in found if row.login == one.login and row.document == one.document), None)
        if found and (again is None or len(found) > 1 or again.left_ms is None):
            other = found[0]
            same = "login" if other.login == one.login else "document"
            raise RegistryError(
                f"person {one.login}", f"is registered already: {other.login} has this {same}", "See people show"
            )
        user = one.system_user
        if user and session.scalar(select(AccountRow).where(AccountRow.system_user == user)) is not None:
            raise RegistryError(
                f"system user {user}", "belongs to another person's account", "Accounts are personal (art. 5 §3)"
            )
        if again is None:
            row = new_person_row(one, by, now_ms)
            session.add(row)
        else:
            row = again
            fill_person_row(row, one)
            row.left_ms = row.trained_ms = row.trained_until_ms = row.term_ms = row.term_until_ms = None
            row.account.status, row.account.status_reason = AccountStatus.INVITED.value, ""
            row.account.system_user, row.account.last_used_ms = user or None, now_ms
        session.flush()
        return row


def close_account(session: Session, account: AccountRow, reason: str, now_ms: int) -> int:
    """Close an account: no secret, passkey, system user, directory or session is left; the number of ended sessions."""
    account.status, account.status_reason = AccountStatus.CLOSED.value, reason
    account.password_hash = account.totp_secret = account.invitation_hash = ""
    account.system_user, account.confirmed_ms = None, 0
    session.execute(delete(PasskeyRow).where(PasskeyRow.login == account.login))
    session.execute(delete(DirectoryIdentityRow).where(DirectoryIdentityRow.login == account.login))
    return end_sessions(session, account.login, reason, now_ms)


def _end_grants(row: PersonRow, role: Role, by: str, now_ms: int) -> int:
    ended = [one for one in row.grants if one.role == role.value and one.revoked_ms is None and now_ms < one.until_ms]
    for grant in ended:
        grant.revoked_ms, grant.revoked_by = now_ms, by
    return len(ended)


def _change(
    operation: Operation, action: str, subject: str, facts: Mapping[str, str | int | bool] | None = None
) -> RegistryChange:
    return RegistryChange(operation, action, subject, facts or {})


def _period(validity: Validity) -> dict[str, str | int | bool]:
    return {"from_ms": validity.from_ms, "until_ms": validity.until_ms}
