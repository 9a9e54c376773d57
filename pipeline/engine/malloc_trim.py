"""Settings of glibc's malloc that keep memory flat over months of reconnecting cameras."""

from __future__ import annotations

import ctypes
import platform
from typing import Final

_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8
_BIG_BYTES: Final = 512 * 1024
"""Decoded images are bigger (a 720p one has 1.4 MB), almost everything else is smaller."""
_ARENAS: Final = 4


def return_big_blocks() -> None:
    """Make glibc return the memory of decoded images to the system as soon as they are released.

    By default glibc raises its threshold with every big block that is released, and then keeps such blocks in
    per-thread heaps; each reconnect of a camera leaves other holes in them, and the process grows in steps. Without
    glibc this does nothing.
    """
    if platform.libc_ver()[0] != "glibc":
        return
    libc = ctypes.CDLL(None)
    libc.mallopt(_M_MMAP_THRESHOLD, _BIG_BYTES)
    libc.mallopt(_M_ARENA_MAX, _ARENAS)
