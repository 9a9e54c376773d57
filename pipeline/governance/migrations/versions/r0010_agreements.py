"""Agreements on sharing between institutions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pipeline.governance.migrations.versions.r0001_register import freeze

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Create the table; its rows are never deleted."""
    op.create_table(
        "sharing_agreements",
        sa.Column("agreement_id", sa.Integer, primary_key=True),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("owner", sa.String(129), nullable=False),
        sa.Column("recipient", sa.String(129), nullable=False),
        sa.Column("purposes", sa.Text, nullable=False),
        sa.Column("operations", sa.Text, nullable=False),
        sa.Column("from_ms", sa.BigInteger, nullable=False),
        sa.Column("until_ms", sa.BigInteger, nullable=False),
        sa.Column("registered_by", sa.String(200), nullable=False),
        sa.Column("registered_ms", sa.BigInteger, nullable=False),
        sa.Column("ended_ms", sa.BigInteger),
        sa.Column("ended_by", sa.String(200), nullable=False),
    )
    freeze("sharing_agreements", "DELETE")


def downgrade() -> None:
    """Not possible: the register is permanent."""
    raise NotImplementedError("a register is never downgraded")
