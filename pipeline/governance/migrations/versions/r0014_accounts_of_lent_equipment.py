"""Accounts that partners render of the use of lent equipment (law 11.766/2022 art. 7)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pipeline.governance.migrations.versions.r0001_register import freeze
from pipeline.governance.migrations.versions.r0013_truncate import freeze_whole

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Create the table; its rows are never altered."""
    op.create_table(
        "rendered_accounts",
        sa.Column("account_id", sa.Integer, primary_key=True),
        sa.Column(
            "camera_id", sa.String(64), sa.ForeignKey("registered_cameras.camera_id"), nullable=False, index=True
        ),
        sa.Column("rendered_ms", sa.BigInteger, nullable=False),
        sa.Column("from_ms", sa.BigInteger, nullable=False),
        sa.Column("until_ms", sa.BigInteger, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("recorded_ms", sa.BigInteger, nullable=False),
    )
    for action in ("UPDATE", "DELETE"):
        freeze("rendered_accounts", action)
    freeze_whole("rendered_accounts")


def downgrade() -> None:
    """Not possible: the register is permanent."""
    raise NotImplementedError("a register is never downgraded")
