"""Entries of hot-lists."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pipeline.governance.migrations.versions.r0001_register import freeze

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Create the table; its rows are never deleted, the plates of ended ones are removed after some time."""
    op.create_table(
        "hot_list_entries",
        sa.Column("entry_id", sa.Integer, primary_key=True),
        sa.Column("list_name", sa.String(64), nullable=False, index=True),
        sa.Column("plate", sa.String(64), nullable=False),
        sa.Column("plate_key", sa.String(64), nullable=False, index=True),
        sa.Column("authority", sa.Text, nullable=False),
        sa.Column("case_number", sa.String(64), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("from_ms", sa.BigInteger, nullable=False),
        sa.Column("until_ms", sa.BigInteger, nullable=False),
        sa.Column("viewers", sa.Text, nullable=False),
        sa.Column("entered_by", sa.String(200), nullable=False),
        sa.Column("entered_ms", sa.BigInteger, nullable=False),
        sa.Column("ended_ms", sa.BigInteger),
        sa.Column("ended_by", sa.String(200), nullable=False),
        sa.Column("end_reason", sa.Text, nullable=False),
    )
    freeze("hot_list_entries", "DELETE")


def downgrade() -> None:
    """Not possible: the register is permanent."""
    raise NotImplementedError("a register is never downgraded")
