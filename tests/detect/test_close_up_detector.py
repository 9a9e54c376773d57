"""Plates that fill the image are found whole."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.decode.media_files import read_image
from pipeline.detect.build import build_detector
from pipeline.detect.close_up_detector import CloseUpDetector
from pipeline.detect.image_region import WholeImage
from pipeline.detect.settings import DetectSettings
from pipeline.domain.detections import Detections
from pipeline.domain.frame import Image
from pipeline.domain.labels import Label
from pipeline.domain.network_identity import NetworkIdentity


class Scripted:
    """A detector with given answers that notes what it is given."""

    name, networks, batch_size = "scripted", tuple[NetworkIdentity, ...](), 4

    def __init__(self, *answers: list[Detections]) -> None:
        self.answers = list(answers)
        self.images: list[Sequence[Image]] = []
        self.closed = False

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        self.images.append(images)
        return self.answers.pop(0)

    def close(self) -> None:
        self.closed = True


def blank(width: int, height: int) -> WholeImage:
    return WholeImage(np.zeros((height, width, 3), np.uint8))


def found(*objects: tuple[Label, tuple[float, float, float, float]]) -> Detections:
    return Detections.build([box for _, box in objects], [0.9] * len(objects), [label for label, _ in objects])


def test_only_close_ups_are_detected_again_and_boxes_return_in_their_pixels() -> None:
    car = (Label.CAR, (0.0, 0.0, 1200.0, 600.0))
    close = found(car, (Label.PLATE, (0.0, 100.0, 1000.0, 400.0)))
    far = found((Label.PLATE, (10.0, 10.0, 100.0, 40.0)))
    # 1280 pixels become 640, which take three fifths of the padded image: 213 of margin on the left, 107 above.
    again = found((Label.PLATE, (213.0, 107.0 + 50, 213.0 + 640, 107.0 + 200)), car)
    detector = Scripted([close, far], [again])
    near_result, far_result = CloseUpDetector(detector).detect([blank(1280, 640), blank(1280, 640)])
    assert [len(batch) for batch in detector.images] == [2, 1]
    assert (detector.images[1][0].width, detector.images[1][0].height) == (1066, 534)
    assert far_result is far
    assert near_result.labels.tolist() == [Label.CAR, Label.PLATE]
    assert near_result.boxes[1] == pytest.approx([0, 100, 1280, 400], abs=1)


def test_what_the_second_pass_does_not_find_stays_as_it_was() -> None:
    close = found((Label.PLATE, (0.0, 100.0, 1000.0, 400.0)))
    assert CloseUpDetector(Scripted([close], [found()])).detect([blank(1280, 640)]) == [close]


def test_it_closes_its_detector() -> None:
    detector = Scripted()
    CloseUpDetector(detector).close()
    assert detector.closed


def test_plates_that_fill_the_image_are_found_whole(data_dir: Path) -> None:
    """At least nine of ten boxes hold the whole width, and no fewer than in one pass."""
    folder = data_dir / "openalpr-br"
    with (folder / "plates.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))[:30]
    plain = build_detector(DetectSettings())
    whole = {"plain": 0, "close up": 0}
    for row in rows:
        x, y, width, height = (int(float(row[key])) for key in ("x", "y", "w", "h"))
        crop = read_image(folder / row["file"]).bgr()[y : y + height, x : x + width]
        image = WholeImage(np.asarray(cv2.resize(crop, (800, 800 * height // width)), np.uint8))
        for name, detector in (("plain", plain), ("close up", CloseUpDetector(plain))):
            boxes = detector.detect([image])[0].labeled(Label.PLATE).boxes
            whole[name] += bool(len(boxes)) and float((boxes[:, 2] - boxes[:, 0]).max()) >= 0.9 * image.width
    plain.close()
    assert whole["close up"] >= 0.9 * len(rows), whole
    assert whole["plain"] <= whole["close up"], whole
