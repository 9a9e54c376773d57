"""Provenance of a released file: a signed statement (C2PA) that is written into it, and read and checked offline.

The manifest has no thumbnail, and the original is not an ingredient of it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from pipeline import __version__
from pipeline.anonymize.mp4_atoms import has_manifest, media_digest
from pipeline.anonymize.settings import AnonymizeSettings
from pipeline.anonymize.video_encoder import VideoEncoder
from pipeline.domain.extras import missing_package
from pipeline.domain.video import Planes, VideoInfo
from pipeline.errors import ReleaseError
from pipeline.storage.output_file import opened_folder
from pipeline.storage.unnamed_file import UnnamedFile

if TYPE_CHECKING:
    from pipeline.anonymize.signing_certificate import SigningIdentity

ASSERTION: Final = "org.viapublica.release"
MORE_MANIFESTS: Final = "viapublica.more-than-one-manifest"
"""A release has exactly one; an earlier manifest could hold an image of the original."""
DAMAGED: Final = "viapublica.damaged-manifest"
_CAPTURE: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"
_MP4: Final = "video/mp4"
_UNTRUSTED: Final = "signingCredential.untrusted"
_EXPIRED: Final = "signingCredential.expired"


class SignatureStatus(StrEnum):
    """Result of checking a signature with the recipient's trusted authorities."""

    TRUSTED = "trusted"
    """Unchanged since it was signed; a trusted authority issued the signer's certificate."""
    UNKNOWN_SIGNER = "unknown-signer"
    """Unchanged since it was signed; no trusted authority issued the signer's certificate."""
    EXPIRED = "expired"
    """Unchanged since it was signed; the certificate has expired, perhaps before signing."""
    BROKEN = "broken"
    """Changed since it was signed, or signed with an invalid certificate."""
    UNSIGNED = "unsigned"
    """No signature."""


