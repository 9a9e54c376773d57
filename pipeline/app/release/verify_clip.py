"""Offline check of a released clip: signature, signed statement, and content besides the video."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pipeline.anonymize.metadata_check import find_extra_streams
from pipeline.anonymize.mp4_atoms import find_unexpected_boxes
from pipeline.anonymize.provenance import INTACT, Provenance, SignatureStatus, read_provenance
from pipeline.app.output_files import sha256_of
from pipeline.errors import ReleaseError
from pipeline.weights.stated_networks import StatedNetworks, stated_networks

__all__ = ["CheckedClip", "SignatureStatus", "verify_clip"]


_ENVELOPED_DATA: Final = bytes.fromhex("06092a864886f70d010703")
"""The object identifier of CMS enveloped data (RFC 5652), with which a sealed package begins."""
_CMS_HEADER: Final = 32


@dataclass(frozen=True, slots=True)
class CheckedClip:
    """A clip after its check.

    Attributes:
        clip: the file; sha256: of it.
        provenance: the signed statement, and the status of its signature.
        networks: that made it, compared with the pinned ones of this installation.
        extra_content: besides the video; should be empty. Of an unsigned file only streams and their metadata.
        good: signed and unchanged (with given authorities: by a trusted signer), and without extra content.
    """

    clip: Path
    sha256: str
    provenance: Provenance
    networks: StatedNetworks
    extra_content: Sequence[str]
    good: bool

    def as_json(self) -> dict[str, Any]:
        """JSON values."""
        provenance = self.provenance
        return {
            "file": str(self.clip),
            "sha256": self.sha256,
            "good": self.good,
            "status": provenance.status.value,
            "signer": provenance.signer,
            "problems": list(provenance.problems),
            "extra_content": list(self.extra_content),
            "networks": {
                "pinned": self.networks.pinned,
                "stated": self.networks.stated,
                "unpinned": list(self.networks.unpinned),
            },
            "statement": dict(provenance.statement),
        }


def verify_clip(clip: Path, authorities: Path | None = None) -> CheckedClip:
    """Check a clip offline.

    Args:
        clip: the file.
        authorities: PEM file of trusted authorities; None for none.

    Raises:
        ReleaseError: it is not a video, or the authorities cannot be read.
        ModelIntegrityError: a file of pinned networks of this installation cannot be used.
    """
    _check_not_sealed(clip)
    trusted = _authorities(authorities)
    streams = find_extra_streams(clip)
    provenance = read_provenance(clip, trusted)
    # Any program may have written a file that was never signed: its layout says nothing.
    boxes = [] if provenance.status is SignatureStatus.UNSIGNED else find_unexpected_boxes(clip)
    extra = [*streams, *boxes]
    accepted = {SignatureStatus.TRUSTED} if authorities else INTACT
    networks = stated_networks(provenance.statement)
    return CheckedClip(clip, sha256_of(clip), provenance, networks, extra, provenance.status in accepted and not extra)


def _authorities(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        text = path.read_text(encoding="ascii")
    except OSError as error:
        raise ReleaseError(
            str(path), f"cannot be read ({error.strerror})", "Give the institution's authority.pem"
        ) from error
    except UnicodeDecodeError as error:
        raise ReleaseError(
            str(path),
            "is not a certificate in PEM",
            "Give PEM; of DER it is made by: openssl x509 -inform DER -in FILE -out authority.pem",
        ) from error
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except (ValueError, ssl.SSLError) as error:
        raise ReleaseError(
            str(path), "contains no certificate in PEM, or a damaged one", "Give the institution's authority.pem"
        ) from error
    return text


def _check_not_sealed(clip: Path) -> None:
    """An unreadable file is reported by the reader of videos."""
    try:
        with clip.open("rb") as stream:
            begin = stream.read(_CMS_HEADER)
    except OSError:
        return
    if _ENVELOPED_DATA in begin:
        raise ReleaseError(
            str(clip),
            "is a sealed evidence package, which only the holder of the recipient's key can check",
            f"viapublica release open-evidence {clip.name} --certificate FILE --key FILE --trust authority.pem "
            "--out FOLDER",
        )
