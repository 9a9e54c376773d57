"""Approvals of second persons, and standing orders."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pipeline.governance.migrations.versions.r0001_register import freeze

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Create the table; its rows are never deleted."""
    op.create_table(
        "approvals",
        sa.Column("approval_id", sa.Integer, primary_key=True),
        sa.Column("login", sa.String(200), sa.ForeignKey("persons.login"), nullable=False, index=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("operation", sa.String(32), nullable=False),
        sa.Column("case_number", sa.String(64), nullable=False),
        sa.Column("hours", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("asked_ms", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("decided_by", sa.String(200), nullable=False),
        sa.Column("decided_role", sa.String(32), nullable=False),
        sa.Column("decided_institution", sa.String(64), nullable=False),
        sa.Column("decided_central", sa.Boolean, nullable=False),
        sa.Column("decided_ms", sa.BigInteger),
        sa.Column("until_ms", sa.BigInteger),
    )
    freeze("approvals", "DELETE")


def downgrade() -> None:
    """Not possible: the register is permanent."""
    raise NotImplementedError("a register is never downgraded")
