"""Shared memory of frames: sealed, checked, and released with the last use of an image."""

from __future__ import annotations

import mmap
import os

import numpy as np
import pytest

from pipeline.decode.frame_memory import FrameMemoryFull
from pipeline.decode.isolation.decoder_messages import Pixels
from pipeline.decode.isolation.shared_frames import SharedFrames, bytes_of_planes

SIZE = bytes_of_planes(8, 6)


def pixels(slot: int = 0, width: int = 8, height: int = 6, matrix: int = 1) -> Pixels:
    return Pixels(slot, width, height, matrix, full_range=False, turns=0, sample_aspect=1.0)


def test_a_decoder_cannot_shrink_the_memory_that_the_engine_reads() -> None:
    _, descriptor = SharedFrames(1).give(SIZE)
    with pytest.raises(PermissionError):
        os.ftruncate(descriptor, 1)
    os.close(descriptor)


def test_a_slot_is_released_with_the_last_view_of_its_image() -> None:
    frames = SharedFrames(1)
    number, descriptor = frames.give(SIZE)
    mmap.mmap(descriptor, SIZE)[:] = bytes(range(SIZE))
    os.close(descriptor)
    image = frames.image(pixels(number))
    row = image.stored.planes.y[2, 1:3]  # type: ignore[attr-defined]
    del image
    assert frames.released() == ()
    assert row.tolist() == [17, 18]
    with pytest.raises(ValueError, match="read-only"):
        row[0] = 1
    del row
    assert frames.released() == (number,)
    assert frames.released() == ()


@pytest.mark.parametrize(
    "wrong",
    [pixels(slot=1), pixels(width=9), pixels(width=0), pixels(height=-6), pixels(matrix=0), pixels(width=1 << 40)],
)
def test_an_image_that_does_not_fit_its_slot_is_refused(wrong: Pixels) -> None:
    frames = SharedFrames(1)
    os.close(frames.give(SIZE)[1])
    with pytest.raises(ValueError, match="in slot"):
        frames.image(wrong)


def test_a_copy_of_planes_outlives_its_slot() -> None:
    frames = SharedFrames(1)
    number, descriptor = frames.give(SIZE)
    shared = mmap.mmap(descriptor, SIZE)
    os.close(descriptor)
    shared[:] = b"\x07" * SIZE
    copy = frames.planes(pixels(number))
    assert frames.released() == (number,)
    shared[:] = b"\x00" * SIZE
    assert np.all(copy.y == 7)


@pytest.mark.parametrize("size", [0, -1, 1_000_001])
def test_a_decoder_gets_no_more_memory_than_it_may_take(size: int) -> None:
    with pytest.raises(FrameMemoryFull, match="more than 1 MB"):
        SharedFrames(1).give(size)


def test_the_number_of_slots_is_limited() -> None:
    frames = SharedFrames(1)
    for _ in range(256):
        os.close(frames.give(1)[1])
    with pytest.raises(FrameMemoryFull, match="256 of its frames are in use"):
        frames.give(1)
