"""Every image is searched in several views, and what only one of them shows is found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.decode.file_video import FileVideo
from pipeline.decode.settings import DecodeSettings
from pipeline.detect.build import build_detector
from pipeline.detect.image_region import WholeImage
from pipeline.detect.image_views import (
    GRAIN,
    MirroredImage,
    NegativeImage,
    ObliqueImage,
    ReducedImage,
    TurnedImage,
    grain_of,
    reshaped_views,
    without_streaks,
)
from pipeline.detect.multi_view_detector import MultiViewDetector, merged, open_multi_view_detector, with_extra
from pipeline.detect.settings import DetectSettings
from pipeline.domain.detections import Boxes, Detections
from pipeline.domain.frame import BgrImage, Image
from pipeline.domain.labels import Label
from pipeline.domain.ports import Detector
from tests.detect.images import overlaps, plain, rain_on

CAR = (100, 100, 200, 160)


def test_both_passes_are_merged_and_an_object_counts_once() -> None:
    first = Detections.build([CAR, (300, 100, 340, 200)], [0.4, 0.5], [Label.PLATE, Label.PERSON])
    second = Detections.build([(102, 101, 203, 161), (500, 50, 510, 56)], [0.6, 0.2], [Label.PLATE, Label.PLATE])
    found = merged(first, second)
    shown = [f"{Label(label).word} {score:.1f}" for label, score in zip(found.labels, found.scores, strict=True)]
    assert sorted(shown) == ["person 0.5", "plate 0.2", "plate 0.6"]


def test_boxes_of_different_labels_are_different_objects() -> None:
    person = Detections.build([CAR], [0.4], [Label.PERSON])
    face = Detections.build([CAR], [0.6], [Label.FACE])
    assert len(merged(person, face)) == 2
    assert len(merged(Detections.empty(), face)) == 1


def test_an_unusual_view_adds_only_certain_objects_in_other_places() -> None:
    upright = Detections.build([CAR, (500, 200, 540, 290)], [0.4, 0.1], [Label.PERSON] * 2)
    boxes = [(500, 200, 540, 290), (110, 100, 200, 160), (300, 0, 340, 90), (500, 0, 540, 90), (300, 100, 600, 300)]
    turned = Detections.build(boxes, [0.4, 0.9, 0.5, 0.1, 0.5], [Label.PERSON] * 5)
    image = plain(640, 360)
    assert with_extra(upright, turned, image).boxes[:, 0].tolist() == [100, 500, 500, 300], "a faint one is none yet"
    assert with_extra(Detections.empty(), turned, image).boxes[:, 0].tolist() == [500, 110, 300]


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_image_shows_its_parent_and_maps_boxes_back(turns: int) -> None:
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[5:9, 10:30] = 255
    turned = TurnedImage(WholeImage(pixels, 2.0), turns)
    whole = turned.bgr()
    assert whole.shape[:2] == (turned.height, turned.width)
    assert turned.sample_aspect == (2.0 if turns == 2 else 0.5)
    rows, columns = np.nonzero(whole[..., 0])
    x1, y1, x2, y2 = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    assert turned.to_parent(np.array([[x1, y1, x2, y2]], np.float32)).tolist() == [[10, 5, 30, 9]]
    assert (turned.crop(x1, y1, x2, y2) == 255).all()
    assert turned.crop(x1, y1, x2, y2).shape[:2] == (y2 - y1, x2 - x1)
    assert turned.resized(30, 20).shape == (20, 30, 3)


def test_a_mirrored_image_shows_its_parent_and_maps_boxes_back() -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (40, 60, 3), np.uint8)
    mirrored = MirroredImage(WholeImage(pixels, 2.0))
    assert (mirrored.bgr() == pixels[:, ::-1]).all()
    assert (mirrored.crop(10, 5, 30, 9) == pixels[5:9, 30:50][:, ::-1]).all()
    assert mirrored.resized(30, 20).shape == (20, 30, 3)
    assert mirrored.sample_aspect == 2.0
    assert mirrored.to_parent(np.array([[10, 5, 30, 9]], np.float32)).tolist() == [[30, 5, 50, 9]]


def test_boxes_of_a_reduced_image_are_mapped_back_and_clipped() -> None:
    view = ReducedImage(plain(1280, 720), 0.4, 320)
    assert (view.image.width, view.image.height) == (800, 450)
    found = Detections.build([(240, 135, 560, 315), (200, 100, 400, 225)], [0.9, 0.9], [Label.PLATE] * 2)
    assert view.original(found).boxes.tolist() == [[0, 0, 1280, 720], [0, 0, 640, 360]]


@pytest.mark.parametrize("degrees", [30, 60, 120, 240])
@pytest.mark.parametrize("aspect", [1.0, 2.0])
def test_boxes_of_an_oblique_image_are_mapped_back(degrees: int, aspect: float) -> None:
    pixels = np.zeros((400, 600, 3), np.uint8)
    pixels[150:190, 350:400] = 255
    view = ObliqueImage(WholeImage(pixels, aspect), degrees, 640)
    assert max(view.image.width, view.image.height) <= 640
    rows, columns = np.nonzero(view.image.bgr()[..., 0] > 180)
    seen = Detections.build([(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)], [0.9], [Label.PERSON])
    x1, y1, x2, y2 = view.original(seen).boxes[0].tolist()
    assert ((x1 + x2) / 2, (y1 + y2) / 2) == pytest.approx((375, 170), abs=3)
    assert (np.array([x1, y1, -x2, -y2]) <= (351, 151, -399, -189)).all()


class _Upright:
    """Finds a bright body with a red head, as a person, where the head is above the body within 20 degrees."""

    name, networks, batch_size = "upright", (), 1

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        return [self._person(image.bgr().astype(int)) for image in images]

    def close(self) -> None: ...

    def _person(self, pixels: np.ndarray) -> Detections:
        body = np.argwhere(pixels.min(axis=2) > 190)[:, ::-1]
        head = np.argwhere((pixels[..., 2] > 190) & (pixels[..., 0] < 60))[:, ::-1]
        if not len(body) or not len(head):
            return Detections.empty()
        across, up = body.mean(axis=0) - head.mean(axis=0)
        if up <= 0 or abs(across) > np.tan(np.deg2rad(20)) * up:
            return Detections.empty()
        both = np.concatenate([body, head])
        return Detections.build([(*both.min(axis=0), *(both.max(axis=0) + 1))], [0.8], [Label.PERSON])


@pytest.mark.parametrize("degrees", range(15, 360, 50))
def test_a_person_who_lies_at_any_angle_is_found(degrees: int) -> None:
    """What the views are turned for; a network finds persons within some 15 degrees of upright."""
    pixels = np.full((180, 320, 3), 114, np.uint8)
    center, toward = np.array([160, 90]), np.array([np.sin(np.deg2rad(degrees)), -np.cos(np.deg2rad(degrees))])
    head = np.rint(center + 45 * toward).astype(int).tolist()
    cv2.line(pixels, np.rint(center - 45 * toward).astype(int).tolist(), head, (255, 255, 255), 24)
    cv2.circle(pixels, head, 14, (0, 0, 255), -1)
    one_network = _Upright()
    found = MultiViewDetector(one_network, lambda: None, 640, oblique=True).detect([WholeImage(pixels)])[0]
    assert (overlaps(np.array([[*(center - 20), *(center + 20)]], np.float32), found.boxes) > 0).any()
    upright_only = MultiViewDetector(one_network, lambda: None, 640).detect([WholeImage(pixels)])[0]
    assert not len(upright_only) or not 20 < degrees % 90 < 70


class _SeesTextures(_Upright):
    """A network that finds persons where the upper half is bright, and textures where the right half is."""

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        return [self._found_in(image.resized(8, 8).astype(int)) for image in images]

    @staticmethod
    def _found_in(pixels: BgrImage) -> Detections:
        if pixels[:4].mean() > pixels[4:].mean() + 50:
            return Detections.build([(20, 20, 40, 80), (60, 20, 80, 80)], [0.9, 0.9], [Label.PERSON] * 2)
        if pixels[:, 4:].mean() > pixels[:, :4].mean() + 50:
            return Detections.build([(200, 20, 210, 50), (250, 20, 260, 50)], [0.27, 0.5], [Label.PERSON] * 2)
        return Detections.empty()


def test_where_an_image_is_turned_its_stored_orientation_is_an_unusual_view() -> None:
    stored = np.zeros((180, 320, 3), np.uint8)
    stored[:, 160:] = 255
    found = MultiViewDetector(_SeesTextures(), lambda: None, 320).detect([WholeImage(stored)])[0]
    assert np.float32(0.5) in found.scores
    assert np.float32(0.27) not in found.scores
    assert (found.scores >= 0.9).any()


class _Notes(_Upright):
    """A network that finds nothing, and notes which kinds of images it searched."""

    def __init__(self) -> None:
        self.searched: list[type] = []

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        self.searched += [type(image) for image in images]
        return [Detections.empty()] * len(images)


@pytest.mark.parametrize(("size", "large"), [((1280, 720), False), ((3840, 2160), True)])
def test_turned_views_of_an_image_that_is_searched_in_tiles_are_not_reduced_to_the_base_size(
    size: tuple[int, int], large: bool
) -> None:
    base, high_resolution = _Notes(), _Notes()
    MultiViewDetector(base, lambda: high_resolution, 640, oblique=True).detect([plain(*size)])
    kinds = (TurnedImage, NegativeImage)
    assert [any(kind in one.searched for kind in kinds) for one in (base, high_resolution)] == [not large, large]


@pytest.mark.parametrize(
    ("size", "aspect", "views"),
    [
        ((1280, 720), 1.0, []),
        ((1920, 1088), 1.0, []),
        ((640, 480), 1.0, [4 / 3]),
        ((640, 640), 1.0, [16 / 9, 4 / 3]),
        ((704, 576), 12 / 11, [1.0]),
    ],
)
def test_an_image_is_searched_in_the_shapes_that_it_may_have_been_squeezed_from(
    size: tuple[int, int], aspect: float, views: list[float]
) -> None:
    image = WholeImage(plain(*size).bgr(), aspect)
    assert [view.sample_aspect for view in reshaped_views(image)] == pytest.approx(views)


def test_streaks_are_removed_and_what_is_wider_stays() -> None:
    pixels = np.full((200, 200, 3), 90, np.uint8)
    pixels[50:150, 80:120] = 200
    clean = pixels.copy()
    pixels[:, ::9] = 255
    assert grain_of(WholeImage(pixels)) > GRAIN > grain_of(WholeImage(clean))
    without = without_streaks(WholeImage(pixels)).bgr().astype(int)
    assert np.abs(without - clean)[:, 5:-5].mean() < 5


@pytest.fixture(scope="module")
def multi_view() -> Iterator[Detector]:
    detector = open_multi_view_detector(DetectSettings(confidence=0.1), None)
    assert isinstance(detector, MultiViewDetector)
    yield detector
    detector.close()


@pytest.fixture(scope="module")
def street(data_dir: Path) -> tuple[BgrImage, Boxes]:
    """A frame of a street, and its people of high score."""
    video = FileVideo(data_dir / "clips" / "people-walking.mp4", DecodeSettings(), start_s=2.0, end_s=2.02)
    pixels = next(iter(video.frames())).image.resized(960, 540)
    base = build_detector(DetectSettings(confidence=0.5))
    try:
        people = base.detect([WholeImage(pixels)])[0].labeled(Label.PERSON).boxes
    finally:
        base.close()
    assert len(people) >= 5
    return pixels, people


@pytest.mark.real
@pytest.mark.parametrize("turns", [1, 2, 3])
def test_people_are_found_where_the_camera_hangs_sideways(
    multi_view: Detector, street: tuple[BgrImage, Boxes], turns: int
) -> None:
    pixels, people = street
    turned = TurnedImage(WholeImage(pixels), turns)
    found = multi_view.detect([WholeImage(turned.bgr())])[0].labeled(Label.PERSON)
    again = overlaps(people, turned.to_parent(found.boxes)).max(axis=1) >= 0.5
    assert again.mean() >= 0.9


@pytest.mark.real
def test_people_are_found_in_a_negative(multi_view: Detector, street: tuple[BgrImage, Boxes]) -> None:
    pixels, people = street
    found = multi_view.detect([WholeImage(np.invert(pixels))])[0].labeled(Label.PERSON)
    assert (overlaps(people, found.boxes).max(axis=1) >= 0.5).mean() >= 0.9


@pytest.mark.real
def test_people_are_found_in_rain(multi_view: Detector, street: tuple[BgrImage, Boxes]) -> None:
    pixels, people = street
    found = multi_view.detect([WholeImage(rain_on(pixels))])[0].labeled(Label.PERSON)
    assert (overlaps(people, found.boxes).max(axis=1) >= 0.4).mean() >= 0.8


@pytest.mark.real
def test_people_are_found_where_a_wrong_pixel_aspect_is_declared(
    multi_view: Detector, street: tuple[BgrImage, Boxes]
) -> None:
    pixels, people = street
    found = multi_view.detect([WholeImage(pixels, 4.0)])[0].labeled(Label.PERSON)
    assert (overlaps(people, found.boxes).max(axis=1) >= 0.5).mean() >= 0.8


@pytest.mark.real
@pytest.mark.parametrize("width", [1024, 512])
def test_plates_that_the_base_pass_misses_are_found_in_large_and_in_small_images(
    multi_view: Detector, data_dir: Path, width: int
) -> None:
    at_s = 7.2
    video = FileVideo(data_dir / "clips" / "highway-motorbike.mp4", DecodeSettings(), start_s=at_s, end_s=at_s + 0.04)
    image = WholeImage(next(iter(video.frames())).image.resized(width, width * 9 // 16))
    base = build_detector(DetectSettings(confidence=0.1))
    try:
        once = base.detect([image])[0].labeled(Label.PLATE)
    finally:
        base.close()
    found = multi_view.detect([image])[0].labeled(Label.PLATE)
    centers = (found.boxes[:, :2] + found.boxes[:, 2:]) / 2 * 1024 / width
    inside = (centers > (370, 520)).all(axis=1) & (centers < (500, 576)).all(axis=1)
    assert not len(once)
    assert inside.any(), "inspected manually: a car's plate at the lower edge"


@pytest.mark.real
def test_people_are_found_in_a_video_that_was_squeezed_without_a_word(
    multi_view: Detector, street: tuple[BgrImage, Boxes]
) -> None:
    pixels, people = street
    squeezed = np.asarray(cv2.resize(pixels, (320, 540), interpolation=cv2.INTER_AREA), np.uint8)
    found = multi_view.detect([WholeImage(squeezed)])[0].labeled(Label.PERSON)
    again = overlaps((people / np.array([3, 1, 3, 1])).astype(np.float32), found.boxes).max(axis=1) >= 0.5
    assert again.mean() >= 0.9


@pytest.mark.real
def test_small_people_are_found_anywhere_in_a_large_image(multi_view: Detector, street: tuple[BgrImage, Boxes]) -> None:
    pixels, people = street
    small = cv2.resize(pixels, (480, 270), interpolation=cv2.INTER_AREA)
    large = np.full((2160, 3840, 3), 120, np.uint8)
    large[1300:1570, 2900:3380] = small
    wanted = (people / 2 + np.array([2900, 1300] * 2)).astype(np.float32)
    found = multi_view.detect([WholeImage(large)])[0].labeled(Label.PERSON)
    assert (overlaps(wanted, found.boxes).max(axis=1) >= 0.5).mean() >= 0.8


@pytest.mark.real
@pytest.mark.parametrize("share", [0.94, 0.62])
def test_a_plate_that_fills_the_image_is_found_whole(
    multi_view: Detector, street: tuple[BgrImage, Boxes], share: float
) -> None:
    answers = Path(__file__).parents[2] / "models" / "known-answers"
    plate = cv2.imread(str(next(iter(sorted(answers.glob("plate-*.png"))))))
    assert plate is not None
    background = street[0].copy()
    width = round(960 * share)
    height = round(width * plate.shape[0] / plate.shape[1])
    x1, y1 = (960 - width) // 2, (540 - height) // 2
    background[y1 : y1 + height, x1 : x1 + width] = cv2.resize(plate, (width, height), interpolation=cv2.INTER_CUBIC)
    found = multi_view.detect([WholeImage(background)])[0].labeled(Label.PLATE)
    box = np.array([[x1, y1, x1 + width, y1 + height]], np.float32)
    assert overlaps(box, found.boxes).max() >= 0.7
