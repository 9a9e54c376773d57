"""Notes in restored folders: what was erased since the backup is in them until the erasures are repeated.

Every part of a restored backup has a note of its own, so that it travels with a folder that is moved or copied alone.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from pipeline.domain.times import format_utc
from pipeline.errors import StoreError, ViapublicaError
from pipeline.storage.atomic import write_atomically

NOTE_NAME: Final = "restored-from-backup.json"


class RestoreNote(msgspec.Struct, frozen=True):
    """A restore.

    Attributes:
        backup_ms: when the backup was begun, milliseconds since 1970 UTC; 0 while it is not known.
        restored_ms: when it was restored.
    """

    backup_ms: int
    restored_ms: int

    def backup_time(self) -> str:
        """When the backup was begun, in words."""
        return format_utc(self.backup_ms) if self.backup_ms else "an unknown time"


def note_restored(folder: Path, note: RestoreNote) -> None:
    """Note that a folder comes from a backup; on the disk when this returns.

    Raises:
        OSError: it cannot be noted.
    """
    write_atomically(folder / NOTE_NAME, msgspec.json.encode(note) + b"\n")


def restore_note(folder: Path) -> RestoreNote | None:
    """The note of a folder; None where its erasures are repeated or it was never restored.

    Raises:
        StoreError: it cannot be read.
    """
    try:
        return msgspec.json.decode((folder / NOTE_NAME).read_bytes(), type=RestoreNote)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except msgspec.MsgspecError:
        return RestoreNote(0, sys.maxsize)  # damaged: the folder was restored, at a time that is not known
    except OSError as error:
        raise _failed(folder, error) from error


def check_not_restored(folders: Iterable[Path], kind: type[ViapublicaError] = StoreError) -> None:
    """Make sure that what was erased was erased from restored folders, too.

    Args:
        folders: in use.
        kind: of the error.

    Raises:
        ViapublicaError: erasures have to be repeated in one; of the given kind.
    """
    for folder in folders:
        if (note := restore_note(folder)) is not None:
            raise kind(
                str(folder),
                f"was restored from a backup of {note.backup_time()}; what was erased since is in it",
                "Move the register to its place, then repeat the erasures: viapublica erase --repeat",
            )


def clear_restored(folders: Iterable[Path]) -> None:
    """Note that all erasures were repeated.

    Raises:
        StoreError: the disk failed.
    """
    for folder in folders:
        try:
            (folder / NOTE_NAME).unlink(missing_ok=True)
        except NotADirectoryError:
            continue
        except OSError as error:
            raise _failed(folder, error) from error


def _failed(folder: Path, error: OSError) -> StoreError:
    return StoreError(str(folder / NOTE_NAME), f"cannot be read or removed ({error.strerror})", "Check rights and disk")
