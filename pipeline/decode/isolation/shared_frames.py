"""Frames in memory that the engine and one decoder share.

The engine makes the memory and seals its size, so that a decoder cannot shrink it under the engine's feet; the decoder
writes, the engine maps it for reading. A slot holds one image and is written again once the engine uses no part of that
image any more.
"""

from __future__ import annotations

import ctypes
import fcntl
import mmap
import os
import weakref
from collections import deque
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipeline.decode.color import Color
from pipeline.decode.frame_memory import FrameMemoryFull
from pipeline.decode.isolation.decoder_messages import Pixels
from pipeline.decode.lazy_images import ArrayImage, PlanarImage
from pipeline.domain.video import EditableImage, Planes

MOST_SLOTS: Final = 256
"""Images of one camera that may be in use at once; queues, batches and previews use a tenth."""
_MB: Final = 1_000_000
_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_LIBC.mmap.restype = ctypes.c_void_p
_LIBC.mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long)
_LIBC.munmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
_MAP_FAILED: Final = ctypes.c_void_p(-1).value


def bytes_of_planes(width: int, height: int) -> int:
    """Bytes of 4:2:0 planes of this size."""
    return width * height + 2 * (-(-width // 2) * -(-height // 2))


def planes_in(memory: npt.NDArray[np.uint8], width: int, height: int) -> Planes:
    """The three planes of an image of this size at the begin of a memory."""
    luma, chroma_width, chroma_height = width * height, -(-width // 2), -(-height // 2)
    chroma = chroma_width * chroma_height
    return Planes(
        memory[:luma].reshape(height, width),
        memory[luma : luma + chroma].reshape(chroma_height, chroma_width),
        memory[luma + chroma : luma + 2 * chroma].reshape(chroma_height, chroma_width),
    )


class _LeasedArray(np.ndarray[Any, np.dtype[np.uint8]]):
    """The memory of one image; every view of it has it as base, so that it ends with the last of them."""


class _Slot:
    """Shared memory, mapped for reading. Python's own `mmap` would hold a descriptor for each.

    Raises:
        OSError: the system has no memory for it.
    """

    def __init__(self, descriptor: int, size: int) -> None:
        address = _LIBC.mmap(None, size, mmap.PROT_READ, mmap.MAP_SHARED, descriptor, 0)
        if address == _MAP_FAILED:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        self.size = size
        self.memory = (ctypes.c_ubyte * size).from_address(address)
        weakref.finalize(self.memory, _LIBC.munmap, address, size).atexit = False


class SharedFrames:
    """The engine's slots of one decoder; used by one thread, while images may end in any.

    Args:
        limit_mb: megabytes of all slots together.
    """

    def __init__(self, limit_mb: int) -> None:
        self._limit = limit_mb * _MB
        self._slots: dict[int, _Slot] = {}
        self._next = 0
        self._released: deque[int] = deque()

    def give(self, size: int) -> tuple[int, int]:
        """A new slot: its number, and a file descriptor of its memory that the caller closes.

        Raises:
            FrameMemoryFull: there are too many slots, or they are too large together.
            OSError: the system has no memory for it.
        """
        used = sum(slot.size for slot in self._slots.values())
        if not 0 < size <= self._limit - used:
            raise FrameMemoryFull(f"its frames need more than {self._limit // _MB} MB")
        if len(self._slots) >= MOST_SLOTS:
            raise FrameMemoryFull(f"{MOST_SLOTS} of its frames are in use")
        descriptor = os.memfd_create("viapublica-frames", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            os.ftruncate(descriptor, size)
            fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
            slot = _Slot(descriptor, size)
        except BaseException:
            os.close(descriptor)
            raise
        number, self._next = self._next, self._next + 1
        self._slots[number] = slot
        return number, descriptor

    def drop(self, number: int) -> None:
        """Forget a slot that the decoder has left; its memory goes with the last image in it."""
        self._slots.pop(number, None)

    def released(self) -> tuple[int, ...]:
        """Slots whose images are not in use any more, each once."""
        return tuple(self._released.popleft() for _ in range(len(self._released)))

    def image(self, pixels: Pixels) -> EditableImage:
        """The image in a slot; not copied.

        Raises:
            ValueError: there is no such slot, or the image does not fit into it.
        """
        memory = self._leased(pixels)
        if pixels.matrix == 0:
            size = pixels.width * pixels.height * 3
            return ArrayImage(memory[:size].reshape(pixels.height, pixels.width, 3), pixels.sample_aspect)
        color = Color.of(pixels.matrix, pixels.full_range, pixels.height)
        planes = planes_in(memory, pixels.width, pixels.height)
        return PlanarImage(planes, color, pixels.turns, pixels.sample_aspect)

    def planes(self, pixels: Pixels) -> Planes:
        """A copy of the planes in a slot.

        Raises:
            ValueError: see `image`.
        """
        return Planes(*(plane.copy() for plane in planes_in(self._leased(pixels), pixels.width, pixels.height)))

    def _leased(self, pixels: Pixels) -> npt.NDArray[np.uint8]:
        slot = self._slots.get(pixels.slot)
        width, height = pixels.width, pixels.height
        needed = width * height * 3 if pixels.matrix == 0 else bytes_of_planes(width, height)
        if slot is None or width < 1 or height < 1 or needed > slot.size:
            raise ValueError(f"an image of {width}×{height} in slot {pixels.slot}")
        memory = _LeasedArray((slot.size,), np.uint8, buffer=memoryview(slot.memory).cast("B"))
        memory.flags.writeable = False
        weakref.finalize(memory, self._released.append, pixels.slot).atexit = False
        return memory.view(np.ndarray)
