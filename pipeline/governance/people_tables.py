"""Tables of institutions, sectors, persons, accounts, roles, sessions and emergency access.

Times are milliseconds since 1970 UTC. Changed by new migrations only, see `migrations`.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, ForeignKey, ForeignKeyConstraint, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pipeline.governance.tables import Base

ID = String(64)
LOGIN = String(200)


class InstitutionRow(Base):
    """See `pipeline.domain.people.RegisteredInstitution`."""

    __tablename__ = "institutions"

    institution_id: Mapped[str] = mapped_column(ID, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(16))
    central: Mapped[bool] = mapped_column(Boolean)
    document: Mapped[str] = mapped_column(Text)
    case_format: Mapped[str] = mapped_column(Text)
    created_ms: Mapped[int] = mapped_column(BigInteger)


class SectorRow(Base):
    """See `pipeline.domain.people.Sector`."""

    __tablename__ = "sectors"

    institution_id: Mapped[str] = mapped_column(ForeignKey("institutions.institution_id"), primary_key=True)
    sector_id: Mapped[str] = mapped_column(ID, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    has_local_unit: Mapped[bool] = mapped_column(Boolean)
    retention_days: Mapped[int] = mapped_column(Integer)


class PersonRow(Base):
    """See `pipeline.domain.people.RegisteredPerson`: the person, and what authorizes them."""

    __tablename__ = "persons"
    __table_args__ = (ForeignKeyConstraint(["institution", "sector"], ["sectors.institution_id", "sectors.sector_id"]),)

    login: Mapped[str] = mapped_column(LOGIN, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    document: Mapped[str] = mapped_column(Text, unique=True)
    institution: Mapped[str] = mapped_column(ID)
    sector: Mapped[str] = mapped_column(ID)
    valid_from_ms: Mapped[int] = mapped_column(BigInteger)
    valid_until_ms: Mapped[int] = mapped_column(BigInteger)
    trained_ms: Mapped[int | None] = mapped_column(BigInteger)
    trained_until_ms: Mapped[int | None] = mapped_column(BigInteger)
    term_ms: Mapped[int | None] = mapped_column(BigInteger)
    term_until_ms: Mapped[int | None] = mapped_column(BigInteger)
    contractor: Mapped[bool] = mapped_column(Boolean)
    contract_until_ms: Mapped[int | None] = mapped_column(BigInteger)
    left_ms: Mapped[int | None] = mapped_column(BigInteger)
    registered_ms: Mapped[int] = mapped_column(BigInteger)
    registered_by: Mapped[str] = mapped_column(LOGIN)
    account: Mapped[AccountRow] = relationship(lazy="joined", innerjoin=True)
    grants: Mapped[list[RoleGrantRow]] = relationship(order_by="RoleGrantRow.grant_id", lazy="selectin")
    body: Mapped[InstitutionRow] = relationship(
        primaryjoin="foreign(PersonRow.institution) == InstitutionRow.institution_id",
        viewonly=True,
        lazy="joined",
        innerjoin=True,
    )


class AccountRow(Base):
    """The personal login of a person, its secrets and its state."""

    __tablename__ = "accounts"

    login: Mapped[str] = mapped_column(ForeignKey("persons.login"), primary_key=True)
    status: Mapped[str] = mapped_column(String(16))
    status_reason: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str] = mapped_column(Text)
    totp_secret: Mapped[str] = mapped_column(String(64))
    totp_step: Mapped[int] = mapped_column(BigInteger)
    invitation_hash: Mapped[str] = mapped_column(String(64))
    invitation_until_ms: Mapped[int] = mapped_column(BigInteger)
    system_user: Mapped[str | None] = mapped_column(String(64), unique=True)
    confirmed_ms: Mapped[int] = mapped_column(BigInteger)
    failures: Mapped[int] = mapped_column(Integer)
    locked_until_ms: Mapped[int] = mapped_column(BigInteger)
    last_used_ms: Mapped[int] = mapped_column(BigInteger)


class RoleGrantRow(Base):
    """See `pipeline.domain.people.RoleGrant`; withdrawn ones stay."""

    __tablename__ = "role_grants"

    grant_id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(ForeignKey("persons.login"), index=True)
    role: Mapped[str] = mapped_column(String(32))
    from_ms: Mapped[int] = mapped_column(BigInteger)
    until_ms: Mapped[int] = mapped_column(BigInteger)
    granted_by: Mapped[str] = mapped_column(LOGIN)
    granted_ms: Mapped[int] = mapped_column(BigInteger)
    revoked_by: Mapped[str] = mapped_column(LOGIN)
    revoked_ms: Mapped[int | None] = mapped_column(BigInteger)


class LoginSessionRow(Base):
    """An open or ended session; the id that its holder has is stored as a SHA-256 only."""

    __tablename__ = "login_sessions"

    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    login: Mapped[str] = mapped_column(ForeignKey("persons.login"), index=True)
    origin: Mapped[str] = mapped_column(String(64))
    opened_ms: Mapped[int] = mapped_column(BigInteger)
    last_used_ms: Mapped[int] = mapped_column(BigInteger)
    ended_ms: Mapped[int | None] = mapped_column(BigInteger)
    end_reason: Mapped[str] = mapped_column(String(32))


class PersonalTokenRow(Base):
    """See `pipeline.domain.personal_token.PersonalToken`; the token itself is stored as a SHA-256 only."""

    __tablename__ = "personal_tokens"

    token_id: Mapped[int] = mapped_column(primary_key=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    login: Mapped[str] = mapped_column(ForeignKey("persons.login"), index=True)
    name: Mapped[str] = mapped_column(Text)
    operations: Mapped[str] = mapped_column(Text)
    created_ms: Mapped[int] = mapped_column(BigInteger)
    expires_ms: Mapped[int] = mapped_column(BigInteger)
    last_used_ms: Mapped[int | None] = mapped_column(BigInteger)
    ended_ms: Mapped[int | None] = mapped_column(BigInteger)
    end_reason: Mapped[str] = mapped_column(String(32))


class PushSubscriptionRow(Base):
    """See `pipeline.domain.push_subscription.PushSubscription`; one that has ended has no address and keys."""

    __tablename__ = "push_subscriptions"

    subscription_id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(ForeignKey("persons.login"), index=True)
    institution: Mapped[str] = mapped_column(ID)
    sector: Mapped[str] = mapped_column(ID)
    role: Mapped[str] = mapped_column(String(32))
    channel: Mapped[str] = mapped_column(String(64), index=True)
    purpose: Mapped[str] = mapped_column(String(32))
    endpoint: Mapped[str] = mapped_column(Text)
    p256dh: Mapped[str] = mapped_column(String(128))
    auth: Mapped[str] = mapped_column(String(64))
    device: Mapped[str] = mapped_column(Text)
    created_ms: Mapped[int] = mapped_column(BigInteger)
    until_ms: Mapped[int] = mapped_column(BigInteger)
    ended_ms: Mapped[int | None] = mapped_column(BigInteger)
    end_reason: Mapped[str] = mapped_column(String(32))


class DirectoryIdentityRow(Base):
    """See `pipeline.domain.directory_identity.DirectoryIdentity`; an account has at most one."""

    __tablename__ = "directory_identities"

    issuer: Mapped[str] = mapped_column(String(400), primary_key=True)
    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    login: Mapped[str] = mapped_column(ForeignKey("persons.login"), unique=True)
    connected_by: Mapped[str] = mapped_column(LOGIN)
    connected_ms: Mapped[int] = mapped_column(BigInteger)


class LogInAddressRow(Base):
    """An address from which an account logged in: others cannot lock the account for it."""

    __tablename__ = "log_in_addresses"

    login: Mapped[str] = mapped_column(ForeignKey("persons.login"), primary_key=True)
    origin: Mapped[str] = mapped_column(String(64), primary_key=True)
    last_ms: Mapped[int] = mapped_column(BigInteger)
    failures: Mapped[int] = mapped_column(Integer)
    locked_until_ms: Mapped[int] = mapped_column(BigInteger)


class PasskeyRow(Base):
    """See `pipeline.domain.passkey.Passkey`; its key is hexadecimal."""

    __tablename__ = "passkeys"

    credential_id: Mapped[str] = mapped_column(String(1400), primary_key=True)
    login: Mapped[str] = mapped_column(ForeignKey("persons.login"), index=True)
    public_key: Mapped[str] = mapped_column(Text)
    uses: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(Text)
    created_ms: Mapped[int] = mapped_column(BigInteger)
    last_used_ms: Mapped[int | None] = mapped_column(BigInteger)


class AccountNoticeRow(Base):
    """See `pipeline.domain.account_notice.AccountNotice`."""

    __tablename__ = "account_notices"

    notice_id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(ForeignKey("persons.login"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    origin: Mapped[str] = mapped_column(String(64))
    at_ms: Mapped[int] = mapped_column(BigInteger)
    seen_ms: Mapped[int | None] = mapped_column(BigInteger)


class EmergencyRow(Base):
    """Emergency access: asked for by one person, opened by another."""

    __tablename__ = "emergencies"

    emergency_id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(ForeignKey("persons.login"), index=True)
    purpose: Mapped[str] = mapped_column(String(32))
    reason: Mapped[str] = mapped_column(Text)
    minutes: Mapped[int] = mapped_column(Integer)
    requested_ms: Mapped[int] = mapped_column(BigInteger)
    opened_by: Mapped[str] = mapped_column(LOGIN)
    opened_ms: Mapped[int | None] = mapped_column(BigInteger)
    until_ms: Mapped[int | None] = mapped_column(BigInteger)
