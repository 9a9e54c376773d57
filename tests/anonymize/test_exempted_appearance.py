"""An exempted thing is masked while it does not appear as usual, as when a person stands where it is seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from pipeline.anonymize.exempted_appearance import cells_of, changed_cells, unusual_frames
from pipeline.decode.file_video import FileVideo
from pipeline.decode.settings import DecodeSettings
from pipeline.domain.frame import BgrImage
from tests.anonymize.test_exemptions import STATUE

RNG = np.random.default_rng(3)
SCENE = np.repeat(np.repeat(RNG.integers(60, 190, (36, 64, 3)), 10, axis=0), 10, axis=1)
PERSON = np.repeat(np.repeat(RNG.integers(60, 190, (9, 3, 3)), 10, axis=0), 10, axis=1)


def frame(light: float = 1.0, noise: float = 3.0, *, person: bool = False, shift: int = 0) -> BgrImage:
    """The scene, with a person where the statue is."""
    pixels = SCENE * light
    if person:
        pixels[105:195, 505 + shift : 535 + shift] = PERSON * light
    return np.clip(pixels + RNG.normal(0, noise, pixels.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("seen", "unusual"),
    [
        (frame(), False),
        (frame(noise=8), False),
        (frame(light=0.8), False),
        (frame(light=1.2), False),
        (frame(person=True), True),
        (frame(light=0.7, person=True), True),
        (frame(person=True, shift=12), True),
    ],
    ids=["as usual", "noise", "cloud", "sun", "person", "person in a shadow", "person half beside"],
)
def test_light_and_noise_change_no_appearance_and_a_person_does(seen: BgrImage, unusual: bool) -> None:
    left, top, right, bottom = (int(side) for side in STATUE)
    cells = [cells_of(image[top:bottom, left:right]) for image in (*[frame() for _ in range(4)], seen)]
    assert unusual_frames(changed_cells(cells)).tolist() == [False] * 4 + [unusual]


@pytest.mark.parametrize(("turns_head", "masked"), [(0, False), (1, False), (4, True)], ids=["thing", "leaf", "sitter"])
def test_what_moves_by_itself_now_and_then_is_no_thing(turns_head: int, masked: bool) -> None:
    cells = np.zeros((40, 24, 12, 3), np.uint8) + np.arange(12, dtype=np.uint8)[:, None] * 9
    for number in range(turns_head):
        cells[10 * number : 10 * number + 4, 7 * number % 24 : 7 * number % 24 + 4, 3:8] += 40
    assert unusual_frames(changed_cells(list(cells))).tolist() == [masked] * 40


def test_a_woman_who_sits_and_waits_is_no_thing_and_the_bin_beside_her_is_one(data_dir: Path) -> None:
    places = {"woman": (190, 375, 227, 475), "bin": (100, 385, 185, 550)}
    cells = {name: list[npt.NDArray[np.uint8]]() for name in places}
    for frame in FileVideo(data_dir / "clips" / "people-walking.mp4", DecodeSettings()).frames():
        if frame.index % 3 == 0:
            for name, box in places.items():
                cells[name].append(cells_of(frame.image.crop(*box)))
    assert unusual_frames(changed_cells(cells["woman"])).all()
    assert not unusual_frames(changed_cells(cells["bin"])).any()
