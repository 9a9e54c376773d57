"""The labeled material is read as its collectors meant it, and split so that no plate is on both sides."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from models.training.sources import Part, TrainingDataError, everything, load, read_images, upright

pytestmark = pytest.mark.real


def test_no_plate_is_in_two_parts(data_dir: Path) -> None:
    samples = everything(data_dir)
    texts = {part: {box.text for s in samples if s.part is part for box in s.boxes if box.text} for part in Part}
    assert len(texts[Part.TRAIN]) > 250
    assert len(texts[Part.CHOOSE]) > 25
    assert len(texts[Part.JUDGE]) > 60
    assert len(set().union(*texts.values())) == sum(map(len, texts.values()))
    assert len({sample.key for sample in samples}) == len(samples)


def test_a_turned_image_and_its_boxes_stay_together(data_dir: Path) -> None:
    sideways = next(s for s in read_images(data_dir, "br-phone-plates") if s.turn == 1)
    ((sample, stored),) = load([sideways])
    image, ((x1, y1, x2, y2),) = upright(stored, [box.xyxy for box in sample.boxes], sample.turn)
    assert image.shape[:2] == stored.shape[:2][::-1]
    before = sample.boxes[0].xyxy
    assert (x2 - x1, y2 - y1) == pytest.approx((before[3] - before[1], before[2] - before[0]), abs=0.01)
    inner = stored[int(before[1]) : int(before[3]), int(before[0]) : int(before[2])]
    turned = image[int(y1) : int(y2), int(x1) : int(x2)]
    assert abs(float(inner.mean()) - float(turned.mean())) < 3


def test_broken_material_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "openalpr-br"
    folder.mkdir()
    with pytest.raises(TrainingDataError, match=r"plates\.csv|boxes\.csv"):
        read_images(tmp_path, "openalpr-br")
    (folder / "plates.csv").write_text("file,plate_text,x,y,w,h,layout\na.jpg,ABC1234,1,2,three,4,br_old\n")
    with pytest.raises(TrainingDataError, match=r"a\.jpg, which does not exist"):
        read_images(tmp_path, "openalpr-br")
    (folder / "a.jpg").write_bytes(b"no image")
    with pytest.raises(TrainingDataError, match=r"a\.jpg is not a box"):
        read_images(tmp_path, "openalpr-br")
    (folder / "plates.csv").write_text("file,plate_text,x,y,w,h,layout\na.jpg,ABC1234,1,2,3,4,br_old\n")
    samples = read_images(tmp_path, "openalpr-br")
    with pytest.raises(TrainingDataError, match=r"a\.jpg: cannot be read as an image"):
        list(load(samples))
    cv2.imwrite(str(folder / "a.jpg"), np.zeros((9, 9, 3), np.uint8))
    assert [image.shape for _, image in load(samples)] == [(9, 9, 3)]


@pytest.mark.parametrize(
    "row", ["a.jpg,car,5,5,5,9", "a.jpg,car,nan,5,9,9", "a.jpg,car,9,5,1,9", "a.jpg,car,0,0,inf,9"]
)
def test_a_box_without_a_size_is_named_with_its_image(tmp_path: Path, row: str) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "a.jpg").write_bytes(b"")
    (tmp_path / "set" / "boxes.csv").write_text(f"file,class,x1,y1,x2,y2\n{row}\n", encoding="utf-8")
    with pytest.raises(TrainingDataError, match=r"line 2: the row of a\.jpg is not a box.*has no area"):
        read_images(tmp_path, "set")


def test_a_table_without_rows_is_named(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "boxes.csv").write_text("file,class,x1,y1,x2,y2\n", encoding="utf-8")
    with pytest.raises(TrainingDataError, match="has no rows"):
        read_images(tmp_path, "set")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("a.jpg,1,1,5,2,abc1d23,mercosul,0", "not a plate text"),
        ("a.jpg,1,1,5,2,ABCDEFGHIJKL,old,0", "not a plate text"),
        ("a.jpg,1,1,5,2,ABC1D23,old,left", "no turn in degrees"),
    ],
)
def test_a_plate_that_is_none_is_named_with_its_line(tmp_path: Path, row: str, said: str) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "a.jpg").write_bytes(b"")
    head = "\ufefffile,x,y,w,h,plate_text,layout,rotate_cw_to_upright"
    (tmp_path / "set" / "plates.csv").write_text(f"{head}\n{row}\n", encoding="utf-8")
    with pytest.raises(TrainingDataError, match=rf"line 2.*{said}"):
        read_images(tmp_path, "set")


def test_a_box_outside_its_image_is_named(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    cv2.imwrite(str(tmp_path / "set" / "a.jpg"), np.zeros((9, 9, 3), np.uint8))
    (tmp_path / "set" / "boxes.csv").write_text("file,class,x1,y1,x2,y2\na.jpg,car,9,0,12,5\n", encoding="utf-8")
    samples = read_images(tmp_path, "set")
    with pytest.raises(TrainingDataError, match=r"set/a\.jpg.*outside the image of 9x9"):
        list(load(samples))
