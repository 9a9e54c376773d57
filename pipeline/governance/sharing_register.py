"""The register of agreements on sharing between institutions."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from pipeline.domain.operation import Operation
from pipeline.domain.people import Validity
from pipeline.domain.purpose import Purpose
from pipeline.domain.registry_change import RegistryChange
from pipeline.domain.sharing_agreement import SHAREABLE, NewAgreement, SharingAgreement
from pipeline.errors import RegistryError
from pipeline.governance.people_rows import sector_row
from pipeline.governance.people_tables import LOGIN, InstitutionRow
from pipeline.governance.registry_session import RegistrySession
from pipeline.governance.tables import Base
from pipeline.policy.registration import checked_text, checked_validity
from pipeline.policy.sensitive.screen import TextKind

_BODY: Final = String(129)


class SharingAgreementRow(Base):
    """See `pipeline.domain.sharing_agreement.SharingAgreement`; lists are words with blanks between."""

    __tablename__ = "sharing_agreements"

    agreement_id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(Text)
    owner: Mapped[str] = mapped_column(_BODY)
    recipient: Mapped[str] = mapped_column(_BODY)
    purposes: Mapped[str] = mapped_column(Text)
    operations: Mapped[str] = mapped_column(Text)
    from_ms: Mapped[int] = mapped_column(BigInteger)
    until_ms: Mapped[int] = mapped_column(BigInteger)
    registered_by: Mapped[str] = mapped_column(LOGIN)
    registered_ms: Mapped[int] = mapped_column(BigInteger)
    ended_ms: Mapped[int | None] = mapped_column(BigInteger)
    ended_by: Mapped[str] = mapped_column(LOGIN)


class SharingRegister(RegistrySession):
    """Agreements on sharing. `by` is always the login of the person who registers or ends."""

    def add_agreement(self, wanted: NewAgreement, by: str) -> SharingAgreement:
        """Register an agreement.

        Raises:
            RegistryError: a value is missing or not possible, or a body is not registered.
            PolicyError: its number says something sensitive.
        """
        number = checked_text("number of the agreement", wanted.number, self._screen, TextKind.REASON)
        period = checked_validity("agreement", wanted.validity)
        if not wanted.purposes or not wanted.operations:
            raise RegistryError(f"agreement {number}", "names no purpose or no operation", "State each of them")
        if others := sorted(one.value for one in wanted.operations - SHAREABLE):
            listed = ", ".join(sorted(one.value for one in SHAREABLE))
            raise RegistryError(f"agreement {number}", f"cannot share {', '.join(others)}", f"Of: {listed}")
        if wanted.owner == wanted.recipient:
            raise RegistryError(f"agreement {number}", "shares a body's cameras with itself", "Name another recipient")
        facts: dict[str, str | int | bool] = {
            "owner": wanted.owner,
            "recipient": wanted.recipient,
            "from_ms": period.from_ms,
            "until_ms": period.until_ms,
        }
        change = RegistryChange(Operation.INSTITUTION_REGISTRATION, "add-agreement", number, facts)
        with self._changing(change) as session:
            for body in (wanted.owner, wanted.recipient):
                _check_registered(session, body)
            row = SharingAgreementRow(
                number=number,
                owner=wanted.owner,
                recipient=wanted.recipient,
                purposes=" ".join(sorted(one.value for one in wanted.purposes)),
                operations=" ".join(sorted(one.value for one in wanted.operations)),
                from_ms=period.from_ms,
                until_ms=period.until_ms,
                registered_by=by,
                registered_ms=self._clock.wall_ms(),
                ended_ms=None,
                ended_by="",
            )
            session.add(row)
            session.flush()
            return _agreement_of(row)

    def end_agreement(self, agreement_id: int, by: str) -> SharingAgreement:
        """End an agreement at once.

        Raises:
            RegistryError: it is unknown, or has ended.
        """
        subject = f"agreement {agreement_id}"
        change = RegistryChange(Operation.INSTITUTION_REGISTRATION, "end-agreement", str(agreement_id))
        with self._changing(change) as session:
            row = session.get(SharingAgreementRow, agreement_id)
            if row is None:
                raise RegistryError(subject, "is not registered", "See viapublica institutions agreements")
            if row.ended_ms is not None:
                raise RegistryError(subject, f"was ended by {row.ended_by}", "Nothing is left to do")
            row.ended_ms, row.ended_by = self._clock.wall_ms(), by
            return _agreement_of(row)

    def agreements(self) -> tuple[SharingAgreement, ...]:
        """All agreements, newest first, ended ones included."""

        def read(session: Session) -> tuple[SharingAgreement, ...]:
            rows = session.scalars(select(SharingAgreementRow).order_by(SharingAgreementRow.agreement_id.desc()))
            return tuple(map(_agreement_of, rows))

        return self._database.unchanged("agreements", read)

    def shared_with(
        self, institution: str, sector: str, operation: Operation, purpose: Purpose | None
    ) -> frozenset[str]:
        """Bodies that an agreement in force lets do an operation on the cameras of a sector, for a purpose."""
        if purpose is None or operation not in SHAREABLE:
            return frozenset()
        now_ms = self._clock.wall_ms()
        return frozenset(
            one.recipient
            for one in self.agreements()
            if one.is_in_force(now_ms) and one.permits(institution, sector, operation, purpose)
        )


def _check_registered(session: Session, body: str) -> None:
    institution, _, sector = body.partition("/")
    if sector:
        sector_row(session, institution, sector)
    elif session.get(InstitutionRow, institution) is None:
        raise RegistryError(f"institution {institution}", "is not registered", "See viapublica institutions list")


def _agreement_of(row: SharingAgreementRow) -> SharingAgreement:
    return SharingAgreement(
        number=row.number,
        owner=row.owner,
        recipient=row.recipient,
        purposes=frozenset(map(Purpose, row.purposes.split())),
        operations=frozenset(map(Operation, row.operations.split())),
        validity=Validity(row.from_ms, row.until_ms),
        agreement_id=row.agreement_id,
        registered_by=row.registered_by,
        registered_ms=row.registered_ms,
        ended_ms=row.ended_ms,
        ended_by=row.ended_by,
    )
