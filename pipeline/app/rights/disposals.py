"""Reports of disposals: compared with the audit, as signed documents."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from pipeline.app.audit.audited_operation import audit_of_stores
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.output_files import output_file
from pipeline.audit.record_search import RecordQuestion, search_records
from pipeline.domain.disposal import DISPOSAL_EXAMPLE, Disposal
from pipeline.domain.months import month_span_ms
from pipeline.domain.operation import Operation
from pipeline.errors import StoreError
from pipeline.governance.disposal_sheet import disposal_report
from pipeline.governance.erasure_register import Signer
from pipeline.governance.subject_letters import LetterHead
from pipeline.governance.typeset import typeset
from pipeline.storage.disposal_log import DisposalLog

__all__ = ["WrittenDisposals", "audited_disposals", "disposals_of", "listed_disposals", "write_disposal_report"]

_NUMBER: Final = re.compile(r"[Dd]([0-9]{4})[/-]([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class WrittenDisposals:
    """A report: its disposals, their agreement with the audit, and its files."""

    disposals: tuple[Disposal, ...]
    differing: tuple[str, ...]
    files: tuple[Path, ...]


def listed_disposals(stores: ConfiguredStores, about: str) -> tuple[list[Disposal], list[str]]:
    """The disposals of a month or number, for a list; and the numbers of those that differ from the audit.

    Args:
        stores, about: see `write_disposal_report`.

    Raises:
        StoreError, AuditUnavailable, ViapublicaError: see `write_disposal_report`.
        AuditError: the audit cannot be read.
    """
    audit = audit_of_stores(stores)
    audit.access.decide(Operation.REPORT)
    found = disposals_of(stores, about)
    audit.add(Operation.REPORT, rows=len(found), details={"action": "list-disposals"})
    return found, audited_disposals(stores, found)[1]


def write_disposal_report(stores: ConfiguredStores, about: str, folder: Path, sign: Signer | None) -> WrittenDisposals:
    """Write the report of a month or of one disposal: PDF/A, JSON, and the signature of the JSON.

    Args:
        stores: name data folder, audit and institution.
        about: ``2026-11`` or ``D2026/000001``.
        folder: for the files, which must exist.
        sign: makes the signature; None where the institution has no certificate.

    Raises:
        StoreError: no such disposal, or the log cannot be read.
        AuditUnavailable: the audit takes no record.
        ViapublicaError: it is no month, or a file cannot be written.
    """
    found = disposals_of(stores, about)
    audited, differing = audited_disposals(stores, found)
    audit_of_stores(stores).add(Operation.REPORT, rows=len(found), details={"action": "disposal-report"})
    head = LetterHead(stores.institution, time.time_ns() // 1_000_000, stores.zone)
    page = disposal_report(found, audited, head, about.strip().upper())
    document = msgspec.json.encode({"document": "viapublica disposals", "about": about, "disposals": found})
    contents = {".pdf": typeset("report", page), ".json": document}
    if sign is not None:
        contents[".json.p7s"] = sign(document)
    name, files = f"descartes-{about.strip().upper().replace('/', '-')}", []
    for suffix, content in contents.items():
        path = folder / f"{name}{suffix}"
        with output_file("--out", str(path), "wb") as stream:
            stream.write(content)
        files.append(path)
    return WrittenDisposals(tuple(found), tuple(differing), tuple(files))


def disposals_of(stores: ConfiguredStores, about: str) -> list[Disposal]:
    """The disposals of a month, or the one of a number.

    Raises:
        StoreError: there is none of that number, or the log cannot be read.
        ViapublicaError: it is neither a number nor a month.
    """
    every = DisposalLog(stores.data_dir, stores.zone).all()
    if number := _NUMBER.fullmatch(about.strip()):
        wanted = f"D{number[1]}/{int(number[2]):06d}"
        found = [one for one in every if one.number == wanted]
        if not found:
            raise StoreError(f"disposal {wanted}", "is not in the log", f"Write it like {DISPOSAL_EXAMPLE}, or a month")
        return found
    first_ms, last_ms = month_span_ms(about, stores.zone)
    return [one for one in every if first_ms <= one.at_ms <= last_ms]


def audited_disposals(stores: ConfiguredStores, found: Sequence[Disposal]) -> tuple[dict[str, str], list[str]]:
    """What the audit says of disposals, in Portuguese by number; and the numbers of those that differ from it.

    Raises:
        AuditError: the audit cannot be read.
    """
    records = {
        record.get("number", ""): (record["sequence"], record["details"].get("sha256"))
        for record in search_records(stores.audit_dir, RecordQuestion(operation=Operation.DISPOSAL.value))
        if record.get("details", {}).get("action") == "disposed"
    }
    said, differing = {}, []
    for one in found:
        sequence, digest = records.get(one.number, (0, ""))
        same = digest == hashlib.sha256(msgspec.json.encode(one)).hexdigest()
        said[one.number] = f"confere com o registro nº {sequence}" if same else "NÃO CONFERE com a auditoria"
        differing += [] if same else [one.number]
    return said, differing
