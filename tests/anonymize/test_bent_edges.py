"""Bends of edges are found where people are not; ordinary scenes are straight."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from pipeline.anonymize.bent_edges import Bend, EdgeDirections
from pipeline.anonymize.canary import canary_frame
from pipeline.anonymize.frame_disturbance import most_disturbed_part
from pipeline.anonymize.video_sections import Visibility, frame_visibility
from pipeline.decode.file_video import FileVideo
from pipeline.decode.settings import DecodeSettings
from pipeline.detect.build import build_detector
from pipeline.detect.image_region import WholeImage
from pipeline.detect.settings import DetectSettings
from pipeline.domain.frame import BgrImage
from pipeline.domain.labels import Label
from tests.anonymize.scenes import CLIPS, gray, scene


@pytest.fixture(scope="module")
def street(data_dir: Path) -> BgrImage:
    return scene(data_dir)


def moved(image: BgrImage, across: npt.NDArray[np.float64], down: npt.NDArray[np.float64]) -> BgrImage:
    rows, columns = np.indices(image.shape[:2])
    maps = (columns + across).astype(np.float32), (rows + down).astype(np.float32)
    return np.asarray(cv2.remap(image, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), np.uint8)


def rippled(image: BgrImage, amplitude: float, period: float) -> BgrImage:
    rows, columns = np.indices(image.shape[:2])
    return moved(image, amplitude * np.sin(2 * np.pi * rows / period), amplitude * np.sin(2 * np.pi * columns / period))


def in_one_direction(image: BgrImage) -> BgrImage:
    return moved(image, 12 * np.sin(2 * np.pi * np.indices(image.shape[:2])[0] / 46), np.zeros(image.shape[:2]))


def through_glass(image: BgrImage, deviation: float, smoothness: float) -> BgrImage:
    """Random displacements without a period."""
    noise = np.random.default_rng(1).normal(0, 1, (2, *image.shape[:2]))
    across, down = (cv2.GaussianBlur(one, (0, 0), smoothness) for one in noise)
    return moved(image, across / across.std() * deviation, down / down.std() * deviation)


DISTORTIONS: list[Callable[[BgrImage], BgrImage]] = [
    lambda image: rippled(image, 6, 24),
    lambda image: rippled(image, 6, 46),
    lambda image: rippled(image, 14, 46),
    lambda image: rippled(image, 14, 90),
    in_one_direction,
    lambda image: through_glass(image, 8, 8),
    lambda image: through_glass(image, 14, 12),
    lambda image: through_glass(image, 14, 20),
]


@pytest.mark.parametrize("distorted", DISTORTIONS)
def test_ripples_and_uneven_glass_are_bends(distorted: Callable[[BgrImage], BgrImage], street: BgrImage) -> None:
    image = distorted(street)
    assert frame_visibility(image).kind is Visibility.PATTERN
    bend = EdgeDirections(gray(image)).bend()
    assert bend.amplitude_px > 0.1 * bend.period_px > 2


def test_a_large_frame_is_bent_by_as_many_more_pixels(street: BgrImage) -> None:
    small = rippled(street, 10, 46)
    large = np.asarray(cv2.resize(small, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8)
    first, second = (EdgeDirections(gray(one)).bend() for one in (small, large))
    assert second.period_px == pytest.approx(2 * first.period_px)
    assert second.amplitude_px == pytest.approx(2 * first.amplitude_px, rel=0.1)


def test_test_objects_are_bent_so_that_they_are_missed_like_the_people(street: BgrImage) -> None:
    detector = build_detector(DetectSettings(model="viapublica_check_int8", confidence=0.2))
    try:
        plain, bent = canary_frame(street), canary_frame(rippled(street, 14, 46))
        found = [detector.detect([WholeImage(one.image)])[0] for one in (plain, bent)]
    finally:
        detector.close()
    assert plain.missed(found[0], 0.4) == frozenset()
    assert {Label.PERSON, Label.FACE} <= bent.missed(found[1], 0.4)


@pytest.mark.parametrize("part", [np.s_[150:, 400:], np.s_[150:, :400]])
@pytest.mark.parametrize(("amplitude", "period"), [(6, 24), (14, 46)])
def test_test_objects_are_in_the_part_that_is_rippled(
    part: tuple[slice, ...], amplitude: float, period: float, street: BgrImage
) -> None:
    image = street.copy()
    image[part] = rippled(street, amplitude, period)[part]
    assert frame_visibility(image).kind is Visibility.BENT_PART
    found = most_disturbed_part(image)
    assert found.disturbance.bend.amplitude_px > 0.1 * found.disturbance.bend.period_px
    canary = canary_frame(image)
    inside = np.zeros(image.shape[:2], bool)
    inside[found.rows, found.columns] = True
    assert canary.all_needed
    assert not (canary.image != image).any(axis=2)[~inside].any()


@pytest.mark.parametrize("clip", CLIPS)
def test_no_part_of_an_ordinary_scene_is_bent(clip: str, data_dir: Path) -> None:
    assert most_disturbed_part(scene(data_dir, clip)).disturbance.bend == Bend()


def test_a_queue_of_recognized_cars_is_no_bend_and_its_ripple_is_one(data_dir: Path) -> None:
    clip = FileVideo(data_dir.parent / "data2" / "clips-motorway" / "625_201708311646.mp4", DecodeSettings())
    with closing(clip.frames()) as frames:
        queue = next(islice(frames, 30, None)).image.bgr()
    ripple = queue.copy()
    ripple[96:, 176:] = rippled(queue, 5, 18)[96:, 176:]
    detector = build_detector(DetectSettings(confidence=0.4))
    try:
        cars = [detector.detect([WholeImage(image)])[0].labeled(Label.CAR).boxes for image in (queue, ripple)]
    finally:
        detector.close()
    assert most_disturbed_part(queue).disturbance.bend.period_px, "curves like those of a ripple"
    assert most_disturbed_part(queue, cars[0]).disturbance.bend == Bend()
    assert most_disturbed_part(ripple, cars[1]).disturbance.bend.period_px
    assert most_disturbed_part(ripple, cars[0]).disturbance.bend.period_px, "however many cars there were"


@pytest.mark.parametrize("width", [640, 1280])
@pytest.mark.parametrize("clip", CLIPS)
def test_ordinary_scenes_are_straight(clip: str, width: int, data_dir: Path) -> None:
    image = scene(data_dir, clip, width)
    variants = [image, np.asarray(image * 0.35 + 140, np.uint8), np.asarray(image * 0.3, np.uint8)]
    noise = np.random.default_rng(3).normal(0, 20, image.shape[:2])
    variants.append(np.clip(image + noise[..., None], 0, 255).astype(np.uint8))
    for one in variants:
        assert EdgeDirections(gray(one)).bend() == Bend()


def test_frames_with_few_and_short_edges_are_straight(data_dir: Path) -> None:
    video = FileVideo(data_dir / "clips" / "car-detection.mp4", DecodeSettings())
    with closing(video.frames()) as frames:
        images = [frame.image.bgr() for frame in islice(frames, 95, 106)]
    assert [EdgeDirections(gray(image)).bend() for image in images] == [Bend()] * 11


def test_nothing_is_bent_without_a_bend() -> None:
    sprite = np.random.default_rng(3).integers(0, 255, (40, 30, 4), dtype=np.uint8)
    assert Bend().bent(sprite) is sprite
    assert (Bend(24, 6).bent(sprite) != sprite).any()
