"""Sections of a video: every frame belongs to one, and those that are tested represent all the others."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.anonymize.video_sections import (
    FrameVisibility,
    VideoSections,
    Visibility,
    frame_visibility,
    representative_sections,
)
from pipeline.domain.frame import BgrImage
from tests.anonymize.test_frame_disturbance import bars, first_frame, grained


@pytest.fixture(scope="module")
def street(data_dir: Path) -> BgrImage:
    return first_frame(data_dir / "clips" / "people-walking.mp4")


def _noise(difficulty: float, degree: int = 0) -> FrameVisibility:
    return FrameVisibility(Visibility.NOISE, (degree,), difficulty)


def test_frames_differ_in_kind_by_what_hides_objects_in_them(street: BgrImage) -> None:
    lamp = (street * 0.03).astype(np.uint8)
    lamp[:12] = 230
    kinds = [
        frame_visibility(image).kind
        for image in (
            street,
            bars(street, 24, 12, upright=True),
            (street * 0.08).astype(np.uint8) // 2 + 20,
            lamp,
            np.full_like(street, 200),
        )
    ]
    assert kinds == [Visibility.NOISE, Visibility.PATTERN, Visibility.FAINT, Visibility.DARK, Visibility.BLANK]


def test_a_frame_whose_colors_differ_is_not_blank_though_all_are_of_one_brightness(street: BgrImage) -> None:
    colors = np.asarray(cv2.cvtColor(street, cv2.COLOR_BGR2YCrCb), np.uint8)
    colors[..., 0] = 118
    assert frame_visibility(np.asarray(cv2.cvtColor(colors, cv2.COLOR_YCrCb2BGR), np.uint8)).kind is Visibility.DARK


def test_noise_and_dusk_are_harder_than_the_same_street_by_day_and_not_alike(street: BgrImage) -> None:
    day, noisy = frame_visibility(street), frame_visibility(grained(street, 50, 4))
    dusk = frame_visibility((street * 0.25).astype(np.uint8))
    for harder in (noisy, dusk):
        assert harder.difficulty > day.difficulty
        assert harder.alike != day.alike


def test_the_hardest_frame_represents_a_section_of_a_scene_that_returns() -> None:
    sections = VideoSections()
    numbers = [
        sections.add(number, scene, _noise(difficulty))
        for number, (scene, difficulty) in enumerate([(0, 0.1), (0, 0.3), (1, 0.2), (0, 0.2)])
    ]
    assert numbers == [0, 0, 1, 0]
    first, second = sections.sections
    assert (first.worst, first.first, first.last, first.frames) == (1, 0, 3, 3)
    assert (second.worst, second.frames) == (2, 1)


def test_of_many_sections_the_hardest_of_all_alike_ones_are_tested() -> None:
    sections = VideoSections()
    for number in range(40):
        sections.add(number, number, _noise(0.01 * (number + 1), degree=number % 3))
    chosen = representative_sections(sections.sections, 5)
    assert [one.worst for one in chosen] == [35, 36, 37, 38, 39]
    sections.add(40, 40, FrameVisibility(Visibility.PATTERN, (3, 0), 0.0))
    assert [one.worst for one in representative_sections(sections.sections, 4)] == [37, 38, 39, 40]
    assert len(representative_sections(sections.sections, 2)) == 4, "each kind and degree has its test"
    assert representative_sections(sections.sections[:3], 5) == sections.sections[:3]
