"""Messages sealed for one recipient: CMS enveloped data (RFC 5652), which any CMS tool opens with their key."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

from pipeline.errors import ReleaseError

MAX_BYTES: Final = 1 << 30
"""Of a message: CMS is built in memory, which then holds it three times."""


class Recipient:
    """The certificate of a recipient.

    Args:
        path: of the certificate, PEM or DER.

    Raises:
        ReleaseError: it cannot be read, is not valid today, or is not of an RSA key.
    """

    def __init__(self, path: Path) -> None:
        content = _read(path)
        try:
            pem = content.lstrip().startswith(b"-----")
            self._certificate = (
                x509.load_pem_x509_certificate(content) if pem else x509.load_der_x509_certificate(content)
            )
        except ValueError as error:
            raise ReleaseError(str(path), "is not a certificate", "Give the recipient's, as PEM or DER") from error
        if not isinstance(self._certificate.public_key(), rsa.RSAPublicKey):
            raise ReleaseError(
                str(path), "is not the certificate of an RSA key", "Ask the recipient for one, such as ICP-Brasil's"
            )
        now = dt.datetime.now(dt.UTC)
        if not self._certificate.not_valid_before_utc <= now <= self._certificate.not_valid_after_utc:
            raise ReleaseError(
                str(path),
                f"is valid from {self._certificate.not_valid_before_utc:%Y-%m-%d} "
                f"to {self._certificate.not_valid_after_utc:%Y-%m-%d}",
                "Ask the recipient for a certificate that is valid today",
            )

    @property
    def name(self) -> str:
        """The subject's name."""
        found = self._certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return str(found[0].value) if found else self._certificate.subject.rfc4514_string()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, 64 hexadecimal digits."""
        return self._certificate.fingerprint(hashes.SHA256()).hex()

    def seal(self, message: bytes) -> bytes:
        """The message, encrypted so that only the recipient can read it: DER.

        Raises:
            ReleaseError: it is longer than `MAX_BYTES`.
        """
        if len(message) > MAX_BYTES:
            raise ReleaseError(
                "the evidence", f"has {len(message) >> 20} MiB, and at most {MAX_BYTES >> 20} MiB can be sealed",
                "Request a shorter span, or several",
            )  # fmt: skip
        builder = pkcs7.PKCS7EnvelopeBuilder().set_data(message).add_recipient(self._certificate)
        builder = builder.set_content_encryption_algorithm(algorithms.AES256)
        return builder.encrypt(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])


def open_sealed(sealed: Path, certificate: Path, key: Path, password: Callable[[], bytes] | None = None) -> bytes:
    """The message in a sealed file.

    Args:
        sealed: the file.
        certificate: of the recipient; key: its private key, PEM.
        password: called for an encrypted key.

    Raises:
        ReleaseError: a file cannot be read, or it was sealed for another recipient.
    """
    content = _read(sealed)
    try:
        own = x509.load_pem_x509_certificate(_read(certificate))
    except ValueError as error:
        raise ReleaseError(str(certificate), "is not a certificate in PEM", "Give the recipient's") from error
    private = _private_key(key, password)
    try:
        return pkcs7.pkcs7_decrypt_der(content, own, private, [])
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ReleaseError(
            str(sealed),
            "cannot be opened: it is damaged, or sealed for another certificate",
            "Give the certificate that the custody sheet names",
        ) from error


def _private_key(path: Path, password: Callable[[], bytes] | None) -> rsa.RSAPrivateKey:
    content = _read(path)
    try:
        try:
            private = serialization.load_pem_private_key(content, None)
        except TypeError:  # encrypted
            private = serialization.load_pem_private_key(content, password() if password else b"")
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ReleaseError(
            str(path), "is not a private key in PEM, or the password is wrong", "Check the file and the password"
        ) from error
    if not isinstance(private, rsa.RSAPrivateKey):
        raise ReleaseError(str(path), "is not an RSA key", "Give the key of the recipient's certificate")
    return private


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ReleaseError(str(path), f"cannot be read ({error.strerror})", "Check the path") from error
