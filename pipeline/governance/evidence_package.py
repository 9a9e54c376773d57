"""Evidence packages: original video, its chain of custody, a custody sheet and a signature, in one ZIP archive."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from pipeline.errors import ReleaseError
from pipeline.governance.document_signature import check_document

CUSTODY: Final = "custodia.json"
SIGNATURE: Final = "custodia.json.p7s"
SHEET: Final = "capa.html"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}", re.ASCII)
_STAMP: Final = (1980, 1, 1, 0, 0, 0)
"""Times of files in the archive: they would be those of the build, which the chain of custody states."""


@dataclass(frozen=True, slots=True)
class EvidenceVideo:
    """One video of a package, and the recorded file that it is a part of.

    Attributes:
        name: in the package; sha256: of that file; size_bytes: its length.
        begin_ms, end_ms: milliseconds since 1970 UTC; cut at key frames, so at or beyond the requested times.
        packets: number of copied packets; packets_sha256: of their bytes, equal in both files.
        source_name, source_sha256: the recorded file; recorder_sha256: its digest as the recorder noted it when the
            file was complete, "" if it noted none.
        masks_filled: number of privacy masks that the recorder filled in every frame.
    """

    name: str
    sha256: str
    size_bytes: int
    begin_ms: int
    end_ms: int
    packets: int
    packets_sha256: str
    source_name: str
    source_sha256: str
    masks_filled: int
    recorder_sha256: str = ""

    @property
    def as_recorded(self) -> bool | None:
        """Whether the recorded file is what the recorder completed; None if that is not known."""
        return self.recorder_sha256 == self.source_sha256 if self.recorder_sha256 else None


@dataclass(frozen=True, slots=True)
class Custody:
    """Chain of custody of a package. Times are milliseconds since 1970 UTC.

    Attributes:
        number: of the disclosure; institution: that hands it over.
        recipient, recipient_document, recipient_certificate: name, number of the requisition, certificate's SHA-256.
        basis, purpose: as registered.
        requisition_name, requisition_sha256: the stored document.
        camera: its declaration; recorded: the declarations that held while it was recorded.
        begin_ms, end_ms: as requested.
        steps: (time, person, action), oldest first.
        videos: in order of time; gaps: (begin, end, reason).
        journal_entry, journal_hash: newest entry of the register's journal before the build.
        software: that built it.
    """

    number: str
    institution: str
    recipient: str
    recipient_document: str
    recipient_certificate: str
    basis: str
    purpose: str
    requisition_name: str
    requisition_sha256: str
    camera: Mapping[str, Any]
    recorded: Sequence[Mapping[str, Any]]
    begin_ms: int
    end_ms: int
    steps: Sequence[tuple[int, str, str]]
    videos: Sequence[EvidenceVideo]
    gaps: Sequence[tuple[int, int, str]]
    journal_entry: int
    journal_hash: str
    software: str

    @property
    def masks_filled_when_recorded(self) -> bool:
        """Whether the camera's privacy masks were filled before its video was recorded, in any of the videos."""
        return any(video.masks_filled for video in self.videos)

    def document(self, sheet: str) -> bytes:
        """JSON, as it is signed, with the digest of the custody sheet."""
        plain = asdict(self) | {
            "masks_filled_when_recorded": self.masks_filled_when_recorded,
            "sheet_sha256": hashlib.sha256(sheet.encode()).hexdigest(),
        }
        return json.dumps(plain, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


def pack(document: bytes, signature: bytes, sheet: str, videos: Mapping[str, Path]) -> bytes:
    """The archive.

    Args:
        document: see `Custody.document`; signature: of it.
        sheet: HTML; videos: files by name.

    Raises:
        OSError: a file cannot be read.
    """
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, content in ((SHEET, sheet.encode()), (CUSTODY, document), (SIGNATURE, signature)):
            archive.writestr(zipfile.ZipInfo(name, _STAMP), content)
        for name, path in videos.items():
            with (
                path.open("rb") as source,
                archive.open(zipfile.ZipInfo(name, _STAMP), "w", force_zip64=True) as target,
            ):
                while chunk := source.read(1 << 20):
                    target.write(chunk)
    return stream.getvalue()


@dataclass(frozen=True, slots=True)
class OpenedPackage:
    """An opened package whose contents are as signed: files by name, the chain of custody, and the signer's name."""

    files: Mapping[str, bytes]
    custody: Mapping[str, Any]
    signer: str


def unpack(content: bytes, authorities_pem: bytes = b"") -> OpenedPackage:
    """Open a package and check it: the signature, the digest of each video, and that there is nothing else.

    Args:
        content: the archive; authorities_pem: see `check_document`.

    Raises:
        ReleaseError: it is no package, or was changed.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            if len(set(names)) != len(names) or not all(_NAME.fullmatch(name) for name in names):
                raise _changed("has names that this program does not write")
            files = {name: archive.read(name) for name in names}
        document, signature = files[CUSTODY], files[SIGNATURE]
        files[SHEET]
    except (zipfile.BadZipFile, KeyError, ValueError, NotImplementedError, RuntimeError) as error:
        raise _changed("is not an evidence package") from error
    signer = check_document(document, signature, authorities_pem)
    custody: dict[str, Any] = json.loads(document)
    expected = {one["name"]: one["sha256"] for one in custody["videos"]} | {SHEET: custody["sheet_sha256"]}
    if files.keys() - {CUSTODY, SIGNATURE} != expected.keys():
        raise _changed("has other files than its chain of custody names")
    for name, sha256 in expected.items():
        if hashlib.sha256(files[name]).hexdigest() != sha256:
            raise _changed(f"holds {name}, which was changed after it was signed")
    return OpenedPackage(files, custody, signer)


def _changed(problem: str) -> ReleaseError:
    return ReleaseError("the package", problem, "Ask the institution for the file again")
