"""Erasures of data, with their proofs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pipeline.governance.migrations.versions.r0001_register import freeze

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the table; its rows are never deleted."""
    op.create_table(
        "erasures",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("number", sa.String(16), nullable=False, unique=True),
        sa.Column("year", sa.Integer, nullable=False),
        sa.Column("running", sa.Integer, nullable=False),
        sa.Column("begun_ms", sa.BigInteger, nullable=False, index=True),
        sa.Column("begun_by", sa.Text, nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("finished_ms", sa.BigInteger),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("signature", sa.Text, nullable=False),
        sa.UniqueConstraint("year", "running"),
    )
    freeze("erasures", "DELETE")


def downgrade() -> None:
    """Not possible: the register is permanent."""
    raise NotImplementedError("a register is never downgraded")
