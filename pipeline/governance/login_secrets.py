"""Secrets of accounts: passwords (argon2id), one-time codes (RFC 6238) and invitations."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from functools import cache
from typing import Final

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from pipeline.domain.times import DAY_MS

ISSUER: Final = "viapublica"
INVITATION_MS: Final = 3 * DAY_MS
"""An invitation can be used for three days."""
STEP_S: Final = 30
_STEPS: Final = (0, -1, 1)
"""Codes of the present step, the one before and the one after: clocks of telephones differ."""


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()  # argon2id with the parameters of RFC 9106, low memory


@cache
def _hash_of_nothing() -> str:
    return _hasher().hash(secrets.token_hex(16))


def password_hash(password: str) -> str:
    """The argon2id hash of a password, with its salt and parameters."""
    return _hasher().hash(password)


def is_password(password: str, stored: str) -> bool:
    """Whether a password is that of a hash; it takes the same time where there is no hash."""
    try:
        matches = _hasher().verify(stored or _hash_of_nothing(), password)
    except (VerificationError, InvalidHashError):
        return False
    return matches and bool(stored)


def is_outdated(stored: str) -> bool:
    """Whether a hash was made with other parameters than those of today."""
    return _hasher().check_needs_rehash(stored)


def new_totp_secret() -> str:
    """A secret of one-time codes, base32."""
    return pyotp.random_base32()


def totp_address(secret: str, login: str) -> str:
    """The ``otpauth://`` address that authenticator apps read."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)


def totp_code(secret: str, now_ms: int) -> str:
    """The code of a moment."""
    return pyotp.TOTP(secret).at(now_ms // 1000)


def used_step(secret: str, code: str, now_ms: int, last_step: int) -> int | None:
    """The time step of a code; None if it is wrong, expired, or was used before.

    Args:
        secret: of the account; code: as typed.
        now_ms: the time.
        last_step: of the last code that was used.
    """
    typed = "".join(code.split())
    if not secret or not typed.isascii():
        return None
    totp, present = pyotp.TOTP(secret), now_ms // 1000 // STEP_S
    for offset in _STEPS:
        step = present + offset
        if step > last_step and hmac.compare_digest(totp.at(step * STEP_S), typed):
            return step
    return None


def new_invitation() -> tuple[str, str]:
    """A code with which a person sets their password once, and its hash."""
    code = "-".join(secrets.token_hex(3) for _ in range(4))
    return code, invitation_hash(code)


def invitation_hash(code: str) -> str:
    """What is stored of an invitation."""
    return hashlib.sha256(code.strip().lower().encode()).hexdigest()
