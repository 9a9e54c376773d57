"""The re-identification attack: it identifies people in different clothes, and reports results at chance level."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from pipeline.anonymize.reidentification import RankOne, descriptor, match_probes, matchable_tracklets, rank_one_hit
from pipeline.anonymize.tracklets import FACES, PERSONS
from pipeline.anonymize.video_detections import VideoDetections
from pipeline.domain.detections import Detections
from pipeline.domain.labels import Label

BOX = (20, 10, 60, 90)


def people(count: int, noise: int, seed: int) -> list[npt.NDArray[np.uint8]]:
    """Images of `count` people in clothes of their own; the same people for every seed, in other light."""
    rng, light = np.random.default_rng(5), np.random.default_rng(seed)
    found = []
    for _ in range(count):
        image = np.full((100, 80, 3), 120, np.uint8)
        for top in range(10, 90, 10):
            image[top : top + 10, 20:60] = rng.integers(0, 255, 3)
        shaken = image.astype(int) + light.integers(-noise, noise + 1, image.shape)
        found.append(np.clip(shaken, 0, 255).astype(np.uint8))
    return found


def test_people_in_different_clothes_are_distinguished() -> None:
    gallery = [descriptor(image, BOX) for image in people(20, 20, 1)]
    probes = [descriptor(image, BOX) for image in people(20, 20, 2)]
    found = match_probes(gallery, probes)
    assert found.share > 0.9
    assert found.above_chance


def test_under_one_color_the_result_is_chance() -> None:
    gallery = [descriptor(image, BOX) for image in people(20, 20, 1)]
    flat = np.full((100, 80, 3), 60, np.uint8)
    found = match_probes(gallery, [descriptor(flat, BOX)] * 20)
    assert found.hits == pytest.approx(1.0)
    assert found.chance == 0.05
    assert not found.above_chance


def test_a_tie_counts_as_a_fraction_of_a_hit() -> None:
    assert rank_one_hit(np.array([0.5, 0.5, 0.1]), 0) == 0.5
    assert rank_one_hit(np.array([0.5, 0.5, 0.1]), 2) == 0.0


@pytest.mark.parametrize(
    ("people_there", "hits", "above"), [(0, 0, False), (3, 1, False), (3, 3, False), (20, 4, False), (20, 5, True)]
)
def test_few_hits_are_chance(people_there: int, hits: float, above: bool) -> None:
    # Of 20 with a chance of one in 20 each, 4 or more come in 1.6 % of all draws and 5 or more in 0.3 %;
    # of 3 with a chance of a third each, all 3 in 3.7 %.
    assert RankOne(people_there, hits).above_chance is above


def test_only_long_and_clear_tracklets_are_matched() -> None:
    box = (100.0, 100.0, 140.0, 200.0)

    def video(frames: int, score: float) -> VideoDetections:
        one = Detections.build([box], [score], [Label.PERSON])
        return VideoDetections(np.arange(frames) / 25, [one] * frames, np.zeros(frames, np.int64), 640, 360)

    assert len(matchable_tracklets(video(50, 0.9), (PERSONS,))) == 1
    assert matchable_tracklets(video(50, 0.9), (FACES,)) == []
    assert matchable_tracklets(video(20, 0.9), (PERSONS,)) == []
    assert matchable_tracklets(video(50, 0.4), (PERSONS,)) == []
