"""Detached signatures of documents: CMS (RFC 5652) in DER, which any CMS tool checks."""

from __future__ import annotations

from pipeline.domain.extras import missing_package
from pipeline.errors import ReleaseError

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import pkcs7
except ImportError as error:
    raise missing_package("cryptography", f"cannot be imported: {error}") from error


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
