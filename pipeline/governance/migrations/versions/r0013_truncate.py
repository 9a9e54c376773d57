"""TRUNCATE, which row triggers do not see on PostgreSQL, is refused as DELETE is."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"

_FROZEN = (
    "journal",
    "built_files",
    "disclosures",
    "exemptions",
    "erasures",
    "institutions",
    "persons",
    "accounts",
    "role_grants",
    "emergencies",
    "registered_cameras",
    "camera_masks",
    "sanctions",
    "subject_requests",
    "personal_tokens",
    "approvals",
    "sharing_agreements",
    "hot_list_entries",
    "incidents",
    "incident_steps",
    "hand_overs",
)


def upgrade() -> None:
    """Add the triggers; SQLite has no such statement."""
    for table in _FROZEN:
        freeze_whole(table)


def freeze_whole(table: str) -> None:
    """Refuse TRUNCATE of a table whose rows are frozen against DELETE."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {table}_never_truncate BEFORE TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_never_delete()"
        )


def downgrade() -> None:
    """Not possible: the register is permanent."""
    raise NotImplementedError("a register is never downgraded")
