"""Erasure with its proof: entered in the register before it begins, documented and signed when it has ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from pathlib import Path
from typing import Any

from pipeline.app.access.access_door import access_door
from pipeline.app.audit.audited_operation import audit_of_stores, audit_record
from pipeline.app.audit.audited_register import register_stores, report_to
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.erasure.disclosed_video import disclosed_video
from pipeline.app.erasure.erase import Erasure
from pipeline.app.erasure.erased_place import ErasedPlace
from pipeline.domain.erasure import ErasedNumber, ErasureRecord, ErasureRequest, ErasureResult
from pipeline.domain.institution import Institution
from pipeline.domain.operation import Operation
from pipeline.domain.requester import Requester
from pipeline.errors import ReleaseError, StoreError
from pipeline.governance.document_signature import sign_document
from pipeline.governance.erasure_notes import DISCLOSED
from pipeline.governance.erasure_register import ErasureRegister, Signer
from pipeline.governance.erasure_sheet import render_erasure
from pipeline.policy.sensitive.screen import TextScreen, standard_screen
from pipeline.policy.spelled_plates import plates_in_words
from pipeline.storage.atomic import write_atomically
from pipeline.storage.erasure_log import LoggedErasure
from pipeline.storage.folders import private_folder
from pipeline.store.erasure_selection import Selection
from pipeline.store.row_erasure import Progress
from pipeline.store.tombstones import Tombstones

__all__ = [
    "ErasureProof",
    "ProvenErasure",
    "check_words",
    "document_signer",
    "erase_with_proof",
    "erasure_documents",
    "list_erasures",
    "refuse_with_proof",
]


@dataclass(frozen=True, slots=True)
class ErasureProof:
    """Where and how an erasure is proven.

    Attributes:
        register: an SQLite file, or a SQLAlchemy address.
        by: the person who erases; reason: the request that it answers, may be empty.
        certificate, key: of the institution; both None for a proof without a signature.
        institution: on the document.
        zone: of its times; None for the machine's.
        key_password: called for an encrypted key.
        screen: of free texts.
        operation: what the audit has it as.
    """

    register: str
    by: str
    reason: str = ""
    certificate: Path | None = None
    key: Path | None = None
    institution: Institution = field(default_factory=Institution)
    zone: tzinfo | None = None
    key_password: Callable[[], bytes] | None = None
    screen: TextScreen = field(default_factory=standard_screen)
    operation: Operation = Operation.ERASURE


@dataclass(frozen=True, slots=True)
class ProvenErasure:
    """What was erased, and the documents that prove it: JSON, HTML and, if signed, the signature.

    Attributes:
        disclosed: disclosures whose video shows what was erased, with what to do, in English.
    """

    places: Sequence[ErasedPlace]
    number: str
    documents: tuple[Path, ...]
    disclosed: tuple[str, ...] = ()


def erase_with_proof(erasure: Erasure, proof: ErasureProof, progress: Progress = lambda _: None) -> ProvenErasure:
    """Erase, and prove it.

    Args:
        erasure: opened.
        proof: where and how it is proven; checked before anything is erased.
        progress: receives what is being done.

    Raises:
        PolicyError: another person than the one who acts is stated; nothing is erased.
        ViapublicaError: reason or name holds a plate, or the register or certificate cannot be used (nothing is
            erased); or something is left: then the register shows an erasure that was begun and not finished.
    """
    selection, proof = erasure.selection, _in_name_of_person(proof, erasure.configured)
    check_words(proof, selection)
    sign, signed_by = document_signer(proof.certificate, proof.key, proof.key_password)
    request = replace(_request(proof, selection, erasure.tombstones), override=erasure.override)
    with _register(proof, erasure.configured.audit_dir) as register:
        number = register.begin(request)
        erasure.log.add(LoggedErasure(number, register.get(number).begun_ms))
        places = erasure.erase(progress)
        erased = tuple(
            ErasedNumber(one.kind, one.where, one.name, one.events, one.left or 0, one.held, one.spans)
            for one in places
        )
        disclosed = disclosed_video(proof.register, erasure.views)
        left = (*erasure.left_for_document(), *(([DISCLOSED] if disclosed else []) if selection.key else disclosed))
        result = ErasureResult(erased, tuple(erasure.held), left, erasure.events)
        record = register.finish(number, result, sign)
        documents = _written(register.folder / "erasures", record, proof, signed_by)
    return ProvenErasure(places, number, documents, tuple(note.english for note in disclosed))


def refuse_with_proof(
    selection: Selection, stores: ConfiguredStores, proof: ErasureProof, grounds: str
) -> ProvenErasure:
    """Enter a refused request of erasure in the register, and prove the refusal; nothing is erased.

    Args:
        selection: what was requested.
        stores: their data folder has the secret by which vehicles are identified.
        proof: where and how it is proven.
        grounds: why it is refused.

    Raises:
        ViapublicaError: grounds, reason or name holds a plate, the grounds are missing, or the register or certificate
            cannot be used.
    """
    access_door(stores, Requester.of_process()).decide(Operation.SUBJECT_REQUEST)
    proof = _in_name_of_person(proof, stores)
    check_words(proof, selection, grounds)
    sign, signed_by = document_signer(proof.certificate, proof.key, proof.key_password)
    request = _request(proof, selection, Tombstones(stores.data_dir))
    with _register(proof, stores.audit_dir) as register:
        record = register.refuse(request, grounds, sign)
        documents = _written(register.folder / "erasures", record, proof, signed_by)
    return ProvenErasure((), record.number, documents)


def _in_name_of_person(proof: ErasureProof, stores: ConfiguredStores) -> ErasureProof:
    """A proof that names the person who acts, where people are registered; no one erases in another one's name."""
    audit = audit_of_stores(stores)
    with audit.refusals(proof.operation):
        return replace(proof, by=audit.access.named(proof.by))


