"""The register of hot-lists: searched plates with their authority, case, validity, and the people who see the hits."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, String, Text, func, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from pipeline.domain.events import Severity
from pipeline.domain.hot_list import MOST_ENTRIES, ListEntry, NewListEntry, SearchedPlate
from pipeline.domain.people import Validity
from pipeline.domain.plate import plate_key
from pipeline.domain.plural import counted
from pipeline.errors import PolicyError, RegistryError, ViapublicaError
from pipeline.governance.csv_rows import problems_text
from pipeline.governance.people_tables import ID, LOGIN
from pipeline.governance.register_session import RegisterSession
from pipeline.governance.tables import Base
from pipeline.policy.hot_lists import FORGOTTEN_AFTER_MS, ScreenedTexts, checked_list_entry

_ROWS: Final = 5_000
"""Rows of one statement."""


class ListEntryRow(Base):
    """See `pipeline.domain.hot_list.ListEntry`. Times are milliseconds since 1970 UTC."""

    __tablename__ = "hot_list_entries"

    entry_id: Mapped[int] = mapped_column(primary_key=True)
    list_name: Mapped[str] = mapped_column(ID, index=True)
    plate: Mapped[str] = mapped_column(String(64))
    plate_key: Mapped[str] = mapped_column(String(64), index=True)
    authority: Mapped[str] = mapped_column(Text)
    case_number: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text)
    severity: Mapped[str] = mapped_column(String(16))
    from_ms: Mapped[int] = mapped_column(BigInteger)
    until_ms: Mapped[int] = mapped_column(BigInteger)
    viewers: Mapped[str] = mapped_column(Text)
    entered_by: Mapped[str] = mapped_column(LOGIN)
    entered_ms: Mapped[int] = mapped_column(BigInteger)
    ended_ms: Mapped[int | None] = mapped_column(BigInteger)
    ended_by: Mapped[str] = mapped_column(LOGIN)
    end_reason: Mapped[str] = mapped_column(Text)


_REPLACED: Final = "replaced by an import"


class HotListRegister(RegisterSession):
    """Entries of all hot-lists, which end by themselves; nothing of them is deleted but, after some time, the plate."""

    def check(self, entries: Sequence[tuple[str, NewListEntry]]) -> tuple[NewListEntry, ...]:
        """The entries as they would be made, normalized; nothing is changed.

        Args:
            entries: each with its place, such as ``line 12``, "" for one alone.

        Raises:
            RegistryError: values are missing or not possible, or a plate is twice on one list; each is named.
            PolicyError: a text says something sensitive about people.
        """
        with self._database.reading() as session:
            return self._checked(session, entries)

    def add(
        self, entries: Sequence[tuple[str, NewListEntry]], by: str, report: Callable[[Sequence[ListEntry]], None]
    ) -> tuple[ListEntry, ...]:
        """Make entries, all or none.

        Args:
            entries: see `check`; by: login of the person.
            report: gets the entries before they are committed; what it raises undoes them.

        Raises:
            RegistryError, PolicyError: see `check`; or there would be more than `MOST_ENTRIES`.
        """
        with self._database.writing() as session:
            made = self._made(session, entries, by)
            report(made)
            return made

    def replace(
        self,
        entries: Sequence[tuple[str, NewListEntry]],
        obsolete: Collection[int],
        by: str,
        report: Callable[[Sequence[ListEntry], Sequence[ListEntry]], None],
        *,
        dry_run: bool = False,
    ) -> None:
        """End entries and make others in their place, all or none.

        Args:
            entries: see `check`; obsolete: numbers of those that end; by: login of the person.
            report: gets the new and the ended entries before they are committed; what it raises undoes all.
            dry_run: check everything, and change nothing.

        Raises:
            RegistryError, PolicyError: see `add` and `end`.
        """
        with self._database.writing() as session:
            ended = self._ended(session, obsolete, _REPLACED, by)
            made = self._made(session, entries, by)
            if dry_run:
                session.rollback()
            else:
                report(made, ended)

    def end(
        self, entry_ids: Collection[int], reason: str, by: str, report: Callable[[Sequence[ListEntry]], None]
    ) -> tuple[ListEntry, ...]:
        """End entries before their time, all or none.

        Args:
            entry_ids: numbers; reason: of the end; by: login of the person; report: see `add`.

        Raises:
            RegistryError: one is unknown, or has ended; or the reason is missing.
            PolicyError: the reason says something sensitive about people.
        """
        why = ScreenedTexts(self._screen).checked("reason of the end", reason)
        with self._database.writing() as session:
            ended = self._ended(session, entry_ids, why, by)
            report(ended)
            return ended

    def entry(self, entry_id: int) -> ListEntry:
        """One entry.

        Raises:
            RegistryError: there is none.
        """
        with self._database.reading() as session:
            return _value(self._row(session, entry_id))

    def entries(self, list_name: str = "", *, ended: bool = False) -> tuple[ListEntry, ...]:
        """Entries by number.

        Args:
            list_name: of one list only; "" for all. ended: also those that have ended.
        """
        wanted = select(ListEntryRow).order_by(ListEntryRow.entry_id)
        if list_name:
            wanted = wanted.where(ListEntryRow.list_name == list_name)
        if not ended:
            wanted = wanted.where(_has_not_ended(self._clock.wall_ms()))
        with self._database.reading() as session:
            return tuple(map(_value, session.scalars(wanted)))

    def searched(self) -> tuple[SearchedPlate, ...]:
        """The plates that are or will be searched for: of entries that have not ended."""
        columns = ListEntryRow.entry_id, ListEntryRow.plate, ListEntryRow.severity
        wanted = select(*columns, ListEntryRow.from_ms, ListEntryRow.until_ms).where(
            _has_not_ended(self._clock.wall_ms())
        )
        with self._database.reading() as session:
            return tuple(
                SearchedPlate(entry_id=number, plate=plate, severity=Severity(severity), validity=Validity(begin, end))
                for number, plate, severity, begin, end in session.execute(wanted)
            )

    def revision(self) -> tuple[int, int]:
        """What differs after each change of the entries."""
        with self._database.reading() as session:
            found = session.execute(select(func.max(ListEntryRow.entry_id), func.count(ListEntryRow.ended_ms))).one()
            return found[0] or 0, found[1]

    def forget_plates(self, report: Callable[[int], None] = lambda _: None) -> int:
        """Remove the plates of entries that ended long enough ago; the number of entries.

        Args:
            report: gets the number before they are removed; what it raises leaves them.
        """
        before_ms = self._clock.wall_ms() - FORGOTTEN_AFTER_MS
        ended = func.coalesce(ListEntryRow.ended_ms, ListEntryRow.until_ms) < before_ms
        due = (ListEntryRow.plate != "") & (ended | (ListEntryRow.until_ms < before_ms))
        with self._database.reading() as session:
            number = session.scalar(select(func.count()).select_from(ListEntryRow).where(due)) or 0
        if number:
            report(number)
            with self._database.writing() as session:
                session.execute(update(ListEntryRow).where(due).values(plate="", plate_key=""))
        return number

    def _checked(self, session: Session, entries: Sequence[tuple[str, NewListEntry]]) -> tuple[NewListEntry, ...]:
        now_ms = self._clock.wall_ms()
        listed = {
            (name, key): f"entry {number}"
            for number, name, key in session.execute(
                select(ListEntryRow.entry_id, ListEntryRow.list_name, ListEntryRow.plate_key).where(
                    _has_not_ended(now_ms)
                )
            )
        }
        if len(listed) + len(entries) > MOST_ENTRIES:
            raise RegistryError(
                "hot-lists",
                f"would have {len(listed) + len(entries)} entries, and {MOST_ENTRIES} are possible",
                "Remove those that are not needed: viapublica hotlist remove",
            )
        checked: list[NewListEntry] = []
        problems: list[tuple[str, ViapublicaError]] = []
        screened = ScreenedTexts(self._screen)
        for place, entry in entries:
            try:
                one = checked_list_entry(entry, now_ms, screened)
                known = listed.setdefault((one.list_name, plate_key(one.plate)), place)
                if known != place:
                    raise RegistryError("plate", f"is on {one.list_name} already: {known}", "Remove that entry first")
            except ViapublicaError as error:
                problems.append((place, error))
            else:
                checked.append(one)
        _raise(problems)
        return tuple(checked)

    def _made(self, session: Session, entries: Sequence[tuple[str, NewListEntry]], by: str) -> tuple[ListEntry, ...]:
        checked, now_ms = self._checked(session, entries), self._clock.wall_ms()
        last = session.scalar(select(func.max(ListEntryRow.entry_id))) or 0
        rows = [_row(number, one, by, now_ms) for number, one in enumerate(checked, last + 1)]
        for begin in range(0, len(rows), _ROWS):
            session.execute(insert(ListEntryRow), rows[begin : begin + _ROWS])
        return tuple(_value(ListEntryRow(**row)) for row in rows)

    def _ended(self, session: Session, entry_ids: Collection[int], why: str, by: str) -> tuple[ListEntry, ...]:
        now_ms = self._clock.wall_ms()
        rows = [self._row(session, entry_id) for entry_id in entry_ids]
        for row in rows:
            if row.ended_ms is not None or row.until_ms <= now_ms:
                raise RegistryError(f"entry {row.entry_id}", "has ended already", "See viapublica hotlist list")
            row.ended_ms, row.ended_by, row.end_reason = now_ms, by, why
        session.flush()
        return tuple(map(_value, rows))

    def _row(self, session: Session, entry_id: int) -> ListEntryRow:
        row = session.get(ListEntryRow, entry_id)
        if row is None:
            raise RegistryError(f"entry {entry_id}", "is on no hot-list", "See viapublica hotlist list")
        return row


def _has_not_ended(now_ms: int) -> ColumnElement[bool]:
    return ListEntryRow.ended_ms.is_(None) & (ListEntryRow.until_ms > now_ms)


def _raise(problems: Sequence[tuple[str, ViapublicaError]]) -> None:
    """The error about all entries that cannot be made; of a single one, its own."""
    if not problems:
        return
    refused = next((error for _, error in problems if isinstance(error, PolicyError)), None)
    place, first = problems[0]
    if not place:
        raise first
    lines = [f"{where}: {error.subject}: {error.problem}" for where, error in problems]
    text = problems_text(lines, counted(len(lines), "problem"), "nothing was entered")
    fix = "Correct these lines and import the file again"
    if refused is not None:
        raise PolicyError("list", text, fix, policy=refused.policy)
    raise RegistryError("list", text, fix)


def _row(entry_id: int, entry: NewListEntry, by: str, now_ms: int) -> dict[str, Any]:
    return {
        "entry_id": entry_id,
        "list_name": entry.list_name,
        "plate": entry.plate,
        "plate_key": plate_key(entry.plate),
        "authority": entry.authority,
        "case_number": entry.case_number,
        "reason": entry.reason,
        "severity": entry.severity.value,
        "from_ms": entry.validity.from_ms,
        "until_ms": entry.validity.until_ms,
        "viewers": json.dumps(entry.viewers),
        "entered_by": by,
        "entered_ms": now_ms,
        "ended_ms": None,
        "ended_by": "",
        "end_reason": "",
    }


def _value(row: ListEntryRow) -> ListEntry:
    return ListEntry(
        entry_id=row.entry_id,
        list_name=row.list_name,
        plate=row.plate,
        authority=row.authority,
        case_number=row.case_number,
        reason=row.reason,
        severity=Severity(row.severity),
        validity=Validity(row.from_ms, row.until_ms),
        viewers=tuple(json.loads(row.viewers)),
        entered_by=row.entered_by,
        entered_ms=row.entered_ms,
        ended_ms=row.ended_ms,
        ended_by=row.ended_by,
        end_reason=row.end_reason,
    )
