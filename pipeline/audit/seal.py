"""Seals of records: a key that changes with every record, so that a machine cannot seal again what it sealed before.

The first key is the auditor's. Each record is sealed with its own key; the next key is derived from it and the old one
is overwritten. Who takes over the machine finds the key of the next record only. The auditor, who has the first key,
derives all others. (Bellare and Yee, "Forward integrity for secure audit logs", 1997.)
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
import stat
from pathlib import Path
from typing import Final

from pipeline.domain.plate import plate_key
from pipeline.errors import AuditError, AuditUnavailable
from pipeline.storage.atomic import create_file

KEY_NAME: Final = "auditor.key"
KEY_BYTES: Final = 32
_HEAD: Final = "viapublica auditor key 1"
_PLATE_HASH_CHARACTERS: Final = 32
_KEY_FILE: Final = re.compile(rf"{_HEAD}\n([0-9a-f]{{64}})\n", re.ASCII)


def seal_of(key: bytes, text: bytes) -> str:
    """The seal of a record: HMAC-SHA-256 in hexadecimal.

    Args:
        key: of this record.
        text: its canonical JSON.
    """
    return hmac.digest(key, text, "sha256").hex()


def next_key(key: bytes) -> bytes:
    """The key of the following record."""
    return hmac.digest(key, b"next", "sha256")


def plate_hash(key: bytes, plate: str) -> str:
    """The keyed hash of a plate in one record; both forms of a converted plate have the same.

    Args:
        key: of the record: in another record the same plate has another hash, so only the auditor can compare them.
        plate: in any writing.
    """
    plates = hmac.digest(key, b"plates", "sha256")
    return hmac.digest(plates, plate_key(plate).encode(), "sha256").hex()[:_PLATE_HASH_CHARACTERS]


def create_auditor_key(path: Path) -> bytes:
    """A new first key, written for this user only.

    Raises:
        OSError: it exists, or the disk does not take it.
    """
    key = secrets.token_bytes(KEY_BYTES)
    create_file(path, auditor_key_text(key))
    return key


def auditor_key_text(key: bytes) -> bytes:
    """Content of the file of a first key."""
    return f"{_HEAD}\n{key.hex()}\n".encode()


def read_auditor_key(path: Path) -> bytes:
    """The first key, if its file is readable for its owner only.

    Raises:
        AuditError: there is none, it is not one, or others than its owner could have read it.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            status, content = os.fstat(descriptor), file.read(4096)
    except OSError as error:
        raise AuditError(
            f"auditor's key {path}", f"cannot be read ({error.strerror})", "Name the file with --key"
        ) from error
    if status.st_uid not in {0, os.geteuid()}:
        raise AuditError(
            f"auditor's key {path}", f"belongs to another user ({status.st_uid})", "Use a copy that is yours"
        )
    if stat.S_IMODE(status.st_mode) & 0o077:
        mode = f"{stat.S_IMODE(status.st_mode):04o}"
        raise AuditError(
            f"auditor's key {path}",
            f"is readable for others (mode {mode}), who can read the audited plates with it",
            f"Run chmod 600 {path}",
        )
    match = _KEY_FILE.fullmatch(content.decode("ascii", "replace"))
    if match is None:
        raise AuditError(f"auditor's key {path}", "is not an auditor's key", f"Its first line is {_HEAD!r}")
    return bytes.fromhex(match[1])


def damaged_state(path: Path, problem: str) -> AuditUnavailable:
    """The error for a log that cannot go on because its present key is unknown."""
    return AuditUnavailable(
        f"audit {path.parent}",
        f"{problem}, so no record can be sealed and nothing is answered",
        "Move the folder to an archive, where the auditor's key still verifies it; the next operation begins a new one",
    )
