"""The probability of a plate, given a vote, is that of Bayes' rule over all plates; no probable text is left out."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.plate import Layout, layout_of
from pipeline.domain.ports import CharacterProbabilities
from pipeline.hotlists.plate_probability import PLATES, probable_plates
from tests.lpr.plates import ALPHABET, SLOTS, any_texts, brazilian_plates, seen


def test_a_sure_vote_is_its_own_text_and_no_other() -> None:
    found = probable_plates(seen("ABC1D23", sure=0.999), 0.01)
    assert found.keys() == {"ABC1D23"}
    assert found["ABC1D23"] > 0.95


def test_a_doubted_character_counts_as_much_as_the_vote_says_and_a_similar_looking_one_counts_nothing() -> None:
    doubted = seen("ABC1D28", sure=0.99, doubts={6: ("3", 0.3)})
    found = probable_plates(doubted, 0.01)
    assert found["ABC1D23"] == pytest.approx(0.3, abs=0.03)
    assert found["ABC1D28"] == pytest.approx(0.69, abs=0.05)
    assert "ABC1D26" not in found, "6 and 8 look alike, and this vote does not doubt between them"


def test_digits_and_letters_are_decided_by_their_place() -> None:
    found = probable_plates(seen("ABCIO23", sure=0.9, doubts={3: ("1", 0.2)}), 0.01)
    assert max(found, key=lambda text: found[text]) == "ABC1O23"


def test_a_character_that_was_nearly_left_out_is_found() -> None:
    short = seen("ABC1D2", sure=0.99, doubts={6: ("3", 0.45)})
    assert probable_plates(short, 0.05)["ABC1D23"] > 0.2


def test_a_foreign_plate_is_no_brazilian_one() -> None:
    found = probable_plates(seen("AB123CD", sure=0.99), 0.01)
    assert found.keys() == {"AB123CD"}


def test_an_empty_reading_is_no_plate() -> None:
    assert probable_plates(seen("", sure=0.99), 0.001) == {}


@given(
    text=brazilian_plates | any_texts,
    sure=st.floats(0.2, 0.99),
    least=st.floats(0.005, 0.5),
    doubts=st.dictionaries(st.integers(0, 6), st.tuples(st.sampled_from("ABOQ0158"), st.floats(0.0, 0.19)), max_size=3),
)
def test_probabilities_add_up_to_one_at_most(
    text: str, sure: float, least: float, doubts: dict[int, tuple[str, float]]
) -> None:
    found = probable_plates(seen(text, sure=sure, doubts=doubts), least)
    assert sum(found.values()) <= 1 + 1e-9
    assert len(found) <= 1 / least
    assert all(probability >= least - 1e-12 for probability in found.values())


def test_no_text_of_the_stated_probability_is_left_out() -> None:
    """Compared with all combinations of four characters per place."""
    rng = np.random.default_rng(3)
    for _ in range(20):
        values = np.full((SLOTS, len(ALPHABET)), 1e-9)
        values[7:, ALPHABET.index("_")] = 1.0
        choices = []
        for slot, kind in enumerate(("L", "L", "L", "D", "LD", "D", "D")):
            letters = "".join(rng.choice(list("ABCDEFGH"), 2, replace=False)) if "L" in kind else ""
            digits = "".join(rng.choice(list("0123456789"), 2, replace=False)) if "D" in kind else ""
            choices.append(letters + digits)
            for character in letters + digits:
                values[slot, ALPHABET.index(character)] = rng.uniform(0.05, 1)
        values /= values.sum(axis=1, keepdims=True)
        vote = CharacterProbabilities(values.astype(np.float32), ALPHABET, "_")
        every = probable_plates(vote, 1e-4)
        assert sum(every.values()) > 0.9
        least = 0.01
        expected = {text for text in map("".join, product(*choices)) if every.get(text, 0) >= least * 1.0001}
        assert expected <= probable_plates(vote, least).keys()
        assert all(layout_of(text) is not Layout.OTHER for text in expected)


def test_the_background_has_as_many_plates_as_both_layouts_have_vehicles() -> None:
    assert 26**3 * 10_000 < PLATES < 26**3 * 10_000 + 26**4 * 1000
