"""Key frames of a camera's recorded video: the digest of each, with the segment it is in."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from pipeline.storage.atomic import write_atomically
from pipeline.storage.json_lines import append_bytes

KEY_FRAMES: Final = "key-frames.bin"
"""In a camera's folder."""
_RECORD: Final = np.dtype([("digest", "<u8"), ("begin_ms", "<i8")])
"""A key frame: see `pipeline.record.key_frame_digest`; begin of its segment, milliseconds since 1970 UTC."""


class KeyFrameIndex:
    """A file of records of 16 bytes, in the order written; its writer holds the lock of the segment index.

    Args:
        camera: the camera's folder.
    """

    def __init__(self, camera: Path) -> None:
        self._path = camera / KEY_FRAMES

    def add(self, begin_ms: int, digests: Sequence[int]) -> None:
        """Note the key frames of a segment, on the disk when this returns.

        Raises:
            OSError: the disk did not take it; the file is as it was.
        """
        records = np.empty(len(digests), _RECORD)
        records["digest"], records["begin_ms"] = np.array(digests, np.uint64), begin_ms
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            append_bytes(descriptor, records.tobytes(), size - size % _RECORD.itemsize)
        finally:
            os.close(descriptor)

    def find(self, digests: Sequence[int]) -> set[int]:
        """Begins of the segments with any of these key frames.

        Raises:
            OSError: the file cannot be read.
        """
        wanted = np.sort(np.array(digests, np.uint64))
        records = self._read()
        if not len(wanted) or not len(records):
            return set()
        places = np.searchsorted(wanted, records["digest"]).clip(max=len(wanted) - 1)
        return set(records["begin_ms"][wanted[places] == records["digest"]].tolist())

    def retain(self, begins_ms: Collection[int]) -> None:
        """Remove the key frames of all other segments.

        Raises:
            OSError: the disk did not take it; the old file stays.
        """
        records = self._read()
        present = np.isin(records["begin_ms"], np.array(sorted(begins_ms), np.int64))
        if not present.all():
            write_atomically(self._path, records[present].tobytes())

    def _read(self) -> np.ndarray:
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return np.empty(0, _RECORD)
        return np.frombuffer(content, _RECORD, len(content) // _RECORD.itemsize)
