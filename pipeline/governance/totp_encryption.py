"""Encryption of the secrets of one-time codes, with a key in a file beside the database that holds them."""

from __future__ import annotations

import base64
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pipeline.errors import RegistryError
from pipeline.storage.atomic import create_file
from pipeline.storage.folders import private_folder

KEY_NAME: Final = "one-time-codes.key"
"""In the folder of the register; in no backup."""
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


class TotpEncryption:
    """AES-256-GCM; a secret is bound to its login, so that it cannot be copied into the row of another account.

    Args:
        folder: of the register.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / KEY_NAME

    def encrypted(self, secret: str, login: str) -> str:
        """A secret as the database holds it, 64 characters. The first one makes the key.

        Args:
            secret: base32, of 20 bytes; login: of the account.

        Raises:
            RegistryError: the key cannot be written or used.
        """
        try:
            private_folder(self._path.parent)  # of a register on a server, nothing else has made it
            with suppress(FileExistsError):
                create_file(self._path, secrets.token_bytes(_KEY_BYTES))
        except OSError as error:
            raise self._unusable(f"cannot be written ({error.strerror})") from error
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = AESGCM(self._key()).encrypt(nonce, base64.b32decode(secret), login.encode())
        return base64.b64encode(nonce + sealed).decode()

    def decrypted(self, stored: str, login: str) -> str:
        """The secret of an account, base32; "" for none.

        Raises:
            RegistryError: the key is missing, or another one.
        """
        if not stored:
            return ""
        try:
            sealed = base64.b64decode(stored, validate=True)
            secret = AESGCM(self._key()).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], login.encode())
        except (InvalidTag, ValueError):
            raise self._unusable("is not the one that the secrets were encrypted with") from None
        return base64.b32encode(secret).decode()

    def _key(self) -> bytes:
        try:
            key, mode = self._path.read_bytes(), self._path.stat().st_mode
        except OSError as error:
            raise self._unusable(f"cannot be read ({error.strerror})") from None
        if len(key) != _KEY_BYTES:
            raise self._unusable("has another length than a key")
        if mode & 0o077:
            raise RegistryError(str(self._path), "can be read by others", f"chmod 600 {self._path}")
        return key

    def _unusable(self, problem: str) -> RegistryError:
        return RegistryError(
            f"key of one-time codes {self._path}",
            f"{problem}, so no code can be checked",
            "Put your copy of it back; or invite the persons again: viapublica people invite LOGIN",
        )
