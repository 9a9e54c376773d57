"""The journal: a tamper-evident log of every change of the register, chained by hashes."""

from __future__ import annotations

import hashlib
import json
import os
import pwd
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.domain.canonical_json import canonical_json
from pipeline.domain.disclosure import JournalEntry
from pipeline.governance.tables import JournalRow

Report = Callable[[JournalEntry, str], object]
"""Receives an entry before it is committed, with ""; again with the reason if it was not. An error keeps it out."""
_NEW: Final = "new_journal_entries"


@dataclass(frozen=True, slots=True)
class JournalBreak:
    """The first break of the journal.

    Attributes:
        seq: of the first wrong entry; of the last entry of a disclosure that was changed afterwards.
        number: of the disclosure.
        problem: in one clause.
    """

    seq: int
    number: str
    problem: str


@dataclass(frozen=True, slots=True)
class Act:
    """An action, its person and its time (milliseconds since 1970 UTC)."""

    action: str
    by: str
    at_ms: int


def append(session: Session, act: Act, number: str, details: Mapping[str, Any]) -> None:
    """Add an entry, in the exclusive transaction of the change itself."""
    last = session.scalar(select(JournalRow).order_by(JournalRow.seq.desc()).limit(1))
    entry = {
        "seq": 1 if last is None else last.seq + 1,
        "at_ms": act.at_ms,
        "who": act.by,
        "account": account(),
        "action": act.action,
        "number": number,
        "previous": "" if last is None else last.hash,
    }
    text = canonical_json(details)
    row = JournalRow(**entry, details=text, hash=_hash(entry, text))
    session.add(row)
    session.flush()
    session.info.setdefault(_NEW, []).append(_entry_of(row))


def take_new(session: Session) -> tuple[JournalEntry, ...]:
    """The entries that were added in this transaction and not taken yet."""
    return tuple(session.info.pop(_NEW, ()))


def entries(session: Session, number: str | None = None) -> tuple[JournalEntry, ...]:
    """All entries, or those of one disclosure; oldest first."""
    wanted = select(JournalRow).order_by(JournalRow.seq)
    if number is not None:
        wanted = wanted.where(JournalRow.number == number)
    return tuple(map(_entry_of, session.scalars(wanted)))


def _entry_of(row: JournalRow) -> JournalEntry:
    details = json.loads(row.details)
    return JournalEntry(
        row.seq, row.at_ms, row.who, row.account, row.action, row.number, details, row.previous, row.hash
    )


def last_change(session: Session, number: str, action: str) -> Mapping[str, Any]:
    """The change of a disclosure's newest entry with an action; empty without one."""
    row = session.scalar(
        select(JournalRow)
        .where(JournalRow.number == number, JournalRow.action == action)
        .order_by(JournalRow.seq.desc())
        .limit(1)
    )
    change: Mapping[str, Any] = {} if row is None else json.loads(row.details)["change"]
    return change


def first_broken(session: Session) -> JournalBreak | None:
    """The first entry that was changed, or does not follow the one before."""
    previous = ""
    for seq, row in enumerate(session.scalars(select(JournalRow).order_by(JournalRow.seq)), start=1):
        if row.seq != seq:
            return JournalBreak(seq, row.number, f"entry {seq} is missing: {row.seq} comes next")
        if row.previous != previous:
            return JournalBreak(seq, row.number, "does not follow the entry before it")
        if not is_as_written(row):
            return JournalBreak(seq, row.number, "was changed after it was written")
        previous = row.hash
    return None


def is_as_written(row: JournalRow) -> bool:
    """Whether an entry has the hash of its values."""
    entry = {
        "seq": row.seq,
        "at_ms": row.at_ms,
        "who": row.who,
        "account": row.account,
        "action": row.action,
        "number": row.number,
        "previous": row.previous,
    }
    return row.hash == _hash(entry, row.details)


def first_changed(session: Session, digests: Mapping[str, str]) -> JournalBreak | None:
    """The first disclosure that differs from its last entry.

    Args:
        session: of the database; its journal is intact.
        digests: of the present disclosures, by number.
    """
    last = {row.number: row for row in session.scalars(select(JournalRow).order_by(JournalRow.seq))}
    for number, row in last.items():
        if number not in digests:
            return JournalBreak(row.seq, number, f"its {_noun(number)} is missing")
        if json.loads(row.details).get("after") != digests[number]:
            return JournalBreak(row.seq, number, f"its {_noun(number)} was changed outside the journal")
    unknown = next((number for number in digests if number not in last), None)
    return None if unknown is None else JournalBreak(0, unknown, f"this {_noun(unknown)} has no entry")


def _noun(number: str) -> str:
    return {"E": "erasure", "T": "request"}.get(number[:1], "disclosure")


def account() -> str:
    """The operating system's user of this process; its number where it has no name."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _hash(entry: Mapping[str, Any], details: str) -> str:
    """SHA-256 over the canonical JSON of everything but the hash itself; `details` is canonical JSON already.

    Text that is not valid JSON gets a hash that no entry has.
    """
    try:
        text = canonical_json({**entry, "details": json.loads(details)}).encode()
    except (TypeError, ValueError):
        return ""
    return hashlib.sha256(text).hexdigest()
