"""A cut ends tracks; headlights, flashes, noise and ordinary motion do not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from pipeline.decode.lazy_images import ArrayImage
from pipeline.decode.settings import DecodeSettings
from pipeline.decode.supervised_source import open_source
from pipeline.detect.scene_cut import SceneCutDetector, SceneDivider

SIZE = 180, 320


def scene(seed: int) -> npt.NDArray[np.float64]:
    """Random shading of large areas, (180, 320), 40 to 200."""
    coarse = np.random.default_rng(seed).uniform(40, 200, (5, 8))
    return np.asarray(np.kron(coarse, np.ones((36, 40))), np.float64)


def image(gray: npt.NDArray[np.float64]) -> ArrayImage:
    return ArrayImage(np.repeat(gray.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2))


def cuts(*grays: npt.NDArray[np.float64]) -> list[bool]:
    detector = SceneCutDetector()
    return [detector.is_cut(image(gray)) for gray in grays]


def test_every_cut_is_found_whatever_came_before() -> None:
    assert cuts(*(scene(number) for number in range(6))) == [False, *[True] * 5]
    assert cuts(scene(1), scene(1), scene(2), scene(2), scene(1)) == [False, False, True, False, True]


def test_light_and_motion_are_no_cuts() -> None:
    still, bus = scene(3), scene(3)
    bus[60:150, 100:240] = 15
    assert cuts(still, still * 1.7, still, still * 0.4, still) == [False] * 5
    assert cuts(still, bus, still) == [False] * 3


def test_a_dark_scene_full_of_noise_has_no_cut() -> None:
    noise = np.random.default_rng(5)
    assert not any(cuts(*(noise.normal(12, 10, SIZE) for _ in range(20))))


def numbered(*grays: npt.NDArray[np.float64]) -> list[int]:
    divider = SceneDivider()
    return [divider.scene(image(gray)) for gray in grays]


def test_a_scene_that_returns_has_its_number_again() -> None:
    assert numbered(*(scene(seed) for seed in (1, 1, 2, 3, 2, 1))) == [0, 0, 1, 2, 1, 0]
    assert numbered(scene(3), scene(3) * 0.4, scene(3)) == [0, 0, 0]


def test_a_dissolve_leads_into_another_scene_without_a_cut() -> None:
    shares = np.linspace(0, 1, 30)
    mixed = [scene(1) * (1 - share) + scene(2) * share for share in shares]
    assert not any(cuts(*mixed))
    assert numbered(*mixed)[-1] > 0


@pytest.mark.real
@pytest.mark.parametrize("name", ["car-detection", "highway-motorbike", "people-walking", "traffic-plates-nz"])
def test_clips_of_one_camera_have_no_cut(name: str, data_dir: Path) -> None:
    source = open_source("cam", str(data_dir / "clips" / f"{name}.mp4"), settings=DecodeSettings(), start_ms=0)
    detector = SceneCutDetector()
    for frame in source.frames():
        assert not detector.is_cut(frame.image), frame.index
        if frame.index == 150:
            source.stop()
