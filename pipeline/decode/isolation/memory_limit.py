"""Limit of a decoder's own memory, set by the kernel; FFmpeg reports what it does not get as damaged data."""

from __future__ import annotations

import os
import resource
from pathlib import Path
from typing import Final

from pipeline.decode.ffmpeg_errors import DecoderMemoryFull

_MB: Final = 1_000_000
_BYTES_PER_PX: Final = 2
"""One frame of 4:2:0, and a third more for what is allocated with it."""


class ProcessMemoryLimit:
    """Limits the private memory of this process from now on, in addition to what it has; shared frames do not count.

    Args:
        limit_mb: megabytes.
    """

    def __init__(self, limit_mb: int) -> None:
        self._limit_mb = limit_mb
        self._limit = _private_bytes() + limit_mb * _MB
        resource.setrlimit(resource.RLIMIT_DATA, (self._limit, self._limit))

    def check(self, image_px: int) -> None:
        """Called when decoding failed: whether another image of this size would not fit.

        Raises:
            DecoderMemoryFull: it would not.
        """
        if self._limit - _private_bytes() < image_px * _BYTES_PER_PX:
            raise self.full()

    def full(self) -> DecoderMemoryFull:
        """The error of this limit."""
        return DecoderMemoryFull(f"its decoder needs more than {self._limit_mb} MB of memory")


def _private_bytes() -> int:
    """Private memory that this process may write, as the kernel counts it for `RLIMIT_DATA`."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5])
    return pages * os.sysconf("SC_PAGE_SIZE")
