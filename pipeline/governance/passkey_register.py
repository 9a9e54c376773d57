"""The register of passkeys: added and removed by their owners, with password and one-time code given again."""

from __future__ import annotations

from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.domain.account_notice import NoticeKind
from pipeline.domain.passkey import MOST_PASSKEYS, NewPasskey, Passkey
from pipeline.errors import RegistryError
from pipeline.governance.account_notices import note
from pipeline.governance.own_account_register import OwnAccountRegister, Owner, Renewed, renewed
from pipeline.governance.people_tables import AccountRow, PasskeyRow
from pipeline.policy.registration import checked_text
from pipeline.policy.sensitive.screen import TextKind


class PasskeyRegister(OwnAccountRegister):
    """Passkeys of accounts."""

    def add_passkey(self, owner: Owner, new: NewPasskey, password: str, code: str) -> Renewed:
        """Add a passkey of an account.

        Args:
            owner: of the account; new: that their device made; password: of the account; code: a one-time code.

        Raises:
            PolicyError: password or code is wrong, or the name says something sensitive.
            RegistryError: the passkey is known already, or there are too many.
        """
        name = checked_text("name of the passkey", new.name, self._screen, TextKind.REASON)

        def add(session: Session, account: AccountRow, now_ms: int) -> Renewed:
            if session.get(PasskeyRow, new.credential_id) is not None:
                raise RegistryError("passkey", "is known here already", "Use it, or take another device")
            if len(_of(session, account.login)) >= MOST_PASSKEYS:
                raise RegistryError("passkeys", f"are {MOST_PASSKEYS} already", "Remove one that is not used")
            session.add(
                PasskeyRow(
                    credential_id=new.credential_id,
                    login=account.login,
                    public_key=new.public_key.hex(),
                    uses=new.count,
                    name=name,
                    created_ms=now_ms,
                    last_used_ms=None,
                )
            )
            note(session, account.login, NoticeKind.PASSKEY_ADDED, owner.origin, now_ms)
            return Renewed(renewed(session, owner, now_ms), 0)

        return self._confirmed(owner, code, add, action="passkey-add", password=password)

    def remove_passkey(self, owner: Owner, passkey_id: str, password: str, code: str) -> Renewed:
        """Remove a passkey of an account.

        Args:
            owner, password, code: see `add_passkey`; passkey_id: of `passkeys`.

        Raises:
            PolicyError: password or code is wrong; RegistryError: the account has no such passkey.
        """

        def remove(session: Session, account: AccountRow, now_ms: int) -> Renewed:
            row = next((one for one in _of(session, account.login) if _passkey_id(one) == passkey_id), None)
            if row is None:
                raise RegistryError("passkey", "is none of yours", "List your passkeys")
            session.delete(row)
            note(session, account.login, NoticeKind.PASSKEY_REMOVED, owner.origin, now_ms)
            return Renewed(renewed(session, owner, now_ms), 0)

        return self._confirmed(owner, code, remove, action="passkey-remove", password=password)

    def passkeys(self, login: str) -> tuple[Passkey, ...]:
        """The passkeys of an account, the oldest first."""
        with self._database.reading() as session:
            return tuple(
                Passkey(_passkey_id(row), row.name, row.created_ms, row.last_used_ms) for row in _of(session, login)
            )

    def credential_ids(self, login: str) -> tuple[str, ...]:
        """Ids of the passkeys of an account, as devices know them."""
        with self._database.reading() as session:
            return tuple(row.credential_id for row in _of(session, login))


def _of(session: Session, login: str) -> list[PasskeyRow]:
    found = (
        select(PasskeyRow).where(PasskeyRow.login == login).order_by(PasskeyRow.created_ms, PasskeyRow.credential_id)
    )
    return list(session.scalars(found))


def _passkey_id(row: PasskeyRow) -> str:
    return sha256(f"passkey {row.credential_id}".encode()).hexdigest()[:16]
