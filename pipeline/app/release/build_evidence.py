"""Evidence of an approved requisition: original packets of a recording, signed, and sealed for the recipient."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from pipeline import __version__
from pipeline.app.anonymize.progress import Progress
from pipeline.app.anonymize.signing import open_signing_identity
from pipeline.app.audit.audited_register import AuditedRegister
from pipeline.app.logging_setup import configure_logging
from pipeline.app.release.camera_conditions import camera_conditions
from pipeline.app.release.release_folder import file_stem, opened_release_folder, publish_release
from pipeline.app.release.release_source import Recording, add_reading, load_recording
from pipeline.decode.packet_copy import copy_packets
from pipeline.domain.camera_declaration import CameraDeclaration, DatedDeclaration
from pipeline.domain.disclosure import BuiltFile, Disclosure, Request
from pipeline.errors import RecordError, ReleaseError
from pipeline.governance.document_signature import sign_document
from pipeline.governance.evidence_package import Custody, EvidenceVideo, OpenedPackage, pack, unpack
from pipeline.governance.evidence_sheet import render_custody_sheet
from pipeline.governance.sealed_message import MAX_BYTES, Recipient, open_sealed
from pipeline.policy.approval import CameraConditions
from pipeline.policy.disclosure import check_rebuilding
from pipeline.policy.evidence import check_building_evidence, check_masks_filled, evidence_request, requisition_number
from pipeline.record.declaration_tag import TAG, tag_of_copy
from pipeline.record.holds import Holds
from pipeline.record.recording_archive import RecordingArchive, VideoSegment
from pipeline.record.segment_masks import SegmentMasks, masks_in, spans_of
from pipeline.storage.output_file import opened_folder, publish_file, reported
from pipeline.storage.unnamed_file import UnnamedFile

_WRITTEN_MS: Final = 90_000
"""An incomplete segment that ended within this time may still be being written."""
_ACTIONS: Final = {
    "request": "pedido registrado",
    "declare": "documento da requisição arquivado",
    "approve": "disponibilização autorizada por segunda pessoa",
    "build": "pacote produzido",
    "deliver": "pacote entregue",
}


@dataclass(frozen=True, slots=True)
class EvidenceBuild:
    """Evidence to build.

    Attributes:
        number: of the disclosure; by: the person who builds it.
        config: the configuration that records the camera.
        recipient_certificate: that it is sealed for, PEM or DER.
        certificate, key: PEM files to sign with; key_password: called for an encrypted key.
        folder: for the package and its custody sheet.
        rebuild: why another package is built where there is one already.
    """

    number: str
    by: str
    config: Path
    recipient_certificate: Path
    certificate: Path
    key: Path
    key_password: Callable[[], bytes] | None = None
    folder: Path = Path("releases")
    rebuild: str = ""


@dataclass(frozen=True, slots=True)
class BuiltEvidence:
    """A package that was built and registered: the files, its SHA-256, its videos and the recipient's name."""

    package: Path
    sheet: Path
    sha256: str
    videos: tuple[EvidenceVideo, ...]
    recipient: str


def build_evidence(build: EvidenceBuild, register: AuditedRegister, progress: Progress) -> BuiltEvidence:
    """Build the package and its custody sheet, and register them.

    Raises:
        ViapublicaError: it is not approved as evidence for this certificate, or cannot be built; no file is left.
    """
    configure_logging("warning", "auto")
    disclosure = register.may_build(build.number)
    recipient = Recipient(build.recipient_certificate)
    check_building_evidence(disclosure, recipient.fingerprint)
    identity = open_signing_identity(build.certificate, build.key, build.key_password)
    stem = file_stem(disclosure.number, len(disclosure.files))
    package, printed = build.folder / f"{stem}.p7m", build.folder / f"{stem}.html"
    where = load_recording(build.config)
    camera_now = partial(camera_conditions, where.config, RecordingArchive(where.folder), disclosure.request.content)
    camera = camera_now()
    approval_sha256 = register.check_conditions(disclosure.number, camera)
    with ExitStack() as stack:
        folder = stack.enter_context(opened_release_folder(build.folder, register, progress))
        check_rebuilding(disclosure, build.rebuild)
        add_reading(where, disclosure, "evidence")
        copies = stack.enter_context(_copied(where, disclosure, camera, build.by, folder))
        job = _Job(build, register, disclosure, camera, where, identity.name, recipient.fingerprint)
        custody = _custody(job, [one for one, _ in copies])
        sheet = render_custody_sheet(custody, where.institution, register.zone)
        document = custody.document(sheet)
        signature = sign_document(document, identity.chain_pem, identity.key_pem)
        sealed = recipient.seal(pack(document, signature, sheet, {one.name: file.path for one, file in copies}))
        with reported(package):
            files = {path.name: stack.enter_context(UnnamedFile(folder)) for path in (package, printed)}
            files[package.name].path.write_bytes(sealed)
            files[printed.name].path.write_text(sheet, encoding="utf-8")
        digest = files[package.name].sha256()
        policy = {
            "evidence": True,
            "certificate_sha256": recipient.fingerprint,
            "approval_sha256": approval_sha256,
            "masks_filled_when_recorded": custody.masks_filled_when_recorded,
        }
        built = BuiltFile(package.name, digest, files[package.name].size, {}, policy)
        publish_release(
            package,
            files,
            folder,
            lambda: register.built(disclosure.number, built, build.by, camera_now(), build.rebuild),
        )
    return BuiltEvidence(package, printed, digest, tuple(one for one, _ in copies), recipient.name)


