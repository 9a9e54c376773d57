"""Digest of a payload, in place of content that may not be retained or shown."""

from __future__ import annotations

import hashlib
import re

import msgspec


class _Digest(msgspec.Struct, forbid_unknown_fields=True):
    bytes: int
    sha256: str


def digest(payload: bytes) -> bytes:
    """Size and SHA-256 of a payload, as JSON."""
    return msgspec.json.encode(_Digest(len(payload), hashlib.sha256(payload).hexdigest()))


def is_digest(payload: bytes) -> bool:
    """Whether a payload is what `digest` returns, and nothing else."""
    try:
        found = msgspec.json.decode(payload, type=_Digest)
    except (msgspec.MsgspecError, ValueError):
        return False
    return re.fullmatch(r"[0-9a-f]{64}", found.sha256) is not None and payload == msgspec.json.encode(found)
