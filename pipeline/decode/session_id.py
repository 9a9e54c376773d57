"""Session ids of files: the same on every run, independent of name and location."""

from __future__ import annotations

import os
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

_END_BYTES = 1 << 20
"""Read from the beginning and the end: enough to distinguish recordings, little enough for a slow disk."""


def _digest_into(digest: blake2b, path: Path) -> None:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        digest.update(size.to_bytes(8, "big"))
        file.seek(0)
        digest.update(file.read(_END_BYTES))
        file.seek(max(size - _END_BYTES, 0))
        digest.update(file.read(_END_BYTES))


def clip_id(path: Path) -> str:
    """24 hexadecimal characters from a file's size, first and last mebibyte.

    Raises:
        OSError: it cannot be read.
    """
    digest = blake2b(digest_size=12)
    _digest_into(digest, path)
    return digest.hexdigest()


def images_id(paths: Sequence[Path]) -> str:
    """24 hexadecimal characters from the names and sizes of images in order, and the content of the first and the last.

    Raises:
        OSError: one cannot be read.
    """
    digest = blake2b(digest_size=12)
    for path in paths:
        # File names are bytes to the system; not all of them are UTF-8.
        digest.update(os.fsencode(path.name) + f"\0{path.stat().st_size}\0".encode())
    for path in dict.fromkeys([*paths[:1], *paths[-1:]]):
        _digest_into(digest, path)
    return digest.hexdigest()