def as_evidence(request: Request, recipient_certificate: Path | None) -> Request:
    """A request for evidence, which is sealed for this certificate.

    Raises:
        ReleaseError: the certificate is missing, cannot be read or cannot be used.
    """
    if recipient_certificate is None:
        raise ReleaseError("evidence", "is sealed for its recipient", "Give their certificate: --recipient-certificate")
    return evidence_request(request, Recipient(recipient_certificate).fingerprint)


def open_evidence(
    sealed: Path,
    folder: Path,
    *,
    certificate: Path,
    key: Path,
    password: Callable[[], bytes] | None = None,
    authorities: Path | None = None,
) -> OpenedPackage:
    """Open a package as its recipient, check it, and write its files into a folder.

    Args:
        sealed: the package; folder: for its files, created where missing.
        certificate, key: of the recipient, PEM; password: called for an encrypted key.
        authorities: PEM file of trusted authorities; None for any signer.

    Raises:
        ReleaseError: it was sealed for another recipient or changed, or a file exists; nothing is written.
    """
    trusted = b""
    if authorities is not None:
        with reported(authorities):
            trusted = authorities.read_bytes()
    opened = unpack(open_sealed(sealed, certificate, key, password), trusted)
    existing = next((name for name in opened.files if (folder / name).exists()), None)
    if existing is not None:
        raise ReleaseError(str(folder / existing), "exists already", "Choose another folder with --out")
    with reported(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with opened_folder(folder) as place:
            for name, content in opened.files.items():
                with UnnamedFile(place) as file:
                    file.path.write_bytes(content)
                    publish_file(file, name, place)
    return opened


@contextmanager
def _copied(
    where: Recording, disclosure: Disclosure, camera: CameraConditions, by: str, folder: int
) -> Iterator[Sequence[tuple[EvidenceVideo, UnnamedFile]]]:
    """Copies of the requested span, one for each recorded file, which is held meanwhile."""
    content = disclosure.request.content
    begin_ms, end_ms = content.begin_ms or 0, content.end_ms or 0
    holds = Holds(where.folder)
    held = holds.hold(content.camera_id, begin_ms, end_ms, f"evidence {disclosure.number} is being built", by)
    try:
        with ExitStack() as stack:
            found: list[tuple[EvidenceVideo, UnnamedFile]] = []
            archive = RecordingArchive(where.folder)
            segments = archive.segments(content.camera_id, begin_ms, end_ms)
            masks = _Masks(camera.declared, archive.declarations(content.camera_id))
            masks.check(segments)
            for segment in segments:
                _check_written(segment)
                copy = stack.enter_context(UnnamedFile(folder))
                video = _copy(segment, copy, masks, f"video-{len(found) + 1:03d}.mp4", (begin_ms, end_ms))
                if video is not None:
                    video = replace(video, recorder_sha256=archive.noted_sha256(segment))
                    _check_statement(video, segment)
                    found.append((video, copy))
            size = sum(video.size_bytes for video, _ in found)
            if not found or size > MAX_BYTES:
                raise RecordError(
                    f"camera {content.camera_id}",
                    f"has {size >> 20} MiB in that span, more than can be sealed" if found else "was not recorded then",
                    "Request another span",
                )
            yield found
    finally:
        holds.release(held, by)


@dataclass(frozen=True, slots=True)
class _Masks:
    """Privacy masks of the requested video.

    Attributes:
        declared: the camera in the configuration.
        log: all of its recorded declarations.
    """

    declared: CameraDeclaration
    log: Sequence[DatedDeclaration]

    def check(self, segments: Sequence[VideoSegment]) -> None:
        """Refuse video in which a mask of today or of its time is not filled."""
        shown = [one for one in segments if not self._in(one, one.path).hides(self.declared.masks)]
        spans = [(one.begin_ms, one.end_ms) for one in spans_of(shown)]
        check_masks_filled(self.declared.camera_id, spans, len(shown))

    def tag(self, segment: VideoSegment, opened: Path) -> str:
        """What the copy of an opened file states about its camera."""
        held = [one.declaration for one in self.log if one.overlaps(segment.begin_ms, segment.end_ms)]
        latest = [one.declaration for one in self.log[-1:]]
        try:
            return tag_of_copy(opened, (*held, *latest, self.declared))
        except ValueError as error:
            raise RecordError(segment.path.name, str(error), "Request a span without this file") from error

    def filled(self, segment: VideoSegment, opened: Path) -> int:
        """Number of masks that are filled in an opened file, checked as before."""
        found = self._in(segment, opened)
        if not found.hides(self.declared.masks):
            check_masks_filled(self.declared.camera_id, [(segment.begin_ms, segment.end_ms)], 1)
        return len(found.filled)

    def _in(self, segment: VideoSegment, path: Path) -> SegmentMasks:
        return masks_in(path, segment.begin_ms, segment.end_ms, self.log)


def _copy(
    segment: VideoSegment, copy: UnnamedFile, masks: _Masks, name: str, span_ms: tuple[int, int]
) -> EvidenceVideo | None:
    first_ms, (begin_ms, end_ms) = segment.begin_ms, span_ms
    with _opened(segment) as opened:
        masks_filled = masks.filled(segment, opened)
        tags = {TAG: masks.tag(segment, opened)}
        done = copy_packets(opened, copy.path, begin_ms - first_ms, end_ms - first_ms, tags=tags, name=segment.path)
    if done is None:
        return None
    return EvidenceVideo(
        name=name,
        sha256=copy.sha256(),
        size_bytes=copy.size,
        begin_ms=first_ms + done.begin_ms,
        end_ms=first_ms + done.end_ms,
        packets=done.packets,
        packets_sha256=done.packets_sha256,
        source_name=segment.path.name,
        source_sha256=done.source_sha256,
        masks_filled=masks_filled,
    )


@contextmanager
def _opened(segment: VideoSegment) -> Iterator[Path]:
    """One descriptor for tag and packets, since another file could be given the same name in between."""
    try:
        file = segment.path.open("rb")
    except OSError as error:
        raise RecordError(segment.path.name, f"cannot be read ({error.strerror})", "Build it again") from error
    with file:
        yield Path(f"/proc/self/fd/{file.fileno()}")


def _check_statement(video: EvidenceVideo, segment: VideoSegment) -> None:
    """That masks are filled is what the recorder states in the file: a statement in a changed file proves nothing."""
    if video.masks_filled and video.as_recorded is False:
        raise RecordError(
            segment.path.name,
            "was changed since it was recorded, so it is not known whether its privacy masks are filled",
            "Restore the file from a backup, or request a span without it",
        )


def _check_written(segment: VideoSegment) -> None:
    if not segment.complete and time.time_ns() // 1_000_000 - segment.end_ms < _WRITTEN_MS:
        raise RecordError(
            segment.path.name, "is still being recorded, so its digest is not final", "Build it again in some minutes"
        )


@dataclass(frozen=True, slots=True)
class _Job:
    """What the chain of custody states besides the videos."""

    build: EvidenceBuild
    register: AuditedRegister
    disclosure: Disclosure
    camera: CameraConditions
    where: Recording
    institution: str
    fingerprint: str


def _custody(job: _Job, videos: Sequence[EvidenceVideo]) -> Custody:
    disclosure, register, where = job.disclosure, job.register, job.where
    request, declaration, entries = disclosure.request, disclosure.declaration, register.journal(disclosure.number)
    content = request.content
    begin_ms, end_ms = content.begin_ms or 0, content.end_ms or 0
    gaps = RecordingArchive(where.folder).gaps(content.camera_id, begin_ms, end_ms)
    steps: list[Any] = [(one.at_ms, one.who, _ACTIONS.get(one.action, one.action)) for one in entries]
    steps.append((time.time_ns() // 1_000_000, job.build.by, "vídeo copiado, assinado e lacrado"))
    return Custody(
        number=disclosure.number,
        institution=request.overlay.institution or job.institution,
        recipient=request.recipient,
        recipient_document=requisition_number(request.recipient_document),
        recipient_certificate=job.fingerprint,
        basis=request.basis.value,
        purpose=request.purpose,
        requisition_name=declaration.name if declaration else "",
        requisition_sha256=declaration.sha256 if declaration else "",
        camera=job.camera.declared.as_dict(),
        recorded=[one.as_dict() for one in job.camera.recorded],
        begin_ms=begin_ms,
        end_ms=end_ms,
        steps=steps,
        videos=list(videos),
        gaps=[(gap.begin_ms, gap.end_ms, gap.reason) for gap in gaps],
        journal_entry=entries[-1].seq,
        journal_hash=entries[-1].hash,
        software=f"viapublica {__version__}",
    )
