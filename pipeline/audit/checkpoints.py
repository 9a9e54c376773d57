"""Checkpoints of a log: size and Merkle root, signed; one for each day, and one for each anchor."""

from __future__ import annotations

import base64
import re
import secrets
from pathlib import Path
from typing import Final, NamedTuple

from pipeline.audit.log_records import leaves_after
from pipeline.audit.log_state import STATE_NAME, read_state
from pipeline.audit.merkle_tree import Frontier
from pipeline.audit.seal import KEY_NAME
from pipeline.audit.segments import first_sequence, segment_names
from pipeline.audit.signed_note import Signer, opened
from pipeline.domain.times import format_utc
from pipeline.errors import AuditError
from pipeline.storage.atomic import create_file, write_atomically
from pipeline.storage.folders import private_folder
from pipeline.storage.locks import locked

PUBLIC_KEY_NAME: Final = "checkpoint.pub"
CHECKPOINTS: Final = "checkpoints"
_KEY_NAME: Final = "checkpoint.key"
SECRET_NAMES: Final = (KEY_NAME, STATE_NAME, _KEY_NAME)
"""Files of a log that can seal, sign or read its records."""
_LOCK: Final = ".checkpoints.lock"
_NOTE_NAME: Final = re.compile(r"\d{12}\.note", re.ASCII)
_LINES: Final = 5


class Checkpoint(NamedTuple):
    """A statement about the first records of a log.

    Attributes:
        origin: name of the log.
        size: number of records.
        root: of their Merkle tree.
        time: of the checkpoint, ISO 8601 in UTC.
        subtrees: roots of the complete subtrees, see `Frontier`.
    """

    origin: str
    size: int
    root: bytes
    time: str
    subtrees: tuple[bytes, ...]

    def text(self) -> str:
        """The text that is signed (C2SP tlog-checkpoint, with two lines of ours)."""
        subtrees = " ".join(_encoded(one) for one in self.subtrees)
        return f"{self.origin}\n{self.size}\n{_encoded(self.root)}\ntime {self.time}\nsubtrees {subtrees}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """The checkpoint of a text.

        Raises:
            AuditError: it is none.
        """
        try:
            origin, size, root, *more = text.splitlines()
            time, subtrees = (line.partition(" ")[2] for line in more)
            found = tuple(base64.b64decode(one, validate=True) for one in subtrees.split())
            tree, stated = Frontier(int(size), found), base64.b64decode(root, validate=True)
        except ValueError as error:
            raise AuditError("checkpoint", f"is none ({error})", "Get it from its source again") from error
        if tree.root() != stated:
            raise AuditError(
                "checkpoint", "has a root that is not that of its subtrees", "Get it from its source again"
            )
        return cls(origin, tree.size, stated, time, found)


class StoredCheckpoint(NamedTuple):
    """A checkpoint and its file."""

    path: Path
    note: str
    checkpoint: Checkpoint


def public_key(folder: Path) -> str:
    """The public key of a log, as text.

    Raises:
        AuditError: it has none yet, or it cannot be read.
    """
    path = folder / PUBLIC_KEY_NAME
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise AuditError(
            f"audit {path}", f"cannot be read ({error})", "Run viapublica audit anchor FILE first"
        ) from error


def note_paths(folder: Path) -> list[Path]:
    """The files of all checkpoints, oldest first.

    Raises:
        OSError: the folder cannot be read.
    """
    notes = folder / CHECKPOINTS
    return sorted(path for path in notes.iterdir() if _NOTE_NAME.fullmatch(path.name)) if notes.is_dir() else []


def read_checkpoint(path: Path, verifier: str) -> StoredCheckpoint:
    """A checkpoint whose signature was checked.

    Raises:
        AuditError: it was not signed by this key, or was changed.
        OSError: it cannot be read.
    """
    note = path.read_bytes().decode("utf-8", "replace")
    return StoredCheckpoint(path, note, Checkpoint.parse(opened(note, verifier)))


def close_segments(folder: Path, now_ms: int) -> None:
    """Sign a checkpoint at the end of each segment that has none, except the last.

    Raises:
        AuditError: a former checkpoint was changed, or the signing key cannot be used.
        OSError: the disk does not take it.
    """
    present = {path.name for path in note_paths(folder)}
    for name in segment_names(folder)[1:]:
        size = first_sequence(name) - 1
        if f"{size:012d}.note" not in present:
            sign_checkpoint(folder, now_ms, size)


def sign_checkpoint(folder: Path, now_ms: int, size: int | None = None) -> StoredCheckpoint:
    """The checkpoint of the first `size` records, by default of all; signed and stored unless it is there.

    Raises:
        AuditError: a former checkpoint was changed, or the signing key cannot be used.
        OSError: the disk does not take it.
    """
    with locked(folder / _LOCK):
        signer = _signer(folder)
        verifier = signer.verifier_text()
        size = read_state(folder / STATE_NAME).sequence if size is None else size
        path = private_folder(folder / CHECKPOINTS) / f"{size:012d}.note"
        if path.exists():
            return read_checkpoint(path, verifier)
        former = [read_checkpoint(one, verifier).checkpoint for one in note_paths(folder) if one.name < path.name][-1:]
        tree = Frontier(former[0].size, former[0].subtrees) if former else Frontier()
        for leaf in leaves_after(folder, tree.size, size):
            tree.add(leaf)
        if tree.size != size:
            raise AuditError(f"audit {folder}", f"holds {tree.size} records, not {size}", "Run viapublica audit verify")
        made = Checkpoint(signer.name, size, tree.root(), format_utc(now_ms), tuple(tree.roots))
        note = signer.sign(made.text())
        write_atomically(path, note.encode())
        return StoredCheckpoint(path, note, made)


def _signer(folder: Path) -> Signer:
    """The signing key of a log, created when needed."""
    path = folder / _KEY_NAME
    if not path.exists():
        signer = Signer.generate(f"viapublica-audit-{secrets.token_hex(4)}")
        write_atomically(folder / PUBLIC_KEY_NAME, f"{signer.verifier_text()}\n".encode())
        create_file(path, f"{signer.private_text()}\n".encode())
        return signer
    try:
        return Signer.parse(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise AuditError(f"audit {path}", "is not a signing key", "Restore it from the backup") from error


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()
