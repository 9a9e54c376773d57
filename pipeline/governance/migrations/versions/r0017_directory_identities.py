"""Identities in the directories of institutions, by which people log in (OpenID Connect)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "directory_identities",
        sa.Column("issuer", sa.String(400), primary_key=True),
        sa.Column("subject", sa.String(255), primary_key=True),
        sa.Column("login", sa.String(200), sa.ForeignKey("persons.login"), nullable=False, unique=True),
        sa.Column("connected_by", sa.String(200), nullable=False),
        sa.Column("connected_ms", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Not possible: the register is permanent."""
    raise NotImplementedError("a register is never downgraded")
