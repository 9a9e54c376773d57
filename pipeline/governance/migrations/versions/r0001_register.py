"""Disclosures, built files, exemptions, and the immutable journal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_FROZEN = {
    "journal": ("UPDATE", "DELETE"),
    "built_files": ("UPDATE", "DELETE"),
    "disclosures": ("DELETE",),
    "exemptions": ("DELETE",),
}
"""Statements that triggers refuse, by table."""


def upgrade() -> None:
    """Create the tables, and the triggers that protect them."""
    _disclosures()
    _built_files()
    _exemptions()
    _journal()
    for table, actions in _FROZEN.items():
        for action in actions:
            freeze(table, action)


def downgrade() -> None:
    """Not possible: the register is permanent."""
    raise NotImplementedError("a register is never downgraded")


def _disclosures() -> None:
    op.create_table(
        "disclosures",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("number", sa.String(16), nullable=False, unique=True),
        sa.Column("year", sa.Integer, nullable=False),
        sa.Column("running", sa.Integer, nullable=False),
        sa.Column("requested_ms", sa.BigInteger, nullable=False, index=True),
        sa.Column("requested_by", sa.Text, nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("recipient_document", sa.Text, nullable=False),
        sa.Column("basis", sa.String(32), nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("camera_id", sa.String(64), nullable=False),
        sa.Column("begin_ms", sa.BigInteger),
        sa.Column("end_ms", sa.BigInteger),
        sa.Column("source_name", sa.Text, nullable=False),
        sa.Column("source_sha256", sa.String(64), nullable=False, index=True),
        sa.Column("style", sa.Text, nullable=False),
        sa.Column("institution", sa.Text, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("date", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False, index=True),
        sa.Column("declaration_name", sa.Text),
        sa.Column("declaration_stored_as", sa.Text),
        sa.Column("declaration_sha256", sa.String(64), index=True),
        sa.Column("declaration_bytes", sa.BigInteger),
        sa.Column("declared_by", sa.Text),
        sa.Column("declared_ms", sa.BigInteger),
        sa.Column("decided_by", sa.Text, nullable=False),
        sa.Column("decided_ms", sa.BigInteger, index=True),
        sa.Column("reasons", sa.Text, nullable=False),
        sa.Column("delivered_by", sa.Text, nullable=False),
        sa.Column("delivered_ms", sa.BigInteger),
        sa.UniqueConstraint("year", "running"),
    )


def _built_files() -> None:
    op.create_table(
        "built_files",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("disclosure_id", sa.Integer, sa.ForeignKey("disclosures.id"), nullable=False, index=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False, index=True),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("built_by", sa.Text, nullable=False),
        sa.Column("built_ms", sa.BigInteger, nullable=False, index=True),
        sa.Column("verification", sa.Text, nullable=False),
        sa.Column("policy", sa.Text, nullable=False),
    )


def _exemptions() -> None:
    op.create_table(
        "exemptions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("disclosure_id", sa.Integer, sa.ForeignKey("disclosures.id"), nullable=False, index=True),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("requested_by", sa.Text, nullable=False),
        sa.Column("requested_ms", sa.BigInteger, nullable=False),
        sa.Column("confirmed_by", sa.Text, nullable=False),
        sa.Column("confirmed_ms", sa.BigInteger),
    )


def _journal() -> None:
    op.create_table(
        "journal",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("number", sa.String(16), nullable=False, index=True),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False, unique=True),
    )


def freeze(table: str, action: str) -> None:
    """Refuse `action` on all rows of `table`."""
    name, words = f"{table}_never_{action.lower()}", f"{table} is never altered"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"CREATE TRIGGER {name} BEFORE {action} ON {table} BEGIN SELECT RAISE(ABORT, '{words}'); END")
        return
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{words}'; END $$"
    )
    op.execute(f"CREATE TRIGGER {name} BEFORE {action} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")
