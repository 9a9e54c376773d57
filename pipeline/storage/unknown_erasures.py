"""Statement that erasures are unknown: a person let restored data be used without the register that lists them."""

from __future__ import annotations

from pathlib import Path

import msgspec

from pipeline.errors import StoreError
from pipeline.storage.atomic import write_atomically
from pipeline.storage.folders import private_folder

__all__ = ["UnknownErasures", "clear_unknown_erasures", "note_unknown_erasures", "unknown_erasures"]


class UnknownErasures(msgspec.Struct, frozen=True):
    """The time of which erasures are unknown, milliseconds since 1970 UTC, and who decided to go on, when and why.

    Attributes:
        since_ms: time of the backup; 0 for all times.
        until_ms: time of the restore.
        by: the person; at_ms: when; why: what the register lacks.
    """

    since_ms: int
    until_ms: int
    by: str
    at_ms: int
    why: str


def note_unknown_erasures(data_dir: Path, noted: UnknownErasures) -> None:
    """Note it; on the disk when this returns.

    Raises:
        StoreError: the disk failed.
    """
    path = _path(data_dir)
    try:
        private_folder(path.parent)
        write_atomically(path, msgspec.json.encode(noted) + b"\n")
    except OSError as error:
        raise _failed(path, error) from error


def unknown_erasures(data_dir: Path) -> UnknownErasures | None:
    """What was noted; None if all erasures are known.

    Raises:
        StoreError: it cannot be read.
    """
    path = _path(data_dir)
    try:
        return msgspec.json.decode(path.read_bytes(), type=UnknownErasures)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _failed(path, error) from error
    except msgspec.MsgspecError as error:
        raise StoreError(str(path), f"is corrupt ({error})", "Repeat the erasures: viapublica erase --repeat") from None


def clear_unknown_erasures(data_dir: Path) -> None:
    """Remove the statement: the register that lists them was found.

    Raises:
        StoreError: the disk failed.
    """
    path = _path(data_dir)
    try:
        path.unlink(missing_ok=True)
    except NotADirectoryError:
        return
    except OSError as error:
        raise _failed(path, error) from error


def _path(data_dir: Path) -> Path:
    return data_dir / "erased" / "unknown.json"


def _failed(path: Path, error: OSError) -> StoreError:
    return StoreError(str(path), f"cannot be read or written ({error.strerror})", "Check rights and disk")
