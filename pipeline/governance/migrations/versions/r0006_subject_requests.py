"""Requests of the persons concerned."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pipeline.governance.migrations.versions.r0001_register import freeze

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create the table; its rows are never deleted."""
    op.create_table(
        "subject_requests",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("number", sa.String(16), nullable=False, unique=True),
        sa.Column("year", sa.Integer, nullable=False),
        sa.Column("running", sa.Integer, nullable=False),
        sa.Column("received_ms", sa.BigInteger, nullable=False, index=True),
        sa.Column("due_ms", sa.BigInteger, nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("decision", sa.String(16), nullable=False),
        sa.Column("reasons", sa.Text, nullable=False),
        sa.Column("decided_by", sa.Text, nullable=False),
        sa.Column("decided_ms", sa.BigInteger),
        sa.Column("erasure", sa.String(16), nullable=False),
        sa.UniqueConstraint("year", "running"),
    )
    freeze("subject_requests", "DELETE")


def downgrade() -> None:
    """Not possible: the register is permanent."""
    raise NotImplementedError("a register is never downgraded")
