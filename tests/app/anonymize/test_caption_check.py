"""A text in a declared area that may be a plate is masked; a date stays readable."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np
import pytest

from pipeline.anonymize.captions import find_captions
from pipeline.anonymize.settings import AnonymizeSettings
from pipeline.anonymize.video_detections import VideoDetections
from pipeline.app.anonymize.caption_check import check_captions
from pipeline.app.anonymize.progress import Silent
from pipeline.app.anonymize.redaction_run import Redactor
from pipeline.decode.lazy_images import ArrayImage
from pipeline.domain.detections import Detections
from pipeline.domain.frame import BgrImage, Image
from pipeline.domain.labels import Label
from pipeline.domain.network_identity import NetworkIdentity
from pipeline.domain.ports import PlateReader
from pipeline.domain.redaction import OverlayText
from pipeline.domain.video import VideoFrame, VideoInfo
from pipeline.lpr.build import build_reader
from pipeline.lpr.settings import LprSettings

FONT = cv2.FONT_HERSHEY_SIMPLEX
FRAMES, WIDTH, HEIGHT = 30, 640, 360
AREA = ((0.0, 0.0), (0.45, 0.0), (0.45, 0.12), (0.0, 0.12))
BOTTOM = ((0.0, 0.88), (0.45, 0.88), (0.45, 1.0), (0.0, 1.0))


@dataclass(frozen=True)
class Written:
    """Frames with a text in the upper left corner, ten per second."""

    text: Callable[[int], str]
    damaged: int = 0

    @property
    def facts(self) -> VideoInfo:
        return VideoInfo(WIDTH, HEIGHT, Fraction(1, 10), Fraction(10))

    def frames(self) -> Generator[VideoFrame, None, None]:
        for number in range(FRAMES):
            yield VideoFrame(number, number, ArrayImage(self.image(number)))

    def image(self, number: int) -> BgrImage:
        image = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
        cv2.putText(image, self.text(number), (20, 32), FONT, 0.95, (255, 255, 255), 2, cv2.LINE_AA)
        return image


class Sees:
    """A detector that finds the same in every image."""

    name, networks, batch_size = "sees", tuple[NetworkIdentity, ...](), 1

    def __init__(self, *found: tuple[tuple[float, ...], Label]) -> None:
        self._found = Detections.build([box for box, _ in found], [0.5] * len(found), [label for _, label in found])

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        return [self._found] * len(images)

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def reader() -> PlateReader:
    return build_reader(LprSettings(), None)


def evidence(text: str) -> VideoDetections:
    (width, _), _ = cv2.getTextSize(text, FONT, 0.95, 2)
    found = Detections.build([(14.0, 2.0, 26.0 + width, 40.0)], [0.6], [Label.PLATE])
    return VideoDetections(np.arange(FRAMES) / 10, [found] * FRAMES, np.zeros(FRAMES, np.int64), WIDTH, HEIGHT)


@pytest.mark.parametrize(
    ("text", "doubted"),
    [
        (lambda n: f"{n + 1:02d}-11-2026 08:00", set()),
        (lambda _: "RIO 2A18", {AREA}),
        (lambda _: "AB 123 CD", {AREA}),
    ],
)
def test_a_date_stays_readable_and_what_may_be_a_plate_does_not(
    text: Callable[[int], str], doubted: set[object], reader: PlateReader
) -> None:
    seen = evidence(text(0))
    captions = find_captions(seen, (AREA,))
    assert captions.polygons == (AREA,)
    assert check_captions(Written(text), captions, seen, Sees(), reader) == doubted


def test_a_vehicle_that_the_masks_or_the_overlay_hide_ends_the_area(reader: PlateReader) -> None:
    seen = evidence("2026-11-30")
    captions = find_captions(seen, (AREA,))
    car = Sees(((100.0, 20.0, 400.0, 200.0), Label.CAR))
    assert check_captions(Written(lambda _: "2026-11-30"), captions, seen, car, reader) == {AREA}


def test_an_area_under_the_overlay_leaves_nothing_unmasked() -> None:
    video = Written(lambda _: "2026-11-30")
    redactor = Redactor(video, AnonymizeSettings(), OverlayText("SSP-MT"), Silent(), ignored_areas=(AREA, BOTTOM))
    assert redactor.ignored_areas == (AREA,)
