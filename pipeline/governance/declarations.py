"""Signed declarations and requisitions of recipients, stored beside the register (decree 18.743/2014 arts. 9, 10)."""

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
"""A scanned declaration has a few megabytes; a video given by mistake is larger."""

_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}", re.ASCII)


@contextmanager
def stored_declaration(folder: Path, path: Path, by: str, now_ms: int) -> Iterator[Declaration]:
    """A durable copy of `path` in `folder`, readable by this user only; removed if the body of the context fails.

    Args:
        folder: of the declarations; created if it does not exist.
        path: the signed declaration.
        by: the person who enters it; now_ms: time.

    Raises:
        ReleaseError: it cannot be read, is empty or too large, or cannot be stored.
    """
    content = _read(path)
    suffix = path.suffix if _SUFFIX.fullmatch(path.suffix) else ""
    digest = hashlib.sha256(content).hexdigest()
    copy = folder / f"{digest[:16]}-{uuid.uuid4().hex[:12]}{suffix}"
    try:
        create_file(private_folder(folder) / copy.name, content)
    except OSError as error:
        raise ReleaseError(
            str(folder),
            f"the document cannot be stored there ({error.strerror})",
            "Free disk space, or fix its permissions",
        ) from error
    try:
        yield Declaration(printable_name(path), copy.name, digest, len(content), by, now_ms)
    except BaseException:
        copy.unlink(missing_ok=True)
        raise


def is_intact(folder: Path, declaration: Declaration | None) -> bool:
    """Whether a stored declaration is unchanged; True where there is none."""
    if declaration is None:
        return True
    try:
        return file_digest(folder / declaration.stored_as) == (declaration.sha256, declaration.size_bytes)
    except ReleaseError:
        return False


def printable_name(path: Path) -> str:
    """A file's name as text for databases, sheets and terminals, with invalid UTF-8 and control characters escaped."""
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
            raise ReleaseError(str(path), f"cannot be read ({error.strerror})", "Give another file") from error


def _read(path: Path) -> bytes:
    with _opened(path) as stream:
        try:
            content = stream.read(LARGEST_BYTES + 1)
        except OSError as error:
            raise ReleaseError(str(path), f"cannot be read ({error.strerror})", "Give another file") from error
    if not content:
        raise ReleaseError(str(path), "is empty", "Give the signed declaration or the requisition")
    if len(content) > LARGEST_BYTES:
        raise ReleaseError(
            str(path),
            f"is larger than {LARGEST_BYTES >> 20} MiB",
            "Give the document itself, scanned at a lower resolution",
        )
    return content


def _opened(path: Path) -> BufferedReader:
    """Regular files only: a pipe would block."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "not a file name"
        raise ReleaseError(str(path), f"cannot be read ({why})", "Give an existing file") from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise ReleaseError(str(path), "is not a regular file", "Give the file itself, not a folder, pipe or device")
    return os.fdopen(handle, "rb")
