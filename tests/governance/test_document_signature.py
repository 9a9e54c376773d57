"""Signatures of documents are checked as any CMS tool checks them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from pipeline.anonymize.signing_certificate import create_signing_identity, load_signing_identity
from pipeline.errors import ReleaseError
from pipeline.governance.document_signature import check_document, sign_document


def elliptic(folder: Path) -> tuple[bytes, bytes, bytes]:
    """Chain, key and authority."""
    certificate, key, authority = create_signing_identity("SSP-MT", folder)
    identity = load_signing_identity(certificate, key)
    return identity.chain_pem, identity.key_pem, authority.read_bytes()


def rivest(folder: Path) -> tuple[bytes, bytes, bytes]:
    """The same of RSA, self-signed and with a long serial number."""
    del folder
    key, now = rsa.generate_private_key(65537, 2048), dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "SSP-MT")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 2**158 + 1, now, now + dt.timedelta(days=1))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    pem = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return pem, key.private_bytes(*form), pem


@pytest.mark.parametrize("make", [elliptic, rivest])
@pytest.mark.parametrize("document", [b"", b"{}", b"\r\n" * 100_000], ids=["empty", "short", "long"])
def test_a_signature_belongs_to_one_document(make: object, document: bytes, tmp_path: Path) -> None:
    assert callable(make)
    chain, key, authority = make(tmp_path / "id")
    signature = sign_document(document, chain, key)
    assert check_document(document, signature) == "SSP-MT"
    assert check_document(document, signature, authority) == "SSP-MT"
    with pytest.raises(ReleaseError, match="does not belong"):
        check_document(document + b"\0", signature)
    _, _, stranger = elliptic(tmp_path / "stranger")
    with pytest.raises(ReleaseError, match="no given authority"):
        check_document(document, signature, stranger)


def test_a_changed_signature_is_refused_wherever_it_was_changed(tmp_path: Path) -> None:
    """Besides bytes that no check of CMS includes, such as the list of digest algorithms."""
    chain, key, authority = elliptic(tmp_path / "id")
    signature = sign_document(b"document", chain, key)
    accepted = []
    for at in range(len(signature)):
        changed = signature[:at] + bytes([signature[at] ^ 1]) + signature[at + 1 :]
        try:
            check_document(b"document", changed, authority)
        except ReleaseError:
            continue
        accepted.append(at)
    assert len(accepted) < len(signature) * 0.4
    tail = range(len(signature) - 64, len(signature))
    assert not set(accepted) & set(tail), "the signature's value"
    for length in (0, 1, 20, len(signature) - 1):
        with pytest.raises(ReleaseError):
            check_document(b"document", signature[:length])
