"""The register of searches by plate, for limits and signs of misuse; of people's own vehicles, and of their shifts."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from sqlalchemy import BigInteger, ForeignKey, Integer, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pipeline.domain.operation import Operation
from pipeline.domain.query_use import REMEMBERED_DAYS, QueryLimit, QueryUse, Shift
from pipeline.domain.registry_change import RegistryChange
from pipeline.domain.role import Role
from pipeline.domain.times import DAY_MS
from pipeline.errors import RegistryError
from pipeline.governance.people_rows import person_row
from pipeline.governance.people_tables import ID, LOGIN
from pipeline.governance.registry_session import RegistrySession
from pipeline.governance.tables import Base
from pipeline.policy.registration import check_other_person, checked_login

_FINGERPRINT: Final = String(64)


class QueriedPlateRow(Base):
    """Keyed hash of a plate that a search was about."""

    __tablename__ = "queried_plates"

    query_id: Mapped[int] = mapped_column(ForeignKey("queries.query_id", ondelete="CASCADE"), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(_FINGERPRINT, primary_key=True)


class QueryRow(Base):
    """See `pipeline.domain.query_use.QueryUse`."""

    __tablename__ = "queries"

    query_id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(ForeignKey("persons.login"), index=True)
    institution: Mapped[str] = mapped_column(ID)
    role: Mapped[str] = mapped_column(String(32))
    operation: Mapped[str] = mapped_column(String(32))
    case_number: Mapped[str] = mapped_column(String(64))
    asked_ms: Mapped[int] = mapped_column(BigInteger, index=True)
    plates: Mapped[list[QueriedPlateRow]] = relationship(passive_deletes=True)


class OwnVehicleRow(Base):
    """Keyed hash of the plate of a person's own vehicle."""

    __tablename__ = "own_vehicles"

    login: Mapped[str] = mapped_column(ForeignKey("persons.login"), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(_FINGERPRINT, primary_key=True)
    registered_by: Mapped[str] = mapped_column(LOGIN)
    registered_ms: Mapped[int] = mapped_column(BigInteger)


class ShiftRow(Base):
    """See `pipeline.domain.query_use.Shift`; days as digits, Monday is 0."""

    __tablename__ = "shifts"

    login: Mapped[str] = mapped_column(ForeignKey("persons.login"), primary_key=True)
    days: Mapped[str] = mapped_column(String(7))
    begin_minute: Mapped[int] = mapped_column(Integer)
    end_minute: Mapped[int] = mapped_column(Integer)


class QueryRegister(RegistrySession):
    """Searches, own vehicles and shifts. `by` is always the login of the person who decides."""

    def note_query(self, use: QueryUse, limit: QueryLimit) -> int:
        """Remember a search, if its account may make another one now.

        Searches of before `REMEMBERED_DAYS` are forgotten.

        Returns:
            0, or the milliseconds until another one is possible; then it is not remembered.
        """
        with self._database.writing() as session:
            session.execute(delete(QueryRow).where(QueryRow.asked_ms < use.asked_ms - REMEMBERED_DAYS * DAY_MS))
            asked = select(QueryRow.asked_ms).where(
                QueryRow.login == use.login, QueryRow.asked_ms > use.asked_ms - DAY_MS
            )
            wait_ms = limit.wait_ms(session.scalars(asked).all(), use.asked_ms)
            if not wait_ms:
                session.add(_row_of(use))
            return wait_ms

    def queries(self, start_ms: int | None = None, end_ms: int | None = None) -> tuple[QueryUse, ...]:
        """The remembered searches of a time, oldest first; the end is not included."""
        wanted = select(QueryRow).order_by(QueryRow.asked_ms, QueryRow.query_id)
        wanted = wanted if start_ms is None else wanted.where(QueryRow.asked_ms >= start_ms)
        wanted = wanted if end_ms is None else wanted.where(QueryRow.asked_ms < end_ms)
        with self._database.reading() as session:
            plates: defaultdict[int, set[str]] = defaultdict(set)
            for row in session.scalars(select(QueriedPlateRow)):
                plates[row.query_id].add(row.fingerprint)
            return tuple(_use_of(row, frozenset(plates[row.query_id])) for row in session.scalars(wanted))

    def add_vehicle(self, login: str, fingerprint: str, by: str) -> None:
        """Enter a vehicle of a person, of which they may make no search (decree 18.743/2014 art. 16).

        Raises:
            RegistryError: the person is unknown, or it is entered already.
            PolicyError: a person would enter their own.
        """
        with self._changing(RegistryChange(Operation.PERMISSION, "own-vehicle", login)) as session:
            row = person_row(session, checked_login(login))
            check_other_person(row.login, by)
            if session.get(OwnVehicleRow, (row.login, fingerprint)) is not None:
                raise RegistryError(f"vehicle of {row.login}", "is entered already", "Nothing is left to do")
            now_ms = self._clock.wall_ms()
            entered = {"login": row.login, "fingerprint": fingerprint, "registered_by": by, "registered_ms": now_ms}
            session.add(OwnVehicleRow(**entered))

    def remove_vehicle(self, login: str, fingerprint: str, by: str) -> None:
        """Take a vehicle of a person out again, as after its sale.

        Raises:
            RegistryError: the person is unknown, or it is not entered.
            PolicyError: a person would take out their own.
        """
        with self._changing(RegistryChange(Operation.PERMISSION, "own-vehicle-removed", login)) as session:
            row = person_row(session, checked_login(login))
            check_other_person(row.login, by)
            found = session.get(OwnVehicleRow, (row.login, fingerprint))
            if found is None:
                raise RegistryError(f"vehicle of {row.login}", "is not entered", "Give the plate of one that is")
            session.delete(found)

    def vehicles(self) -> dict[str, frozenset[str]]:
        """Keyed hashes of the plates of own vehicles, by login."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        with self._database.reading() as session:
            for row in session.scalars(select(OwnVehicleRow)):
                found[row.login].add(row.fingerprint)
        return {login: frozenset(plates) for login, plates in found.items()}

    def owns_any(self, login: str, fingerprints: frozenset[str]) -> bool:
        """Whether one of some vehicles is a person's own."""
        wanted = select(OwnVehicleRow.login).where(
            OwnVehicleRow.login == login, OwnVehicleRow.fingerprint.in_(fingerprints)
        )
        with self._database.reading() as session:
            return session.scalar(wanted.limit(1)) is not None

    def set_shift(self, login: str, shift: Shift | None, by: str) -> None:
        """Enter the shift of a person; None takes it out.

        Raises:
            RegistryError: the person is unknown.
            PolicyError: a person would enter their own.
        """
        days = "" if shift is None else "".join(map(str, sorted(shift.days)))
        facts: dict[str, str | int | bool] = {}
        if shift is not None:
            facts = {"days": days, "begin_minute": shift.begin, "end_minute": shift.end}
        with self._changing(RegistryChange(Operation.PERMISSION, "shift", login, facts)) as session:
            row = person_row(session, checked_login(login))
            check_other_person(row.login, by)
            found = session.get(ShiftRow, row.login)
            if found is not None:
                session.delete(found)
                session.flush()
            if shift is not None:
                session.add(ShiftRow(login=row.login, days=days, begin_minute=shift.begin, end_minute=shift.end))

    def shifts(self) -> dict[str, Shift]:
        """The shifts of the persons that have one, by login."""
        with self._database.reading() as session:
            return {
                row.login: Shift(frozenset(map(int, row.days)), row.begin_minute, row.end_minute)
                for row in session.scalars(select(ShiftRow))
            }


def _row_of(use: QueryUse) -> QueryRow:
    return QueryRow(
        login=use.login,
        institution=use.institution,
        role=use.role.value,
        operation=use.operation.value,
        case_number=use.case_number,
        asked_ms=use.asked_ms,
        plates=[QueriedPlateRow(fingerprint=one) for one in sorted(use.plates)],
    )


def _use_of(row: QueryRow, plates: frozenset[str]) -> QueryUse:
    return QueryUse(
        login=row.login,
        institution=row.institution,
        role=Role(row.role),
        operation=Operation(row.operation),
        case_number=row.case_number,
        asked_ms=row.asked_ms,
        plates=plates,
    )
