"""Checkpoint of a spool: the offset up to which the destination has confirmed, in one small file."""

from __future__ import annotations

import zlib
from pathlib import Path

import structlog

from pipeline.storage.atomic import write_atomically

_log = structlog.get_logger(__name__)


class Checkpoint:
    """The file with the offset of the first event that is not confirmed yet."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> int | None:
        """The offset; None when the file is missing or corrupt: then all retained events are delivered again."""
        try:
            words = self._path.read_text(encoding="ascii").split()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            _log.error("spool_position_unreadable", path=str(self._path), error=str(error))
            return None
        if len(words) != 2 or words[1] != _sum(words[0]):
            _log.error("spool_position_damaged", path=str(self._path), consequence="all retained events are sent again")
            return None
        return int(words[0])

    def save(self, offset: int, *, sync: bool) -> None:
        """Replace the checkpoint.

        Args:
            offset: of the first event that is not confirmed yet.
            sync: have it on the disk when this returns.

        Raises:
            OSError: the disk does not take it; the old checkpoint stands.
        """
        write_atomically(self._path, f"{offset} {_sum(str(offset))}\n".encode(), sync=sync)


def _sum(text: str) -> str:
    return f"{zlib.crc32(text.encode()):08x}"
