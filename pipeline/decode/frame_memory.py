"""Memory that the decoded frames of all cameras together may take."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Final

_BYTES_PER_PX: Final = 12
"""Eight frames of 4:2:0: references of the decoder, two in the reader, those in the queue and in the analysis. Measured
on 50 megapixels of H.264: 590 MB."""
_MB: Final = 1_000_000
_SHARE: Final = 0.5
"""Of the machine's memory, by default; networks, the store and the page cache need the rest."""
_CGROUP_LIMIT: Final = Path("/sys/fs/cgroup/memory.max")


class FrameMemoryFull(Exception):
    """The images of a camera do not fit into the memory for frames; the message gives the figures."""


class FrameMemory:
    """Budget of all cameras of a run; safe from any thread.

    Args:
        limit_mb: megabytes; None for half of what the machine or its control group has.
    """

    def __init__(self, limit_mb: int | None = None) -> None:
        self._limit = default_limit() if limit_mb is None else limit_mb * _MB
        self._used = 0
        self._lock = threading.Lock()

    @property
    def used_bytes(self) -> int:
        """Claimed by all cameras."""
        with self._lock:
            return self._used

    def lease(self) -> FrameLease:
        """The part of one session."""
        return FrameLease(self)

    def change(self, held: int, wanted: int, size: str) -> None:
        """Replace a claim of `held` bytes by one of `wanted`.

        Raises:
            FrameMemoryFull: too little is left.
        """
        with self._lock:
            left = self._limit - self._used + held
            if wanted > left:
                raise FrameMemoryFull(
                    f"its images of {size} need about {wanted // _MB} MB; {max(0, left) // _MB} of "
                    f"{self._limit // _MB} MB for frames are left"
                )
            self._used += wanted - held


class FrameLease:
    """What one session claims: as much as its largest image so far needs. Used by one thread.

    Args:
        memory: the budget.
    """

    def __init__(self, memory: FrameMemory) -> None:
        self._memory = memory
        self._held = 0

    def claim(self, width: int, height: int) -> None:
        """Claim memory for images of this size.

        Raises:
            FrameMemoryFull: too little is left.
        """
        wanted = width * height * _BYTES_PER_PX
        if wanted > self._held:
            self._memory.change(self._held, wanted, f"{width}×{height}")
            self._held = wanted

    def check(self) -> None:
        """Called when a packet could not be decoded: its decoder may have got no memory, and does not say so."""

    def release(self) -> None:
        """Return everything; at the end of the session."""
        self._memory.change(self._held, 0, "")
        self._held = 0


def default_limit() -> int:
    """Bytes: half of the machine's memory, or of its control group's where that is less."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        limit = _CGROUP_LIMIT.read_text(encoding="ascii").strip()
    except OSError:
        limit = ""
    return round(_SHARE * (min(memory, int(limit)) if limit.isdigit() else memory))
