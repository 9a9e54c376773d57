"""Refused requests of erasure, with the grounds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column. A program without it would take a refused request for an erasure to repeat, so it stops."""
    op.add_column("erasures", sa.Column("grounds", sa.Text, nullable=False, server_default=""))


def downgrade() -> None:
    """Not possible: the register is permanent."""
    raise NotImplementedError("a register is never downgraded")
