"""Signing certificates and keys: loaded and checked, or created where the institution has none."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pipeline.errors import ReleaseError
from pipeline.policy.sensitive.screen import TextKind, standard_screen

_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
_DAYS = 5 * 365
"""Recipients check clips for years, and offline there is no trusted time of signing."""
_CA_DAYS = 3650
_PRIVATE = 0o600


@dataclass(frozen=True, slots=True)
class SigningIdentity:
    """A signing certificate with its private key.

    Attributes:
        name: of the certificate's subject.
        chain_pem: the certificate and its issuers.
        key_pem: the private key; never shown.
        algorithm: C2PA's name of the signature algorithm.
    """

    name: str
    chain_pem: bytes
    key_pem: bytes
    algorithm: str

    def __repr__(self) -> str:
        return f"SigningIdentity({self.name!r})"


def load_signing_identity(certificate: Path, key: Path, password: Callable[[], bytes] | None = None) -> SigningIdentity:
    """A certificate and its private key.

    Args:
        certificate: PEM, with its chain.
        key: PEM.
        password: of the key; called if the key is encrypted.

    Raises:
        ReleaseError: the password is missing or wrong, a file cannot be read, they do not match, or the certificate is
            not valid today.
    """
    chain_pem, key_pem = _read(certificate), _read(key)
    try:
        chain = x509.load_pem_x509_certificates(chain_pem)
    except ValueError as error:
        raise ReleaseError(
            str(certificate), "is not a certificate in PEM", "Export it as PEM, with its chain"
        ) from error
    private = _private_key(key_pem, key, password)
    leaf = chain[0]
    if leaf.public_key() != private.public_key():
        raise ReleaseError(str(key), f"is not the key of {certificate}", "Give the key of that certificate")
    check_validity(leaf, certificate)
    for lower, upper in pairwise(chain):
        _check_issued(lower, upper, certificate)
    algorithm = _algorithm(leaf, certificate)
    return SigningIdentity(_name(leaf.subject), chain_pem, _key_pem(private), algorithm)


def _private_key(content: bytes, path: Path, password: Callable[[], bytes] | None) -> PrivateKeyTypes:
    try:
        return serialization.load_pem_private_key(content, None)
    except TypeError as error:  # what the library raises for an encrypted key
        if password is None:
            raise ReleaseError(
                str(path), "is protected by a password", "Give it in a file (--key-password-file) or when asked"
            ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ReleaseError(str(path), "is not a private key in PEM", "Export it as PEM (PKCS #8)") from error
    try:
        return serialization.load_pem_private_key(content, password())
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ReleaseError(
            str(path), "cannot be decrypted with that password", "Check the password, and that the file is complete"
        ) from error


def _check_issued(lower: x509.Certificate, upper: x509.Certificate, path: Path) -> None:
    try:
        lower.verify_directly_issued_by(upper)
    except (ValueError, TypeError, InvalidSignature) as error:
        raise ReleaseError(
            str(path),
            f"is not a chain: {_name(upper.subject)!r} did not issue {_name(lower.subject)!r}",
            "Put the certificate first, then its issuer, and so on",
        ) from error


def check_validity(leaf: x509.Certificate, path: Path) -> None:
    """Check that a certificate is valid today.

    Raises:
        ReleaseError: it is not.
    """
    now = dt.datetime.now(dt.UTC)
    if now > leaf.not_valid_after_utc:
        raise ReleaseError(str(path), f"expired on {leaf.not_valid_after_utc:%Y-%m-%d}", "Renew it")
    if now < leaf.not_valid_before_utc:
        raise ReleaseError(
            str(path), f"is not valid before {leaf.not_valid_before_utc:%Y-%m-%d}", "Check this machine's clock"
        )


def create_signing_identity(
    institution: str, folder: Path, *, days: float = _DAYS, password: bytes = b""
) -> tuple[Path, Path, Path]:
    """Create an authority and a certificate that it issued, for institutions without any and for tests.

    Args:
        institution: subject of both.
        folder: for ``certificate.pem``, ``key.pem`` (readable by this user only) and ``authority.pem``, for recipients.
        days: of validity.
        password: encrypts the key; empty for a key that is protected by its permissions only.

    Returns:
        Paths of certificate, key and authority. The authority's own key is not stored: it cannot sign anything else.

    Raises:
        PolicyError: the institution's name says something sensitive about people.
        ReleaseError: one of the files exists, or cannot be written.
    """
    standard_screen().check("institution", institution, TextKind.BODY)
    certificate, key, authority = (folder / name for name in ("certificate.pem", "key.pem", "authority.pem"))
    for path in (certificate, key, authority):
        if path.exists():
            raise ReleaseError(str(path), "already exists", "Choose another folder")
    root_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _certificate(f"{institution}: authority", institution, root_key.public_key(), None, root_key, days=_CA_DAYS)
    leaf = _certificate(institution, institution, leaf_key.public_key(), root, root_key, days=days)
    key_pem = _key_pem(leaf_key, password)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
        with os.fdopen(handle, "wb") as file:
            file.write(key_pem)
        certificate.write_bytes(_pem(leaf) + _pem(root))
        authority.write_bytes(_pem(root))
    except OSError as error:
        raise ReleaseError(str(folder), f"cannot be written ({error.strerror})", "Choose another place") from error
    return certificate, key, authority


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ReleaseError(
            str(path), f"cannot be read ({error.strerror})", "Check the path and its permissions"
        ) from error


def _algorithm(leaf: x509.Certificate, path: Path) -> str:
    public = leaf.public_key()
    if isinstance(public, ec.EllipticCurvePublicKey) and public.curve.name in _CURVES:
        return _CURVES[public.curve.name]
    if isinstance(public, rsa.RSAPublicKey):
        return "ps256"
    if isinstance(public, ed25519.Ed25519PublicKey):
        return "ed25519"
    raise ReleaseError(
        str(path), "has a key type that C2PA does not support", "Use P-256, P-384, P-521, RSA or Ed25519"
    )


def _name(subject: x509.Name) -> str:
    for kind in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME):
        found = subject.get_attributes_for_oid(kind)
        if found:
            return str(found[0].value)
    return subject.rfc4514_string()


def _certificate(
    name: str,
    institution: str,
    public: ec.EllipticCurvePublicKey,
    issuer: x509.Certificate | None,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    days: float,
) -> x509.Certificate:
    """An authority's certificate without an issuer, else a signer's with the extensions of C2PA, section 14.5."""
    is_authority = issuer is None
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, institution[:64]),
            x509.NameAttribute(NameOID.COMMON_NAME, name[:64]),
        ]
    )
    now = dt.datetime.now(dt.UTC)
    usage = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not is_authority, key_cert_sign=is_authority, crl_sign=is_authority, **usage
            ),
            critical=True,
        )
    )
    if not is_authority:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _key_pem(key: PrivateKeyTypes, password: bytes = b"") -> bytes:
    """PKCS #8, the only format that C2PA reads; encrypted if there is a password."""
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
