"""Restore of an archive: a folder that is unfinished under a name of its own, with a note in each of its parts."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pipeline.backup.archive import Manifest, extract_archive
from pipeline.errors import ConfigError
from pipeline.storage.declared_cameras import DeclaredCameras
from pipeline.storage.locks import locked
from pipeline.storage.restore_note import RestoreNote, note_restored, restore_note

UNFINISHED: Final = ".unfinished"
"""End of the name of a folder that is being restored, or whose restore was killed."""
_LOCK: Final = ".restore.lock"


def restore_archive(path: Path, folder: Path) -> Manifest:
    """Write all files of an archive below `folder`, which appears complete or not at all.

    What an earlier restore into the same folder left when it was killed is removed first.

    Raises:
        ConfigError: another process is restoring it, or the name of the unfinished folder is taken.
        RecordError: the archive is damaged.
        OSError: a file cannot be written.
    """
    unfinished = folder.with_name(folder.name + UNFINISHED)
    begun = RestoreNote(0, time.time_ns() // 1_000_000)
    if unfinished.exists() and restore_note(unfinished) is None and any(unfinished.iterdir()):
        raise ConfigError(str(unfinished), "exists, and no restore left it there", "Move it, and restore again")
    unfinished.mkdir(mode=0o700, parents=True, exist_ok=True)
    note_restored(unfinished, begun)
    with locked(unfinished / _LOCK, wait=False) as ours:
        if not ours:
            raise ConfigError(str(folder), "is being restored by another process", "Wait until it has ended")
        try:
            _empty(unfinished)
            manifest = extract_archive(path, unfinished, lambda made: _note_new(unfinished, made, begun))
            _note_parts(unfinished, RestoreNote(manifest.created_ms, begun.restored_ms))
            if "data" in manifest.parts:
                DeclaredCameras(unfinished / "data").note_restored()
            (unfinished / _LOCK).unlink()
            unfinished.replace(folder)
        except BaseException:
            _empty(unfinished)
            shutil.rmtree(unfinished)
            raise
    return manifest


def _empty(unfinished: Path) -> None:
    """Remove everything but the note, which goes last, and the lock."""
    for path in sorted(unfinished.iterdir()):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)


def _note_new(root: Path, made: Path, note: RestoreNote) -> None:
    """Note a folder before it is filled."""
    if _has_note(made.relative_to(root).parts):
        note_restored(made, note)


def _note_parts(root: Path, note: RestoreNote) -> None:
    """Give every note the time of the backup; one that was in the backup, because its data was restored, is older."""
    for folder in (root, *_parts(root)):
        was = restore_note(folder)
        older = was.backup_ms if was is not None and was.backup_ms else note.backup_ms
        note_restored(folder, RestoreNote(min(older, note.backup_ms), note.restored_ms))


def _parts(root: Path) -> Iterator[Path]:
    """The folders that may be moved alone: parts, what is in them, spools, and embedded event stores anywhere."""
    for folder in sorted(path for path in root.rglob("*/") if not path.is_symlink()):
        names = folder.relative_to(root).parts
        is_store = (folder / "metadata").is_dir() and (folder / "store").is_dir()
        if _has_note(names) or is_store:
            yield folder


def _has_note(names: tuple[str, ...]) -> bool:
    return len(names) <= 2 or (len(names) == 3 and names[1] == "spool")
