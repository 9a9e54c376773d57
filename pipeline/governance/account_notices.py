"""Notices to the owners of accounts, in the transaction of what they are about."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pipeline.domain.account_notice import AccountNotice, NoticeKind
from pipeline.governance.people_tables import AccountNoticeRow

_MOST: Final = 50
"""Notices that are shown; older ones stay in the database, and in the audit."""


def note(session: Session, login: str, kind: NoticeKind, origin: str, now_ms: int) -> None:
    """Leave a notice to the owner of an account.

    Args:
        session: the write transaction of what it is about; login: of the account; kind: what happened.
        origin: address that it came from, "" where it is not known; now_ms: when.
    """
    session.add(AccountNoticeRow(login=login, kind=kind.value, origin=origin[:64], at_ms=now_ms, seen_ms=None))


def notices_of(session: Session, login: str) -> tuple[AccountNotice, ...]:
    """The notices of an account, the newest first."""
    wanted = select(AccountNoticeRow).where(AccountNoticeRow.login == login)
    rows = session.scalars(wanted.order_by(AccountNoticeRow.notice_id.desc()).limit(_MOST))
    return tuple(AccountNotice(row.notice_id, NoticeKind(row.kind), row.origin, row.at_ms, row.seen_ms) for row in rows)


def note_seen(session: Session, login: str, until_id: int, now_ms: int) -> None:
    """Note that the owner saw the notices up to a number."""
    session.execute(
        update(AccountNoticeRow)
        .where(
            AccountNoticeRow.login == login, AccountNoticeRow.notice_id <= until_id, AccountNoticeRow.seen_ms.is_(None)
        )
        .values(seen_ms=now_ms)
    )
