"""Searches by plate, own vehicles of people, and their shifts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Create the tables. Unlike those of the registry, searches are forgotten, so nothing is frozen."""
    op.create_table(
        "queries",
        sa.Column("query_id", sa.Integer, primary_key=True),
        sa.Column("login", sa.String(200), sa.ForeignKey("persons.login"), nullable=False, index=True),
        sa.Column("institution", sa.String(64), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("operation", sa.String(32), nullable=False),
        sa.Column("case_number", sa.String(64), nullable=False),
        sa.Column("asked_ms", sa.BigInteger, nullable=False, index=True),
    )
    op.create_table(
        "queried_plates",
        sa.Column("query_id", sa.Integer, sa.ForeignKey("queries.query_id", ondelete="CASCADE"), primary_key=True),
        sa.Column("fingerprint", sa.String(64), primary_key=True),
    )
    op.create_table(
        "own_vehicles",
        sa.Column("login", sa.String(200), sa.ForeignKey("persons.login"), primary_key=True),
        sa.Column("fingerprint", sa.String(64), primary_key=True),
        sa.Column("registered_by", sa.String(200), nullable=False),
        sa.Column("registered_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "shifts",
        sa.Column("login", sa.String(200), sa.ForeignKey("persons.login"), primary_key=True),
        sa.Column("days", sa.String(7), nullable=False),
        sa.Column("begin_minute", sa.Integer, nullable=False),
        sa.Column("end_minute", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    """Not possible: the register is permanent."""
    raise NotImplementedError("a register is never downgraded")
