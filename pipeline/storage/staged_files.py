"""Files that appear in a folder together; what a kill interrupts is recognized, and finished or removed later.

They are complete in a private folder before the caller commits to them (such as by an entry in a register), and get
their names afterwards. A private folder that is found later therefore holds files that were never committed, or
committed files of which the first ones may have their names already.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from pipeline.storage.output_file import locked_folder, opened_folder, set_permissions
from pipeline.storage.unnamed_file import UnnamedFile

_PREFIX: Final = ".viapublica-together-"

IsCommitted = Callable[[str, Mapping[str, Path]], bool | None]
"""Whether staged files were committed, from the name of their group and the files that are left in it; None if that is
not known, and they stay as they are."""


def publish_together(group: str, files: Mapping[str, UnnamedFile], folder: int, commit: Callable[[], None]) -> None:
    """Give complete files their names, all of them or none; older files of these names are replaced.

    Args:
        group: name of the files as a whole, for `finish_staged`.
        files: by name; they get their names in this order.
        folder: its descriptor.
        commit: called when all of them are on the disk, before the first one has its name; if it raises, none appears.

    Raises:
        OSError: the disk is full, or a name is taken by a folder.
    """
    private = _PREFIX + group
    with locked_folder(folder):
        for name in files:
            _check_replaceable(name, folder)
        os.mkdir(private, 0o700, dir_fd=folder)
        with opened_folder(Path(f"/proc/self/fd/{folder}/{private}")) as staged:
            try:
                for name, file in files.items():
                    set_permissions(file)
                    file.link(name, staged)
                os.fsync(staged)
                os.fsync(folder)
                commit()
            except BaseException:
                _remove(private, staged, folder)
                raise
            _publish(private, list(files), staged, folder)


def finish_staged(folder: int, is_committed: IsCommitted) -> dict[str, bool]:
    """Finish or remove the groups of files that killed processes left.

    Args:
        folder: its descriptor.
        is_committed: decides on each group.

    Returns:
        The groups, with whether their files appeared (else they were removed).

    Raises:
        OSError: they cannot be renamed or removed.
    """
    done = {}
    with locked_folder(folder):
        for private in sorted(entry.name for entry in os.scandir(folder)):
            if not (private.startswith(_PREFIX) and _is_own_folder(private, folder)):
                continue
            group = private.removeprefix(_PREFIX)
            with opened_folder(Path(f"/proc/self/fd/{folder}/{private}")) as staged:
                names = sorted(entry.name for entry in os.scandir(staged))
                paths = {name: Path(f"/proc/self/fd/{staged}/{name}") for name in names}
                committed = is_committed(group, paths)
                if committed:
                    _publish(private, names, staged, folder)
                elif committed is False:
                    _remove(private, staged, folder)
            if names and committed is not None:
                done[group] = committed
    return done


def _check_replaceable(name: str, folder: int) -> None:
    try:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(0, f"{name} is a folder")


def _is_own_folder(name: str, folder: int) -> bool:
    status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not stat.S_IMODE(status.st_mode) & 0o077


def _publish(private: str, names: list[str], staged: int, folder: int) -> None:
    for name in names:
        os.rename(name, name, src_dir_fd=staged, dst_dir_fd=folder)
    os.rmdir(private, dir_fd=folder)
    os.fsync(folder)


def _remove(private: str, staged: int, folder: int) -> None:
    for entry in list(os.scandir(staged)):
        os.unlink(entry.name, dir_fd=staged)
    os.rmdir(private, dir_fd=folder)
    os.fsync(folder)
