"""Streams to new output files, which appear when they are complete."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from pipeline.storage.atomic import atomic_file, unique_partial


@contextmanager
def new_output(path: Path, mode: str, **options: Any) -> Iterator[IO[Any]]:
    """A stream whose file appears, or replaces an old one, when the block ends without an error.

    Args:
        path: the file; its folder exists.
        mode: ``w`` or ``wb``; options: further ones of `open`.

    Raises:
        OSError: it cannot be written.
    """
    with atomic_file(path, mode, permissions=0o666, partial=unique_partial(path), **options) as stream:
        yield stream
