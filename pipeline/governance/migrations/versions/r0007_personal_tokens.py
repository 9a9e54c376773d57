"""Personal tokens of accounts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pipeline.governance.migrations.versions.r0001_register import freeze

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the table; its rows are never deleted, as the audit names their numbers."""
    op.create_table(
        "personal_tokens",
        sa.Column("token_id", sa.Integer(), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("login", sa.String(length=200), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("operations", sa.Text(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_used_ms", sa.BigInteger(), nullable=True),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.Column("end_reason", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["login"], ["persons.login"], name="fk_personal_tokens_login"),
        sa.PrimaryKeyConstraint("token_id", name="pk_personal_tokens"),
        sa.UniqueConstraint("token_sha256", name="uq_personal_tokens_token_sha256"),
    )
    op.create_index("ix_personal_tokens_login", "personal_tokens", ["login"], unique=False)
    freeze("personal_tokens", "DELETE")


def downgrade() -> None:
    """Not possible: the register is permanent."""
    raise NotImplementedError("a register is never downgraded")
