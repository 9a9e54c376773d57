"""Passkeys (WebAuthn): keys of people's devices, as a second factor beside one-time codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

MOST_PASSKEYS: Final = 5
"""Passkeys of one account."""


class PasskeyProof(Protocol):
    """The answer of a device to a challenge, which counts once."""

    @property
    def credential_id(self) -> str:
        """Id of the passkey, base64url."""
        ...

    def new_count(self, public_key: bytes, count: int) -> int | None:
        """The device's new count of uses; None where the answer is not of this key, or the count went back.

        Args:
            public_key: of the passkey (COSE); count: of its last use.
        """
        ...


SecondFactor = str | PasskeyProof
"""A one-time code as typed, or the answer of a passkey."""


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A passkey that a device made.

    Attributes:
        credential_id: its id, base64url; public_key: COSE; count: of its uses, 0 of devices that count none.
        name: that its owner gives it.
    """

    credential_id: str
    public_key: bytes
    count: int
    name: str


@dataclass(frozen=True, slots=True)
class Passkey:
    """A registered passkey, as its owner sees it.

    Attributes:
        passkey_id: names it; name: that its owner gave it.
        created_ms: since when it counts; last_used_ms: None before the first log-in by it.
    """

    passkey_id: str
    name: str
    created_ms: int
    last_used_ms: int | None
