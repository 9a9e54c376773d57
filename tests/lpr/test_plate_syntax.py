"""Syntax helps Brazilian plates and harms no other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pipeline.domain.plate import Layout, layout_of
from pipeline.domain.ports import CharacterProbabilities
from pipeline.lpr.plate_syntax import decode
from tests.lpr.plates import ALPHABET, SLOTS, any_texts, brazilian_plates, seen


@given(any_texts)
def test_a_clear_reading_of_any_text_gives_that_text(text: str) -> None:
    read = decode(seen(text, sure=0.99))
    assert read is not None
    assert read.text == text
    assert read.layout is layout_of(text)


@given(brazilian_plates, st.integers(0, 2))
def test_a_brazilian_plate_is_found_wherever_it_begins(text: str, start: int) -> None:
    read = decode(seen(text, start=start))
    assert read is not None
    assert read.text == text


@given(brazilian_plates, st.floats(0.5, 0.99))
def test_syntax_never_lowers_the_confidence_of_a_brazilian_character(text: str, sure: float) -> None:
    read = decode(seen(text, sure=sure))
    assert read is not None
    assert read.text == text
    assert read.confidence >= sure - 1e-3
    assert read.confidence == min(read.characters)


@pytest.mark.parametrize(
    ("raw", "slot", "other", "probability", "meant"),
    [
        ("ABC1O34", 4, "0", 0.3, "ABC1O34"),  # the fifth may be letter or digit: the surer one stays
        ("0BC1D34", 0, "O", 0.3, "OBC1D34"),
        ("ABCID34", 3, "1", 0.3, "ABC1D34"),
        ("ABC1DB4", 5, "8", 0.2, "ABC1D84"),
        ("A8C1234", 1, "B", 0.2, "ABC1234"),
        ("ABC12S4", 5, "5", 0.15, "ABC1254"),
        ("ABC123Z", 6, "2", 0.15, "ABC1232"),
    ],
)
def test_confusions_are_resolved_by_position(raw: str, slot: int, other: str, probability: float, meant: str) -> None:
    read = decode(seen(raw, sure=0.98, doubts={slot: (other, probability)}))
    assert read is not None
    assert read.text == meant


@pytest.mark.parametrize("foreign", ["ABC123", "AB123CD", "AA1234AA", "1234ABC", "B1", "ABCD123"])
def test_a_foreign_plate_is_returned_unchanged(foreign: str) -> None:
    read = decode(seen(foreign, sure=0.9))
    assert read is not None
    assert read.text == foreign
    assert read.layout is Layout.OTHER


def test_an_empty_plate_gives_no_text() -> None:
    assert decode(seen("")) is None


def test_a_resolved_confusion_has_a_lower_confidence() -> None:
    clear = decode(seen("ABC1D84"))
    settled = decode(seen("ABC1DB4", doubts={5: ("8", 0.2)}))
    assert clear is not None
    assert settled is not None
    assert settled.confidence < clear.confidence


@given(hnp.arrays(np.float32, (SLOTS, len(ALPHABET)), elements=st.floats(2**-10, 1, width=32)))
def test_confidence_is_a_probability_for_any_input(values: np.ndarray) -> None:
    values = values / values.sum(axis=1, keepdims=True)
    read = decode(CharacterProbabilities(values, ALPHABET, "_"))
    if read is not None:
        assert len(read.characters) == len(read.text) > 0
        assert all(0 <= character <= 1 for character in read.characters)
        assert read.confidence == min(read.characters)


def test_readers_with_fewer_slots_than_a_brazilian_plate_still_read() -> None:
    short = seen("AB12")
    read = decode(CharacterProbabilities(short.values[:5], ALPHABET, "_"))
    assert read is not None
    assert read.text == "AB12"
