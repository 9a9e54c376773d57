"""The recipients' signed declarations, kept beside the register (decree 18.743/2014 art. 10 §3)."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Final

from pipeline.domain.disclosure import Declaration
from pipeline.errors import ReleaseError
from pipeline.storage.atomic import create_file
from pipeline.storage.folders import private_folder

LARGEST_BYTES: Final = 64 << 20
"""A scanned declaration has a few megabytes; a video given by mistake has more."""

_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}", re.ASCII)


@contextmanager
def kept_declaration(folder: Path, path: Path, by: str, now_ms: int) -> Iterator[Declaration]:
    """A copy of `path` in `folder`, on the disk, for this user only; gone again when what follows fails.

    Args:
        folder: of the declarations; made when it is not there.
        path: the signed declaration.
        by: who enters it; now_ms: when.

    Raises:
        ReleaseError: it cannot be read, is empty or too large, or cannot be kept.
    """
    content = _read(path)
    suffix = path.suffix if _SUFFIX.fullmatch(path.suffix) else ""
    digest = hashlib.sha256(content).hexdigest()
    copy = folder / f"{digest[:16]}-{uuid.uuid4().hex[:12]}{suffix}"
    try:
        create_file(private_folder(folder) / copy.name, content)
    except OSError as error:
        raise ReleaseError(
            str(folder), f"the declaration cannot be kept there ({error.strerror})", "Make room, or mend its rights"
        ) from error
    try:
        yield Declaration(shown_name(path), copy.name, digest, len(content), by, now_ms)
    except BaseException:
        copy.unlink(missing_ok=True)
        raise


def is_kept(folder: Path, declaration: Declaration | None) -> bool:
    """Whether a declaration is still what was entered; True where there is none."""
    if declaration is None:
        return True
    try:
        return file_digest(folder / declaration.kept_as) == (declaration.sha256, declaration.size_bytes)
    except ReleaseError:
        return False


def shown_name(path: Path) -> str:
    """A file's name that every database, sheet and terminal takes, also where it is no UTF-8 or holds commands."""
    text = os.fsencode(path.name).decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def file_digest(path: Path) -> tuple[str, int]:
    """SHA-256 and length in bytes of a file.

    Raises:
        ReleaseError: it cannot be read.
    """
    with _opened(path) as stream:
        try:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            return digest, stream.tell()
        except OSError as error:
            raise ReleaseError(str(path), f"cannot be read ({error.strerror})", "Name another file") from error


def _read(path: Path) -> bytes:
    with _opened(path) as stream:
        try:
            content = stream.read(LARGEST_BYTES + 1)
        except OSError as error:
            raise ReleaseError(str(path), f"cannot be read ({error.strerror})", "Name another file") from error
    if not content:
        raise ReleaseError(str(path), "is empty", "Name the signed declaration")
    if len(content) > LARGEST_BYTES:
        raise ReleaseError(
            str(path), f"is larger than {LARGEST_BYTES >> 20} MiB", "Name the declaration itself, scanned smaller"
        )
    return content


def _opened(path: Path) -> BufferedReader:
    """Only plain files: a pipe would be waited for."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no name of a file"
        raise ReleaseError(str(path), f"cannot be read ({why})", "Name a file that is there") from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise ReleaseError(str(path), "is no plain file", "Name a file, such as a PDF")
    return os.fdopen(handle, "rb")
