"""Closings of incidents whose feedback on thresholds is undone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pipeline.governance.migrations.versions.r0001_register import freeze
from pipeline.governance.migrations.versions.r0013_truncate import freeze_whole

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Create the table; what is undone stays undone."""
    op.create_table(
        "undone_feedback",
        sa.Column("incident", sa.String(36), sa.ForeignKey("incidents.incident"), primary_key=True),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("person", sa.String(200), nullable=False),
    )
    freeze("undone_feedback", "UPDATE")
    freeze("undone_feedback", "DELETE")
    freeze_whole("undone_feedback")


def downgrade() -> None:
    """Not possible: the register is permanent."""
    raise NotImplementedError("a register is never downgraded")
