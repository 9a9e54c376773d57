"""Signed notes (C2SP signed-note, Ed25519): texts with signatures that other tools of transparency logs can check."""

from __future__ import annotations

import base64
import hashlib
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from pipeline.errors import AuditError

_ED25519: Final = b"\1"
_PRIVATE: Final = "PRIVATE+KEY+"
_SIGNATURE: Final = "\u2014 "


class Signer(NamedTuple):
    """A signing key and its name."""

    name: str
    key: Ed25519PrivateKey

    @classmethod
    def generate(cls, name: str) -> Signer:
        """A new key."""
        return cls(name, Ed25519PrivateKey.generate())

    @classmethod
    def parse(cls, text: str) -> Signer:
        """The key of ``PRIVATE+KEY+name+hash+key``.

        Raises:
            ValueError: it is none.
        """
        name, key = _parsed(text.removeprefix(_PRIVATE))
        return cls(name, Ed25519PrivateKey.from_private_bytes(key))

    def private_text(self) -> str:
        """The key as text."""
        return f"{_PRIVATE}{self.name}+{self._hash().hex()}+{_encoded(_ED25519 + self.key.private_bytes_raw())}"

    def verifier_text(self) -> str:
        """The public key as text: ``name+hash+key``."""
        return f"{self.name}+{self._hash().hex()}+{_encoded(_ED25519 + self._public())}"

    def sign(self, text: str) -> str:
        """The note of a text, which ends with a newline."""
        return f"{text}\n{_SIGNATURE}{self.name} {_encoded(self._hash() + self.key.sign(text.encode()))}\n"

    def _public(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    def _hash(self) -> bytes:
        return _key_hash(self.name, self._public())


def opened(note: str, verifier: str) -> str:
    """The text of a note that a key has signed.

    Args:
        note: text and signatures.
        verifier: the public key as text.

    Raises:
        AuditError: no signature is of this key, or the text was changed.
    """
    try:
        name, public = _parsed(verifier)
        key_hash = bytes.fromhex(verifier.split("+")[1])
        text, signatures = note.rsplit("\n\n", 1)
        text += "\n"
        for line in signatures.splitlines():
            signer, _, encoded = line.removeprefix(_SIGNATURE).rpartition(" ")
            signature = base64.b64decode(encoded, validate=True)
            exact = _encoded(signature) == encoded  # base64 has several writings of the same bytes
            if exact and signer == name and signature[:4] == key_hash == _key_hash(name, public):
                Ed25519PublicKey.from_public_bytes(public).verify(signature[4:], text.encode())
                return text
    except (ValueError, InvalidSignature):
        pass
    raise AuditError("checkpoint", "is not signed by this audit's key, or was changed", "Get it from its source again")


def _parsed(text: str) -> tuple[str, bytes]:
    name, _, encoded = text.strip().split("+", 2)
    key = base64.b64decode(encoded, validate=True)
    if key[:1] != _ED25519 or len(key) != 33:
        raise ValueError("no Ed25519 key")
    return name, key[1:]


def _key_hash(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4]


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()
