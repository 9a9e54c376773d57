"""Requests of the persons concerned: intake, search, decision with its erasure, and letters, each in the audit."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import tzinfo
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from pipeline.app.audit.audited_operation import audit_of_stores
from pipeline.app.audit.audited_register import report_to
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.erasure.erase import Erasure, open_erasure
from pipeline.app.erasure.former_paths import video_folders
from pipeline.app.noted_exports import note_export
from pipeline.app.output_files import output_file
from pipeline.app.queries import open_queries
from pipeline.app.questions import MOST_ROWS, Plates
from pipeline.domain.clock import SystemClock
from pipeline.domain.events import PlateReadEvent
from pipeline.domain.locale import Locale
from pipeline.domain.operation import Operation
from pipeline.domain.ports import Clock
from pipeline.domain.purpose import Purpose
from pipeline.domain.requester import Requester
from pipeline.domain.subject_request import RequestDecision, RequestKind, SubjectRequest, SubjectRequestRecord
from pipeline.errors import PolicyError, ReleaseError
from pipeline.governance.erasure_register import ErasureRegister
from pipeline.governance.subject_letters import LetterHead, StoredAbout, StoredRead, decision_letter, receipt_letter
from pipeline.governance.subject_request_register import SubjectRequestRegister
from pipeline.governance.typeset import typeset
from pipeline.record.recording_archive import RecordingArchive
from pipeline.store.erasure_selection import Selection
from pipeline.store.schema.tables import PLATE_READS
from pipeline.store.tombstones import Tombstones

__all__ = ["FoundForRequest", "SubjectRequestService"]

_KIND: Final = Operation.SUBJECT_REQUEST


@dataclass(frozen=True, slots=True)
class FoundForRequest:
    """What is stored about a request.

    Attributes:
        reads: of the plate, oldest first; empty where the request has none.
        video: number of recorded video files by camera that show the place and time, or the vehicle.
        limits: why something may be missing, in Portuguese.
    """

    reads: tuple[PlateReadEvent, ...]
    video: dict[str, int]
    limits: tuple[str, ...]


class SubjectRequestService:
    """The requests to an institution; closes the register at the end of a `with` statement.

    Args:
        where: the register, an SQLite file or a SQLAlchemy address.
        stores: event stores, recordings, audit, and the screen of free texts.
        requester: the person or program that asks.
        zone: of the institution; None for the machine's.
        create: create the register if it does not exist.
        clock: None for the machine's.

    Raises:
        ReleaseError, MissingComponent: the register cannot be opened.
    """

    def __init__(
        self,
        where: str,
        stores: ConfiguredStores,
        requester: Requester,
        *,
        zone: tzinfo | None = None,
        create: bool = False,
        clock: Clock | None = None,
    ) -> None:
        self._where, self._stores, self._requester, self._zone = where, stores, requester, zone
        self._clock = clock or SystemClock()
        self._audit = audit_of_stores(stores, requester)
        report = report_to(self._audit.record)
        self._register = SubjectRequestRegister(
            where, self._clock, zone=zone, create=create, screen=stores.screen, report=report
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._register.close()

    def receive(self, request: SubjectRequest, plate: str | None, days: int | None = None) -> SubjectRequestRecord:
        """Enter a request.

        Args:
            request: as received, without fingerprint.
            plate: of the vehicle; None where none is concerned. Its keyed hash is stored.
            days: within which it is to be decided; None for those of the configuration.

        Raises:
            PolicyError: it does not state what it must, names a plate, or says something sensitive about people.
            AuditUnavailable: the audit takes no record; nothing is entered.
        """
        with self._audit.refusals(_KIND, details={"action": "receive-request"}):
            request = replace(request, by=self._audit.access.named(request.by))
            if plate is not None:
                texts = (request.place, request.characteristics, request.contact, request.person)
                if any(Selection.of(plate, (), None, None).names_plate(text) for text in texts):
                    raise PolicyError("request", "names the plate, which the register must not hold", "Use --plate -")
                request = replace(request, fingerprint=Tombstones(self._stores.data_dir).fingerprint(plate))
            return self._register.receive(request, self._stores.answer_days if days is None else days)

    def get(self, number: str) -> SubjectRequestRecord:
        """The request of a number.

        Raises:
            ReleaseError: there is none, or it was changed outside the program.
            AuditUnavailable: the audit takes no record.
        """
        found = self._register.get(number)
        self._audit.add(_KIND, number=found.number, rows=1, details={"action": "show-request"})
        return found

    def all(self) -> tuple[SubjectRequestRecord, ...]:
        """All requests, by number; errors as of `get`."""
        found = self._register.list()
        self._audit.add(_KIND, rows=len(found), details={"action": "list-requests"})
        return found

    def overdue(self) -> tuple[SubjectRequestRecord, ...]:
        """Those whose deadline is over without a decision, for a warning."""
        return self._register.overdue()

    def search(self, number: str, plate: str | None, cameras: Sequence[str] = ()) -> FoundForRequest:
        """What is stored about a request.

        Args:
            number: of the request; plate: the one that it was received with; None where it has none.
            cameras: in place of those that it names.

        Raises:
            PolicyError: the plate is another one, or neither plate nor camera is known.
            StoreError, RecordError: store or recordings cannot be read.
            AuditUnavailable: the audit takes no record.
        """
        found = self._register.get(number)
        selected = self._selection(found, plate, cameras)
        if plate is None:
            places = [(camera, found.request.begin_ms, found.request.end_ms) for camera in selected.camera_ids]
            return FoundForRequest((), self._video(found, places), ())
        reads, limits = self._reads(found, plate, selected)
        views = [(one.camera_id, one.first_ts_ms, one.ts_ms + 1) for one in reads]
        return FoundForRequest(reads, self._video(found, views), limits)

    def check_decision(self, number: str, reasons: str) -> SubjectRequestRecord:
        """The request, if it may be decided with these reasons, before anything is erased for it.

        Raises:
            PolicyError: it is decided already, or the reasons cannot be entered.
            ReleaseError: there is no such request.
        """
        with self._audit.refusals(_KIND, details={"action": "decide-request"}):
            return self._register.check_decision(number, reasons)

    @contextmanager
    def erasing(self, number: str, plate: str | None, cameras: Sequence[str] = ()) -> Iterator[Erasure]:
        """The erasure that grants a request, opened; see `open_erasure`.

        Args:
            number, plate, cameras: see `search`.

        Raises:
            PolicyError: see `search`.
            ViapublicaError: see `open_erasure`.
        """
        with open_erasure(self._selection(self._register.get(number), plate, cameras), self._stores) as erasure:
            yield erasure

    def decide(
        self, number: str, decision: RequestDecision, reasons: str, by: str, erasure: str = ""
    ) -> SubjectRequestRecord:
        """Decide a request; see `SubjectRequestRegister.decide`."""
        with self._audit.refusals(_KIND, details={"action": "decide-request"}):
            return self._register.decide(number, decision, reasons, self._audit.access.named(by), erasure)

    def write_letter(self, number: str, folder: Path, plate: str | None = None, cameras: Sequence[str] = ()) -> Path:
        """Write the letter of a request: the receipt before the decision, else the decision (PDF/A).

        Args:
            number: of the request; folder: for the file, outside the data folder.
            plate, cameras: of a granted request of access, whose letter states what is stored; see `search`.

        Raises:
            PolicyError: see `search`.
            ViapublicaError: it cannot be written.
        """
        found = self._register.get(number)
        name = f"{found.number.replace('/', '-')}-{'recebimento' if found.decision is None else 'decisao'}.pdf"
        path = folder / name
        if path.resolve().is_relative_to(self._stores.data_dir.resolve()):
            raise ReleaseError(str(folder), "is in the data folder", "Write letters elsewhere: they name persons")
        head = LetterHead(self._stores.institution, self._clock.wall_ms(), self._zone)
        self._audit.add(_KIND, number=found.number, details={"action": "letter"})
        if found.decision is None:
            letter = receipt_letter(found, head)
        else:
            letter = decision_letter(
                found, head, held=self._held(found), stored=self._about(found, path, plate, cameras)
            )
        with output_file("--out", str(path), "wb") as stream:
            stream.write(typeset("letter", letter))
        return path

    def _about(
        self, found: SubjectRequestRecord, path: Path, plate: str | None, cameras: Sequence[str]
    ) -> StoredAbout | None:
        if found.request.kind is not RequestKind.ACCESS or found.decision is RequestDecision.REFUSED:
            return None
        stored = self.search(found.number, plate, cameras)
        note_export(self._stores, path, stored.reads, self._requester)
        names = self._stores.cameras or {}
        reads = tuple(
            StoredRead(
                _label(one.camera_id, names[one.camera_id].name if one.camera_id in names else ""), one.ts_ms, one.plate
            )
            for one in stored.reads
        )
        days = {"leituras de placas": self._stores.retention.days(PLATE_READS)}
        if self._stores.record is not None:
            days["vídeo gravado"] = self._stores.record.days
        retention = tuple(f"{what}, {number} dias" for what, number in days.items() if number is not None)
        return StoredAbout(reads, stored.video, retention, stored.limits)

    def _held(self, found: SubjectRequestRecord) -> list[str]:
        if not found.erasure:
            return []
        with ErasureRegister(self._where, create=False) as erasures:
            document = json.loads(erasures.get(found.erasure).document)
        return [note["portuguese"] for note in document["result"]["held"]]

    def _selection(self, found: SubjectRequestRecord, plate: str | None, cameras: Sequence[str]) -> Selection:
        request = found.request
        given = "" if plate is None else Tombstones(self._stores.data_dir).fingerprint(plate)
        if given and not request.fingerprint:
            raise PolicyError(f"request {found.number}", "was received without a plate", "Leave out --plate")
        if given != request.fingerprint:
            raise PolicyError(
                f"request {found.number}",
                "was received with another plate" if given else "was received with a plate",
                "Give the plate that it was received with: --plate -",
            )
        places = tuple(cameras) or request.camera_ids
        if plate is None and not places:
            raise PolicyError(f"request {found.number}", "names no camera", "Name those of its place: --camera ID")
        return Selection.of(plate, places, request.begin_ms, request.end_ms)

    def _reads(
        self, found: SubjectRequestRecord, plate: str, selected: Selection
    ) -> tuple[tuple[PlateReadEvent, ...], tuple[str, ...]]:
        asking = Requester(user=self._requester.user, purpose=Purpose.SUBJECT_REQUEST.value, case=found.number)
        with open_queries(self._stores, asking, self._zone, Locale.PT_BR) as queries:
            question = Plates(
                plates=(plate,),
                start_ms=selected.start_ms,
                end_ms=selected.end_ms,
                camera_ids=selected.camera_ids,
                min_confidence=0.0,
                limit=MOST_ROWS,
            )
            answer = queries.ask(question)
        reads = sorted(answer.value, key=lambda one: one.ts_ms)
        return tuple(reads), tuple(note.text for note in answer.notes if note.limits)

    def _video(self, found: SubjectRequestRecord, spans: Sequence[tuple[str, int, int]]) -> dict[str, int]:
        cameras = tuple(dict.fromkeys(camera for camera, _, _ in spans))
        # The audit does not say where a vehicle was seen.
        named = () if found.request.fingerprint else cameras
        self._audit.add(Operation.RETRIEVAL, number=found.number, cameras=named, details={"action": "segments"})
        files: dict[str, set[Path]] = {}
        for folder in video_folders(self._stores):
            archive = RecordingArchive(folder)
            known = set(archive.cameras()) if folder.is_dir() else set()
            for camera, begin_ms, end_ms in spans:
                if camera in known:
                    files.setdefault(camera, set()).update(
                        one.path for one in archive.segments(camera, begin_ms, end_ms)
                    )
        return {camera: len(paths) for camera, paths in files.items() if paths}


def _label(camera_id: str, name: str) -> str:
    return f"{name} ({camera_id})" if name else camera_id
