"""State of a log: how far it is on the disk, and the key of the next record; one small file, overwritten in place."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

import msgspec

from pipeline.audit.record_line import FIRST_PREVIOUS, Head
from pipeline.audit.seal import damaged_state
from pipeline.errors import AuditUnavailable
from pipeline.storage.atomic import create_file

STATE_NAME: Final = "seal.state"
_BYTES: Final = 512
"""One sector, which a disk writes as a whole."""
_READS: Final = 100
"""A reader may find the file half overwritten by another process."""


class LogState(msgspec.Struct, frozen=True):
    """The end of the log that is on the disk.

    Attributes:
        sequence, hash, key: of `Head`, the key in hexadecimal.
        time_ms: what the clock said at the last record.
        segment: name of its file; "" without a record.
        end: bytes of that file up to the end of the record.
    """

    sequence: int
    hash: str
    key: str
    time_ms: int = 0
    segment: str = ""
    end: int = 0

    @property
    def head(self) -> Head:
        """The end of the log, as far as a further record depends on it."""
        return Head(self.sequence, self.hash, bytes.fromhex(self.key))


def first_state(key: bytes) -> LogState:
    """The state of a log without records.

    Args:
        key: the auditor's.
    """
    return LogState(0, FIRST_PREVIOUS, key.hex())


def create_state(path: Path, state: LogState) -> None:
    """Write the file for the first time.

    Raises:
        OSError: it exists, or the disk does not take it.
    """
    create_file(path, _encoded(state))


def read_state(path: Path) -> LogState:
    """The state.

    Raises:
        FileNotFoundError: there is none.
        AuditUnavailable: it is corrupt.
        OSError: it cannot be read.
    """
    for _ in range(_READS):
        content = path.read_bytes()
        text, _, _ = content.rstrip().rpartition(b" ")
        if content == _padded(text):
            try:
                return msgspec.json.decode(text, type=LogState)
            except msgspec.MsgspecError:
                break
    raise damaged_state(path, f"{STATE_NAME} is corrupt")


def write_state(path: Path, state: LogState) -> None:
    """Overwrite the state: the former key is gone.

    Raises:
        OSError: the disk does not take it.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        if os.pwrite(descriptor, _encoded(state), 0) != _BYTES:
            raise AuditUnavailable(f"audit {path}", "was not written as a whole", "Check the disk")
    finally:
        os.close(descriptor)


def _encoded(state: LogState) -> bytes:
    return _padded(msgspec.json.encode(state))


def _padded(text: bytes) -> bytes:
    return (text + b" " + hashlib.sha256(text).hexdigest().encode()).ljust(_BYTES - 1) + b"\n"
