"""What other eyes see in a finished video."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.anonymize.redaction_masks import plan_covers
from pipeline.anonymize.residual_detections import and_residues, misses, rate_per_minute, residues, uncovered
from pipeline.anonymize.settings import CoverSettings
from pipeline.anonymize.video_detections import Sightings
from pipeline.domain.detections import Detections
from pipeline.domain.labels import Label

COVERED, BARE = (100, 100, 140, 200), (400, 100, 440, 200)


def seen(frames: int, *boxes: tuple[float, float, float, float], score: float = 0.8) -> Sightings:
    one = Detections.build(boxes, [score] * len(boxes), [Label.PERSON] * len(boxes))
    return Sightings(np.arange(frames) / 25, [one] * frames, np.zeros(frames, np.int64), 640, 360)


def test_only_what_no_cover_hides_is_residue() -> None:
    ours = seen(50, COVERED)
    plan = plan_covers(ours, CoverSettings())
    found = residues(seen(50, COVERED, BARE), plan, sure=0.4, least_frames=3)
    assert [(each.label, each.frames) for each in found] == [(Label.PERSON, 50)]
    assert found[0].box == pytest.approx(BARE)


def test_one_more_round_covers_what_was_found() -> None:
    ours, others = seen(50, COVERED, score=0.95), seen(50, COVERED, BARE)
    plan = plan_covers(ours, CoverSettings())
    found = residues(others, plan, sure=0.4, least_frames=3)
    assert len(found) == 1
    again = plan_covers(and_residues(ours, found), CoverSettings(sure=0.9, faint=0.9))
    assert residues(others, again, sure=0.4, least_frames=3) == [], "covered however sure the covers want to be"


def test_what_the_eyes_do_not_count_as_an_object_is_not_covered() -> None:
    ours = seen(50, COVERED)
    plan = plan_covers(ours, CoverSettings())
    found = residues(seen(50, COVERED, BARE, score=0.3), plan, sure=0.4, least_frames=3)
    assert and_residues(ours, found).found[0].boxes.tolist() == ours.found[0].boxes.tolist()


def test_a_flicker_and_the_unsure_are_no_residue() -> None:
    plan = plan_covers(seen(50, COVERED), CoverSettings())
    assert residues(seen(50, BARE, score=0.3), plan, sure=0.4, least_frames=3) == []
    empty = Detections.empty()
    once = [seen(1, BARE, score=0.45).found[0], *[empty] * 49]
    flicker = Sightings(np.arange(50) / 25, once, np.zeros(50, np.int64), 640, 360)
    assert residues(flicker, plan, sure=0.4, least_frames=3) == []


def test_who_is_certain_counts_in_one_image() -> None:
    plan = plan_covers(seen(50, COVERED), CoverSettings())
    once = [seen(1, BARE, score=0.6).found[0], *[Detections.empty()] * 49]
    glimpse = Sightings(np.arange(50) / 25, once, np.zeros(50, np.int64), 640, 360)
    assert [each.frames for each in residues(glimpse, plan, sure=0.4, least_frames=3)] == [1]


def test_a_video_of_few_images_per_second_has_residue_too() -> None:
    empty, doubtful = Detections.empty(), seen(4, BARE, score=0.45).found
    slow = Sightings(2.0 * np.arange(6, dtype=np.float64), [empty, *doubtful, empty], np.zeros(6, np.int64), 640, 360)
    plan = plan_covers(seen(6), CoverSettings())
    assert [each.frames for each in residues(slow, plan, sure=0.4, least_frames=3)] == [4]


def test_who_is_hidden_to_the_waist_behind_another_cover_is_not_hidden() -> None:
    legs = np.array([[100, 145, 140, 200]], np.float32)
    assert len(uncovered(seen(1, COVERED).found[0], legs, 640, 360)) == 1
    head = np.array([[100, 90, 140, 160]], np.float32)
    assert not len(uncovered(seen(1, COVERED).found[0], head, 640, 360))


def test_half_covered_is_covered_and_vehicles_do_not_count() -> None:
    half = np.array([[100, 100, 140, 160]], np.float32)
    found = Detections.build([COVERED, BARE, BARE], [0.9] * 3, [Label.PERSON, Label.CAR, Label.FACE])
    assert [label for _, _, label in uncovered(found, half, 640, 360)] == [Label.FACE]


def test_nothing_found_is_still_an_interval() -> None:
    assert rate_per_minute(0, 60) == pytest.approx((0, 0, 3.689), abs=0.01)
    rate, low, high = rate_per_minute(5, 120)
    assert (rate, low, high) == pytest.approx((2.5, 0.81, 5.83), abs=0.01)


def test_misses_are_counted_by_what_the_eyes_can_see() -> None:
    assert misses(0, 60.0, 0, 0).high == pytest.approx(3.69, abs=0.01), (
        "nobody to try the eyes on: they count as perfect"
    )
    tried = misses(0, 60.0, 80, 100)
    assert (tried.per_minute, tried.low) == (0, 0)
    assert tried.high == pytest.approx(3.69 / 0.711, abs=0.02), "Wilson's lower limit of 80 in 100 is 0.711"
    some = misses(8, 120.0, 80, 100)
    assert some.per_minute == pytest.approx(4 / 0.8)
    blind = misses(0, 60.0, 0, 40)
    assert blind.high > 40, "eyes that saw nobody say next to nothing"


def test_a_loose_box_around_a_small_cover_is_a_view_of_the_cover() -> None:
    covers = np.array([[350, 240, 362, 252]], np.float32)
    loose = Detections.build([(347, 237, 365, 255)], [0.5], [Label.PLATE])
    assert not len(uncovered(loose, covers, 640, 360))
    beside = Detections.build([(358, 237, 376, 255)], [0.5], [Label.PLATE])
    assert len(uncovered(beside, covers, 640, 360)) == 1
    whole = Detections.build([(340, 230, 372, 330)], [0.5], [Label.PERSON])
    assert len(uncovered(whole, covers, 640, 360)) == 1, "a covered face is no covered person"
