"""Annotated images show traffic and mask people."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.detect.image_region import WholeImage
from pipeline.domain.detections import Detections, Tracks
from pipeline.domain.frame import BgrImage
from pipeline.domain.labels import VEHICLES, Label
from pipeline.observe.annotated_images import annotate, save_image


def _noise(width: int, height: int, seed: int = 0) -> BgrImage:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def _tracks(boxes: npt.ArrayLike, labels: list[Label]) -> Tracks:
    return Tracks(Detections.build(boxes, [0.9] * len(labels), labels), np.arange(1, len(labels) + 1))


def _changed_inside(image: BgrImage, boxes: list[tuple[float, float, float, float]], seed: int) -> BgrImage:
    """The same image with other pixels in the boxes."""
    height, width = image.shape[:2]
    changed, other = image.copy(), _noise(width, height, seed + 1)
    for x1, y1, x2, y2 in boxes:
        part = np.s_[max(0, int(y1)) : max(0, int(np.ceil(y2))), max(0, int(x1)) : max(0, int(np.ceil(x2)))]
        changed[part] = other[part]
    return changed


_SIDE = st.floats(-40, 360)
_BOX = st.tuples(_SIDE, _SIDE, st.floats(0.5, 200), st.floats(0.5, 200)).map(
    lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
)


@given(
    people=st.lists(st.tuples(_BOX, st.sampled_from([Label.PERSON, Label.FACE])), min_size=1, max_size=6),
    cars=st.lists(st.tuples(_BOX, st.sampled_from(sorted(VEHICLES))), max_size=4),
    seed=st.integers(0, 99),
)
@settings(max_examples=60, deadline=None)
def test_the_result_does_not_depend_on_any_pixel_of_a_person_or_face(
    people: list[tuple[tuple[float, float, float, float], Label]],
    cars: list[tuple[tuple[float, float, float, float], Label]],
    seed: int,
) -> None:
    everything = people + cars
    tracks = _tracks([box for box, _ in everything], [label for _, label in everything])
    image = _noise(320, 240, seed)
    changed = _changed_inside(image, [box for box, _ in people], seed)
    assert np.array_equal(annotate(WholeImage(image), tracks, {}), annotate(WholeImage(changed), tracks, {}))


def test_untracked_people_are_masked_too() -> None:
    image = _noise(320, 240)
    box = (100.0, 50.0, 160.0, 200.0)
    found = Detections.build([box, (10, 10, 60, 60)], [0.2, 0.9], [Label.PERSON, Label.CAR])
    images = [
        annotate(WholeImage(pixels), Tracks.empty(), {}, also_hide=found)
        for pixels in (image, _changed_inside(image, [box], 1))
    ]
    assert np.array_equal(images[0], images[1])
    assert np.array_equal(images[0][10:60, 10:60], image[10:60, 10:60])


def test_people_are_shown_only_on_request() -> None:
    image = _noise(320, 240)
    box = (100.0, 50.0, 160.0, 200.0)
    tracks = _tracks([box], [Label.PERSON])
    shown = annotate(WholeImage(image), tracks, {}, hide_people=False)
    assert np.array_equal(shown[120:140, 120:140], image[120:140, 120:140])
    assert not np.array_equal(annotate(WholeImage(image), tracks, {})[120:140, 120:140], image[120:140, 120:140])


@pytest.mark.real
def test_people_in_real_street_images_are_masked(data_dir: Path) -> None:
    folder = data_dir / "pennfudan-street"
    with (folder / "boxes.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for name in sorted({row["file"] for row in rows})[:5]:
        pixels = np.asarray(cv2.imread(str(folder / name)), np.uint8)
        boxes = [tuple(float(row[key]) for key in ("x1", "y1", "x2", "y2")) for row in rows if row["file"] == name]
        drawn = annotate(WholeImage(pixels), _tracks(boxes, [Label.PERSON] * len(boxes)), {})
        for x1, y1, x2, y2 in np.array(boxes, int):
            assert len(np.unique(drawn[y1:y2, x1:x2].reshape(-1, 3), axis=0)) <= 3


@pytest.mark.parametrize("ground", [0, 128, 255])
@pytest.mark.parametrize("label", [*sorted(VEHICLES), Label.PLATE])
def test_a_box_is_visible_on_dark_gray_and_bright_backgrounds(ground: int, label: Label) -> None:
    image = np.full((480, 640, 3), ground, np.uint8)
    drawn = annotate(WholeImage(image), _tracks([(200, 200, 400, 380)], [label]), {}).astype(int)
    rim = drawn[300, 195:206].sum(axis=1)
    assert np.abs(rim - 3 * ground).max() > 200
    assert np.array_equal(drawn[230:370, 210:390], image[230:370, 210:390])


def test_the_input_image_is_not_modified() -> None:
    image = _noise(320, 240)
    before = image.copy()
    image.flags.writeable = False
    drawn = annotate(WholeImage(image), _tracks([(50, 50, 150, 150)], [Label.CAR]), {1: "ABC1D23"})
    assert np.array_equal(image, before)
    assert drawn.shape == image.shape
    assert drawn.dtype == np.uint8
    drawn[:] = 0


def test_a_plate_is_drawn_at_its_car_and_plates_of_other_tracks_are_ignored() -> None:
    image = np.zeros((480, 640, 3), np.uint8)
    tracks = _tracks([(200, 200, 400, 380)], [Label.CAR])
    without, with_plate = (
        annotate(WholeImage(image), tracks, {7: "XYZ9Z99"}),
        annotate(WholeImage(image), tracks, {1: "ABC1D23"}),
    )
    assert np.array_equal(without, annotate(WholeImage(image), tracks, {}))
    rows, columns = np.nonzero((without != with_plate).any(axis=2))
    assert rows.min() >= 170
    assert rows.max() < 205
    assert columns.min() >= 200


def test_tags_of_adjacent_objects_do_not_overlap() -> None:
    image = np.zeros((720, 1280, 3), np.uint8)
    boxes = [(300, 300, 380, 360), (330, 304, 410, 364), (360, 308, 440, 368)]
    tracks = _tracks(boxes, [Label.CAR, Label.BUS, Label.TRUCK])
    together = annotate(WholeImage(image), tracks, {})
    for index in range(3):
        alone = annotate(
            WholeImage(image), Tracks(tracks.detections.select(np.array([index])), tracks.ids[[index]]), {}
        )
        color = alone[alone.any(axis=2)].reshape(-1, 3)
        fill = np.unique(color, axis=0, return_counts=True)
        tag = fill[0][fill[1].argmax()]
        shown = (together == tag).all(axis=2).sum()
        assert shown >= 0.9 * (alone == tag).all(axis=2).sum()


@pytest.mark.parametrize(("width", "height"), [(1, 1), (2, 1), (17, 31), (426, 240), (1, 2000), (3840, 2160)])
def test_every_size_of_image_and_box_can_be_drawn(width: int, height: int) -> None:
    boxes = [
        (0, 0, width, height), (-50, -50, width + 50, height + 50), (5, 5, 5, 5), (width, height, width + 9, 9),
        (np.nan, 0, 10, 10), (0, 0, np.inf, np.inf), (9, 9, 1, 1),
    ]  # fmt: skip
    labels = [Label.CAR, Label.PERSON, Label.PLATE, Label.FACE, Label.BUS, Label.PERSON, Label.TRUCK]
    drawn = annotate(WholeImage(_noise(width, height)), _tracks(boxes, labels), {1: "ABC1D23", 5: "Ünïcode 車"})
    assert drawn.shape == (height, width, 3)


@pytest.mark.parametrize(("name", "exact"), [("a.png", True), ("a.jpg", False), ("a.JPEG", False)])
def test_an_image_is_written_without_leftovers(tmp_path: Path, name: str, exact: bool) -> None:
    image = np.full((48, 64, 3), (40, 90, 200), np.uint8)
    save_image(tmp_path / name, image)
    save_image(tmp_path / name, image)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    read = np.asarray(cv2.imread(str(tmp_path / name)), np.uint8)
    assert np.abs(read.astype(int) - image).max() <= (0 if exact else 6)


def test_a_failed_write_leaves_no_file(tmp_path: Path) -> None:
    image = _noise(8, 8)
    (tmp_path / "a.png").mkdir()
    with pytest.raises(OSError, match=r"a\.png"):
        save_image(tmp_path / "a.png", image)
    with pytest.raises(ValueError, match=r"\.jpg or \.png"):
        save_image(tmp_path / "a.exe", image)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
    with pytest.raises(FileNotFoundError):
        save_image(tmp_path / "nowhere" / "a.png", image)
