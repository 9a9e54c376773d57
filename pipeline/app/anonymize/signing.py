"""Signing identities of institutions: loaded and tried before a redaction, or created."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.anonymize.provenance import check_signing_identity
from pipeline.anonymize.signing_certificate import SigningIdentity, create_signing_identity, load_signing_identity
from pipeline.errors import ReleaseError

__all__ = ["CreatedCertificate", "SigningIdentity", "create_certificate", "open_signing_identity"]


@dataclass(frozen=True, slots=True)
class CreatedCertificate:
    """Files of a new signing identity; `authority` is for recipients."""

    certificate: Path
    key: Path
    authority: Path


def open_signing_identity(certificate: Path, key: Path, password: Callable[[], bytes] | None = None) -> SigningIdentity:
    """A certificate and its key, with which a trial video was signed; `password` is called for an encrypted key.

    Raises:
        ReleaseError: they cannot be read, do not match, or cannot sign.
    """
    identity = load_signing_identity(certificate, key, password)
    check_signing_identity(identity)
    return identity


def create_certificate(institution: str, folder: Path, password: bytes = b"") -> CreatedCertificate:
    """Create an authority and a signing certificate, for an institution that has none; a password encrypts the key.

    Raises:
        ReleaseError: the name is empty, a file exists, or the folder cannot be written.
    """
    if not institution.strip():
        raise ReleaseError("institution", "is empty", "Name it: viapublica release certificate SSP-MT")
    return CreatedCertificate(*create_signing_identity(institution.strip(), folder, password=password))
