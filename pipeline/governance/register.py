"""The register of disclosures: entries, decisions, released files and exemptions, with every change in the journal."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pipeline.domain.disclosure import (
    BuiltFile,
    Disclosure,
    DisclosureState,
    JournalEntry,
    Match,
    Request,
    number_of,
)
from pipeline.domain.months import month_span_ms
from pipeline.domain.times import local_time
from pipeline.errors import ReleaseError
from pipeline.governance import journal
from pipeline.governance.declarations import is_intact, printable_name, stored_declaration
from pipeline.governance.erasure_register import erasure_digests
from pipeline.governance.exemption_entries import remove_images
from pipeline.governance.exemption_register import ExemptionRegister
from pipeline.governance.journal import Act, JournalBreak
from pipeline.governance.journal_replay import first_forbidden
from pipeline.governance.register_lookup import checked_sha256, matches, row_of, rows_listed, rows_with_hash
from pipeline.governance.row_mapping import (
    digest_of,
    disclosure_of,
    file_row,
    plain,
    request_row,
    set_declaration,
)
from pipeline.governance.subject_request_register import subject_request_digests
from pipeline.governance.tables import DisclosureRow
from pipeline.policy import disclosure as rules
from pipeline.policy.approval import CameraConditions, check_conditions, conditions_of, conditions_sha256
from pipeline.policy.sensitive.screen import TextKind


class Register(ExemptionRegister):
    """All disclosures of an institution.

    Args:
        where, clock, zone, create, screen, lock_timeout_s, report: see `RegisterSession`.
        folder: for the folders of declarations and of images. None for that of the SQLite file; for other databases
            ``viapublica-register`` in the working folder.
    """

    def request(self, request: Request, declaration: Path | None = None) -> Disclosure:
        """Enter a request; it gets its number now.

        Args:
            request: the request.
            declaration: the file of the recipient's signed declaration, if it is there already.

        Raises:
            PolicyError: recipient, purpose or author is missing.
            ReleaseError: a value is not valid, or the declaration cannot be read; nothing is entered.
        """
        now_ms = self._clock.wall_ms()
        wanted = rules.checked_request(request, now_ms, self._screen)
        self._check_name(declaration)
        storing = (
            nullcontext()
            if declaration is None
            else stored_declaration(self.declarations, declaration, wanted.requested_by, now_ms)
        )
        with storing as stored, self._database.writing() as session:
            year = local_time(now_ms, self.zone).year
            last = session.scalar(select(func.max(DisclosureRow.running)).where(DisclosureRow.year == year))
            running = (last or 0) + 1
            row = request_row(wanted, number_of(year, running), year, running, now_ms)
            if stored is not None:
                set_declaration(row, stored)
            session.add(row)
            return self._recorded(session, row, Act("request", wanted.requested_by, now_ms), plain(disclosure_of(row)))

    def declare(self, number: str, path: Path, by: str) -> Disclosure:
        """Store the recipient's signed declaration; it supersedes an earlier one, whose file stays.

        Raises:
            ReleaseError: no such number, or the file cannot be read.
            PolicyError: the request is already decided.
        """
        now_ms, by = self._clock.wall_ms(), self._person(by)
        self._check_name(path)
        with (
            stored_declaration(self.declarations, path, by, now_ms) as stored,
            self._database.writing() as session,
        ):
            row = self._row(session, number)
            rules.check_declaring(disclosure_of(row))
            set_declaration(row, stored)
            return self._recorded(session, row, Act("declare", by, now_ms), plain(stored))

    def approve(self, number: str, by: str, reasons: str = "", camera: CameraConditions | None = None) -> Disclosure:
        """Approve it under its present conditions, which become part of the journal; again after they changed.

        Args:
            number: of the disclosure; by: the person; reasons: optional.
            camera: of a requested recording; without it nothing can be built from the recording.

        Raises:
            ReleaseError: no such number.
            PolicyError: the declaration is missing, `by` entered the request, or it is already decided.
        """
        return self._decided(number, by, reasons, DisclosureState.APPROVED, camera)

    def refuse(self, number: str, by: str, reasons: str) -> Disclosure:
        """Refuse it, with reasons, or withdraw its approval before the delivery.

        Raises:
            ReleaseError: no such number.
            PolicyError: no reasons, or it was already refused or delivered.
        """
        return self._decided(number, by, reasons, DisclosureState.REFUSED)

    def get(self, number: str) -> Disclosure:
        """The disclosure of a number, in any form that `read_number` accepts, as the database has it.

        Raises:
            ReleaseError: it is not a number, or unknown.
        """
        with self._database.reading() as session:
            return disclosure_of(row_of(session, number, self.subject))

    def check_unchanged(self, number: str) -> None:
        """Check that a disclosure is as its last journal entry left it.

        Raises:
            ReleaseError: no such number, or it was changed outside the program.
        """
        self._disclosure(number)

    def find_by_hash(self, sha256: str) -> tuple[Match, ...]:
        """Disclosures with a file: built for them (at any time), requested as the original, or as the declaration.

        Raises:
            ReleaseError: it is not a SHA-256.
        """
        digest = checked_sha256(sha256)
        with self._database.reading() as session:
            found = [disclosure_of(row) for row in rows_with_hash(session, digest)]
        return tuple(match for one in found for match in matches(one, digest))

    def list(self, state: DisclosureState | None = None, month: str | None = None) -> tuple[Disclosure, ...]:
        """Disclosures by number.

        Args:
            state: only this one.
            month: such as ``2026-11``: only those requested, decided, built or delivered in it.

        Raises:
            ViapublicaError: it is not a month.
        """
        span_ms = None if month is None else month_span_ms(month, self.zone)
        with self._database.reading() as session:
            return tuple(disclosure_of(row) for row in rows_listed(session, state, span_ms))

    def may_build(self, number: str) -> Disclosure:
        """The disclosure, if files may be built for it.

        Raises:
            ReleaseError: no such number, or it was changed outside the program.
            PolicyError: it is not approved; the message names what is missing.
        """
        found = self._disclosure(number)
        rules.check_building(found)
        return found

    def check_conditions(self, number: str, camera: CameraConditions | None) -> str:
        """Check that a disclosure's conditions are those of its approval.

        Args:
            number: of the disclosure; camera: as it is now, of a requested recording.

        Returns:
            SHA-256 of the conditions.

        Raises:
            ReleaseError: no such number.
            PolicyError: something changed; it is named.
        """
        with self._database.reading() as session:
            return self._check_conditions(session, disclosure_of(self._row(session, number)), camera)

    def is_of_present_approval(self, found: Disclosure, file: BuiltFile) -> bool:
        """Whether one of a disclosure's files was built under its present approval, not under an earlier one."""
        with self._database.reading() as session:
            approved = _approval_sha256(session, found.number)
        return rules.is_of_approval(file, approved, found.decided_ms or 0)

    def built(
        self, number: str, file: BuiltFile, by: str, camera: CameraConditions | None = None, rebuild: str = ""
    ) -> Disclosure:
        """Register a built file, before it gets its final name; its hash stays in the register.

        Args:
            number: of the disclosure; file: as built; by: the person.
            camera: of a requested recording, as it was when the build began.
            rebuild: why another file is built where there is one already.

        Raises:
            ReleaseError: no such number, or the hash is not valid.
            PolicyError: it is not approved, or not under these conditions, or has a file already.
        """
        now_ms, by = self._clock.wall_ms(), self._person(by)
        made = replace(file, sha256=checked_sha256(file.sha256), built_by=by, built_ms=now_ms)
        with self._database.writing() as session:
            row = self._row(session, number)
            found = disclosure_of(row)
            rules.check_building(found)
            rules.check_rebuilding(found, rebuild, self._screen)
            conditions = self._check_conditions(session, found, camera)
            rules.check_same_approval(found, made, conditions)
            row.files.append(file_row(made))
            row.state = DisclosureState.BUILT.value
            change = plain(made) | ({"rebuild": rebuild.strip()} if rebuild.strip() else {})
            return self._recorded(session, row, Act("build", by, now_ms), change)

    def delivered(self, number: str, by: str) -> Disclosure:
        """Record that the newest file was handed over.

        Raises:
            ReleaseError: no such number.
            PolicyError: nothing was built, or only under an earlier approval.
        """
        now_ms, by = self._clock.wall_ms(), self._person(by)
        with self._database.writing() as session:
            row = self._row(session, number)
            found = disclosure_of(row)
            approval_sha256 = _approval_sha256(session, found.number)
            rules.check_delivering(found, approval_sha256)
            row.state = DisclosureState.DELIVERED.value
            if row.delivered_ms is None:  # sheets list the first delivery; the journal has each
                row.delivered_by, row.delivered_ms = by, now_ms
            remove_images(self.exemption_images, found)
            change = {"sha256": found.files[-1].sha256, "approval_sha256": approval_sha256}
            return self._recorded(session, row, Act("deliver", by, now_ms), change)

    def journal(self, number: str | None = None) -> tuple[JournalEntry, ...]:
        """Every change ever made, oldest first; of one disclosure, or of all.

        Raises:
            ReleaseError: no such number.
        """
        with self._database.reading() as session:
            return journal.entries(session, None if number is None else row_of(session, number, self.subject).number)

    def check_journal(self) -> JournalBreak | None:
        """The first entry that was changed, removed or inserted, or whose action was not permitted after the ones
        before it, or a disclosure, declaration or erasure that differs from its last entry; None if all is intact.

        A person who may write to the database could still remove the newest entries together with their changes; the
        last hash, stored elsewhere (each monthly sheet has it), proves that too.
        """
        with self._database.reading() as session:
            broken = journal.first_broken(session) or first_forbidden(session)
            if broken is not None:
                return broken
            rows = session.scalars(select(DisclosureRow).order_by(DisclosureRow.id)).all()
            digests = {row.number: _digest(row) for row in rows} | erasure_digests(session)
            digests |= subject_request_digests(session)
            changed = journal.first_changed(session, digests)
            if changed is not None:
                return changed
            found = (disclosure_of(row) for row in rows)
            lost = next((one for one in found if not is_intact(self.declarations, one.declaration)), None)
            if lost is None or lost.declaration is None:
                return None
            problem = f"its declaration {lost.declaration.stored_as} is missing or was changed"
            return JournalBreak(journal.entries(session, lost.number)[-1].seq, lost.number, problem)

    def _check_name(self, declaration: Path | None) -> None:
        if declaration is not None:
            self._screen.check("name of the declaration", printable_name(declaration), TextKind.PLACE)

    def _decided(
        self, number: str, by: str, reasons: str, state: DisclosureState, camera: CameraConditions | None = None
    ) -> Disclosure:
        now_ms, by = self._clock.wall_ms(), self._person(by)
        approves = state is DisclosureState.APPROVED
        with self._database.writing() as session:
            row = self._row(session, number)
            found = disclosure_of(row)
            change: dict[str, Any] = {}
            if approves:
                conditions = conditions_of(found, camera)
                earlier = journal.last_change(session, found.number, "approve").get("conditions")
                rules.check_approving(found, by, renews=conditions != earlier)
                change = {"conditions": conditions, "conditions_sha256": conditions_sha256(conditions)}
            else:
                rules.check_refusing(found)
                remove_images(self.exemption_images, found)
            if reasons.strip() or not approves:
                reasons = rules.checked_reasons(found.number, reasons, "a refusal needs", self._screen)
            row.state, row.decided_by, row.decided_ms, row.reasons = state.value, by, now_ms, reasons.strip()
            change |= {"reasons": row.reasons} if row.reasons else {}
            undone = "withdraw" if found.decided_by else "refuse"
            return self._recorded(session, row, Act("approve" if approves else undone, by, now_ms), change)

    def _check_conditions(self, session: Session, found: Disclosure, camera: CameraConditions | None) -> str:
        approved = journal.last_change(session, found.number, "approve")
        present = conditions_of(found, camera)
        check_conditions(found, approved.get("conditions", {}), present)
        return conditions_sha256(present)


def _approval_sha256(session: Session, number: str) -> str:
    """SHA-256 of the conditions of a disclosure's newest approval; "" without one."""
    return str(journal.last_change(session, number, "approve").get("conditions_sha256", ""))


def _digest(row: DisclosureRow) -> str:
    try:
        return digest_of(disclosure_of(row))
    except ReleaseError:
        return ""
