"""Meshes in front of a scene are found where they are, at any angle; ordinary scenes have none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from pipeline.anonymize.canary import canary_frame
from pipeline.anonymize.frame_disturbance import most_disturbed_part
from pipeline.anonymize.mesh import find_mesh
from pipeline.anonymize.video_sections import Visibility, frame_visibility
from pipeline.domain.detections import Detections
from pipeline.domain.frame import BgrImage
from pipeline.domain.labels import Label
from tests.anonymize.scenes import CLIPS, gray, scene


@pytest.fixture(scope="module")
def scenes(data_dir: Path) -> Mapping[str, BgrImage]:
    return {clip: scene(data_dir, clip) for clip in CLIPS}


@pytest.fixture(scope="module")
def street(scenes: Mapping[str, BgrImage]) -> BgrImage:
    return scenes["people-walking"]


def crossed(
    shape: tuple[int, ...], pitch: float, width: float, degrees: float, *, both: bool = True
) -> npt.NDArray[np.bool_]:
    """Where the wires of a mesh are, at an angle, in both directions or in one."""
    rows, columns = np.indices(shape[:2])
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    one, other = columns * cosine + rows * sine, rows * cosine - columns * sine
    return np.asarray((one % pitch < width) | (both & (other % pitch < width)))


def behind(image: BgrImage, wires: npt.NDArray[np.bool_], level: int = 122) -> BgrImage:
    changed = image.copy()
    changed[wires] = level
    return changed


@pytest.mark.parametrize("degrees", [45, 30, 62])
@pytest.mark.parametrize(("pitch", "width"), [(10, 2), (13, 5), (24, 4)])
def test_a_mesh_at_any_angle_is_found_where_it_is(pitch: int, width: int, degrees: int, street: BgrImage) -> None:
    wires = crossed(street.shape, pitch, width, degrees)
    found = find_mesh(gray(behind(street, wires)))
    assert found is not None
    assert found[wires].mean() > 0.5
    assert found[~wires].mean() < 0.35


def test_wires_in_one_direction_are_found(street: BgrImage) -> None:
    rows, columns = np.indices(street.shape[:2])
    wires = np.asarray((rows + 2 * columns) % 30 < 8)
    found = find_mesh(gray(behind(street, wires, 40)))
    assert found is not None
    assert found[wires].mean() > 0.6
    assert found[~wires].mean() < 0.35


@pytest.mark.parametrize("degrees", [1, 4, 20, 86])
@pytest.mark.parametrize(("pitch", "width"), [(8, 3), (22, 9), (60, 26), (78, 30)])
@pytest.mark.parametrize("clip", ["people-walking", "traffic-plates-nz"])
def test_railings_and_blinds_are_found_however_little_they_are_tilted(
    clip: str, pitch: int, width: int, degrees: int, scenes: Mapping[str, BgrImage]
) -> None:
    image = scenes[clip]
    slats = crossed(image.shape, pitch, width, degrees, both=False)
    found = find_mesh(gray(behind(image, slats, 95)))
    assert found is not None
    assert found[slats].mean() > 0.45
    assert found[~slats].mean() < 0.2


def test_the_blocks_of_a_compressed_image_are_no_mesh(street: BgrImage) -> None:
    encoded = cv2.imencode(".jpg", street, [cv2.IMWRITE_JPEG_QUALITY, 8])[1]
    assert find_mesh(gray(np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8))) is None


@pytest.mark.parametrize("clip", CLIPS)
def test_ordinary_scenes_have_no_mesh(clip: str, scenes: Mapping[str, BgrImage]) -> None:
    assert find_mesh(gray(scenes[clip])) is None


def test_test_objects_are_behind_the_mesh_and_each_of_them_must_be_found(street: BgrImage) -> None:
    wires = crossed(street.shape, 13, 5, 45)
    fenced = behind(street, wires)
    assert frame_visibility(fenced).kind is Visibility.PATTERN
    canary = canary_frame(fenced)
    left, top, right, bottom = next(one.box for one in canary.objects if one.label is Label.PLATE)
    inside = np.s_[top:bottom, left:right]
    changed = (canary.image[inside] != fenced[inside]).any(axis=2)
    assert changed[wires[inside]].mean() < 0.4 < changed[~wires[inside]].mean()
    persons = [one for one in canary.objects if one.label is Label.PERSON]
    plain = [one for one in canary_frame(street).objects if one.label is Label.PERSON]
    assert persons[0].box[3] - persons[0].box[1] < (plain[0].box[3] - plain[0].box[1]) / 2
    all_but_one = [one for one in canary.objects if one != persons[-1]]
    boxes = np.array([one.box for one in all_but_one], np.float32)
    labels = np.array([one.label for one in all_but_one], np.int16)
    assert canary.missed(Detections(boxes, np.ones(len(boxes), np.float32), labels), 0.4) == {Label.PERSON}


@pytest.mark.parametrize("size", [(128, 128), (160, 1200), (1200, 160), (2560, 1440)])
def test_frames_of_any_shape_are_measured(size: tuple[int, int]) -> None:
    flat = np.full((size[1], size[0], 3), 90, np.uint8)
    assert not most_disturbed_part(flat).disturbance.has_pattern
