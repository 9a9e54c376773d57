"""Use cases of people and institutions: each is authorized, and audited before it is committed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.app.access.plate_fingerprints import plate_fingerprints
from pipeline.app.people.acting_person import Wanted, of_body, records_target
from pipeline.app.people.open_registry import OpenRegistry
from pipeline.domain.directory_identity import DirectoryIdentity
from pipeline.domain.operation import Operation
from pipeline.domain.people import NewPerson, RegisteredInstitution, RegisteredPerson, Sector, Validity
from pipeline.domain.purpose import Purpose
from pipeline.domain.query_use import Shift
from pipeline.domain.role import Role
from pipeline.domain.sharing_agreement import NewAgreement, SharingAgreement
from pipeline.domain.times import MINUTE_MS
from pipeline.governance.emergency_register import Emergency
from pipeline.governance.people_csv import read_people
from pipeline.policy.access.request import Approval, Target
from pipeline.policy.registration import checked_login

__all__ = ["Administration", "DirectoryIdentity", "Emergency", "NewPerson", "RegisteredInstitution", "Sector"]


class Administration:
    """People and institutions, for the person who acts.

    Args:
        opened: the registry.
    """

    def __init__(self, opened: OpenRegistry) -> None:
        self._registry, self._actor, self._clock = opened.registry, opened.actor, opened.clock
        self._stores = opened.stores

    def institutions(self) -> tuple[tuple[RegisteredInstitution, tuple[Sector, ...]], ...]:
        """All institutions with their sectors."""
        self._actor.person()
        return self._registry.institutions()

    def add_institution(self, institution: RegisteredInstitution) -> RegisteredInstitution:
        """Register an institution; only the general administration may (decree 18.743/2014 art. 4)."""
        self._authorize(
            Operation.INSTITUTION_REGISTRATION, records_target(institution.institution_id, institution.institution_id)
        )
        return self._registry.add_institution(institution)

    def add_sector(self, sector: Sector) -> Sector:
        """Register a sector; only the general administration may."""
        self._authorize(Operation.INSTITUTION_REGISTRATION, records_target(sector.institution_id, sector.sector_id))
        return self._registry.add_sector(sector)

    def add_agreement(self, wanted: NewAgreement) -> SharingAgreement:
        """Register an agreement on sharing; only the general administration may (decree 18.743/2014 art. 4)."""
        return self._registry.add_agreement(wanted, self._of_general_administration())

    def end_agreement(self, agreement_id: int) -> SharingAgreement:
        """End an agreement on sharing at once."""
        return self._registry.end_agreement(agreement_id, self._of_general_administration())

    def agreements(self) -> tuple[SharingAgreement, ...]:
        """Agreements that the own institution is a party to; all for the general administration."""
        account = self._actor.authorize(Wanted(operation=Operation.REPORT, target=self._own_records()))
        found = self._registry.agreements()
        shown = tuple(one for one in found if account.central or account.institution in one.parties)
        self._actor.note(Operation.REPORT, rows=len(shown), details={"action": "agreements"})
        return shown

    def people(self) -> tuple[RegisteredPerson, ...]:
        """The persons whose registration the person who acts may manage; all for the general administration."""
        found = self._registry.people()
        account = self._actor.authorize(Wanted(operation=Operation.REPORT, target=self._own_records()))
        shown = of_body(found, account)
        self._actor.note(Operation.REPORT, rows=len(shown), details={"action": "people"})
        return shown

    def person(self, login: str) -> RegisteredPerson:
        """One person of `people`.

        Raises:
            RegistryError: unknown.
            PolicyError: of another body.
        """
        person = self._registry.person(login)
        self._actor.authorize(Wanted(operation=Operation.REPORT, target=self._target(person)))
        self._actor.note(Operation.REPORT, rows=1, details={"action": "person", "subject": person.login})
        return person

    def register(self, persons: Sequence[NewPerson]) -> tuple[RegisteredPerson, ...]:
        """Register persons, all or none (art. 5 §1, §2)."""
        by = ""
        for one in persons:
            target = self._target_of_sector(one.institution, one.sector)
            by = self._authorize(Operation.ACCOUNT_REGISTRATION, target, one.login)
        return self._registry.register(persons, by)

    def import_people(self, path: Path, default_until_ms: int) -> tuple[RegisteredPerson, ...]:
        """Register the persons of a CSV file, all or none, see `read_people`.

        Args:
            path: of the file; default_until_ms: end of registrations that state none.
        """
        return self.register(read_people(path, Validity(self._clock.wall_ms(), default_until_ms)))

    def train(self, login: str, validity: Validity) -> RegisteredPerson:
        """Record a training (art. 5 §4)."""
        return self._registry.train(login, validity, self._permitted(login))

    def sign_term(self, login: str, validity: Validity) -> RegisteredPerson:
        """Record a signed term of secrecy and confidentiality (art. 5 §5)."""
        return self._registry.sign_term(login, validity, self._permitted(login))

    def renew(self, login: str, validity: Validity, contract_until_ms: int | None) -> RegisteredPerson:
        """Extend a registration, and the contract of a contractor (art. 5 §6)."""
        by = self._permitted(login, Operation.ACCOUNT_REGISTRATION)
        return self._registry.renew(login, validity, by, contract_until_ms)

    def leave(self, login: str) -> RegisteredPerson:
        """Close the account of a person who left, with all sessions (art. 5 §7)."""
        return self._registry.leave(login, self._permitted(login, Operation.ACCOUNT_SUSPENSION))

    def suspend(self, login: str, reason: str) -> RegisteredPerson:
        """Suspend an account, with all sessions (art. 7)."""
        return self._registry.suspend(login, reason, self._permitted(login, Operation.ACCOUNT_SUSPENSION))

    def invite(self, login: str) -> str:
        """Invite a person to set password and second factor, also after one was lost; the code for it."""
        return self._registry.invite(login, self._permitted(login))

    def grant(self, login: str, role: Role, validity: Validity) -> RegisteredPerson:
        """Grant a role."""
        return self._registry.grant(login, role, validity, self._permitted(login))

    def revoke(self, login: str, role: Role) -> RegisteredPerson:
        """Withdraw a role."""
        return self._registry.revoke(login, role, self._permitted(login))

    def add_vehicle(self, login: str, plate: str) -> None:
        """Enter a person's own vehicle, of which they may make no search (art. 16); its keyed hash is stored."""
        by = self._permitted(login)
        self._registry.add_vehicle(login, self._fingerprint(plate), by)

    def remove_vehicle(self, login: str, plate: str) -> None:
        """Take a person's own vehicle out again."""
        by = self._permitted(login)
        self._registry.remove_vehicle(login, self._fingerprint(plate), by)

    def set_shift(self, login: str, shift: Shift | None) -> None:
        """Enter the shift of a person; None takes it out."""
        self._registry.set_shift(login, shift, self._permitted(login))

    def connect_directory(self, login: str, identity: DirectoryIdentity) -> RegisteredPerson:
        """Let a registered person log in by the directory of their institution."""
        return self._registry.connect_directory(login, identity, self._permitted(login))

    def disconnect_directory(self, login: str) -> RegisteredPerson:
        """Take a person's identity in a directory out again."""
        return self._registry.disconnect_directory(login, self._permitted(login))

    def request_emergency(self, minutes: int, purpose: Purpose, reason: str) -> Emergency:
        """Ask for emergency access for the person who acts; another one opens it."""
        return self._registry.request_emergency(self._actor.person().login, minutes, purpose, reason)

    def open_emergency(self, emergency_id: int) -> Emergency:
        """Open emergency access that another person asked for, as its second person.

        Raises:
            RegistryError: there is none to open.
            PolicyError: one of the two may not.
        """
        asked = self._registry.emergency(emergency_id)
        person = self._registry.person(asked.login)
        target = self._target(person)
        by = self._actor.authorize(Wanted(operation=Operation.APPROVAL, target=target, concerned=asked.login))
        approval = Approval(
            person=by.person,
            role=by.role,
            institution=by.institution,
            operation=Operation.BREAK_GLASS,
            case_number="",
            until_ms=self._clock.wall_ms() + MINUTE_MS,
            central=by.central,
        )
        wanted = Wanted(operation=Operation.BREAK_GLASS, target=target, purpose=asked.purpose, approval=approval)
        self._actor.check_other(person, wanted)
        return self._registry.open_emergency(emergency_id, by.person)

    def _fingerprint(self, plate: str) -> str:
        (fingerprint,) = plate_fingerprints(self._stores, (plate,))
        return fingerprint

    def _of_general_administration(self) -> str:
        return self._authorize(Operation.INSTITUTION_REGISTRATION, self._own_records())

    def _permitted(self, login: str, operation: Operation = Operation.PERMISSION) -> str:
        person = self._registry.person(login)
        return self._authorize(operation, self._target(person), person.login)

    def _authorize(self, operation: Operation, target: Target, concerned: str = "") -> str:
        wanted = Wanted(operation=operation, target=target, concerned=checked_login(concerned) if concerned else "")
        return self._actor.authorize(wanted).person

    def _target(self, person: NewPerson) -> Target:
        return self._target_of_sector(person.institution, person.sector)

    def _target_of_sector(self, institution: str, sector: str) -> Target:
        found = self._registry.sector(institution, sector)
        return records_target(institution, sector, has_local_unit=found.has_local_unit)

    def _own_records(self) -> Target:
        person = self._actor.person()
        return records_target(person.institution, person.sector)
