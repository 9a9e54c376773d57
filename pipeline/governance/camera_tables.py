"""Tables of registered cameras, their privacy masks and sanctions.

Times are milliseconds since 1970 UTC. Changed by new migrations only, see `migrations`.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Float, ForeignKey, ForeignKeyConstraint, Integer, String, Text
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pipeline.governance.people_tables import ID, LOGIN
from pipeline.governance.tables import Base


class RegisteredCameraRow(Base):
    """See `pipeline.domain.camera_registration.RegisteredCamera`."""

    __tablename__ = "registered_cameras"
    __table_args__ = (ForeignKeyConstraint(["institution", "sector"], ["sectors.institution_id", "sectors.sector_id"]),)

    camera_id: Mapped[str] = mapped_column(ID, primary_key=True)
    institution: Mapped[str] = mapped_column(ID)
    sector: Mapped[str] = mapped_column(ID)
    owner_kind: Mapped[str] = mapped_column(String(16))
    owner: Mapped[str] = mapped_column(Text)
    scope: Mapped[str] = mapped_column(String(32))
    location: Mapped[str] = mapped_column(Text)
    project: Mapped[str] = mapped_column(Text)
    agreement: Mapped[str] = mapped_column(Text)
    agreement_from_ms: Mapped[int | None] = mapped_column(BigInteger)
    agreement_until_ms: Mapped[int | None] = mapped_column(BigInteger)
    latitude: Mapped[float | None] = mapped_column(Float)
    longitude: Mapped[float | None] = mapped_column(Float)
    direction: Mapped[int | None] = mapped_column(Integer)
    plates_by: Mapped[str] = mapped_column(Text)
    lent: Mapped[bool] = mapped_column(Boolean)
    registered_ms: Mapped[int] = mapped_column(BigInteger)
    registered_by: Mapped[str] = mapped_column(LOGIN)
    approved_ms: Mapped[int | None] = mapped_column(BigInteger)
    approved_by: Mapped[str] = mapped_column(LOGIN)
    masks: Mapped[list[CameraMaskRow]] = relationship(order_by="CameraMaskRow.version", lazy="selectin")
    sanctions: Mapped[list[SanctionRow]] = relationship(order_by="SanctionRow.sanction_id", lazy="selectin")
    accounts: Mapped[list[RenderedAccountRow]] = relationship(
        order_by="RenderedAccountRow.rendered_ms", lazy="selectin"
    )


class CameraMaskRow(Base):
    """A version of a camera's privacy masks; versions are never altered."""

    __tablename__ = "camera_masks"
    __table_args__ = (Unique("camera_id", "version"),)

    mask_id: Mapped[int] = mapped_column(primary_key=True)
    camera_id: Mapped[str] = mapped_column(ForeignKey("registered_cameras.camera_id"))
    version: Mapped[int] = mapped_column(Integer)
    masks: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(LOGIN)
    from_ms: Mapped[int] = mapped_column(BigInteger)


class SanctionRow(Base):
    """See `pipeline.domain.camera_registration.Sanction`."""

    __tablename__ = "sanctions"

    sanction_id: Mapped[int] = mapped_column(primary_key=True)
    camera_id: Mapped[str] = mapped_column(ForeignKey("registered_cameras.camera_id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text)
    defence: Mapped[str] = mapped_column(Text)
    infraction_ms: Mapped[int | None] = mapped_column(BigInteger)
    inquiry_ms: Mapped[int | None] = mapped_column(BigInteger)
    from_ms: Mapped[int] = mapped_column(BigInteger)
    until_ms: Mapped[int | None] = mapped_column(BigInteger)
    by: Mapped[str] = mapped_column(LOGIN)
    lifted_ms: Mapped[int | None] = mapped_column(BigInteger)
    lifted_by: Mapped[str] = mapped_column(LOGIN)


class RenderedAccountRow(Base):
    """See `pipeline.domain.camera_registration.RenderedAccount`."""

    __tablename__ = "rendered_accounts"

    account_id: Mapped[int] = mapped_column(primary_key=True)
    camera_id: Mapped[str] = mapped_column(ForeignKey("registered_cameras.camera_id"), index=True)
    rendered_ms: Mapped[int] = mapped_column(BigInteger)
    from_ms: Mapped[int] = mapped_column(BigInteger)
    until_ms: Mapped[int] = mapped_column(BigInteger)
    document: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(LOGIN)
    recorded_ms: Mapped[int] = mapped_column(BigInteger)
