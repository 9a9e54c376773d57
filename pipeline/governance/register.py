"""The register of disclosures: nothing leaves without an entry here, and every change of one is in the journal."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from datetime import tzinfo
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pipeline.domain.clock import SystemClock
from pipeline.domain.disclosure import (
    BuiltFile,
    Disclosure,
    DisclosureState,
    JournalEntry,
    Match,
    Request,
    Uncovering,
    number_of,
)
from pipeline.domain.ports import Clock
from pipeline.domain.times import local_time
from pipeline.errors import ReleaseError
from pipeline.governance import journal
from pipeline.governance.declarations import is_kept, kept_declaration
from pipeline.governance.journal import Act, Broken
from pipeline.governance.months import month_span_ms
from pipeline.governance.register_database import Database
from pipeline.governance.register_lookup import checked_sha256, matches, row_of, rows_listed, rows_with_hash
from pipeline.governance.row_mapping import (
    digest_of,
    disclosure_of,
    file_row,
    plain,
    request_row,
    set_declaration,
    uncovering_row,
)
from pipeline.governance.tables import DisclosureRow, UncoveringRow
from pipeline.policy import disclosure as rules


class Register:
    """All disclosures of an institution. A context manager; may be used by several processes at once.

    Args:
        where: the file of an SQLite database, or a SQLAlchemy address such as ``postgresql+psycopg://…``.
        clock: the time; the machine's when None.
        zone: of the institution: in it a disclosure's year and a sheet's month begin. The machine's when None.
        folder: the folder that declarations are kept under. None: that of the SQLite file; for other databases
            ``viapublica-register`` in the working folder.
        create: make the database where there is none.
        patience_s: how long another process is waited for that changes the register.

    Raises:
        ReleaseError: it is not there, no register, damaged, newer than this program, or cannot be opened.
        MissingComponent: the database's driver is not installed.
    """

    def __init__(
        self,
        where: str | Path,
        clock: Clock | None = None,
        *,
        zone: tzinfo | None = None,
        folder: Path | None = None,
        create: bool = True,
        patience_s: float = 10.0,
    ) -> None:
        self._clock = clock or SystemClock()
        self.zone = zone
        self._database = Database(where, create=create, patience_s=patience_s)
        self.subject = self._database.subject
        self.declarations = (folder or self._database.folder) / "declarations"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def request(self, request: Request, declaration: Path | None = None) -> Disclosure:
        """Enter what somebody asks for; it gets its number now.

        Args:
            request: what is asked.
            declaration: the file of the recipient's signed declaration, where there is one already.

        Raises:
            PolicyError: recipient, purpose or whoever enters it is missing.
            ReleaseError: what is asked for cannot be, or the declaration cannot be read; nothing is entered.
        """
        now_ms = self._clock.wall_ms()
        wanted = rules.checked_request(request, now_ms)
        keeping = (
            nullcontext()
            if declaration is None
            else kept_declaration(self.declarations, declaration, wanted.requested_by, now_ms)
        )
        with keeping as kept, self._database.writing() as session:
            year = local_time(now_ms, self.zone).year
            last = session.scalar(select(func.max(DisclosureRow.running)).where(DisclosureRow.year == year))
            running = (last or 0) + 1
            row = request_row(wanted, number_of(year, running), year, running, now_ms)
            if kept is not None:
                set_declaration(row, kept)
            session.add(row)
            return self._recorded(session, row, Act("request", wanted.requested_by, now_ms), plain(disclosure_of(row)))

    def declare(self, number: str, path: Path, by: str) -> Disclosure:
        """Keep the recipient's signed declaration; one that is there is superseded, its file stays.

        Raises:
            ReleaseError: no such number, or the file cannot be read.
            PolicyError: the request is decided already.
        """
        now_ms, by = self._clock.wall_ms(), rules.checked_person("by", by)
        with (
            kept_declaration(self.declarations, path, by, now_ms) as kept,
            self._database.writing() as session,
        ):
            row = self._row(session, number)
            rules.check_declaring(disclosure_of(row))
            set_declaration(row, kept)
            return self._recorded(session, row, Act("declare", by, now_ms), plain(kept))

    def approve(self, number: str, by: str, reasons: str = "") -> Disclosure:
        """Let it be built.

        Raises:
            ReleaseError: no such number.
            PolicyError: the declaration is missing, `by` entered the request, or it is decided already.
        """
        return self._decided(number, by, reasons, DisclosureState.APPROVED)

    def refuse(self, number: str, by: str, reasons: str) -> Disclosure:
        """Say no, with reasons; or take an approval back, until something was delivered.

        Raises:
            ReleaseError: no such number.
            PolicyError: no reasons, or it was refused or delivered already.
        """
        return self._decided(number, by, reasons, DisclosureState.REFUSED)

    def get(self, number: str) -> Disclosure:
        """The disclosure of a number, however people write it.

        Raises:
            ReleaseError: it is no number, or there is none such.
        """
        with self._database.reading() as session:
            return disclosure_of(self._row(session, number))

    def find_by_hash(self, sha256: str) -> tuple[Match, ...]:
        """Disclosures that know a file: as built (also long ago), as the original asked for, or as a declaration.

        Raises:
            ReleaseError: it is no SHA-256.
        """
        digest = checked_sha256(sha256)
        with self._database.reading() as session:
            found = [disclosure_of(row) for row in rows_with_hash(session, digest)]
        return tuple(match for one in found for match in matches(one, digest))

    def list(self, state: DisclosureState | None = None, month: str | None = None) -> tuple[Disclosure, ...]:
        """Disclosures by number.

        Args:
            state: only these.
            month: such as ``2026-11``: only those that were asked, decided, built or delivered in it.

        Raises:
            ReleaseError: it is no month.
        """
        span_ms = None if month is None else month_span_ms(month, self.zone)
        with self._database.reading() as session:
            return tuple(disclosure_of(row) for row in rows_listed(session, state, span_ms))

    def may_build(self, number: str) -> Disclosure:
        """The disclosure, when files may be made for it.

        Raises:
            ReleaseError: no such number.
            PolicyError: it is not approved; says what is missing.
        """
        found = self.get(number)
        rules.check_building(found)
        return found

    def built(self, number: str, file: BuiltFile, by: str) -> Disclosure:
        """Enter a file that was made, before it is given its name; it can be found by its hash for ever.

        Raises:
            ReleaseError: no such number, or the hash is none.
            PolicyError: it is not approved.
        """
        now_ms, by = self._clock.wall_ms(), rules.checked_person("by", by)
        made = replace(file, sha256=checked_sha256(file.sha256), built_by=by, built_ms=now_ms)
        with self._database.writing() as session:
            row = self._row(session, number)
            rules.check_building(disclosure_of(row))
            row.files.append(file_row(made))
            row.state = DisclosureState.BUILT.value
            return self._recorded(session, row, Act("build", by, now_ms), plain(made))

    def delivered(self, number: str, by: str) -> Disclosure:
        """Note that the newest file was handed over.

        Raises:
            ReleaseError: no such number.
            PolicyError: nothing was built.
        """
        now_ms, by = self._clock.wall_ms(), rules.checked_person("by", by)
        with self._database.writing() as session:
            row = self._row(session, number)
            found = disclosure_of(row)
            rules.check_delivering(found)
            row.state = DisclosureState.DELIVERED.value
            if row.delivered_ms is None:  # the first time is the month's; the journal has each
                row.delivered_by, row.delivered_ms = by, now_ms
            return self._recorded(session, row, Act("deliver", by, now_ms), {"sha256": found.files[-1].sha256})

    def ask_uncover(self, number: str, region: Mapping[str, Any], reason: str, by: str) -> Uncovering:
        """Ask that a region stays visible although somebody was found there.

        Args:
            number: of the disclosure.
            region: where and when, as JSON values.
            reason: why; by: who asks.

        Raises:
            ReleaseError: no such number.
            PolicyError: no reason, or the disclosure was refused.
        """
        now_ms, by = self._clock.wall_ms(), rules.checked_person("by", by)
        with self._database.writing() as session:
            row = self._row(session, number)
            rules.check_uncovering(disclosure_of(row))
            asked = uncovering_row(region, rules.checked_reasons(row.number, reason, "uncovering needs"), by, now_ms)
            row.uncoverings.append(asked)
            session.flush()
            change = {"uncovering_id": asked.id, "region": dict(region), "reason": asked.reason}
            return self._recorded(session, row, Act("ask-uncover", by, now_ms), change).uncoverings[-1]

    def confirm_uncover(self, number: str, uncovering_id: int, by: str) -> Uncovering:
        """Confirm it as the second person.

        Raises:
            ReleaseError: no such number, or no such uncovering of it.
            PolicyError: the same person asked for it, it is confirmed already, or the disclosure was refused.
        """
        now_ms, by = self._clock.wall_ms(), rules.checked_person("by", by)
        with self._database.writing() as session:
            row = self._row(session, number)
            found = disclosure_of(row)
            rules.check_uncovering(found)
            asked = next((one for one in found.uncoverings if one.uncovering_id == uncovering_id), None)
            if asked is None:
                known = ", ".join(str(one.uncovering_id) for one in found.uncoverings) or "none"
                raise ReleaseError(
                    f"uncovering {uncovering_id}", f"is none of disclosure {found.number}", f"It has: {known}"
                )
            rules.check_confirming(asked, by)
            kept = session.get_one(UncoveringRow, uncovering_id)
            kept.confirmed_by, kept.confirmed_ms = by, now_ms
            done = self._recorded(session, row, Act("confirm-uncover", by, now_ms), {"uncovering_id": uncovering_id})
            return next(one for one in done.uncoverings if one.uncovering_id == uncovering_id)

    def confirmed_uncoverings(self, number: str) -> tuple[Uncovering, ...]:
        """The regions that two persons agreed to leave visible.

        Raises:
            ReleaseError: no such number.
        """
        return tuple(one for one in self.get(number).uncoverings if one.confirmed_by)

    def journal(self, number: str | None = None) -> tuple[JournalEntry, ...]:
        """Every change ever made, oldest first; of one disclosure, or of all.

        Raises:
            ReleaseError: no such number.
        """
        with self._database.reading() as session:
            return journal.entries(session, None if number is None else self._row(session, number).number)

    def check_journal(self) -> Broken | None:
        """The first entry that was changed, removed or put in, or a disclosure or declaration that is not as its last
        entry left it.

        None when all holds. Whoever may write to the database could still cut off the newest entries together with
        their changes; the last hash, noted elsewhere (each monthly sheet bears it), shows that too.
        """
        with self._database.reading() as session:
            broken = journal.first_broken(session)
            if broken is not None:
                return broken
            rows = session.scalars(select(DisclosureRow).order_by(DisclosureRow.id)).all()
            changed = journal.first_changed(session, {row.number: _digest(row) for row in rows})
            if changed is not None:
                return changed
            found = (disclosure_of(row) for row in rows)
            lost = next((one for one in found if not is_kept(self.declarations, one.declaration)), None)
            if lost is None or lost.declaration is None:
                return None
            problem = f"its declaration {lost.declaration.kept_as} is gone, or no longer what was entered"
            return Broken(journal.entries(session, lost.number)[-1].seq, lost.number, problem)

    def _decided(self, number: str, by: str, reasons: str, state: DisclosureState) -> Disclosure:
        now_ms, by = self._clock.wall_ms(), rules.checked_person("by", by)
        approves = state is DisclosureState.APPROVED
        with self._database.writing() as session:
            row = self._row(session, number)
            found = disclosure_of(row)
            if approves:
                rules.check_approving(found, by)
            else:
                rules.check_refusing(found)
            if reasons.strip() or not approves:
                reasons = rules.checked_reasons(found.number, reasons, "a refusal needs")
            row.state, row.decided_by, row.decided_ms, row.reasons = state.value, by, now_ms, reasons.strip()
            change = {"reasons": row.reasons} if row.reasons else {}
            undone = "withdraw" if found.decided_by else "refuse"
            return self._recorded(session, row, Act("approve" if approves else undone, by, now_ms), change)

    def _row(self, session: Session, number: str) -> DisclosureRow:
        return row_of(session, number, self.subject)

    def _recorded(self, session: Session, row: DisclosureRow, act: Act, change: Mapping[str, Any]) -> Disclosure:
        """The change goes into the journal, in the same transaction."""
        session.flush()
        found = disclosure_of(row)
        journal.append(session, act, found.number, {"change": dict(change), "after": digest_of(found)})
        return found


def _digest(row: DisclosureRow) -> str:
    try:
        return digest_of(disclosure_of(row))
    except ReleaseError:
        return ""
