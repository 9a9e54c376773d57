"""Addresses from which accounts logged in, and notices to their owners."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "log_in_addresses",
        sa.Column("login", sa.String(200), sa.ForeignKey("persons.login"), primary_key=True),
        sa.Column("origin", sa.String(64), primary_key=True),
        sa.Column("last_ms", sa.BigInteger, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("locked_until_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "account_notices",
        sa.Column("notice_id", sa.Integer, primary_key=True),
        sa.Column("login", sa.String(200), sa.ForeignKey("persons.login"), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("origin", sa.String(64), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("seen_ms", sa.BigInteger, nullable=True),
    )
    op.create_index("ix_account_notices_login", "account_notices", ["login"])


def downgrade() -> None:
    """Not possible: the register is permanent."""
    raise NotImplementedError("a register is never downgraded")
