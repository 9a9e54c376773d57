"""The institution's certificate and key, checked before anything is signed with them; and new ones for a first try."""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from pipeline.domain.extras import missing_package
from pipeline.errors import ReleaseError

try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
except ImportError as error:
    raise missing_package("cryptography", f"cannot be imported: {error}") from error

_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
_DAYS = 5 * 365
"""Receivers look at clips for years, and without a network nobody vouches for when one was signed."""
_CA_DAYS = 3650
_PRIVATE = 0o600


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signs.

    Attributes:
        name: of the certificate's owner.
        chain_pem: its certificate and those above it, as the receiver needs them.
        key_pem: its private key; never shown.
        algorithm: C2PA's name for how it signs.
    """

    name: str
    chain_pem: bytes
    key_pem: bytes
    algorithm: str

    def __repr__(self) -> str:
        return f"Identity({self.name!r})"


def load_identity(certificate: Path, key: Path) -> Identity:
    """A certificate (PEM, with its chain) and its private key (PEM, without a password).

    Raises:
        ReleaseError: one of them cannot be read, they do not belong together, or the certificate does not hold today.
    """
    chain_pem, key_pem = _read(certificate), _read(key)
    try:
        chain = x509.load_pem_x509_certificates(chain_pem)
    except ValueError as error:
        raise ReleaseError(str(certificate), "is no certificate in PEM", "Export it as PEM, with its chain") from error
    try:
        private = serialization.load_pem_private_key(key_pem, None)
    except TypeError as error:
        raise ReleaseError(
            str(key), "is protected by a password", "Take the password off, and let only this user read the file"
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ReleaseError(str(key), "is no private key in PEM", "Export it as PEM (PKCS #8)") from error
    leaf = chain[0]
    if leaf.public_key() != private.public_key():
        raise ReleaseError(str(key), f"is not the key of {certificate}", "Name the key that was made with it")
    check_dates(leaf, certificate)
    for lower, upper in pairwise(chain):
        _check_issued(lower, upper, certificate)
    algorithm = _algorithm(leaf, certificate)
    return Identity(_name(leaf.subject), chain_pem, _key_pem(private), algorithm)


def _check_issued(lower: x509.Certificate, upper: x509.Certificate, path: Path) -> None:
    try:
        lower.verify_directly_issued_by(upper)
    except (ValueError, TypeError, InvalidSignature) as error:
        raise ReleaseError(
            str(path),
            f"is no chain: {_name(upper.subject)!r} did not issue {_name(lower.subject)!r}",
            "Put the certificate first, then the one that issued it, and so on",
        ) from error


def check_dates(leaf: x509.Certificate, path: Path) -> None:
    """Whether it holds today.

    Raises:
        ReleaseError: it does not.
    """
    now = dt.datetime.now(dt.UTC)
    if now > leaf.not_valid_after_utc:
        raise ReleaseError(str(path), f"ran out on {leaf.not_valid_after_utc:%Y-%m-%d}", "Have it renewed")
    if now < leaf.not_valid_before_utc:
        raise ReleaseError(
            str(path), f"holds only from {leaf.not_valid_before_utc:%Y-%m-%d} on", "Check this machine's clock"
        )


def make_identity(institution: str, folder: Path, *, days: float = _DAYS) -> tuple[Path, Path, Path]:
    """An authority of one's own and a certificate under it, for institutions without any and for tests.

    Args:
        institution: stands in both.
        folder: gets ``certificate.pem``, ``key.pem`` (for this user only) and ``authority.pem``, which receivers need.
        days: that the certificate holds.

    Returns:
        Paths of certificate, key and authority. The authority's own key is not kept: it cannot sign anything else.

    Raises:
        ReleaseError: one of the files exists, or cannot be written.
    """
    certificate, key, authority = (folder / name for name in ("certificate.pem", "key.pem", "authority.pem"))
    for path in (certificate, key, authority):
        if path.exists():
            raise ReleaseError(str(path), "exists already", "Name another folder")
    root_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _certificate(f"{institution}: authority", institution, root_key.public_key(), None, root_key, days=_CA_DAYS)
    leaf = _certificate(institution, institution, leaf_key.public_key(), root, root_key, days=days)
    key_pem = _key_pem(leaf_key)
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
        raise ReleaseError(str(path), f"cannot be read ({error.strerror})", "Check the path and its rights") from error


def _algorithm(leaf: x509.Certificate, path: Path) -> str:
    public = leaf.public_key()
    if isinstance(public, ec.EllipticCurvePublicKey) and public.curve.name in _CURVES:
        return _CURVES[public.curve.name]
    if isinstance(public, rsa.RSAPublicKey):
        return "ps256"
    if isinstance(public, ed25519.Ed25519PublicKey):
        return "ed25519"
    raise ReleaseError(
        str(path), "has a key of a kind that C2PA does not know", "Use P-256, P-384, P-521, RSA or Ed25519"
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
    """Of an authority when it has no issuer; with the extensions that C2PA asks of a signer (section 14.5)."""
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


def _key_pem(key: PrivateKeyTypes) -> bytes:
    """In the one format that C2PA reads."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
