"""Replay of the journal: whether the actions of each entry of the register follow one another as its rules permit."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.domain.times import format_utc
from pipeline.errors import ReleaseError
from pipeline.governance.journal import JournalBreak, is_as_written
from pipeline.governance.tables import JournalRow

_NEW: Final = "new"
_REQUESTED: Final = "requested"
_UNDONE: Final = "refused"
_PERMITTED: Final = frozenset({"approved", "built", "delivered"})
_BEFORE_DELIVERY: Final = frozenset({_REQUESTED, "approved", "built"})
_ANY: Final = frozenset({_REQUESTED, _UNDONE}) | _PERMITTED


class _Step(NamedTuple):
    """The states in which an action is permitted, and the state after it; "" for the same."""

    states: frozenset[str]
    next_state: str


_STEPS: Final[Mapping[str, _Step]] = {
    "request": _Step(frozenset({_NEW}), _REQUESTED),
    "declare": _Step(frozenset({_REQUESTED}), ""),
    "approve": _Step(_BEFORE_DELIVERY, "approved"),
    "refuse": _Step(frozenset({_REQUESTED}), _UNDONE),
    "withdraw": _Step(frozenset({"approved", "built"}), _UNDONE),
    "request-exemption": _Step(_BEFORE_DELIVERY, _REQUESTED),
    "show-exemption": _Step(_ANY, ""),
    "confirm-exemption": _Step(_BEFORE_DELIVERY, _REQUESTED),
    "build": _Step(_PERMITTED, "built"),
    "deliver": _Step(_PERMITTED, "delivered"),
    "begin-erasure": _Step(frozenset({_NEW}), "begun"),
    "finish-erasure": _Step(frozenset({"begun"}), "finished"),
    "refuse-erasure": _Step(frozenset({_NEW}), "finished"),
    "receive-request": _Step(frozenset({_NEW}), "received"),
    "decide-request": _Step(frozenset({"received"}), "decided"),
}


def check_unchanged(session: Session, number: str, digest: str) -> None:
    """Check that an entry of the register is as its last action left it, and that its actions are permitted ones.

    Args:
        session: of the database.
        number: of a disclosure or an erasure.
        digest: SHA-256 of its row as it is now.

    Raises:
        ReleaseError: its row or its journal was changed outside the program.
    """
    rows = list(session.scalars(select(JournalRow).where(JournalRow.number == number).order_by(JournalRow.seq)))
    if not rows:
        raise _changed(number, "has no journal entry: it was added outside viapublica")
    wrong = next((row for row in rows if not is_as_written(row)), None)
    if wrong is not None:
        raise _changed(number, f"has a journal entry that was changed outside viapublica: {_named(wrong)}")
    broken = _replayed(rows)
    if broken is not None:
        raise _changed(number, f"was changed outside viapublica: journal entry {broken.seq} {broken.problem}")
    if json.loads(rows[-1].details).get("after") != digest:
        raise _changed(number, f"was changed outside viapublica after {_named(rows[-1])}")


def first_forbidden(session: Session) -> JournalBreak | None:
    """The first entry whose action was not permitted after the ones before it, or that began from a changed row.

    Args:
        session: of the database; its journal is intact.
    """
    by_number: dict[str, list[JournalRow]] = {}
    for row in session.scalars(select(JournalRow).order_by(JournalRow.seq)):
        by_number.setdefault(row.number, []).append(row)
    breaks = [broken for rows in by_number.values() if (broken := _replayed(rows)) is not None]
    return min(breaks, key=lambda one: one.seq, default=None)


def _replayed(rows: Iterable[JournalRow]) -> JournalBreak | None:
    """The first wrong entry of one number."""
    state, after, last = _NEW, "", "no entry"
    for row in rows:
        details: dict[str, Any] = json.loads(row.details)
        step = _STEPS.get(row.action)
        if step is None or state not in step.states:
            return JournalBreak(row.seq, row.number, f"({row.action}) is not permitted after {last}")
        if details.get("before", after) != after:  # entries of earlier versions have none
            return JournalBreak(row.seq, row.number, f"({row.action}) began from values that differ from {last}")
        state, after, last = step.next_state or state, details.get("after", ""), f"entry {row.seq} ({row.action})"
    return None


def _named(row: JournalRow) -> str:
    return f"entry {row.seq} ({row.action} by {row.who}, {format_utc(row.at_ms)})"


def _changed(number: str, problem: str) -> ReleaseError:
    return ReleaseError(
        f"the register's entry {number}",
        problem,
        "Nothing is built, delivered or changed for it: run viapublica release journal --check, and restore the "
        "register from its backup",
    )
