"""The name of a take: for files the same on every run, whatever they are called and wherever they lie."""

from __future__ import annotations

import os
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

_END_BYTES = 1 << 20
"""Read of the beginning and the end: enough to tell recordings apart, little enough for a file on a slow disk."""


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
    """24 hexadecimal characters from the names and sizes of images in order, and what the first and the last are.

    Raises:
        OSError: one cannot be read.
    """
    digest = blake2b(digest_size=12)
    for path in paths:
        # Names are bytes to the system; not all of them are UTF-8.
        digest.update(os.fsencode(path.name) + f"\0{path.stat().st_size}\0".encode())
    for path in dict.fromkeys([*paths[:1], *paths[-1:]]):
        _digest_into(digest, path)
    return digest.hexdigest()
