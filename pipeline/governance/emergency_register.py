"""The register of emergency access (break-glass): asked for by one person, opened by another, for hours only."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.domain.operation import Operation
from pipeline.domain.purpose import Purpose
from pipeline.domain.registry_change import RegistryChange
from pipeline.domain.times import HOUR_MS, MINUTE_MS
from pipeline.errors import PolicyError, RegistryError
from pipeline.governance.people_rows import person_row
from pipeline.governance.people_tables import EmergencyRow
from pipeline.governance.registry_session import RegistrySession
from pipeline.policy.access.request import BreakGlass
from pipeline.policy.registration import EMERGENCY_MINUTES, checked_login, checked_text
from pipeline.policy.sensitive.screen import TextKind

_REQUEST_MS = HOUR_MS
"""A request that no one opens lapses after an hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Emergency:
    """Emergency access, asked for or open.

    Attributes:
        emergency_id: of the entry; login: of the person who uses it.
        purpose, reason, minutes: as asked for; requested_ms: when.
        opened_by: the second person, "" before; opened_ms, until_ms: None before.
    """

    emergency_id: int
    login: str
    purpose: Purpose
    reason: str
    minutes: int
    requested_ms: int
    opened_by: str = ""
    opened_ms: int | None = None
    until_ms: int | None = None


class EmergencyRegister(RegistrySession):
    """Emergency access."""

    def request_emergency(self, login: str, minutes: int, purpose: Purpose, reason: str) -> Emergency:
        """Ask for emergency access.

        Raises:
            RegistryError: the person is unknown, or the time is not possible.
        """
        if not 1 <= minutes <= EMERGENCY_MINUTES:
            raise RegistryError("emergency access", f"of {minutes} minutes", f"Give 1 to {EMERGENCY_MINUTES} minutes")
        why, name = checked_text("reason", reason, self._screen, TextKind.REASON), checked_login(login)
        with self._changing(RegistryChange(Operation.BREAK_GLASS, "request", name, {"minutes": minutes})) as session:
            row = EmergencyRow(
                login=person_row(session, name).login,
                purpose=purpose.value,
                reason=why,
                minutes=minutes,
                requested_ms=self._clock.wall_ms(),
                opened_by="",
                opened_ms=None,
                until_ms=None,
            )
            session.add(row)
            session.flush()
            return _emergency(row)

    def open_emergency(self, emergency_id: int, by: str) -> Emergency:
        """Open emergency access that another person asked for, from now on.

        Raises:
            RegistryError: it is unknown, open already, or was asked for more than an hour ago.
            PolicyError: the same person asked for it.
        """
        now_ms = self._clock.wall_ms()
        asked = self.emergency(emergency_id)
        with self._changing(RegistryChange(Operation.BREAK_GLASS, "open", asked.login)) as session:
            row = session.get_one(EmergencyRow, emergency_id)
            if row.login == by:
                raise PolicyError(
                    f"emergency access {emergency_id}", "needs two people", "Ask an administrator to open it"
                )
            if row.opened_ms is not None or not 0 <= now_ms - row.requested_ms < _REQUEST_MS:
                raise RegistryError(
                    f"emergency access {emergency_id}", "was opened already, or has lapsed", "Ask for it anew"
                )
            row.opened_by, row.opened_ms = by, now_ms
            row.until_ms = now_ms + row.minutes * MINUTE_MS
            return _emergency(row)

    def emergency(self, emergency_id: int) -> Emergency:
        """One entry.

        Raises:
            RegistryError: there is none.
        """
        with self._database.reading() as session:
            row = session.get(EmergencyRow, emergency_id)
            if row is None:
                raise RegistryError(f"emergency access {emergency_id}", "was not asked for", "Check the number")
            return _emergency(row)

    def break_glass(self, login: str) -> BreakGlass | None:
        """The open emergency access of a person, as access is decided on; None without one."""
        now_ms = self._clock.wall_ms()

        def read(session: Session) -> list[BreakGlass]:
            mine = select(EmergencyRow).where(EmergencyRow.login == login)
            return [
                BreakGlass(first=row.login, second=row.opened_by, opened_ms=row.opened_ms, until_ms=row.until_ms)
                for row in session.scalars(mine.order_by(EmergencyRow.emergency_id.desc()))
                if row.opened_ms is not None and row.until_ms is not None
            ]

        found = self._database.unchanged(("emergency", login), read)
        return next((one for one in found if one.opened_ms <= now_ms < one.until_ms), None)


def _emergency(row: EmergencyRow) -> Emergency:
    return Emergency(
        emergency_id=row.emergency_id,
        login=row.login,
        purpose=Purpose(row.purpose),
        reason=row.reason,
        minutes=row.minutes,
        requested_ms=row.requested_ms,
        opened_by=row.opened_by,
        opened_ms=row.opened_ms,
        until_ms=row.until_ms,
    )
