"""Models with labels outside the allow-list are refused."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.domain.labels import Label
from pipeline.errors import PolicyError
from pipeline.policy.labels import ALLOWED, HARMLESS, check_labels

_KNOWN = sorted(ALLOWED | HARMLESS)


def _dressed(word: str) -> str:
    return f" {word.replace('_', ' ').title()} "


@given(st.lists(st.sampled_from(_KNOWN)))
def test_listed_labels_are_accepted_in_any_spelling(words: list[str]) -> None:
    check_labels("m", words)
    check_labels("m", [_dressed(word) for word in words])


@given(st.lists(st.sampled_from(_KNOWN)), st.text(min_size=1, max_size=20), st.integers(0, 5))
def test_one_unknown_label_among_others_is_refused_by_name(words: list[str], odd: str, at: int) -> None:
    assume(odd.strip().lower().replace(" ", "_") not in ALLOWED | HARMLESS)
    with pytest.raises(PolicyError) as caught:
        check_labels("model-x", [*words[:at], odd, *words[at:]])
    assert repr(odd) in str(caught.value)
    assert "model-x" in str(caught.value)
    assert "art. 12" in str(caught.value)


@pytest.mark.parametrize(
    "label",
    "man woman child male female gender race asian white_person black_person hijab turban wheelchair protester "
    "religious_symbol union_flag pregnant emotion age face_recognition person_name".split(),
)
def test_sensitive_labels_are_refused(label: str) -> None:
    with pytest.raises(PolicyError):
        check_labels("m", ["person", label])


def test_all_labels_are_allowed_and_no_harmless_label_names_a_kind_of_person() -> None:
    assert {label.word for label in Label} == ALLOWED
    assert not {word for word in HARMLESS if "person" in word or "man" in word.split("_")}
    check_labels("without labels", [])
