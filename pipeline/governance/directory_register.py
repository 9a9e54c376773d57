"""The register of identities in the directories of institutions, and log-ins by them (OpenID Connect)."""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.domain.account_notice import NoticeKind
from pipeline.domain.directory_identity import DirectoryIdentity
from pipeline.domain.operation import Operation
from pipeline.domain.passkey import SecondFactor
from pipeline.domain.people import RegisteredPerson
from pipeline.domain.registry_change import RegistryChange
from pipeline.errors import NotLoggedIn, RegistryError
from pipeline.governance.account_notices import note
from pipeline.governance.login_register import LoginRegister
from pipeline.governance.login_sessions import SignedIn, end_log_ins
from pipeline.governance.people_rows import person_of
from pipeline.governance.people_tables import DirectoryIdentityRow, PersonRow

_SUBJECT: Final = re.compile(r"[!-~]{1,255}")
"""OpenID Connect Core 1.0, 2: at most 255 ASCII characters; a space or a control character is a slip."""
_ISSUER: Final = re.compile(r"https?://[!-~]{1,390}")


class DirectoryRegister(LoginRegister):
    """Accounts of people whose institution has a directory."""

    def connect_directory(self, login: str, identity: DirectoryIdentity, by: str) -> RegisteredPerson:
        """Let a registered person log in by a directory; an earlier identity of theirs counts no more.

        Raises:
            RegistryError: the person is unknown or left, the identity is none, or it is another person's.
            PolicyError: a person would do it for themselves.
        """
        now_ms, known = self._clock.wall_ms(), _checked(identity)
        change = RegistryChange(Operation.PERMISSION, "directory-connect", login, {"issuer": known.issuer})
        with self._changing(change) as session:
            row = self._present(session, login, by)
            holder = session.get(DirectoryIdentityRow, (known.issuer, known.subject))
            if holder is not None and holder.login != row.login:
                raise RegistryError(
                    "subject of the directory", f"is connected with {holder.login}", "Accounts are personal (art. 5 §3)"
                )
            _disconnect(session, row.login)
            note(session, row.login, NoticeKind.DIRECTORY, "", now_ms)
            session.add(
                DirectoryIdentityRow(
                    issuer=known.issuer, subject=known.subject, login=row.login, connected_by=by, connected_ms=now_ms
                )
            )
            return person_of(row)

    def disconnect_directory(self, login: str, by: str) -> RegisteredPerson:
        """Let a person log in by their password alone again.

        Raises:
            RegistryError: the person is unknown or left, or has no identity in a directory.
            PolicyError: a person would do it for themselves.
        """
        with self._changing(RegistryChange(Operation.PERMISSION, "directory-disconnect", login)) as session:
            row = self._present(session, login, by)
            if not _disconnect(session, row.login):
                raise RegistryError(f"person {row.login}", "is connected with no directory", "See people show")
            note(session, row.login, NoticeKind.DIRECTORY, "", self._clock.wall_ms())
            return person_of(row)

    def directory_identity(self, login: str) -> DirectoryIdentity | None:
        """The identity of a person in a directory; None without one."""
        with self._database.reading() as session:
            row = session.scalar(select(DirectoryIdentityRow).where(DirectoryIdentityRow.login == login))
            return None if row is None else DirectoryIdentity(row.issuer, row.subject)

    def sign_in_by_directory(
        self, identity: DirectoryIdentity, institution: str, factor: SecondFactor, origin: str
    ) -> SignedIn:
        """Log in a person that a directory has recognized, with their second factor.

        Args:
            identity: as the directory states it, verified.
            institution: whose directory it is: it speaks for no one else's people.
            factor: a one-time code, or a passkey's answer; origin: where the session comes from.

        Raises:
            NotLoggedIn: no account is connected with the identity, or see `sign_in`.
        """
        with self._database.reading() as session:
            row = session.get(DirectoryIdentityRow, (identity.issuer, identity.subject))
            login = "" if row is None else row.login

        def is_known(session: Session, person: PersonRow) -> bool:
            found = session.get(DirectoryIdentityRow, (identity.issuer, identity.subject))
            return found is not None and found.login == person.login and person.institution == institution

        if not login:
            self._on_change(RegistryChange(Operation.PERMISSION, "sign-in-refused", ""))
            raise NotLoggedIn(
                "directory",
                "knows you, but no account is connected with you there",
                "Accounts are registered first (art. 5): ask your administration for people add and people directory",
            )
        return self._signed_in(login, factor, origin, is_known, "the code or the institution")

    def sign_out_by_directory(self, identity: DirectoryIdentity, institution: str) -> int:
        """End the sessions of a person who logged out at their directory; the number of them.

        Personal tokens go on: programs work while their person is away.

        Args:
            identity: as the directory states it, verified; institution: whose directory it is.
        """
        now_ms = self._clock.wall_ms()
        with self._database.reading() as session:
            row = session.get(DirectoryIdentityRow, (identity.issuer, identity.subject))
            person = None if row is None else session.get(PersonRow, row.login)
            login = person.login if person is not None and person.institution == institution else ""
        if not login:
            return 0
        with self._changing(RegistryChange(Operation.PERMISSION, "directory-sign-out", login)) as session:
            return end_log_ins(session, login, "directory", now_ms)


def _disconnect(session: Session, login: str) -> bool:
    row = session.scalar(select(DirectoryIdentityRow).where(DirectoryIdentityRow.login == login))
    if row is None:
        return False
    session.delete(row)
    session.flush()
    return True


def _checked(identity: DirectoryIdentity) -> DirectoryIdentity:
    if not _ISSUER.fullmatch(identity.issuer):
        raise RegistryError("issuer", "is not the address of a directory", "Copy it from the directory: https://…")
    if not _SUBJECT.fullmatch(identity.subject):
        raise RegistryError(
            "subject", "is not the identifier of a person in a directory", "Copy the claim sub: up to 255 characters"
        )
    return identity