INTACT: Final = frozenset({SignatureStatus.TRUSTED, SignatureStatus.UNKNOWN_SIGNER})
"""Unchanged, with a certificate that is valid today."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """The signed statement of a file, and the status of its signature.

    Attributes:
        status: of the signature.
        signer: the certificate's subject.
        problems: C2PA validation codes.
        statement: the signed values; see `pipeline.app.anonymize.provenance_statement`.
    """

    status: SignatureStatus
    signer: str = ""
    problems: Sequence[str] = ()
    statement: Mapping[str, Any] = field(default_factory=dict)


def check_signing_identity(identity: SigningIdentity) -> None:
    """Sign a trial video, so that an unsuitable certificate is found before the redaction.

    Raises:
        ReleaseError: C2PA rejects the certificate or the key.
    """
    facts = VideoInfo(64, 64, Fraction(1, 25), Fraction(25))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "trial.mp4"
        with VideoEncoder(path, facts, AnonymizeSettings()) as writer:
            writer.write(Planes(*(np.full(size, 128, np.uint8) for size in ((64, 64), (32, 32), (32, 32)))), 0)
            writer.finish()
        sign_in_place(path, identity, {})
        found = read_provenance(path)
    if found.status not in INTACT:
        raise ReleaseError(
            identity.name,
            f"makes signatures that do not verify ({', '.join(found.problems)})",
            "Use a certificate for signing (C2PA, section 14.5)",
        )


def sign_in_place(path: Path, identity: SigningIdentity, statement: Mapping[str, Any], media_sha256: str = "") -> None:
    """Sign an unpublished file, see `sign`; the signed content takes the place of the unsigned one.

    Args:
        path: the file.
        identity: certificate and key.
        statement: JSON values.
        media_sha256: `media_digest` of the file that was verified; "" to take that of the file as it is now.

    Raises:
        ReleaseError: C2PA rejects certificate, key or file; or what would be signed is not what was verified.
    """
    try:
        expected = media_sha256 or media_digest(path)
        with opened_folder(Path(os.path.realpath(path)).parent) as folder, UnnamedFile(folder) as signed:
            sign(path, signed.path, identity, statement)
            with path.open("rb+") as file, signed.path.open("rb") as content:
                file.truncate(0)
                shutil.copyfileobj(content, file)
                file.flush()
                file.seek(0)
                same = hashlib.file_digest(file, "sha256").hexdigest() == signed.sha256()
            if not same or media_digest(signed.path) != expected:
                raise ReleaseError(
                    identity.name, "does not sign this video: it changed after it was verified", "Build it again"
                )
    except OSError as error:
        raise ReleaseError(str(path), f"cannot be written ({error.strerror})", "Free disk space") from error


def sign(source: Path, target: Path, identity: SigningIdentity, statement: Mapping[str, Any]) -> None:
    """Write `source` with a signed statement to `target`.

    Args:
        source: an MP4; target: another path.
        identity: certificate and key.
        statement: JSON values.

    Raises:
        ReleaseError: C2PA rejects certificate, key or file.
    """
    c2pa = _c2pa()

    actions = [
        {"action": "c2pa.created", "digitalSourceType": _CAPTURE},
        {
            "action": "c2pa.edited",
            "softwareAgent": {"name": "viapublica", "version": __version__},
            "parameters": {"description": "Persons, faces and plates redacted; audio and metadata removed; re-encoded"},
        },
    ]
    manifest = {
        "claim_generator_info": [{"name": "viapublica", "version": __version__}],
        "title": "Anonymized release",
        "assertions": [
            {"label": "c2pa.actions", "data": {"actions": actions}},
            {"label": ASSERTION, "data": dict(statement)},
        ],
    }
    try:
        info = c2pa.C2paSignerInfo(identity.algorithm.encode(), identity.chain_pem, identity.key_pem, None)
        settings = c2pa.Settings.from_dict({"builder": {"thumbnail": {"enabled": False}}})
        with c2pa.Signer.from_info(info) as signer, c2pa.Context(settings=settings) as context:
            builder = c2pa.Builder(json.dumps(manifest), context=context)
            with source.open("rb") as read, target.open("wb+") as write:
                builder.sign(signer, _MP4, read, write)
    except c2pa.C2paError as error:
        raise ReleaseError(
            identity.name, f"cannot sign ({_first_line(error)})", "Use a certificate for signing (C2PA, section 14.5)"
        ) from error
    except OSError as error:
        raise ReleaseError(str(target), f"cannot be written ({error.strerror})", "Free disk space") from error


def read_provenance(path: Path, authorities_pem: str = "") -> Provenance:
    """The signed statement of a file, checked offline.

    Args:
        path: the file.
        authorities_pem: certificates of the authorities that the recipient trusts.

    Raises:
        ReleaseError: it cannot be read.
    """
    c2pa = _c2pa()

    settings: dict[str, Any] = {"verify": {"verify_trust": True, "remote_manifest_fetch": False, "ocsp_fetch": False}}
    if authorities_pem:
        settings["trust"] = {"trust_anchors": authorities_pem}
    try:
        with (
            c2pa.Context(settings=c2pa.Settings.from_dict(settings)) as context,
            path.open("rb") as file,
            c2pa.Reader(_MP4, file, context=context) as reader,
        ):
            return _provenance(json.loads(reader.json()))
    except c2pa.C2paError.ManifestNotFound:
        return Provenance(SignatureStatus.UNSIGNED)
    except c2pa.C2paError as error:
        if not has_manifest(path):
            return Provenance(SignatureStatus.UNSIGNED)
        return Provenance(SignatureStatus.BROKEN, problems=(_first_line(error),))
    except OSError as error:
        raise ReleaseError(str(path), f"cannot be read ({error.strerror})", "Check the path") from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        # The library's answer about a damaged manifest lacks parts, or is not text at all.
        return Provenance(SignatureStatus.BROKEN, problems=(f"{DAMAGED} ({type(error).__name__})",))


def _provenance(found: Mapping[str, Any]) -> Provenance:
    """From the report of the C2PA library."""
    codes = tuple(str(row.get("code")) for row in found.get("validation_status") or ())
    active = found["manifests"][found["active_manifest"]]
    statements = [row["data"] for row in active.get("assertions", ()) if row.get("label") == ASSERTION]
    if len(found["manifests"]) > 1:
        codes = (*codes, MORE_MANIFESTS)
    signature = active.get("signature_info", {})
    return Provenance(
        _status(codes),
        signer=str(signature.get("issuer") or signature.get("common_name") or ""),
        problems=tuple(code for code in codes if code != _UNTRUSTED),
        statement=statements[0] if statements and isinstance(statements[0], Mapping) else {},
    )


def _status(codes: Sequence[str]) -> SignatureStatus:
    if any(code not in {_UNTRUSTED, _EXPIRED} for code in codes):
        return SignatureStatus.BROKEN
    if _EXPIRED in codes:
        return SignatureStatus.EXPIRED
    return SignatureStatus.UNKNOWN_SIGNER if codes else SignatureStatus.TRUSTED


def _c2pa() -> ModuleType:
    try:
        import c2pa
    except ImportError as error:
        raise missing_package("c2pa", f"cannot be imported: {error}") from error
    return c2pa  # type: ignore[no-any-return]


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
