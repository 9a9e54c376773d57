"""A vote over a track reads better than one crop, and never blends two plates."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.domain.plate import PlateRead
from pipeline.domain.ports import CharacterProbabilities
from pipeline.lpr.plate_vote import PlateObservation, PlateVote
from tests.lpr.plates import ALPHABET, LETTERS, any_texts, brazilian_plates, seen


def voted(*readings: CharacterProbabilities, weights: list[float] | None = None) -> PlateRead:
    vote = PlateVote()
    for number, reading in enumerate(readings):
        vote.add(reading, weights[number] if weights else 1.0)
    best = vote.best()
    assert best is not None
    return best


@given(any_texts, st.integers(1, 20))
def test_a_unanimous_vote_is_that_text(text: str, count: int) -> None:
    read = voted(*[seen(text, sure=0.98)] * count)
    assert read.text == text
    assert read.votes == count


@given(brazilian_plates, st.integers(0, 6), st.sampled_from(LETTERS + "0123456789"))
def test_two_good_crops_outvote_one_bad_one_wherever_it_stands(text: str, slot: int, wrong: str) -> None:
    misread = text[:slot] + wrong + text[slot + 1 :]
    good, bad = seen(text, sure=0.95), seen(misread, sure=0.95)
    for order in ([good, good, bad], [good, bad, good], [bad, good, good]):
        assert voted(*order).text == text


@given(brazilian_plates, st.randoms(use_true_random=False))
def test_the_order_of_the_votes_of_one_plate_does_not_matter(text: str, rng: random.Random) -> None:
    readings = [seen(text, sure=s) for s in (0.6, 0.8, 0.95, 0.99)]
    before = voted(*readings)
    rng.shuffle(readings)
    after = voted(*readings)
    assert after.text == before.text
    assert after.confidence == pytest.approx(before.confidence, abs=1e-4)


@given(brazilian_plates)
def test_more_votes_raise_the_confidence(text: str) -> None:
    assert voted(*[seen(text, sure=0.7)] * 6).confidence > voted(seen(text, sure=0.7)).confidence


def test_a_crop_of_good_quality_outvotes_a_poor_one() -> None:
    assert voted(seen("ABC1D34"), seen("ABC1D84"), weights=[0.2, 1.5]).text == "ABC1D84"


@given(brazilian_plates)
def test_a_crop_that_lost_its_first_character_still_votes_for_the_plate(text: str) -> None:
    assume(len(set(text)) > 3)
    read = voted(seen(text, sure=0.8), seen(text, sure=0.8), seen(text[1:], sure=0.9))
    assert read.text == text
    assert read.votes == 3


def test_two_cars_on_one_track_are_two_plates_and_no_blend() -> None:
    vote = PlateVote()
    for _ in range(4):
        vote.add(seen("ABC1D23"))
    for _ in range(3):
        vote.add(seen("XYZ9K87"))
    found = [reading.read for reading in vote.plates(min_votes=1)]
    assert [(read.text, read.votes) for read in found] == [("ABC1D23", 4), ("XYZ9K87", 3)]


def test_a_single_stray_crop_is_no_second_car() -> None:
    vote = PlateVote()
    for _ in range(2):
        vote.add(seen("ABC1D23"))
    vote.add(seen("QQQ0000"))
    assert [found.read.text for found in vote.plates(min_votes=1)] == ["ABC1D23"]


def test_empty_readings_and_memory() -> None:
    vote = PlateVote()
    vote.add(seen(""))
    assert vote.best() is None
    rng = np.random.default_rng(7)
    for _ in range(200):
        vote.add(seen("".join(rng.choice(list(ALPHABET[:36]), 7))))
    assert len(vote.plates(1)) <= 6
    assert len(vote._candidates) <= 6


@given(st.randoms(use_true_random=False))
def test_the_weakest_candidate_is_dropped_wherever_it_stands(rng: random.Random) -> None:
    vote = PlateVote()
    for _ in range(12):
        vote.add(seen("".join(rng.choices(LETTERS, k=7))), rng.uniform(0.1, 1.0))
    other = PlateVote()
    for _ in range(6):
        other.add(seen("".join(rng.choices(LETTERS, k=7))), rng.uniform(0.1, 1.0))
    vote.merge(other)
    assert 1 <= len(vote._candidates) <= 6


def test_votes_of_two_tracks_of_one_vehicle_are_merged() -> None:
    first, second = PlateVote(), PlateVote()
    for _ in range(3):
        first.add(seen("ABC1D23", sure=0.7))
        second.add(seen("ABC1D23", sure=0.7))
    first.merge(second)
    assert [(found.read.text, found.read.votes) for found in first.plates(1)] == [("ABC1D23", 6)]


@pytest.mark.parametrize("weight", [0.0, -1.0])
def test_a_weight_must_be_positive(weight: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        PlateVote().add(seen("ABC1D23"), weight)


def test_each_plate_of_a_track_keeps_its_own_observations() -> None:
    vote = PlateVote()
    for number, (text, weight) in enumerate([("ABC1D23", 1.0), ("ABC1D23", 2.0), ("XYZ9K87", 0.9), ("XYZ9K87", 0.8)]):
        vote.add(seen(text), weight, PlateObservation(1000 + number, number, (number, 0.0, 9.0, 9.0)))
    first, second = vote.plates(min_votes=1)
    assert (first.first.frame, first.last.frame, first.best.frame) == (0, 1, 1)
    assert (second.first.frame, second.last.frame, second.best.frame) == (2, 3, 2)


def test_merged_votes_keep_the_earliest_latest_and_best_observation() -> None:
    ours, theirs = PlateVote(), PlateVote()
    ours.add(seen("ABC1D23"), 1.0, PlateObservation(2000, 20, (0, 0, 1, 1)))
    theirs.add(seen("ABC1D23"), 1.5, PlateObservation(1000, 10, (0, 0, 2, 2)))
    ours.merge(theirs)
    (reading,) = ours.plates(min_votes=1)
    assert (reading.first.frame, reading.last.frame, reading.best.frame) == (10, 20, 10)


@given(brazilian_plates)
def test_merging_votes_that_are_off_by_one_slot_gives_the_plate(text: str) -> None:
    ours, theirs = PlateVote(), PlateVote()
    for _ in range(3):
        ours.add(seen(text, sure=0.9))
        theirs.add(seen(text, sure=0.9, start=1))
    ours.merge(theirs)
    assert [(reading.read.text, reading.read.votes) for reading in ours.plates(1)] == [(text, 6)]


def test_merging_keeps_a_bounded_number_of_candidates() -> None:
    rng = np.random.default_rng(11)
    ours = PlateVote()
    for _ in range(5):
        theirs = PlateVote()
        for _ in range(6):
            theirs.add(seen("".join(rng.choice(list(ALPHABET[:36]), 7))))
        ours.merge(theirs)
    assert len(ours._candidates) <= 6


def test_readers_with_different_alphabets_do_not_mix() -> None:
    vote = PlateVote()
    vote.add(seen("ABC1D23"))
    reading = seen("ABC1D23")
    other = CharacterProbabilities(reading.values, ALPHABET[::-1], "_")
    with pytest.raises(ValueError, match="alphabet"):
        vote.add(other)


@given(brazilian_plates, st.integers(1, 6))
def test_the_first_crop_may_have_lost_its_first_character(text: str, more: int) -> None:
    assume(len(set(text)) > 3)
    read = voted(seen(text[1:]), *[seen(text)] * (more + 1))
    assert read.text == text
    assert read.votes == more + 2


def test_the_misreadings_of_a_blurred_plate_are_no_second_car() -> None:
    vote = PlateVote()
    for _ in range(3):
        vote.add(seen("ABC1D23", sure=0.9))
        vote.add(seen("1777777", sure=0.15))
    assert [reading.read.text for reading in vote.plates(min_votes=1)] == ["ABC1D23"]


def test_more_crops_are_wanted_until_there_are_many_or_good_ones() -> None:
    poor, good = PlateVote(), PlateVote()
    assert not poor.exhausted
    for _ in range(49):
        poor.add(seen("ABC1D34", sure=0.6), 0.1)
    for _ in range(7):
        good.add(seen("ABC1D34", sure=0.6), 2.0)
    assert [poor.exhausted, good.exhausted] == [False, False]
    poor.add(seen("ABC1D34", sure=0.6), 0.1)
    good.add(seen("ABC1D34", sure=0.6), 2.0)
    assert [poor.exhausted, good.exhausted] == [True, True]