def _register(proof: ErasureProof, audit_dir: Path) -> ErasureRegister:
    return ErasureRegister(
        proof.register, zone=proof.zone, screen=proof.screen, report=report_to(audit_record(audit_dir), proof.operation)
    )


def _request(proof: ErasureProof, selection: Selection, tombstones: Tombstones) -> ErasureRequest:
    fingerprint = tombstones.fingerprint(selection.key) if selection.key else ""
    place = (selection.camera_ids, selection.start_ms, selection.end_ms)
    return ErasureRequest(proof.by, proof.reason.strip(), fingerprint, *place)


def list_erasures(register: str, config: Path | None = None) -> tuple[ErasureRecord, ...]:
    """All erasures of a register, by number.

    Args:
        register: where they are entered.
        config: the configuration that names the audit; None without one.

    Raises:
        ReleaseError: it does not exist, or cannot be read.
        AuditUnavailable: the audit takes no record.
    """
    with ErasureRegister(register, create=False) as entries:
        found = entries.list()
    _add_reading(register, config, rows=len(found), details={"action": "list-erasures"})
    return found


def erasure_documents(
    register: str,
    number: str,
    folder: Path,
    institution: Institution,
    zone: tzinfo | None,
    *,
    config: Path | None = None,
) -> list[Path]:
    """Write the documents of a finished erasure again.

    Args:
        register: where it is entered; number: of the erasure; config: see `list_erasures`.
        folder: for the files.
        institution: on the page; zone: of the times.

    Raises:
        ReleaseError: no such number, it was not finished, or the files cannot be written.
    """
    with ErasureRegister(register, create=False) as entries:
        record = entries.get(number)
    if record.finished_ms is None:
        raise ReleaseError(f"erasure {record.number}", "was begun and not finished", "Erase again")
    _add_reading(register, config, number=record.number, rows=1, details={"action": "erasure-documents"})
    signed_by = "ver o arquivo .p7s" if record.signature else ""
    return list(_written(folder, record, ErasureProof(register, "", institution=institution, zone=zone), signed_by))


def _add_reading(register: str, config: Path | None, **facts: Any) -> None:
    audit_of_stores(register_stores(config, register)).add(Operation.REPORT, **facts)


def check_words(proof: ErasureProof, selection: Selection, grounds: str = "") -> None:
    """Refuse a reason, a name or grounds that name a plate.

    The register and the document must not become a record of what was erased, or requested to be.

    Raises:
        StoreError: one names a plate.
    """
    texts = {
        "reason of the erasure": proof.reason,
        "name of the person who erases": proof.by,
        "grounds of the refusal": grounds,
    }
    for what, text in texts.items():
        if selection.names_plate(text) or plates_in_words(text):
            raise StoreError(
                what,
                "names a plate, which register and proof must not hold; nothing was erased",
                "Cite the number of the request instead, such as 'request 123/2026', and name the person",
            )


def document_signer(
    certificate: Path | None, key: Path | None, password: Callable[[], bytes] | None
) -> tuple[Signer | None, str]:
    """What signs documents, and the name in the certificate; None and "" without a certificate.

    Raises:
        ReleaseError: one of certificate and key is missing, or they cannot be used.
    """
    if certificate is None and key is None:
        return None, ""
    if certificate is None or key is None:
        raise ReleaseError(
            "signature of the proof", "needs a certificate and its key", "Give --certificate and --key, or neither"
        )
    from pipeline.anonymize.signing_certificate import load_signing_identity

    identity = load_signing_identity(certificate, key, password)
    sign_document(b"trial", identity.chain_pem, identity.key_pem)
    return (lambda document: sign_document(document, identity.chain_pem, identity.key_pem)), identity.name


def _written(folder: Path, record: ErasureRecord, proof: ErasureProof, signed_by: str) -> tuple[Path, ...]:
    name = record.number.replace("/", "-")
    page = render_erasure(record, proof.institution, signed_by, proof.zone)
    contents = {".json": record.document.encode(), ".html": page.encode(), ".p7s": record.signature}
    paths = []
    try:
        private_folder(folder)
        for suffix, content in contents.items():
            if content:
                write_atomically(folder / f"{name}{suffix}", content)
                paths.append(folder / f"{name}{suffix}")
    except OSError as error:
        raise ReleaseError(
            f"proof {record.number}",
            f"is in the register, but its files cannot be written to {folder} ({error.strerror})",
            "Make room, then: viapublica store erasures " + record.number + " --out FOLDER",
        ) from error
    return tuple(paths)
