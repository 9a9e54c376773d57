"""How far the other side has confirmed: one small file, replaced as a whole."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

import structlog

from pipeline.sink.rejected_events import sync_folder

_log = structlog.get_logger(__name__)


class Checkpoint:
    """Holds the offset of the first event that is not confirmed yet."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> int | None:
        """The offset; None when the file is missing or damaged: then all that is kept is delivered again."""
        try:
            words = self._path.read_text(encoding="ascii").split()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            _log.error("spool_position_unreadable", path=str(self._path), error=str(error))
            return None
        if len(words) != 2 or words[1] != _sum(words[0]):
            _log.error("spool_position_damaged", path=str(self._path), consequence="all kept events are sent again")
            return None
        return int(words[0])

    def save(self, offset: int, *, sync: bool) -> None:
        """Replace it.

        Raises:
            OSError: the disk does not take it; the old one stands.
        """
        temporary = self._path.with_suffix(".tmp")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, f"{offset} {_sum(str(offset))}\n".encode())
            if sync:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(self._path)
        if sync:
            sync_folder(self._path.parent)


def _sum(text: str) -> str:
    return f"{zlib.crc32(text.encode()):08x}"
