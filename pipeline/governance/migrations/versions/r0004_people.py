"""Institutions, sectors, persons, accounts, roles, sessions, emergency access."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pipeline.governance.migrations.versions.r0001_register import freeze

revision = "0004"
down_revision = "0003"

_FROZEN = {
    "institutions": ("DELETE",),
    "persons": ("DELETE",),
    "accounts": ("DELETE",),
    "role_grants": ("DELETE",),
    "emergencies": ("DELETE",),
}
"""Statements that triggers refuse, by table."""


def upgrade() -> None:
    """Create the tables, and the triggers that protect them."""
    _institutions()
    _sectors()
    _persons()
    _accounts()
    _role_grants()
    _login_sessions()
    _emergencies()
    for table, actions in _FROZEN.items():
        for action in actions:
            freeze(table, action)


def downgrade() -> None:
    """Not possible: the register is permanent."""
    raise NotImplementedError("a register is never downgraded")


def _institutions() -> None:
    op.create_table(
        "institutions",
        sa.Column("institution_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("central", sa.Boolean(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("case_format", sa.Text(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("institution_id", name="pk_institutions"),
    )


def _sectors() -> None:
    op.create_table(
        "sectors",
        sa.Column("institution_id", sa.String(length=64), nullable=False),
        sa.Column("sector_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("has_local_unit", sa.Boolean(), nullable=False),
        sa.Column("retention_days", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.institution_id"], name="fk_sectors_institution_id"),
        sa.PrimaryKeyConstraint("institution_id", "sector_id", name="pk_sectors"),
    )


def _persons() -> None:
    op.create_table(
        "persons",
        sa.Column("login", sa.String(length=200), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("institution", sa.String(length=64), nullable=False),
        sa.Column("sector", sa.String(length=64), nullable=False),
        sa.Column("valid_from_ms", sa.BigInteger(), nullable=False),
        sa.Column("valid_until_ms", sa.BigInteger(), nullable=False),
        sa.Column("trained_ms", sa.BigInteger(), nullable=True),
        sa.Column("trained_until_ms", sa.BigInteger(), nullable=True),
        sa.Column("term_ms", sa.BigInteger(), nullable=True),
        sa.Column("term_until_ms", sa.BigInteger(), nullable=True),
        sa.Column("contractor", sa.Boolean(), nullable=False),
        sa.Column("contract_until_ms", sa.BigInteger(), nullable=True),
        sa.Column("left_ms", sa.BigInteger(), nullable=True),
        sa.Column("registered_ms", sa.BigInteger(), nullable=False),
        sa.Column("registered_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution", "sector"], ["sectors.institution_id", "sectors.sector_id"], name="fk_persons_institution"
        ),
        sa.PrimaryKeyConstraint("login", name="pk_persons"),
        sa.UniqueConstraint("document", name="uq_persons_document"),
    )


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("login", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("status_reason", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("totp_secret", sa.String(length=64), nullable=False),
        sa.Column("totp_step", sa.BigInteger(), nullable=False),
        sa.Column("invitation_hash", sa.String(length=64), nullable=False),
        sa.Column("invitation_until_ms", sa.BigInteger(), nullable=False),
        sa.Column("system_user", sa.String(length=64), nullable=True),
        sa.Column("confirmed_ms", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_used_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["login"], ["persons.login"], name="fk_accounts_login"),
        sa.PrimaryKeyConstraint("login", name="pk_accounts"),
        sa.UniqueConstraint("system_user", name="uq_accounts_system_user"),
    )


def _role_grants() -> None:
    op.create_table(
        "role_grants",
        sa.Column("grant_id", sa.Integer(), nullable=False),
        sa.Column("login", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.Column("granted_by", sa.String(length=200), nullable=False),
        sa.Column("granted_ms", sa.BigInteger(), nullable=False),
        sa.Column("revoked_by", sa.String(length=200), nullable=False),
        sa.Column("revoked_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["login"], ["persons.login"], name="fk_role_grants_login"),
        sa.PrimaryKeyConstraint("grant_id", name="pk_role_grants"),
    )
    op.create_index("ix_role_grants_login", "role_grants", ["login"], unique=False)


def _login_sessions() -> None:
    op.create_table(
        "login_sessions",
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("login", sa.String(length=200), nullable=False),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("opened_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_used_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.Column("end_reason", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["login"], ["persons.login"], name="fk_login_sessions_login"),
        sa.PrimaryKeyConstraint("token_sha256", name="pk_login_sessions"),
    )
    op.create_index("ix_login_sessions_login", "login_sessions", ["login"], unique=False)


def _emergencies() -> None:
    op.create_table(
        "emergencies",
        sa.Column("emergency_id", sa.Integer(), nullable=False),
        sa.Column("login", sa.String(length=200), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("requested_ms", sa.BigInteger(), nullable=False),
        sa.Column("opened_by", sa.String(length=200), nullable=False),
        sa.Column("opened_ms", sa.BigInteger(), nullable=True),
        sa.Column("until_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["login"], ["persons.login"], name="fk_emergencies_login"),
        sa.PrimaryKeyConstraint("emergency_id", name="pk_emergencies"),
    )
    op.create_index("ix_emergencies_login", "emergencies", ["login"], unique=False)
