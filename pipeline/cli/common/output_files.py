"""Files that commands write: there when complete, or not at all."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from pipeline.errors import ViapublicaError
from pipeline.storage.atomic import atomic_file, unique_partial


@contextmanager
def written(option: str, target: str, mode: str, **how: Any) -> Iterator[IO[Any]]:
    """The stream to write a file to, which is there when this ends well, or not at all.

    A pipe or device is written to as it stands.

    Args:
        option: the command's option that named the file, such as ``--csv``.
        target: its name.
        mode: ``w`` or ``wb``; how: what else `Path.open` takes.

    Raises:
        ViapublicaError: the file cannot be written.
    """
    try:
        with _opened(option, target, mode, **how) as stream:
            yield stream
    except ViapublicaError:
        raise  # Some of them are OSErrors too.
    except OSError as error:
        raise ViapublicaError(target, f"cannot be written ({error.strerror})", "Choose another place") from error


def check_target(option: str, target: str) -> Path:
    """The file that `target` names, which need not exist, but can.

    Raises:
        ViapublicaError: it names none, a folder, or lies in a folder that does not exist.
    """
    if not target or "\0" in target:
        raise ViapublicaError(f"{option} {target!r}", "names no file", f"Write {option} FILE")
    path = Path(os.path.realpath(target))  # Not the link but the file behind it is replaced.
    if path.is_dir():
        raise ViapublicaError(target, "is a folder, not a file", "Choose another place")
    if not path.parent.is_dir():
        raise ViapublicaError(
            target, f"cannot be written (there is no folder {path.parent})", "Make the folder, or choose another place"
        )
    return path


def sha256_of(path: Path) -> str:
    """Hexadecimal digits of a file.

    Raises:
        ViapublicaError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ViapublicaError(str(path), f"cannot be read ({error.strerror})", "Check the path") from error


@contextmanager
def _opened(option: str, target: str, mode: str, **how: Any) -> Iterator[IO[Any]]:
    path = check_target(option, target)
    if path.exists() and not path.is_file():
        with path.open(mode, **how) as stream:
            yield stream
        return
    with atomic_file(path, mode, permissions=0o666, partial=unique_partial(path), **how) as stream:
        yield stream
