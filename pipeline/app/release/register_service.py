"""The register of disclosures as a service: requests, exemptions, queries, the monthly sheet, the journal.

`open_register` yields an `AuditedRegister`, whose methods enter and decide; the functions here combine it with
recordings, files and the sheet. Exports what a command line or console needs of the register's package.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path

from pipeline.anonymize.manual_regions import read_regions, regions_as_json
from pipeline.app.audit.audited_operation import audit_of_stores
from pipeline.app.audit.audited_register import AuditedRegister, register_stores
from pipeline.app.logging_setup import configure_logging
from pipeline.app.output_files import check_target, output_file
from pipeline.app.recordings import known_recordings
from pipeline.app.release.camera_conditions import camera_conditions
from pipeline.app.release.release_source import Recording, load_recording
from pipeline.app.release.request_hold import check_holdable, hold_request
from pipeline.app.screened_texts import screen_of
from pipeline.domain.clock import SystemClock
from pipeline.domain.disclosure import (
    NUMBER_EXAMPLE,
    Content,
    Disclosure,
    Exemption,
    JournalEntry,
    Request,
    read_number,
)
from pipeline.domain.institution import Institution
from pipeline.domain.operation import Operation
from pipeline.errors import ReleaseError
from pipeline.governance.declarations import file_digest, printable_name
from pipeline.governance.journal import JournalBreak
from pipeline.governance.monthly_sheet import SheetHead, render_sheet
from pipeline.policy.disclosure import check_approving
from pipeline.record.recorded_declaration import check_not_recorded
from pipeline.record.recording_archive import RecordingArchive

__all__ = [
    "AuditedRegister",
    "EnteredRequest",
    "FoundDisclosure",
    "JournalBreak",
    "JournalCheck",
    "WrittenSheet",
    "approve_disclosure",
    "check_journal",
    "enter_into",
    "enter_request",
    "file_content",
    "find_disclosures",
    "month_sheet",
    "open_register",
    "request_exemptions",
    "write_sheet",
]

_SHA256 = re.compile(r"[0-9A-Fa-f]{64}")


@contextmanager
def open_register(
    where: str, zone: tzinfo | None = None, *, create: bool = False, config: Path | None = None
) -> Iterator[AuditedRegister]:
    """The register; every change and reading of it is recorded in the audit first.

    Args:
        where: an SQLite file, or a SQLAlchemy address.
        zone: of the institution; None for the machine's.
        create: create it if it does not exist.
        config: with the additions of a city to the screen of free texts, and the audit; None without: see
            `register_stores`.

    Raises:
        ReleaseError, MissingComponent: it cannot be opened.
        ConfigError: the configuration is not valid.
    """
    audit = audit_of_stores(register_stores(config, where))
    register = AuditedRegister(where, audit, zone=zone, create=create, screen=screen_of(config))
    with audit.refusals(Operation.DISCLOSURE), register:
        yield register


def file_content(file: Path, config: Path | None = None) -> Content:
    """A requested file, by its name and SHA-256.

    Args:
        file: the file; config: whose recordings it is compared with, see `known_recordings`.

    Raises:
        ReleaseError: it cannot be read.
        PolicyError: a camera recorded it, whose privacy masks and conditions apply.
    """
    content = Content(file_name=printable_name(file), file_sha256=file_digest(file)[0])
    check_not_recorded(file, known=known_recordings(config))
    return content


@dataclass(frozen=True, slots=True)
class EnteredRequest:
    """A new entry.

    Attributes:
        disclosure: the entry.
        hold_id: of the hold on its recording, "" without one.
        nothing_recorded: why nothing is recorded of the requested time, "" where something is, or it is not known.
    """

    disclosure: Disclosure
    hold_id: str = ""
    nothing_recorded: str = ""


def enter_request(
    where: str, request: Request, *, zone: tzinfo | None, declaration: Path | None, config: Path | None
) -> EnteredRequest:
    """Enter a request, and hold the requested recording.

    Args:
        where: the register, created if it does not exist.
        request: the request.
        zone: of the institution.
        declaration: the recipient's signed declaration, if it is there already.
        config: the configuration that records the camera; None for no hold.

    Raises:
        ViapublicaError: it cannot be entered; nothing is.
    """
    recording, nothing = None, ""
    if config is not None:
        configure_logging("warning", "auto")
        recording = load_recording(config)
        nothing = check_holdable(recording, request.content, zone)
    with open_register(where, zone, create=True, config=config) as register:
        return _entered(register, request, declaration, recording, nothing)


def enter_into(
    register: AuditedRegister, request: Request, declaration: Path | None, recording: Recording | None
) -> EnteredRequest:
    """The same in an open register.

    Args:
        register: opened with the institution's zone; request, declaration: see `enter_request`.
        recording: of the camera; None for no hold.

    Raises:
        ViapublicaError: it cannot be entered, or its recording not be held; nothing is entered.
    """
    nothing = "" if recording is None else check_holdable(recording, request.content, register.zone)
    return _entered(register, request, declaration, recording, nothing)


def _entered(
    register: AuditedRegister, request: Request, declaration: Path | None, recording: Recording | None, nothing: str
) -> EnteredRequest:
    entered = register.request(request, declaration)
    return EnteredRequest(entered, "" if recording is None else hold_request(recording, entered), nothing)


def approve_disclosure(
    register: AuditedRegister, number: str, by: str, reasons: str = "", config: Path | None = None
) -> Disclosure:
    """Approve a disclosure under its present conditions, again after they changed.

    Args:
        register: of the disclosure; number: its number.
        by: the approving person; reasons: optional.
        config: the configuration that records the camera; required where a recording is requested.

    Raises:
        ReleaseError: no such number, or no configuration.
        PolicyError: see `Register.approve`.
        ConfigError, RecordError: configuration or recording cannot be read.
    """
    found = register.get(number)
    check_approving(found, by, renews=True)
    content, camera = found.request.content, None
    if not content.is_file:
        if config is None:
            raise ReleaseError(
                f"disclosure {found.number}",
                f"requests camera {content.camera_id}, whose masks, scope and source are part of the approval",
                "Give the configuration that records it: --config",
            )
        where = load_recording(config)
        camera = camera_conditions(where.config, RecordingArchive(where.folder), content)
    return register.approve(number, by, reasons, camera)


def request_exemptions(register: AuditedRegister, number: str, file: Path, by: str) -> list[Exemption]:
    """Request an exemption for each `exempt` region of a file; a second person confirms each.

    Raises:
        ReleaseError: no such number, or the file has none.
        PolicyError: the disclosure was refused.
    """
    regions = read_regions(file).exempt
    if not regions:
        raise ReleaseError(str(file), "has no `exempt` regions", "Write exempt: [{from, to, box, why}]")
    return [
        register.request_exemption(number, row, region.why, by)
        for row, region in zip(regions_as_json(regions), regions, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class FoundDisclosure:
    """A disclosure, and how it was found: "number", "built", "source" or "declaration"."""

    found_as: str
    disclosure: Disclosure


def find_disclosures(register: AuditedRegister, subject: str) -> list[FoundDisclosure]:
    """The disclosures of a number, a file, or the SHA-256 of one.

    Raises:
        ReleaseError: there are none, or the subject is neither.
    """
    try:
        read_number(subject)
    except ReleaseError:
        matches = register.find_by_hash(_digest(subject))
        found = [FoundDisclosure(match.role.value, match.disclosure) for match in matches]
    else:
        found = [FoundDisclosure("number", register.get(subject))]
    if not found:
        raise ReleaseError(
            subject,
            "no disclosure of this register matches it",
            "It was released elsewhere, or changed since: check the number on the image",
        )
    return found


@dataclass(frozen=True, slots=True)
class WrittenSheet:
    """A monthly sheet: its file, the number of its disclosures, whether the journal is intact, and the month over."""

    file: str
    month: str
    disclosures: int
    journal_intact: bool
    month_over: bool


def write_sheet(
    register: AuditedRegister, month: str, file: str | None, institution: Institution, *, replace: bool = False
) -> WrittenSheet:
    """Write the monthly sheet (XLSX).

    Args:
        register: opened with the institution's zone.
        month: such as ``2026-11``.
        file: to write; by default named after the month, and ``partial`` while it is not over.
        institution: without a name, those of the overlays.
        replace: replace a file that exists.

    Raises:
        ReleaseError: it is not a month, has not begun, or the file exists.
        ViapublicaError: the file cannot be written.
    """
    sheet = month_sheet(register, month, institution)
    path = file or sheet.name
    if Path(path).suffix.lower() != ".xlsx":
        raise ReleaseError(f"--out {path}", "is not the name of a spreadsheet", "Use the suffix .xlsx")
    if check_target("--out", path).is_file() and not replace:
        raise ReleaseError(path, "exists already", "Choose another file with --out, or replace it: --force")
    with output_file("--out", path, "wb") as stream:
        stream.write(sheet.content)
    return WrittenSheet(path, sheet.month, sheet.disclosures, sheet.journal_intact, sheet.month_over)


@dataclass(frozen=True, slots=True)
class MonthSheet:
    """A monthly sheet as a file's content; the other fields as of `WrittenSheet`."""

    content: bytes
    month: str
    disclosures: int
    journal_intact: bool
    month_over: bool

    @property
    def name(self) -> str:
        """The usual name of its file: after the month, and ``partial`` while it is not over."""
        return f"disclosures-{self.month}{'' if self.month_over else '-partial'}.xlsx"


