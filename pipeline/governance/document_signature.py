"""Detached signatures of documents: CMS (RFC 5652) in DER, which any CMS tool checks."""

from __future__ import annotations

import datetime as dt
import hashlib
import warnings
from collections.abc import Iterator, Sequence
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

from pipeline.errors import ReleaseError

_UNREADABLE: Final = (
    ValueError,
    TypeError,
    LookupError,
    StopIteration,
    InvalidSignature,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What the library raises for signatures and certificates that were changed."""
_SIGNED_ATTRIBUTES: Final = 0xA0
_MESSAGE_DIGEST: Final = bytes.fromhex("2a864886f70d010904")
"""Object identifier 1.2.840.113549.1.9.4."""


def sign_document(document: bytes, chain_pem: bytes, key_pem: bytes) -> bytes:
    """A detached CMS signature, DER, with the certificates of the chain.

    Args:
        document: what is signed, byte for byte.
        chain_pem: the certificate and its issuers; key_pem: the private key.

    Raises:
        ReleaseError: keys of this kind cannot sign documents.
    """
    key = serialization.load_pem_private_key(key_pem, None)
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise ReleaseError(
            "signing key", "is neither an RSA nor an elliptic-curve key, so it cannot sign documents", "Use such a key"
        )
    leaf, *issuers = x509.load_pem_x509_certificates(chain_pem)
    builder = pkcs7.PKCS7SignatureBuilder().set_data(document).add_signer(leaf, key, hashes.SHA256())
    for issuer in issuers:
        builder = builder.add_certificate(issuer)
    options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary]
    return builder.sign(serialization.Encoding.DER, options)


def check_document(document: bytes, signature: bytes, authorities_pem: bytes = b"") -> str:
    """Check a signature of `sign_document`.

    Args:
        document: what was signed; signature: DER.
        authorities_pem: one of these certificates must have issued the signer's; empty to accept any signer.

    Returns:
        The signer's name.

    Raises:
        ReleaseError: the document was changed, or no such authority issued the signer's certificate.
    """
    try:
        certificates = _certificates(signature)
        attributes, value, serial = _signer_info(signature)
        leaf = next(one for one in certificates if one.serial_number == serial)
        _verify(leaf, value, b"\x31" + attributes[1:])
        _check_digest(attributes, document)
    except _UNREADABLE as error:
        raise ReleaseError(
            "the signature", "does not belong to this document: one of them was changed", "Ask for the file again"
        ) from error
    if authorities_pem and not _is_issued(leaf, certificates, x509.load_pem_x509_certificates(authorities_pem)):
        raise ReleaseError(
            "the signature",
            "is of a signer that no given authority vouches for",
            "Ask the institution for its authority",
        )
    names = leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return str(names[0].value) if names else leaf.subject.rfc4514_string()


def _certificates(signature: bytes) -> Sequence[x509.Certificate]:
    """Those in a signature, which has to be DER: the library would accept other encodings with a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return pkcs7.load_der_pkcs7_certificates(signature)
        except UserWarning as warning:
            raise ValueError(str(warning)) from warning


def _check_digest(attributes: bytes, document: bytes) -> None:
    if _message_digest(attributes) != hashlib.sha256(document).digest():
        raise InvalidSignature


def _verify(leaf: x509.Certificate, value: bytes, signed: bytes) -> None:
    public = leaf.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        public.verify(value, signed, padding.PKCS1v15(), hashes.SHA256())
    elif isinstance(public, ec.EllipticCurvePublicKey):
        public.verify(value, signed, ec.ECDSA(hashes.SHA256()))
    else:
        raise InvalidSignature


def _is_issued(
    leaf: x509.Certificate, chain: Sequence[x509.Certificate], authorities: Sequence[x509.Certificate]
) -> bool:
    """Whether an authority issued the certificate, directly or through certificates of the chain."""
    now = dt.datetime.now(dt.UTC)
    for _ in range(len(chain) + 1):
        if not leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc:
            return False
        if any(_issued(leaf, authority) for authority in authorities):
            return True
        leaf = next((one for one in chain if one != leaf and _issued(leaf, one)), leaf)
    return False


def _issued(lower: x509.Certificate, upper: x509.Certificate) -> bool:
    try:
        lower.verify_directly_issued_by(upper)
        constraints = upper.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (*_UNREADABLE, x509.ExtensionNotFound):
        return False
    return constraints.ca


def _signer_info(signature: bytes) -> tuple[bytes, bytes, int]:
    """Signed attributes (with their header), signature value and serial number of the signer's certificate."""
    (_, message), *_ = _elements(signature)
    _, (_, wrapped), *_ = _elements(message)
    (_, signed_data), *_ = _elements(wrapped)
    (_, infos) = list(_elements(signed_data))[-1]
    (_, info), *_ = _elements(infos)
    _, (_, signer), _, (kind, attributes), _, (_, value), *_ = _elements(info)
    if kind != _SIGNED_ATTRIBUTES:
        raise ValueError("no signed attributes")
    _, (_, serial), *_ = _elements(signer)
    at = info.index(attributes)
    begin = info.rindex(bytes([kind]), 0, at)
    return info[begin : at + len(attributes)], value, int.from_bytes(serial, signed=True)


def _message_digest(attributes: bytes) -> bytes:
    (_, content), *_ = _elements(attributes)
    for _, attribute in _elements(content):
        (_, kind), (_, values), *_ = _elements(attribute)
        if kind == _MESSAGE_DIGEST:
            (_, digest), *_ = _elements(values)
            return digest
    raise ValueError("no message digest")


def _elements(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Tags and contents of the DER elements that fill the content."""
    at = 0
    while at < len(content):
        tag, length, begin = content[at], content[at + 1], at + 2
        if length & 0x80:
            begin += length & 0x7F
            length = int.from_bytes(content[at + 2 : begin])
        if begin + length > len(content):
            raise ValueError("too short")
        yield tag, content[begin : begin + length]
        at = begin + length
