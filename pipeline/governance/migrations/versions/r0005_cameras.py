"""Registered cameras, their privacy masks and sanctions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pipeline.governance.migrations.versions.r0001_register import freeze

revision = "0005"
down_revision = "0004"

_FROZEN = {"registered_cameras": ("DELETE",), "camera_masks": ("UPDATE", "DELETE"), "sanctions": ("DELETE",)}
"""Statements that triggers refuse, by table."""


def upgrade() -> None:
    """Create the tables, and the triggers that protect them."""
    _registered_cameras()
    _camera_masks()
    _sanctions()
    for table, actions in _FROZEN.items():
        for action in actions:
            freeze(table, action)


def downgrade() -> None:
    """Not possible: the register is permanent."""
    raise NotImplementedError("a register is never downgraded")


def _registered_cameras() -> None:
    op.create_table(
        "registered_cameras",
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("institution", sa.String(length=64), nullable=False),
        sa.Column("sector", sa.String(length=64), nullable=False),
        sa.Column("owner_kind", sa.String(length=16), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("scope", sa.String(length=32), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("agreement", sa.Text(), nullable=False),
        sa.Column("agreement_from_ms", sa.BigInteger(), nullable=True),
        sa.Column("agreement_until_ms", sa.BigInteger(), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("direction", sa.Integer(), nullable=True),
        sa.Column("plates_by", sa.Text(), nullable=False),
        sa.Column("lent", sa.Boolean(), nullable=False),
        sa.Column("registered_ms", sa.BigInteger(), nullable=False),
        sa.Column("registered_by", sa.String(length=200), nullable=False),
        sa.Column("approved_ms", sa.BigInteger(), nullable=True),
        sa.Column("approved_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution", "sector"],
            ["sectors.institution_id", "sectors.sector_id"],
            name="fk_registered_cameras_institution",
        ),
        sa.PrimaryKeyConstraint("camera_id", name="pk_registered_cameras"),
    )


def _camera_masks() -> None:
    op.create_table(
        "camera_masks",
        sa.Column("mask_id", sa.Integer(), nullable=False),
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("masks", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["camera_id"], ["registered_cameras.camera_id"], name="fk_camera_masks_camera_id"),
        sa.PrimaryKeyConstraint("mask_id", name="pk_camera_masks"),
        sa.UniqueConstraint("camera_id", "version", name="uq_camera_masks_camera_id"),
    )


def _sanctions() -> None:
    op.create_table(
        "sanctions",
        sa.Column("sanction_id", sa.Integer(), nullable=False),
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("defence", sa.Text(), nullable=False),
        sa.Column("infraction_ms", sa.BigInteger(), nullable=True),
        sa.Column("inquiry_ms", sa.BigInteger(), nullable=True),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=True),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("lifted_ms", sa.BigInteger(), nullable=True),
        sa.Column("lifted_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["camera_id"], ["registered_cameras.camera_id"], name="fk_sanctions_camera_id"),
        sa.PrimaryKeyConstraint("sanction_id", name="pk_sanctions"),
    )
    op.create_index("ix_sanctions_camera_id", "sanctions", ["camera_id"], unique=False)
