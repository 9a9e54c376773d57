"""Both plate forms of a vehicle have the same key."""

from __future__ import annotations

import string
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.plate import (
    Layout,
    PlateRead,
    check_erased_plate,
    check_plate,
    check_question,
    keys_near,
    layout_of,
    normalize,
    plate_forms,
    plate_key,
)
from pipeline.errors import StoreError

_OLD = st.from_regex(r"[A-Z]{3}[0-9]{4}", fullmatch=True)
_MERCOSUL = st.from_regex(r"[A-Z]{3}[0-9][A-Z][0-9]{2}", fullmatch=True)


@pytest.mark.parametrize(
    ("old", "converted"),
    [("ABC1234", "ABC1C34"), ("AAA0000", "AAA0A00"), ("ZZZ9999", "ZZZ9J99"), ("abc-1034", "ABC1A34")],
)
def test_a_converted_plate_has_the_key_of_the_old_one(old: str, converted: str) -> None:
    assert plate_key(old) == plate_key(converted) == converted


@pytest.mark.parametrize("text", ["", "  ", "...", "?", "---"])
def test_a_text_without_letters_and_digits_is_no_plate(text: str) -> None:
    with pytest.raises(StoreError, match="has no letter or digit"):
        check_plate(text)


@pytest.mark.parametrize(
    "text", ["é", "LS\u04221A23", "\u0141ST1A23", "ABC1D2\uff13", "ABC1D23\u00ba", "E\u0301BC1D23"]
)
def test_a_letter_that_no_plate_has_is_refused_and_never_falls_out_of_a_question(text: str) -> None:
    for check in (
        check_plate,
        check_erased_plate,
        partial(check_erased_plate, any_plate=True),
        partial(check_question, any_plate=True),
        partial(check_question, like=True, any_plate=True),
    ):
        with pytest.raises(StoreError, match="which is read on no plate"):
            check(text)
    with pytest.raises(StoreError, match="which is read on no plate"):
        check_question(f"{text}*", like=True)


def test_a_plate_in_any_writing_passes_and_an_endless_one_does_not() -> None:
    for text in ("ABC1D23", "abc-1234", " a ", "B" * 64, "-" * 1000 + "7"):
        assert check_plate(text) == text
    with pytest.raises(StoreError, match="more than 64 letters and digits"):
        check_plate("B" * 65)


@given(_OLD)
def test_every_old_plate_shares_its_key_with_its_conversion_only(old: str) -> None:
    converted = old[:4] + "ABCDEFGHIJ"[int(old[4])] + old[5:]
    assert layout_of(old) is Layout.BR_OLD
    assert layout_of(converted) is Layout.BR_MERCOSUL
    assert plate_key(old) == converted == plate_key(converted)


@given(_OLD, _OLD)
def test_two_old_plates_share_a_key_only_when_they_are_the_same(a: str, b: str) -> None:
    assert (plate_key(a) == plate_key(b)) is (a == b)


@given(_MERCOSUL)
def test_a_mercosul_plate_is_its_own_key(plate: str) -> None:
    assert plate_key(plate) == plate


@given(st.text(max_size=12))
def test_a_key_is_normalized_and_its_own_key(text: str) -> None:
    key = plate_key(text)
    assert set(key) <= set(string.ascii_uppercase + string.digits)
    assert plate_key(key) == key
    assert len(key) == len(normalize(text))


@given(st.text(string.ascii_uppercase + string.digits, max_size=9))
def test_separators_and_case_do_not_matter(text: str) -> None:
    assert plate_key("-".join(text.lower())) == plate_key(text)
    assert layout_of(" ".join(text.lower())) is layout_of(text)


@given(st.text(string.ascii_uppercase + string.digits, max_size=9))
def test_a_text_that_is_no_brazilian_plate_is_its_own_key(text: str) -> None:
    if layout_of(text) is Layout.OTHER:
        assert plate_key(text) == text


def test_a_read_has_its_key() -> None:
    assert PlateRead("ABC1234", Layout.BR_OLD, 0.9, (0.9,) * 7).key == "ABC1C34"


@given(st.from_regex(r"[A-Z]{3}[0-9]([0-9]|[A-Z])[0-9]{2}", fullmatch=True))
def test_every_form_of_a_plate_has_its_key_and_no_other_writing_has(text: str) -> None:
    forms = plate_forms(text)
    assert text in forms
    assert {plate_key(form) for form in forms} == {plate_key(text)}
    assert len(forms) == (1 if layout_of(text) is Layout.BR_MERCOSUL and text[4] > "J" else 2)


def test_a_vehicle_has_the_forms_it_may_be_converted_to() -> None:
    assert plate_forms("abc-1234") == plate_forms("ABC1C34") == ("ABC1C34", "ABC1234")
    assert plate_forms("ABC1K34") == ("ABC1K34",)
    assert plate_forms("ABC12") == ("ABC12",)


@given(st.text("ABCJKZ0189", min_size=7, max_size=7), st.integers(0, 6), st.sampled_from("ABCJKZ0189"))
def test_a_read_with_one_misread_character_has_a_near_key(text: str, place: int, wrong: str) -> None:
    for form in plate_forms(text):
        misread = form[:place] + wrong + form[place + 1 :]
        assert plate_key(misread) in keys_near(text)
        assert plate_key(text) in keys_near(text)


def test_keys_near_a_plate_are_few_enough_for_point_reads() -> None:
    assert len(keys_near("ABC1C34")) < 500
    assert {"ABC1C34", "AB01234", "AB01C34", "ABC1Z34"} <= keys_near("ABC-1234")
    assert keys_near("ABC1234") == keys_near("ABC1C34")
    assert "ABC1K34" in keys_near("ABC1234")
    assert "ABC1034" not in keys_near("ABC1234"), "its key is ABC1A34"
