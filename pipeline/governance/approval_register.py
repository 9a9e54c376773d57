"""The register of approvals and standing orders: asked for by one person, decided by another, for a time."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, ForeignKey, Integer, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from pipeline.domain.account import Account
from pipeline.domain.approvals import ApprovalKind, ApprovalState, AskedApproval, NewApproval
from pipeline.domain.operation import Operation
from pipeline.domain.registry_change import RegistryChange
from pipeline.domain.role import Role
from pipeline.domain.times import HOUR_MS
from pipeline.errors import PolicyError, RegistryError
from pipeline.governance.people_rows import person_row
from pipeline.governance.people_tables import LOGIN
from pipeline.governance.registry_session import RegistrySession
from pipeline.governance.tables import Base
from pipeline.policy.access.request import Approval, StandingOrder
from pipeline.policy.registration import checked_text
from pipeline.policy.sensitive.screen import TextKind

MOST_HOURS: Final = {ApprovalKind.APPROVAL: 72, ApprovalKind.STANDING_ORDER: 90 * 24}
"""How long one may count: three days for one case, ninety days for a standing order."""


class ApprovalRow(Base):
    """See `pipeline.domain.approvals.AskedApproval`, and the body of the person who decided."""

    __tablename__ = "approvals"

    approval_id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(ForeignKey("persons.login"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    operation: Mapped[str] = mapped_column(String(32))
    case_number: Mapped[str] = mapped_column(String(64))
    hours: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(Text)
    asked_ms: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(16))
    decided_by: Mapped[str] = mapped_column(LOGIN)
    decided_role: Mapped[str] = mapped_column(String(32))
    decided_institution: Mapped[str] = mapped_column(String(64))
    decided_central: Mapped[bool] = mapped_column(Boolean)
    decided_ms: Mapped[int | None] = mapped_column(BigInteger)
    until_ms: Mapped[int | None] = mapped_column(BigInteger)


class ApprovalRegister(RegistrySession):
    """Approvals and standing orders."""

    def ask_approval(self, login: str, wanted: NewApproval) -> AskedApproval:
        """Ask for an approval.

        Raises:
            RegistryError: a value is missing or not possible.
            PolicyError: reason or case say something sensitive.
        """
        what = f"{wanted.kind.value} of {wanted.operation.value}"
        if not 1 <= wanted.hours <= MOST_HOURS[wanted.kind]:
            raise RegistryError(what, f"of {wanted.hours} hours", f"Give 1 to {MOST_HOURS[wanted.kind]} hours")
        once = wanted.kind is ApprovalKind.APPROVAL
        case = checked_text(f"case of the {what}", wanted.case_number, self._screen, TextKind.REASON, required=once)
        reason = checked_text(f"reason of the {what}", wanted.reason, self._screen, TextKind.REASON)
        facts: dict[str, str | int | bool] = {"asked": wanted.operation.value, "hours": wanted.hours}
        with self._changing(RegistryChange(Operation.APPROVAL, f"ask-{wanted.kind.value}", login, facts)) as session:
            row = ApprovalRow(
                login=person_row(session, login).login,
                kind=wanted.kind.value,
                operation=wanted.operation.value,
                case_number=case if once else "",
                hours=wanted.hours,
                reason=reason,
                asked_ms=self._clock.wall_ms(),
                state=ApprovalState.ASKED.value,
                decided_by="",
                decided_role="",
                decided_institution="",
                decided_central=False,
                decided_ms=None,
                until_ms=None,
            )
            session.add(row)
            session.flush()
            return _asked(row)

    def decide_approval(self, approval_id: int, by: Account, state: ApprovalState) -> AskedApproval:
        """Approve or refuse what another person asked for; an approval counts from now on.

        Raises:
            RegistryError: it is unknown, or decided already.
            PolicyError: the same person asked for it.
        """
        now_ms, asked = self._clock.wall_ms(), self.approval(approval_id)
        facts: dict[str, str | int | bool] = {"asked": asked.operation.value, "approval": approval_id}
        with self._changing(RegistryChange(Operation.APPROVAL, state.value, asked.login, facts)) as session:
            row = session.get_one(ApprovalRow, approval_id)
            if row.login == by.person:
                raise PolicyError(f"approval {approval_id}", "was asked for by you", "Another person decides on it")
            if row.state != ApprovalState.ASKED.value:
                raise RegistryError(f"approval {approval_id}", f"was {row.state} by {row.decided_by}", "Ask anew")
            row.state, row.decided_ms = state.value, now_ms
            row.decided_by, row.decided_role = by.person, by.role.value
            row.decided_institution, row.decided_central = by.institution, by.central
            row.until_ms = now_ms + row.hours * HOUR_MS if state is ApprovalState.APPROVED else None
            return _asked(row)

    def approval(self, approval_id: int) -> AskedApproval:
        """One entry.

        Raises:
            RegistryError: there is none.
        """
        with self._database.reading() as session:
            row = session.get(ApprovalRow, approval_id)
            if row is None:
                raise RegistryError(f"approval {approval_id}", "was not asked for", "See viapublica approvals list")
            return _asked(row)

    def approvals(self) -> tuple[AskedApproval, ...]:
        """All entries, newest first."""
        with self._database.reading() as session:
            rows = session.scalars(select(ApprovalRow).order_by(ApprovalRow.approval_id.desc()))
            return tuple(map(_asked, rows))

    def approval_for(self, login: str, operation: Operation, case_number: str) -> Approval | None:
        """The approval of a person for an operation in a case that counts now, as access is decided on."""
        row = self._in_force(login, ApprovalKind.APPROVAL, operation, case_number)
        if row is None or row.until_ms is None:
            return None
        return Approval(
            person=row.decided_by,
            role=Role(row.decided_role),
            institution=row.decided_institution,
            operation=operation,
            case_number=row.case_number,
            until_ms=row.until_ms,
            central=row.decided_central,
        )

    def standing_order_for(self, login: str, operation: Operation) -> StandingOrder | None:
        """The standing order of a person for an operation that is in force now."""
        row = self._in_force(login, ApprovalKind.STANDING_ORDER, operation, "")
        if row is None or row.until_ms is None or row.decided_ms is None:
            return None
        return StandingOrder(
            ordered_by=row.decided_by, operation=operation, from_ms=row.decided_ms, until_ms=row.until_ms
        )

    def _in_force(self, login: str, kind: ApprovalKind, operation: Operation, case_number: str) -> ApprovalRow | None:
        now_ms = self._clock.wall_ms()
        found = select(ApprovalRow).where(
            ApprovalRow.login == login,
            ApprovalRow.kind == kind.value,
            ApprovalRow.operation == operation.value,
            ApprovalRow.case_number == case_number,
            ApprovalRow.state == ApprovalState.APPROVED.value,
            ApprovalRow.decided_ms.is_not(None),
            ApprovalRow.until_ms.is_not(None),
        )

        def read(session: Session) -> list[ApprovalRow]:
            rows = list(session.scalars(found.order_by(ApprovalRow.until_ms.desc())))
            session.expunge_all()
            return rows

        rows = self._database.unchanged(("approvals", login, kind, operation, case_number), read)
        return next((one for one in rows if (one.decided_ms or 0) <= now_ms < (one.until_ms or 0)), None)


def _asked(row: ApprovalRow) -> AskedApproval:
    return AskedApproval(
        approval_id=row.approval_id,
        login=row.login,
        kind=ApprovalKind(row.kind),
        operation=Operation(row.operation),
        case_number=row.case_number,
        hours=row.hours,
        reason=row.reason,
        asked_ms=row.asked_ms,
        state=ApprovalState(row.state),
        decided_by=row.decided_by,
        decided_role=Role(row.decided_role) if row.decided_role else None,
        decided_ms=row.decided_ms,
        until_ms=row.until_ms,
    )
