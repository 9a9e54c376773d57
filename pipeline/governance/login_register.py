"""The register of accounts: invitation, activation, log-in, sessions, suspension, and closing of idle accounts."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from pipeline.domain.account_notice import NoticeKind
from pipeline.domain.operation import Operation
from pipeline.domain.passkey import PasskeyProof, SecondFactor
from pipeline.domain.people import (
    AccountStatus,
    NewPerson,
    RegisteredInstitution,
    RegisteredPerson,
    Sector,
    Validity,
)
from pipeline.domain.registry_change import RegistryChange
from pipeline.domain.role import Role
from pipeline.domain.times import MINUTE_MS
from pipeline.errors import NotLoggedIn, PolicyError, RegistryError
from pipeline.governance.account_locks import Lock, count_failure, know_address, lock_of
from pipeline.governance.account_notices import note
from pipeline.governance.login_secrets import (
    INVITATION_MS,
    invitation_hash,
    is_outdated,
    is_password,
    new_invitation,
    new_totp_secret,
    password_hash,
    totp_address,
    used_step,
)
from pipeline.governance.login_sessions import SignedIn, end_sessions, open_session
from pipeline.governance.people_register import close_account
from pipeline.governance.people_rows import (
    grant_row,
    institution_row,
    new_sector_row,
    person_of,
    person_row,
    system_user_row,
)
from pipeline.governance.people_tables import AccountRow, InstitutionRow, PasskeyRow, PersonRow
from pipeline.governance.session_register import SessionRegister
from pipeline.governance.totp_encryption import TotpEncryption
from pipeline.policy.registration import (
    IDLE_MS,
    checked_institution,
    checked_login,
    checked_new_person,
    checked_password,
    checked_sector,
    checked_text,
    checked_validity,
    typed_password,
    why_unusable,
)
from pipeline.policy.sensitive.screen import TextKind

CONFIRMED_MS: Final = 15 * MINUTE_MS
"""So long a one-time code counts for the user of the operating system who gave it."""


class LoginRegister(SessionRegister):
    """Accounts and their sessions."""

    def invite(self, login: str, by: str) -> str:
        """Invite a person to set password and second factor, anew if they have them; all sessions end.

        Returns:
            The code for `activate`; only its hash is stored.

        Raises:
            RegistryError: the person is unknown or left.
            PolicyError: a person would invite themselves.
        """
        now_ms = self._clock.wall_ms()
        with self._changing(RegistryChange(Operation.PERMISSION, "invite", login)) as session:
            account = self._present(session, login, by).account
            end_sessions(session, account.login, "invited", now_ms)
            return _invited(session, account, now_ms)

    def install(
        self,
        institution: RegisteredInstitution,
        sector: Sector,
        administrators: Sequence[NewPerson],
        validity: Validity,
        by: str,
    ) -> tuple[str, ...]:
        """Make the general administration with its first administrators, all of it or nothing.

        Args:
            institution: the general administration; sector: its first one.
            administrators: persons of the sector, trained and with a signed term.
            validity: of training, term and role.
            by: stands for the person who installs.

        Returns:
            An invitation for each administrator.

        Raises:
            RegistryError: there is an institution already, or a value is not possible.
        """
        now_ms = self._clock.wall_ms()
        body, part = checked_institution(institution, self._screen), checked_sector(sector, self._screen)
        persons, period = [checked_new_person(one) for one in administrators], checked_validity("validity", validity)
        changes = (
            RegistryChange(Operation.INSTITUTION_REGISTRATION, "install", body.institution_id),
            *(RegistryChange(Operation.ACCOUNT_REGISTRATION, "install", one.login) for one in persons),
        )
        with self._changing(*changes) as session:
            if session.scalar(select(InstitutionRow.institution_id).limit(1)) is not None:
                raise RegistryError(f"registry {self.subject}", "is set up already", "See viapublica people list")
            session.add(institution_row(body, now_ms))
            session.flush()
            session.add(new_sector_row(part))
            session.flush()
            rows = [self._registered(session, one, by, now_ms) for one in persons]
            for row in rows:
                row.trained_ms, row.trained_until_ms = period.from_ms, period.until_ms
                row.term_ms, row.term_until_ms = period.from_ms, period.until_ms
                row.grants.append(grant_row(Role.GENERAL_ADMINISTRATOR, period, by, now_ms))
            return tuple(_invited(session, row.account, now_ms) for row in rows)

    def prepare_activation(self, login: str, invitation: str) -> tuple[str, str]:
        """A new secret of one-time codes for an invited person, and its ``otpauth://`` address.

        Raises:
            PolicyError: the invitation is wrong or expired.
        """
        with self._database.reading() as session:
            self._check_invitation(session.get(AccountRow, checked_login(login)), invitation)
        secret = new_totp_secret()
        return secret, totp_address(secret, checked_login(login))

    def activate(self, login: str, invitation: str, password: str, secret: str, code: str) -> RegisteredPerson:
        """Set password and second factor of an invited person; the invitation is used up.

        Args:
            login: of the person; invitation: the code of `invite`.
            password: new; secret: of `prepare_activation`; code: that it gives now, as proof.

        Raises:
            RegistryError: the password is easily guessed.
            PolicyError: invitation or code is wrong or expired.
        """
        now_ms, name = self._clock.wall_ms(), checked_login(login)
        hashed = password_hash(checked_password(name, password))
        with self._changing(RegistryChange(Operation.PERMISSION, "activate", name)) as session:
            account = self._check_invitation(session.get(AccountRow, name), invitation)
            step = used_step(secret, code, now_ms, 0)
            if step is None:
                raise PolicyError(
                    "one-time code", "is wrong", "Check the clock of the telephone, and try the next code"
                )
            account.status, account.invitation_hash = AccountStatus.ACTIVE.value, ""
            account.totp_secret = TotpEncryption(self.folder).encrypted(secret, name)
            account.password_hash, account.totp_step = hashed, step
            account.last_used_ms = now_ms
            return person_of(person_row(session, name))

    def sign_in(self, login: str, password: str, factor: SecondFactor, origin: str) -> SignedIn:
        """Log in with password and second factor.

        Args:
            login, password: as typed; factor: a one-time code, or a passkey's answer.
            origin: where the session comes from.

        Raises:
            NotLoggedIn: anything is wrong; the text does not say what, and is the same for unknown logins. Only with
                both factors of the account it says why the account may not be used.
        """
        name = _login_or_none(login)
        with self._database.reading() as session:
            found = session.get(AccountRow, name)
            stored = found.password_hash if found else ""
        # Before the transaction: it takes long, and no one else could write.
        typed = typed_password(password)
        matches = is_password(typed, stored)
        hashed = password_hash(typed) if matches and is_outdated(stored) else stored

        def is_known(_: Session, row: PersonRow) -> bool:
            known = matches and row.account.password_hash == stored
            if known:
                row.account.password_hash = hashed
            return known

        return self._signed_in(name, factor, origin, is_known, "login, password or code")

    def _signed_in(
        self, name: str, factor: SecondFactor, origin: str, is_known: Callable[[Session, PersonRow], bool], what: str
    ) -> SignedIn:
        """Open a session for a person who is known by one factor, with another one.

        Args:
            name: login; "" for none; factor, origin: see `sign_in`.
            is_known: whether the first factor is that of the person's row, within the transaction.
            what: names the factors for the text of a refusal.

        Raises:
            NotLoggedIn: see `sign_in`.
        """
        now_ms, reason = self._clock.wall_ms(), ""
        with self._database.writing() as session:
            row = session.get(PersonRow, name)
            lock = None if row is None else lock_of(session, row.account, origin, now_ms)
            if row is not None and lock is not None:
                known = is_known(session, row)
                if known and self._takes(session, row.account, factor, lock, now_ms):
                    reason = why_unusable(person_of(row), now_ms)
                    if not reason:
                        return self._opened(session, row, origin, _name_of(factor), now_ms)
                else:
                    if known and now_ms >= lock.locked_until_ms:
                        note(session, name, NoticeKind.CODE_REFUSED, origin, now_ms)
                    count_failure(session, lock, origin, now_ms)
        self._on_change(RegistryChange(Operation.PERMISSION, "sign-in-refused", name))
        if reason:
            raise NotLoggedIn(f"account {name}", reason, "Ask your administration")
        raise NotLoggedIn(
            "log-in",
            f"is refused: {what} is wrong, or the account is not active",
            "Try again with the next code; after five attempts wait 15 minutes, or ask your administration",
        )

    def _opened(self, session: Session, row: PersonRow, origin: str, factor: str, now_ms: int) -> SignedIn:
        row.account.last_used_ms = now_ms
        know_address(session, row.login, origin, now_ms)
        token, ended = open_session(session, row.login, origin, now_ms)
        session.flush()
        facts: dict[str, str | int | bool] = {"ended_sessions": ended, "factor": factor}
        self._on_change(RegistryChange(Operation.PERMISSION, "sign-in", row.login, facts))
        return SignedIn(token, person_of(row), ended)

    def suspend(self, login: str, reason: str, by: str) -> RegisteredPerson:
        """Suspend an account; its sessions end at once.

        Raises:
            RegistryError: the person is unknown or left.
            PolicyError: a person would suspend themselves, or the reason says something sensitive.
        """
        now_ms = self._clock.wall_ms()
        why = checked_text("reason", reason, self._screen, TextKind.REASON)
        with self._changing(RegistryChange(Operation.ACCOUNT_SUSPENSION, "suspend", login)) as session:
            row = self._present(session, login, by)
            row.account.status, row.account.status_reason = AccountStatus.SUSPENDED.value, why
            end_sessions(session, row.login, "suspended", now_ms)
            return person_of(row)

    def close_idle(self) -> tuple[str, ...]:
        """Close accounts that were not used for 90 days, and those of ended contracts; their logins."""
        now_ms = self._clock.wall_ms()
        with self._database.reading() as session:
            due = [row.login for row in session.scalars(select(PersonRow)) if _why_due(row, now_ms)]
        closed = []
        for login in due:
            with self._changing(RegistryChange(Operation.ACCOUNT_SUSPENSION, "close", login)) as session:
                row = person_row(session, login)
                if reason := _why_due(row, now_ms):  # another process may have closed or used it meanwhile
                    close_account(session, row.account, reason, now_ms)
                    closed.append(login)
        return tuple(closed)

    def confirm(self, system_user: str, code: str) -> RegisteredPerson:
        """Take a one-time code from the user of the operating system who has an account.

        Raises:
            PolicyError: there is no such account, or the code is wrong or was used.
        """
        now_ms = self._clock.wall_ms()
        with self._database.writing() as session:
            row = system_user_row(session, system_user)
            login = row.login
            usable = not why_unusable(person_of(row), now_ms)
            if usable and self._takes(session, row.account, code, row.account, now_ms):
                row.account.confirmed_ms = row.account.last_used_ms = now_ms
                return person_of(row)
            count_failure(session, row.account, "", now_ms)
        self._on_change(RegistryChange(Operation.PERMISSION, "code-refused", login))
        raise PolicyError("one-time code", "is wrong, or was used before", "Wait for the next code")

    def has_system_user(self, system_user: str) -> bool:
        """Whether an account belongs to a user of the operating system."""
        with self._database.reading() as session:
            wanted = select(AccountRow.login).where(AccountRow.system_user == system_user)
            return session.scalar(wanted.limit(1)) is not None

    def of_system_user(self, system_user: str) -> tuple[RegisteredPerson, bool]:
        """The person who works as a user of the operating system, and whether their code still counts.

        Raises:
            PolicyError: there is no such account.
        """
        now_ms = self._clock.wall_ms()
        with self._database.reading() as session:
            row = system_user_row(session, system_user)
            return person_of(row), 0 <= now_ms - row.account.confirmed_ms < CONFIRMED_MS

    def _check_invitation(self, account: AccountRow | None, invitation: str) -> AccountRow:
        hashed = invitation_hash(invitation)
        if (
            account is None
            or account.status != AccountStatus.INVITED.value
            or not account.invitation_hash
            or not hmac.compare_digest(account.invitation_hash, hashed)
            or self._clock.wall_ms() >= account.invitation_until_ms
        ):
            raise PolicyError(
                "invitation", "is wrong, used or expired", "Ask your administration for a new one: people invite"
            )
        return account

    def _takes(self, session: Session, account: AccountRow, factor: SecondFactor, lock: Lock, now_ms: int) -> bool:
        """Whether a second factor is right and the lock takes attempts; it is used up then.

        Raises:
            RegistryError: the key of one-time codes cannot be used.
        """
        if now_ms < lock.locked_until_ms:
            return False
        if isinstance(factor, str):
            taken = self._takes_code(account, factor, now_ms)
        else:
            taken = _takes_passkey(session, account, factor, now_ms)
        if taken:
            lock.failures = 0
        return taken

    def _takes_code(self, account: AccountRow, code: str, now_ms: int) -> bool:
        secret = TotpEncryption(self.folder).decrypted(account.totp_secret, account.login)
        step = used_step(secret, code, now_ms, account.totp_step)
        if step is None:
            return False
        account.totp_step = step
        return True


def _takes_passkey(session: Session, account: AccountRow, proof: PasskeyProof, now_ms: int) -> bool:
    row = session.get(PasskeyRow, proof.credential_id) if proof.credential_id else None
    if row is None or row.login != account.login:
        return False
    count = proof.new_count(bytes.fromhex(row.public_key), row.uses)
    if count is None:
        return False
    row.uses, row.last_used_ms = count, now_ms
    return True


def _name_of(factor: SecondFactor) -> str:
    return "code" if isinstance(factor, str) else "passkey"


def _login_or_none(login: str) -> str:
    """A login that may exist; "" for what is none."""
    try:
        return checked_login(login)
    except RegistryError:
        return ""


def _invited(session: Session, account: AccountRow, now_ms: int) -> str:
    """Take all secrets from an account and give it an invitation; its code."""
    code, hashed = new_invitation()
    session.execute(delete(PasskeyRow).where(PasskeyRow.login == account.login))
    account.status, account.status_reason = AccountStatus.INVITED.value, ""
    account.password_hash = account.totp_secret = ""
    account.invitation_hash, account.invitation_until_ms = hashed, now_ms + INVITATION_MS
    account.failures = account.locked_until_ms = account.confirmed_ms = 0
    account.last_used_ms = now_ms
    return code


def _why_due(row: PersonRow, now_ms: int) -> str:
    """Why an account has to be closed now; "" if it has not."""
    if row.account.status == AccountStatus.CLOSED.value:
        return ""
    if row.account.last_used_ms + IDLE_MS <= now_ms:
        return "idle"
    return "contract" if row.contract_until_ms is not None and row.contract_until_ms <= now_ms else ""
