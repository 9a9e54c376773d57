"""Recordings that are served again are recognized; others that begin with the same title are not refused."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipeline.decode.lazy_images import ArrayImage
from pipeline.decode.served_recording import ServedRecording, Verdict
from pipeline.domain.frame import Frame

BLACK = np.zeros((36, 64, 3), np.uint8)


def scene(seed: int) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 255, (36, 64, 3), np.uint8)


def read(served: ServedRecording, images: list[npt.NDArray[np.uint8]], step_s: float = 0.5) -> list[int]:
    """Numbers of the frames that are passed on, until the recording is recognized."""
    passed: list[int] = []
    for number, image in enumerate(images):
        frame = Frame("cam", "5", number, number * step_s, 0, 0.0, ArrayImage(image))
        passed += [one.index for one in served.passed(frame)]
        if served.verdict is Verdict.SAME:
            break
    return passed


CLIP = [BLACK, BLACK, *map(scene, range(8))]


def first() -> ServedRecording:
    served = ServedRecording(None, 5.0)
    assert read(served, CLIP) == list(range(10))
    return served


def test_no_frame_of_a_recording_that_is_served_again_is_passed_on() -> None:
    again = ServedRecording(first(), 5.0)
    assert read(again, CLIP) == []
    assert again.verdict is Verdict.SAME


def test_another_recording_with_the_same_black_begin_or_title_is_read() -> None:
    assert read(ServedRecording(first(), 5.0), [BLACK, BLACK, *map(scene, range(20, 28))]) == list(range(2, 10))
    titled = ServedRecording(None, 5.0)
    read(titled, [scene(1)] * 4 + [scene(2)] * 6)
    assert read(ServedRecording(titled, 5.0), [scene(1)] * 4 + [scene(3)] * 6) == [0, *range(4, 10)]
    assert read(ServedRecording(first(), 9.0), CLIP) == list(range(10))


def test_a_camera_of_which_nothing_but_black_is_known_is_read_after_ten_seconds() -> None:
    black = ServedRecording(None, 5.0)
    read(black, [BLACK] * 10)
    assert read(ServedRecording(black, 5.0), [BLACK] * 30) == list(range(30))
    still = ServedRecording(None, 5.0)
    read(still, [scene(1)] * 10)
    again = ServedRecording(still, 5.0)
    assert read(again, [scene(1)] * 30) == [0, *range(21, 30)]
