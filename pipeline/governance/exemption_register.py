"""Exemptions of the register: requested, shown in an image, confirmed by a second person; each in the journal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from pipeline.domain.disclosure import Disclosure, Exemption
from pipeline.domain.ports import Clock
from pipeline.governance import journal
from pipeline.governance.exemption_entries import (
    SHOWN,
    add_exemption,
    confirm_exemption,
    exemption_of,
    image_path,
    store_image,
)
from pipeline.governance.journal import Act, Report
from pipeline.governance.journal_replay import check_unchanged
from pipeline.governance.register_lookup import row_of
from pipeline.governance.register_session import RegisterSession
from pipeline.governance.row_mapping import digest_of, disclosure_of
from pipeline.governance.tables import DisclosureRow
from pipeline.policy import disclosure as rules
from pipeline.policy.sensitive.screen import TextScreen


class ExemptionRegister(RegisterSession):
    """An open register and the exemptions of its disclosures.

    Args:
        where, clock, zone, folder, create, screen, lock_timeout_s, report: see `Register`.
    """

    def __init__(
        self,
        where: str | Path,
        clock: Clock | None = None,
        *,
        zone: tzinfo | None = None,
        folder: Path | None = None,
        create: bool = True,
        screen: TextScreen | None = None,
        lock_timeout_s: float = 10.0,
        report: Report | None = None,
    ) -> None:
        super().__init__(
            where, clock, zone=zone, create=create, screen=screen, lock_timeout_s=lock_timeout_s, report=report
        )
        self.declarations = (folder or self.folder) / "declarations"
        self.exemption_images = (folder or self.folder) / "exemptions"

    def _person(self, by: str) -> str:
        """The name under which a change is entered.

        Raises:
            PolicyError: it is none.
        """
        return rules.checked_person("by", by)

    def request_exemption(self, number: str, region: Mapping[str, Any], reason: str, by: str) -> Exemption:
        """Request that a region is exempted from redaction. An approval without it ends.

        Args:
            number: of the disclosure.
            region: box and span, as JSON values.
            reason: why; by: the person who requests it.

        Raises:
            ReleaseError: no such number.
            PolicyError: no reason, the regions are too large together or have no end, or the disclosure was refused or
                delivered.
        """
        now_ms, by = self._clock.wall_ms(), self._person(by)
        with self._database.writing() as session:
            row = self._row(session, number)
            act = Act("request-exemption", by, now_ms)
            change = add_exemption(session, row, region, reason, act, screen=self._screen)
            return self._recorded(session, row, act, change).exemptions[-1]

    def exemption(self, number: str, exemption_id: int) -> Exemption:
        """One exemption of a disclosure.

        Raises:
            ReleaseError: no such number, or no such exemption of it.
        """
        return exemption_of(self._disclosure(number), exemption_id)

    def exemption_shown(self, number: str, exemption_id: int, image: bytes, by: str) -> Path:
        """Store an image of an exemption, by which a second person decides; an older one is replaced.

        Args:
            number: of the disclosure; exemption_id: of it.
            image: PNG; by: the person who makes it.

        Raises:
            ReleaseError: no such number, no such exemption of it, or the image cannot be written.
        """
        now_ms, by = self._clock.wall_ms(), self._person(by)
        with self._database.writing() as session:
            row = self._row(session, number)
            found = disclosure_of(row)
            exemption_of(found, exemption_id)
            path, change = store_image(self.exemption_images, found, exemption_id, image)
            self._recorded(session, row, Act(SHOWN, by, now_ms), change)
            return path

    def exemption_images_of(self, found: Disclosure) -> dict[int, Path]:
        """The images of the exemptions of a disclosure, by their ids, where there are any."""
        paths = {
            one.exemption_id: image_path(self.exemption_images, found.number, one.exemption_id)
            for one in found.exemptions
        }
        return {number: path for number, path in paths.items() if path.exists()}

    def confirm_exemption(self, number: str, exemption_id: int, by: str) -> Exemption:
        """Confirm an exemption as the second person. An approval without it ends.

        Raises:
            ReleaseError: no such number, or no such exemption of it.
            PolicyError: the same person requested it, it is already confirmed, no image of it was made, or the
                disclosure was refused.
        """
        now_ms, by = self._clock.wall_ms(), self._person(by)
        with self._database.writing() as session:
            row = self._row(session, number)
            act = Act("confirm-exemption", by, now_ms)
            change = confirm_exemption(session, row, exemption_id, act, self.exemption_images)
            done = self._recorded(session, row, act, change)
            return next(one for one in done.exemptions if one.exemption_id == exemption_id)

    def confirmed_exemptions(self, number: str) -> tuple[Exemption, ...]:
        """The exemptions that a second person has confirmed.

        Raises:
            ReleaseError: no such number.
        """
        return tuple(one for one in self._disclosure(number).exemptions if one.confirmed_by)

    def _disclosure(self, number: str) -> Disclosure:
        with self._database.reading() as session:
            return disclosure_of(self._row(session, number))

    def _row(self, session: Session, number: str) -> DisclosureRow:
        """The row of a number; only if it is as its last journal entry left it.

        Raises:
            ReleaseError: no such number, or it was changed outside the program.
        """
        row = row_of(session, number, self.subject)
        digest = digest_of(disclosure_of(row))
        check_unchanged(session, row.number, digest)
        session.info[row.number] = digest
        return row

    def _recorded(self, session: Session, row: DisclosureRow, act: Act, change: Mapping[str, Any]) -> Disclosure:
        """Write the change of a row, as `_row` returned it or new, into the journal, in the same transaction."""
        session.flush()
        found = disclosure_of(row)
        before = session.info.pop(row.number, "")
        journal.append(session, act, found.number, {"change": change, "before": before, "after": digest_of(found)})
        return found
