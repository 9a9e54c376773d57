"""Incidents that people have handled, their steps, and hand-overs of shifts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pipeline.governance.migrations.versions.r0001_register import freeze

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Create the tables; steps are never changed, and nothing is deleted."""
    op.create_table(
        "incidents",
        sa.Column("incident", sa.String(36), primary_key=True),
        sa.Column("camera_id", sa.String(200), nullable=False),
        sa.Column("rule", sa.String(64), nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("began_ms", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False, index=True),
        sa.Column("holder", sa.String(200), nullable=False),
        sa.Column("held_ms", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
    )
    op.create_table(
        "incident_steps",
        sa.Column("step_id", sa.Integer, primary_key=True),
        sa.Column("incident", sa.String(36), sa.ForeignKey("incidents.incident"), nullable=False, index=True),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("person", sa.String(200), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("duplicate_of", sa.String(36), nullable=False),
    )
    op.create_table(
        "hand_overs",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("person", sa.String(200), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("incidents", sa.Text, nullable=False),
        sa.Column("accepted_by", sa.String(200), nullable=False),
        sa.Column("accepted_ms", sa.BigInteger),
    )
    freeze("incidents", "DELETE")
    freeze("incident_steps", "UPDATE")
    freeze("incident_steps", "DELETE")
    freeze("hand_overs", "DELETE")


def downgrade() -> None:
    """Not possible: the register is permanent."""
    raise NotImplementedError("a register is never downgraded")
