"""Output files of use cases and commands: complete, or absent."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from pipeline.errors import ViapublicaError
from pipeline.storage.atomic import atomic_file, unique_partial
from pipeline.storage.file_hash import file_sha256


@contextmanager
def output_file(option: str, target: str, mode: str, **options: Any) -> Iterator[IO[Any]]:
    """A stream to a new file, which appears when the block ends without an error.

    A pipe or device is written to directly.

    Args:
        option: the command's option that named the file, such as ``--csv``.
        target: its name.
        mode: ``w`` or ``wb``.
        options: further arguments of `Path.open`.

    Raises:
        ViapublicaError: the file cannot be written.
    """
    try:
        with _opened(option, target, mode, **options) as stream:
            yield stream
    except ViapublicaError:
        raise  # Some of them are OSErrors too.
    except OSError as error:
        raise ViapublicaError(target, f"cannot be written ({error.strerror})", "Choose another place") from error


def check_target(option: str, target: str) -> Path:
    """The path of an output file, which need not exist.

    Raises:
        ViapublicaError: it is empty, a folder, or in a folder that does not exist or may not be written to.
    """
    if not target or "\0" in target:
        raise ViapublicaError(f"{option} {target!r}", "is not a file name", f"Write {option} FILE")
    path = Path(os.path.realpath(target))  # The target of a link is replaced, not the link.
    if path.is_dir():
        raise ViapublicaError(target, "is a folder, not a file", "Choose another place")
    if not path.parent.is_dir():
        raise ViapublicaError(
            target,
            f"cannot be written (there is no folder {path.parent})",
            "Create the folder, or choose another place",
        )
    if not os.access(path.parent, os.W_OK) and (path.is_file() or not path.exists()):
        raise ViapublicaError(
            target, f"cannot be written (this user may not write to {path.parent})", "Choose another place"
        )
    return path


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, 64 hexadecimal digits.

    Raises:
        ViapublicaError: it cannot be read.
    """
    try:
        return file_sha256(path)
    except OSError as error:
        raise ViapublicaError(str(path), f"cannot be read ({error.strerror})", "Check the path") from error


@contextmanager
def _opened(option: str, target: str, mode: str, **options: Any) -> Iterator[IO[Any]]:
    path = check_target(option, target)
    if path.exists() and not path.is_file():
        with path.open(mode, **options) as stream:
            yield stream
        return
    with atomic_file(path, mode, permissions=0o666, partial=unique_partial(path), **options) as stream:
        yield stream