def month_sheet(register: AuditedRegister, month: str, institution: Institution) -> MonthSheet:
    """The monthly sheet (XLSX).

    Args:
        register, month, institution: see `write_sheet`.

    Raises:
        ReleaseError: it is not a month, or has not begun.
    """
    month = month.strip()
    found, entries, broken = register.list(month=month), register.journal(), register.check_journal()
    names = sorted({one.request.overlay.institution for one in found} - {""})
    head = SheetHead(
        institution=Institution(institution.name or ", ".join(names), institution.local_law),
        month=month,
        made_ms=SystemClock().wall_ms(),
        zone=register.zone,
        journal=(len(entries), entries[-1].hash if entries else ""),
    )
    return MonthSheet(render_sheet(found, head), month, len(found), broken is None, month_over=not head.partial)


@dataclass(frozen=True, slots=True)
class JournalCheck:
    """Result of checking the journal: its first break, or its entries."""

    subject: str
    broken: JournalBreak | None
    entries: tuple[JournalEntry, ...] = ()

    @property
    def last_hash(self) -> str:
        """Of the newest entry, "" without any."""
        return self.entries[-1].hash if self.entries else ""


def check_journal(register: AuditedRegister) -> JournalCheck:
    """Check the journal's hash chain, and the disclosures and declarations against it."""
    broken = register.check_journal()
    return JournalCheck(register.subject, broken, register.journal() if broken is None else ())


def _digest(subject: str) -> str:
    if _SHA256.fullmatch(subject.strip()):
        return subject
    if not Path(subject).exists():
        raise ReleaseError(
            subject,
            "is neither a number, nor a SHA-256, nor an existing file",
            f"Write {NUMBER_EXAMPLE}, the file's path, or its 64 hexadecimal digits",
        )
    return file_digest(Path(subject))[0]
