"""A device with passkeys, as a browser hands its answers to a page; it can be made to lie."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

URL = "https://city.example"
_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Device:
    """One passkey.

    Attributes:
        credential: its id; key: its private key; count: of its uses.
        origin: that the browser states; verified: whether it states that its owner unlocked it.
    """

    credential: bytes = b"passkey of a test device"
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    count: int = 0
    origin: str = URL
    verified: bool = True

    def made(self, options: dict[str, Any]) -> str:
        """The answer to ``navigator.credentials.create``."""
        point = self.key.public_key().public_numbers()
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")})
        attested = bytes(16) + struct.pack(">H", len(self.credential)) + self.credential + cose
        data = self._data(_ATTESTED) + attested
        response = {
            "clientDataJSON": self._client_data("webauthn.create", options),
            "attestationObject": bytes_to_base64url(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})),
            "transports": ["internal"],
        }
        return self._json(response)

    def answer(self, options: dict[str, Any]) -> str:
        """The answer to ``navigator.credentials.get``."""
        data = self._data()
        client_data = self._client_data("webauthn.get", options)
        signed = data + sha256(base64url_to_bytes(client_data)).digest()
        response = {
            "clientDataJSON": client_data,
            "authenticatorData": bytes_to_base64url(data),
            "signature": bytes_to_base64url(self.key.sign(signed, ec.ECDSA(hashes.SHA256()))),
        }
        return self._json(response)

    def _data(self, flags: int = 0) -> bytes:
        host = urlsplit(self.origin).hostname or ""
        flags |= _PRESENT | (_VERIFIED if self.verified else 0)
        return sha256(host.encode()).digest() + struct.pack(">BI", flags, self.count)

    def _client_data(self, kind: str, options: dict[str, Any]) -> str:
        data = {"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        return bytes_to_base64url(json.dumps(data).encode())

    def _json(self, response: dict[str, Any]) -> str:
        name = bytes_to_base64url(self.credential)
        return json.dumps(
            {"id": name, "rawId": name, "type": "public-key", "response": response, "clientExtensionResults": {}}
        )
