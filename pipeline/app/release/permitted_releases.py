"""Disclosures for people with an account: each step in their name, decided by roles and the register's rules."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.app.access.acting import acting_as
from pipeline.app.access.own_operations import require_own
from pipeline.app.audit.audited_operation import OperationAudit, audit_of_stores
from pipeline.app.audit.audited_register import AuditedRegister
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.people.acting_person import Wanted, records_target
from pipeline.app.people.open_registry import OpenRegistry
from pipeline.app.release.register_service import MonthSheet, approve_disclosure, enter_into, month_sheet
from pipeline.app.release.registered_file import RegisteredFile, file_of
from pipeline.app.release.release_source import load_recording
from pipeline.domain.disclosure import EVIDENCE, Disclosure, DisclosureState, JournalEntry, Request
from pipeline.domain.material import Material
from pipeline.domain.operation import Operation
from pipeline.domain.people import RegisteredPerson
from pipeline.domain.requester import Requester
from pipeline.domain.times import MINUTE_MS
from pipeline.errors import PolicyError, ReleaseError
from pipeline.policy.access.request import Approval
from pipeline.record.recording_archive import RecordingArchive
from pipeline.storage.file_hash import file_sha256

__all__ = ["FoundRelease", "PermittedReleases", "StoredFile", "permitted_register"]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as it is given to a person: its name, its content's place."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class FoundRelease:
    """A disclosure with what is shown of it.

    Attributes:
        disclosure: the entry; journal: every change of it, oldest first.
        standings: of its files, in their order; see `registered_file`.
        nothing_recorded: why nothing is recorded of the requested time; "" where something is, or it is not known.
    """

    disclosure: Disclosure
    journal: tuple[JournalEntry, ...]
    standings: tuple[RegisteredFile, ...]
    nothing_recorded: str = ""


@contextmanager
def permitted_register(
    opened: OpenRegistry, where: str, stores: ConfiguredStores
) -> Iterator[tuple[AuditedRegister, OperationAudit]]:
    """The register of disclosures in the name of a person, and its audit.

    Args:
        opened: the registry, for them; where: the register; stores: name the audit and the screen of texts.

    Raises:
        ReleaseError: it cannot be opened.
    """
    with acting_as(opened):
        of_register = replace(stores, register_database=where)
        audit = audit_of_stores(of_register)
        reading = audit_of_stores(of_register, Requester(user=opened.requester.user))  # a report, whatever it is for
        register = AuditedRegister(where, reading, clock=opened.clock, zone=stores.zone, screen=stores.screen)
        with audit.refusals(Operation.DISCLOSURE), register:
            yield register, audit


class PermittedReleases:
    """Disclosures, for the person of an open registry.

    Args:
        opened: the registry, whose requester states purpose and case.
        where: the register; stores: see `permitted_register`.
        config: the configuration that records the cameras; None without one.
        folder: of released files.
    """

    def __init__(
        self, opened: OpenRegistry, where: str, stores: ConfiguredStores, config: Path | None, folder: Path
    ) -> None:
        self._opened, self._where, self._stores = opened, where, stores
        self._config, self._folder = config, folder

    def list(self, state: DisclosureState | None = None, month: str | None = None) -> tuple[Disclosure, ...]:
        """Disclosures by number.

        Raises:
            PolicyError: the person may not.
            ViapublicaError: it is not a month.
        """
        with self._register() as (register, _):
            return register.list(state, month)

    def show(self, number: str) -> FoundRelease:
        """One disclosure.

        Raises:
            ReleaseError: no such number, or it was changed outside the program.
            PolicyError: the person may not.
        """
        with self._register() as (register, _):
            found = register.get(number)
            standings = tuple(file_of(register, found, file.sha256) for file in found.files)
            return FoundRelease(found, register.journal(found.number), standings, self._why_nothing(found))

    def request(self, request: Request) -> Disclosure:
        """Enter a request, and hold the recording that it asks for.

        Raises:
            ViapublicaError: it cannot be entered, or not by this person; nothing is.
        """
        self._require(Operation.DISCLOSURE)
        recording = None if self._config is None or request.content.is_file else load_recording(self._config)
        with self._register() as (register, _):
            return enter_into(register, replace(request, requested_by=self._name()), None, recording).disclosure

    def declare(self, number: str, file: Path) -> Disclosure:
        """Store the document of the recipient; see `Register.declare`."""
        self._require(Operation.DISCLOSURE)
        with self._register() as (register, _):
            return register.declare(number, file, self._name())

    def declaration(self, number: str) -> StoredFile:
        """The document of the recipient, for the person who decides.

        Raises:
            ReleaseError: there is none, or it was changed outside the program.
        """
        with self._register() as (register, _):
            found = register.get(number)
            if found.declaration is None:
                raise ReleaseError(f"disclosure {found.number}", "has no document of the recipient yet")
            path = register.declarations / found.declaration.stored_as
            _check_same(path, found.declaration.sha256)
            return StoredFile(f"{found.number.replace('/', '-')}-{found.declaration.stored_as[:8]}{path.suffix}", path)

    def approve(self, number: str, reasons: str = "") -> Disclosure:
        """Approve a disclosure that another person entered, who may disclose with this person's approval.

        Raises:
            PolicyError: one of the two may not, in this case; or see `Register.approve`.
            ReleaseError, ConfigError, RecordError: see `approve_disclosure`.
        """
        self._require(Operation.APPROVAL)
        with self._register() as (register, _):
            self._check_both(register.get(number))
            return approve_disclosure(register, number, self._name(), reasons, self._config)

    def refuse(self, number: str, reasons: str) -> Disclosure:
        """Refuse a disclosure, or withdraw its approval; see `Register.refuse`."""
        self._require(Operation.APPROVAL)
        with self._register() as (register, _):
            return register.refuse(number, self._name(), reasons)

    def check_building(self, number: str) -> Disclosure:
        """The disclosure, if this person may build files for it.

        Raises:
            PolicyError: they may not, or it is not approved.
            ReleaseError: no such number.
        """
        self._require(Operation.DISCLOSURE)
        with self._register() as (register, audit):
            found = register.may_build(number)
            camera = found.request.content.camera_id
            cameras = (camera,) if camera else ()
            audit.access.decide(Operation.RETRIEVAL, cameras=cameras, material=_material(found))
            return found

    def file(self, number: str, sha256: str, suffix: str) -> StoredFile:
        """A released file, or the report beside it, which the person takes out.

        Args:
            number: of the disclosure; sha256: of the released file; suffix: ``.html`` for its report, "" for itself.

        Raises:
            PolicyError: the person may not, or its disclosure does not permit the file any more.
            ReleaseError: there is none, or it is not in the folder as it was registered.
            AuditUnavailable: the audit takes no record.
        """
        self._require(Operation.DISCLOSURE)
        with self._register() as (register, audit):
            found = register.get(number)
            file = next((one for one in found.files if one.sha256 == sha256), None)
            if file is None:
                raise ReleaseError(f"disclosure {found.number}", "has no such file", "Show the disclosure again")
            standing = file_of(register, found, sha256)
            if not standing.permitted:
                raise PolicyError(
                    file.name, f"may not be handed over: {standing.standing.value}", policy="release-delivering"
                )
            path = self._folder / file.name
            _check_same(path, sha256)
            content = found.request.content
            audit.add(
                Operation.RETRIEVAL,
                material=_material(found),
                number=found.number,
                cameras=(content.camera_id,) if content.camera_id else (),
                details={"action": "download", "sha256": sha256, "report": suffix != ""},
            )
        path = path.with_suffix(suffix) if suffix else path
        if not path.is_file():
            raise ReleaseError(path.name, "is not in the folder of releases", "Search for it where it was built")
        return StoredFile(path.name, path)

    def deliver(self, number: str) -> Disclosure:
        """Record that the newest file was handed over; see `Register.delivered`."""
        self._require(Operation.DISCLOSURE)
        with self._register() as (register, _):
            return register.delivered(number, self._name())

    def sheet(self, month: str) -> MonthSheet:
        """The monthly sheet.

        Raises:
            ReleaseError: it is not a month, or has not begun.
            PolicyError: the person may not.
        """
        with self._register() as (register, _):
            return month_sheet(register, month, self._stores.institution)

    @contextmanager
    def _register(self) -> Iterator[tuple[AuditedRegister, OperationAudit]]:
        with permitted_register(self._opened, self._where, self._stores) as opened:
            yield opened

    def _why_nothing(self, found: Disclosure) -> str:
        content, record = found.request.content, self._stores.record
        if content.is_file or record is None or found.state is not DisclosureState.REQUESTED:
            return ""
        archive = RecordingArchive(record.dir)
        return archive.why_nothing(content.camera_id, content.begin_ms, content.end_ms, self._stores.zone)

    def _name(self) -> str:
        return self._opened.actor.person().name

    def _require(self, operation: Operation) -> None:
        require_own(self._opened, (operation,))

    def _check_both(self, found: Disclosure) -> None:
        """Decide on the approval, and on the disclosure by the person who entered it with this approval."""
        entered_by = self._person_named(found)
        camera = found.request.content.camera_id
        body = next((one for one in self._opened.registry.cameras() if one.camera_id == camera), entered_by)
        target = records_target(body.institution, body.sector)
        by = self._opened.actor.authorize(
            Wanted(operation=Operation.APPROVAL, target=target, concerned=entered_by.login)
        )
        approval = Approval(
            person=by.person,
            role=by.role,
            institution=by.institution,
            operation=Operation.DISCLOSURE,
            case_number=self._opened.requester.case,
            until_ms=self._opened.clock.wall_ms() + MINUTE_MS,
            central=by.central,
        )
        wanted = Wanted(
            operation=Operation.DISCLOSURE,
            target=target,
            purpose=found.request.basis.purpose,
            case_number=self._opened.requester.case,
            approval=approval,
            material=_material(found),
        )
        self._opened.actor.check_other(entered_by, wanted)

    def _person_named(self, found: Disclosure) -> RegisteredPerson:
        name = found.request.requested_by
        matching = [one for one in self._opened.registry.people() if one.name == name]
        if len(matching) == 1:
            return matching[0]
        raise PolicyError(
            f"disclosure {found.number}",
            f"was entered by {name}, who is not one registered person",
            "Enter the request again",
            policy="release-approving",
        )


def _material(found: Disclosure) -> Material:
    """What a disclosure shows of the recording."""
    return Material.ORIGINAL_VIDEO if found.request.style == EVIDENCE else Material.ANONYMIZED_VIDEO


def _check_same(path: Path, sha256: str) -> None:
    try:
        digest = file_sha256(path)
    except OSError as error:
        raise ReleaseError(
            path.name, f"cannot be read on this server ({error.strerror})", "Search for it where it was built"
        ) from error
    if digest != sha256:
        raise ReleaseError(path.name, "was changed since it was registered", "Compare it with a backup")
