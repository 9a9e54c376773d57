"""Ceremonies of WebAuthn: challenges for devices, and the verification of their answers (py_webauthn)."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from pipeline.domain.extras import require
from pipeline.domain.passkey import NewPasskey
from pipeline.errors import RegistryError

require("webauthn")

import webauthn  # noqa: E402 - checked first
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, parse_authentication_credential_json  # noqa: E402
from webauthn.helpers.structs import (  # noqa: E402
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """The server, as devices know it.

    Attributes:
        origin: its address, which browsers state; host: of it, to which passkeys are bound.
    """

    origin: str
    host: str

    @classmethod
    def of(cls, url: str) -> RelyingParty:
        """The party at an address.

        Args:
            url: of the configuration, https or of this machine.
        """
        parts = urlsplit(url)
        return cls(f"{parts.scheme}://{parts.netloc}", parts.hostname or "")

    def log_in_options(self, challenge: bytes) -> dict[str, Any]:
        """What a browser asks a device for a log-in: any passkey of this server, unlocked by its owner."""
        options = webauthn.generate_authentication_options(
            rp_id=self.host, challenge=challenge, user_verification=UserVerificationRequirement.REQUIRED
        )
        return _as_json(webauthn.options_to_json(options))

    def registration_options(self, challenge: bytes, login: str, known: Collection[str]) -> dict[str, Any]:
        """What a browser asks a device for a new passkey.

        Args:
            challenge: counts once; login: of the account; known: ids of passkeys that it has.
        """
        options = webauthn.generate_registration_options(
            rp_id=self.host,
            rp_name="viapublica",
            user_id=sha256(f"passkey {login}".encode()).digest(),
            user_name=login,
            challenge=challenge,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=base64url_to_bytes(one)) for one in known],
        )
        return _as_json(webauthn.options_to_json(options))

    def registered(self, challenge: bytes, answer: str, name: str) -> NewPasskey:
        """The passkey of a device's answer.

        Args:
            challenge: that it was asked with; answer: JSON of the browser; name: that its owner gives it.

        Raises:
            RegistryError: the answer is none to this challenge, from this address, with its owner verified.
        """
        try:
            verified = webauthn.verify_registration_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=self.host,
                expected_origin=self.origin,
                require_user_verification=True,
            )
        except Exception as error:
            raise RegistryError(
                "answer of the device", "makes no passkey", "Begin again, and unlock the device"
            ) from error
        return NewPasskey(
            bytes_to_base64url(verified.credential_id), verified.credential_public_key, verified.sign_count, name
        )


@dataclass(frozen=True, slots=True)
class Assertion:
    """The answer of a device to the challenge of a log-in; see `pipeline.domain.passkey.PasskeyProof`.

    Attributes:
        party: that asked; challenge: with which; answer: JSON of the browser.
    """

    party: RelyingParty
    challenge: bytes
    answer: str

    @property
    def credential_id(self) -> str:
        """Id of the passkey, base64url; "" where the answer names none."""
        try:
            return bytes_to_base64url(parse_authentication_credential_json(self.answer).raw_id)
        except Exception:  # noqa: BLE001 - no passkey is named by what cannot be read
            return ""

    def new_count(self, public_key: bytes, count: int) -> int | None:
        """See `PasskeyProof`."""
        try:
            verified = webauthn.verify_authentication_response(
                credential=self.answer,
                expected_challenge=self.challenge,
                expected_rp_id=self.party.host,
                expected_origin=self.party.origin,
                credential_public_key=public_key,
                credential_current_sign_count=count,
                require_user_verification=True,
            )
        except Exception:  # noqa: BLE001 - whatever is wrong, the answer proves nothing
            return None
        return verified.new_sign_count


def _as_json(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found
