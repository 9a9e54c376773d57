"""Subscriptions of devices to channels of Web Push."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pipeline.governance.migrations.versions.r0001_register import freeze
from pipeline.governance.migrations.versions.r0013_truncate import freeze_whole

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Create the table; its rows are never deleted, as the audit names their numbers."""
    op.create_table(
        "push_subscriptions",
        sa.Column("subscription_id", sa.Integer, primary_key=True),
        sa.Column("login", sa.String(200), sa.ForeignKey("persons.login"), nullable=False),
        sa.Column("institution", sa.String(64), nullable=False),
        sa.Column("sector", sa.String(64), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("endpoint", sa.Text, nullable=False),
        sa.Column("p256dh", sa.String(128), nullable=False),
        sa.Column("auth", sa.String(64), nullable=False),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("until_ms", sa.BigInteger, nullable=False),
        sa.Column("ended_ms", sa.BigInteger, nullable=True),
        sa.Column("end_reason", sa.String(32), nullable=False),
    )
    op.create_index("ix_push_subscriptions_login", "push_subscriptions", ["login"])
    op.create_index("ix_push_subscriptions_channel", "push_subscriptions", ["channel"])
    freeze("push_subscriptions", "DELETE")
    freeze_whole("push_subscriptions")


def downgrade() -> None:
    """Not possible: the register is permanent."""
    raise NotImplementedError("a register is never downgraded")
