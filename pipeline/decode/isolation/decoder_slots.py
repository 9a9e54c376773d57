"""A decoder's slots of the shared memory: images are decoded into them, or copied."""

from __future__ import annotations

import mmap
import os
from typing import Any, Final

import numpy as np

from pipeline.decode.ffmpeg_errors import DecoderMemoryFull
from pipeline.decode.frame_memory import FrameMemoryFull
from pipeline.decode.isolation import decoder_messages as m
from pipeline.decode.isolation.engine_link import EngineLink
from pipeline.decode.isolation.shared_frames import bytes_of_planes, planes_in
from pipeline.decode.lazy_images import ArrayImage, PlanarImage
from pipeline.domain.recording import MaskedFrame
from pipeline.domain.video import Planes

_MOST_UNUSED: Final = 3
"""Slots that are waiting for an image; more are left over from a time when the engine was slow."""


class DecoderSlots:
    """The decoder's slots of the shared memory."""

    def __init__(self, engine: EngineLink) -> None:
        self._engine = engine
        self._memories: dict[int, mmap.mmap] = {}
        self._unused: list[int] = []
        self._size = 0
        self._begun: int | None = None
        """The slot that `planes` has given out and no image was sent in yet."""

    def planes(self, width: int, height: int) -> Planes:
        """Planes of this size to be filled, for the next image."""
        slot = self._take(bytes_of_planes(width, height))
        return planes_in(np.frombuffer(self._memories[slot], np.uint8), width, height)

    def filled(self, image: Any) -> m.Pixels:
        """The image as the engine gets it; one that was not made in `planes` is copied."""
        if isinstance(image, PlanarImage):
            stored = image.stored
            height, width = stored.planes.y.shape
            if self._begun is None or not np.shares_memory(
                stored.planes.y, np.frombuffer(self._memories[self._begun], np.uint8)
            ):
                for target, plane in zip(self.planes(width, height), stored.planes, strict=True):
                    np.copyto(target, plane)
            pixels = m.Pixels(
                self._given(),
                width,
                height,
                stored.color.matrix,
                stored.color.full_range,
                stored.turns,
                image.sample_aspect,
            )
        else:
            pixels = self._bgr(image)
        return pixels

    def recorded(self, frame: MaskedFrame) -> m.Pixels:
        """A copy of a frame for the recorder."""
        begun, self._begun = self._begun, None
        height, width = frame.planes.y.shape
        for target, plane in zip(self.planes(width, height), frame.planes, strict=True):
            np.copyto(target, plane)
        slot, self._begun = self._given(), begun
        return m.Pixels(slot, width, height, 1, frame.full_range, 0, 1.0)

    def _bgr(self, image: ArrayImage) -> m.Pixels:
        pixels = image.bgr()
        height, width = pixels.shape[:2]
        slot = self._take(pixels.size)
        np.copyto(np.frombuffer(self._memories[slot], np.uint8, pixels.size).reshape(pixels.shape), pixels)
        return m.Pixels(self._given(), width, height, 0, False, 0, image.sample_aspect)

    def prepare(self) -> None:
        """Wait for a slot for the next image now, rather than within the time of its decoding."""
        if self._size:
            self._unused.append(self._take(self._size))
            self._begun = None

    def _leave(self, slot: int) -> None:
        del self._memories[slot]
        self._engine.send(m.SlotGone(slot))

    def _given(self) -> int:
        slot, self._begun = self._begun, None
        if slot is None:
            raise RuntimeError("no slot was taken")
        return slot

    def _take(self, size: int) -> int:
        self._size = size
        if self._begun is not None:
            self._unused.append(self._begun)
            self._begun = None
        self._engine.is_set()
        self._unused += self._engine.released
        self._engine.released.clear()
        while len(self._unused) > _MOST_UNUSED:
            self._leave(self._unused.pop(0))
        while self._unused:
            slot = self._unused.pop()
            if len(self._memories[slot]) >= size:
                self._begun = slot
                return slot
            self._leave(slot)
        try:
            given = self._engine.ask(m.SlotWanted(size), m.SlotGiven)
        except FrameMemoryFull as error:
            raise DecoderMemoryFull(str(error)) from error
        descriptor = self._engine.descriptors.pop()
        self._memories[given.slot] = mmap.mmap(descriptor, given.size)
        os.close(descriptor)
        self._begun = given.slot
        return given.slot
