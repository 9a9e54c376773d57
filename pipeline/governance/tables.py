"""Tables of the register; changed by new migrations only, see `migrations`."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Integer, MetaData, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """Base of all tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class DisclosureRow(Base):
    """See `pipeline.domain.disclosure.Disclosure`. Times are milliseconds since 1970 UTC."""

    __tablename__ = "disclosures"
    __table_args__ = (UniqueConstraint("year", "running"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(16), unique=True)
    year: Mapped[int]
    running: Mapped[int]
    requested_ms: Mapped[int] = mapped_column(BigInteger, index=True)
    requested_by: Mapped[str] = mapped_column(Text)
    recipient: Mapped[str] = mapped_column(Text)
    recipient_document: Mapped[str] = mapped_column(Text)
    basis: Mapped[str] = mapped_column(String(32))
    purpose: Mapped[str] = mapped_column(Text)
    camera_id: Mapped[str] = mapped_column(String(64))
    begin_ms: Mapped[int | None] = mapped_column(BigInteger)
    end_ms: Mapped[int | None] = mapped_column(BigInteger)
    source_name: Mapped[str] = mapped_column(Text)
    source_sha256: Mapped[str] = mapped_column(String(64), index=True)
    style: Mapped[str] = mapped_column(Text)
    institution: Mapped[str] = mapped_column(Text)
    place: Mapped[str] = mapped_column(Text)
    date: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16), index=True)
    declaration_name: Mapped[str | None] = mapped_column(Text)
    declaration_stored_as: Mapped[str | None] = mapped_column(Text)
    declaration_sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    declaration_bytes: Mapped[int | None] = mapped_column(BigInteger)
    declared_by: Mapped[str | None] = mapped_column(Text)
    declared_ms: Mapped[int | None] = mapped_column(BigInteger)
    decided_by: Mapped[str] = mapped_column(Text, default="")
    decided_ms: Mapped[int | None] = mapped_column(BigInteger, index=True)
    reasons: Mapped[str] = mapped_column(Text, default="")
    delivered_by: Mapped[str] = mapped_column(Text, default="")
    delivered_ms: Mapped[int | None] = mapped_column(BigInteger)
    files: Mapped[list[BuiltFileRow]] = relationship(order_by="BuiltFileRow.id")
    exemptions: Mapped[list[ExemptionRow]] = relationship(order_by="ExemptionRow.id")


class BuiltFileRow(Base):
    """Every file ever built for a disclosure."""

    __tablename__ = "built_files"

    id: Mapped[int] = mapped_column(primary_key=True)
    disclosure_id: Mapped[int] = mapped_column(ForeignKey("disclosures.id"), index=True)
    name: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    built_by: Mapped[str] = mapped_column(Text)
    built_ms: Mapped[int] = mapped_column(BigInteger, index=True)
    verification: Mapped[str] = mapped_column(Text)
    policy: Mapped[str] = mapped_column(Text)


class ExemptionRow(Base):
    """Regions exempted from redaction, with the two persons who agreed."""

    __tablename__ = "exemptions"

    id: Mapped[int] = mapped_column(primary_key=True)
    disclosure_id: Mapped[int] = mapped_column(ForeignKey("disclosures.id"), index=True)
    region: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    requested_by: Mapped[str] = mapped_column(Text)
    requested_ms: Mapped[int] = mapped_column(BigInteger)
    confirmed_by: Mapped[str] = mapped_column(Text, default="")
    confirmed_ms: Mapped[int | None] = mapped_column(BigInteger)


class JournalRow(Base):
    """One change; immutable (enforced by triggers), and chained to the previous one by its hash."""

    __tablename__ = "journal"

    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at_ms: Mapped[int] = mapped_column(BigInteger)
    who: Mapped[str] = mapped_column(Text)
    account: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(String(32))
    number: Mapped[str] = mapped_column(String(16), index=True)
    details: Mapped[str] = mapped_column(Text)
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64), unique=True)


class ErasureRow(Base):
    """See `pipeline.domain.erasure.ErasureRecord`."""

    __tablename__ = "erasures"
    __table_args__ = (UniqueConstraint("year", "running"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(16), unique=True)
    year: Mapped[int]
    running: Mapped[int]
    begun_ms: Mapped[int] = mapped_column(BigInteger, index=True)
    begun_by: Mapped[str] = mapped_column(Text)
    request: Mapped[str] = mapped_column(Text)
    finished_ms: Mapped[int | None] = mapped_column(BigInteger)
    document: Mapped[str] = mapped_column(Text, default="")
    signature: Mapped[str] = mapped_column(Text, default="")
    grounds: Mapped[str] = mapped_column(Text, default="", server_default="")


class SubjectRequestRow(Base):
    """See `pipeline.domain.subject_request.SubjectRequestRecord`; `request` is its JSON."""

    __tablename__ = "subject_requests"
    __table_args__ = (UniqueConstraint("year", "running"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(16), unique=True)
    year: Mapped[int]
    running: Mapped[int]
    received_ms: Mapped[int] = mapped_column(BigInteger, index=True)
    due_ms: Mapped[int] = mapped_column(BigInteger)
    request: Mapped[str] = mapped_column(Text)
    decision: Mapped[str] = mapped_column(String(16))
    reasons: Mapped[str] = mapped_column(Text)
    decided_by: Mapped[str] = mapped_column(Text)
    decided_ms: Mapped[int | None] = mapped_column(BigInteger)
    erasure: Mapped[str] = mapped_column(String(16))
