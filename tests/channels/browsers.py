"""Browsers that subscribe to Web Push: their keys, and what they read of a notification."""

from __future__ import annotations

import base64
import json
import secrets
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class Browser:
    """A subscription at a push service.

    Args:
        endpoint: its address.
    """

    def __init__(self, endpoint: str) -> None:
        self._key, self._secret = generate_private_key(SECP256R1()), secrets.token_bytes(16)
        public = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.keys = {"endpoint": endpoint, "p256dh": _text(public), "auth": _text(self._secret)}

    def read(self, body: bytes) -> dict[str, Any]:
        plain = http_ece.decrypt(body, private_key=self._key, auth_secret=self._secret)
        found: dict[str, Any] = json.loads(plain)
        return found


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
