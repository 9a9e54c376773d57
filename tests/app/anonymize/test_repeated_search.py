"""Turned and rainy video is searched again in several views, also by default, and the summary says so."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from pipeline.anonymize.settings import AnonymizeSettings
from pipeline.app.anonymize.progress import Silent
from pipeline.app.anonymize.redaction_run import Redactor, redact_image
from pipeline.decode.file_video import FileVideo
from pipeline.decode.lazy_images import ArrayImage
from pipeline.decode.settings import DecodeSettings
from pipeline.detect.detector_pool import DetectorPool, open_detector_pool
from pipeline.detect.settings import DetectSettings
from pipeline.domain.detections import Detections
from pipeline.domain.frame import BgrImage, Image
from pipeline.domain.labels import Label
from pipeline.domain.network_identity import NetworkIdentity
from pipeline.domain.redaction import OverlayText
from pipeline.domain.video import VideoFrame, VideoInfo
from pipeline.errors import ReleaseError
from tests.detect.images import rain_on

PERSON = Detections.build([(10, 10, 30, 60)], [0.9], [Label.PERSON])


class Frames:
    """Frames in memory as a `Video`, ten a second; `later` is what is decoded the second time."""

    damaged = 0

    def __init__(self, images: Sequence[BgrImage], later: Sequence[BgrImage] | None = None) -> None:
        height, width = images[0].shape[:2]
        self._passes = iter((images, later or images, images))
        self.facts = VideoInfo(width, height, Fraction(1, 10), Fraction(10))

    def frames(self) -> Generator[VideoFrame, None, None]:
        for number, image in enumerate(next(self._passes)):
            yield VideoFrame(number, number, ArrayImage(image))


class Fake:
    """A detector that finds a person in portrait images, or in all."""

    batch_size = 1
    name = "fake"
    networks: tuple[NetworkIdentity, ...] = ()

    def __init__(self, *, everywhere: bool = False) -> None:
        self.everywhere = everywhere
        self.searched = 0

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        self.searched += len(images)
        return [PERSON if self.everywhere or one.height > one.width else Detections.empty() for one in images]

    def close(self) -> None: ...


class Warned(Silent):
    """Progress that stores warnings."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warn(self, subject: str, message: str) -> None:
        self.warnings.append(f"{subject}: {message}")


def blank(value: int) -> BgrImage:
    return np.full((64, 128, 3), value, np.uint8)


def redactor(video: Frames, progress: Silent | None = None) -> Redactor:
    return Redactor(video, AnonymizeSettings(), OverlayText(), progress or Silent())


def test_doubtful_frames_are_searched_again_in_several_views_and_the_caller_is_warned() -> None:
    once, thorough, progress = Fake(), Fake(everywhere=True), Warned()
    again = redactor(Frames([blank(90)] * 8), progress)
    detections = again.detect(DetectorPool([once], [thorough]))
    assert [len(found) for found in detections.per_frame] == [1] * 8
    assert thorough.searched == 8
    assert [one.as_json() for one in again.searched_again] == [
        {"first_frame": 0, "last_frame": 7, "from_s": 0.0, "to_s": 0.7, "reason": "upright with --rotate 90"}
    ]
    assert "0.0 to 0.7 s the video seems to be upright with --rotate 90" in progress.warnings[0]


def test_clear_frames_are_searched_once() -> None:
    once, thorough = Fake(everywhere=True), Fake(everywhere=True)
    clear = redactor(Frames([blank(90)] * 8))
    clear.detect(DetectorPool([once], [thorough]))
    assert (thorough.searched, clear.searched_again) == (0, ())
    assert once.searched == 8 + 4


def test_a_video_that_changes_between_its_searches_is_refused() -> None:
    for later in ([blank(90)] * 5, [blank(90)] * 7 + [blank(250)]):
        with pytest.raises(ReleaseError, match="has changed"):
            redactor(Frames([blank(90)] * 8, later)).detect(DetectorPool([Fake()], [Fake(everywhere=True)]))


def test_a_doubtful_image_is_searched_in_several_views() -> None:
    pool = DetectorPool([Fake()], [Fake(everywhere=True)])
    _, summary = redact_image(ArrayImage(blank(90)), pool, AnonymizeSettings(), OverlayText())
    assert summary.objects == {"person": 1}
    assert [one.reason for one in summary.searched_again] == ["upright with --rotate 90"]


def test_a_plate_that_takes_much_of_an_image_is_found_where_the_image_is_reduced() -> None:
    class Reduced(Fake):
        def detect(self, images: Sequence[Image]) -> list[Detections]:
            boxes = [[[136.0, 68.0, 184.0, 88.0]] if one.width == 320 else [] for one in images]
            return [Detections.build(box, [0.66] * len(box), [Label.PLATE] * len(box)) for box in boxes]

    pool = DetectorPool([Reduced()], [Fake()])
    planes, summary = redact_image(ArrayImage(blank(90)), pool, AnonymizeSettings(), OverlayText())
    assert summary.objects == {"plate": 1}
    changed = planes.y[20:40, 40:88] != ArrayImage(blank(90)).planes().y[20:40, 40:88]
    assert changed.all()


@pytest.fixture(scope="module")
def pool() -> Iterator[DetectorPool]:
    opened = open_detector_pool(DetectSettings(confidence=AnonymizeSettings().masks.min_score), None, 2)
    yield opened
    opened.close()


@pytest.mark.real
@pytest.mark.parametrize("change", ["turned", "rain"])
def test_people_in_turned_and_rainy_video_are_masked_by_default(
    pool: DetectorPool, data_dir: Path, change: str
) -> None:
    video = FileVideo(data_dir / "clips" / "people-walking.mp4", DecodeSettings(), start_s=2.0, end_s=2.12)
    street = [frame.image.resized(960, 540) for frame in video.frames()]
    upright = redactor(Frames(street)).detect(pool).per_frame
    people = sum(int((found.scores[found.labels == Label.PERSON] >= 0.5).sum()) for found in upright)
    assert people >= 5 * len(street)
    if change == "rain":
        changed = [rain_on(image, seed) for seed, image in enumerate(street)]
    else:
        changed = [np.ascontiguousarray(np.rot90(image)) for image in street]
    again = redactor(Frames(changed))
    found = sum(int((one.scores[one.labels == Label.PERSON] >= 0.25).sum()) for one in again.detect(pool).per_frame)
    expected = "hidden by rain, snow or noise" if change == "rain" else "upright with --rotate 90"
    assert [one.reason for one in again.searched_again] == [expected]
    assert found >= 0.9 * people
