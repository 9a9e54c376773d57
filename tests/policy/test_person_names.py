"""Names of persons: no letter of another script, and no second name that reads as the first."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ReleaseError
from pipeline.policy.person_names import LATIN_LETTERS, check_letters, same_person

LATIN = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzçãéíõüABCDEFGH 2346789"), min_size=1, max_size=20).map(
    "Ana{}".format
)


@pytest.mark.parametrize(
    "name", ["Ana Conceição", "João d'Ávila", "1º Ten. Silva", "Müller-Groß", "Łukasz Øst", "Nuñez", "O’Neill", "Đặng"]
)
def test_names_in_latin_letters_are_accepted(name: str) -> None:
    check_letters("by", name)


def test_no_letter_of_any_other_script_is_accepted() -> None:
    """Every character of Unicode that is a letter, once in an otherwise plain name."""
    accepted = set()
    for code in range(128, sys.maxunicode + 1):
        char = chr(code)
        if not char.isalpha():
            continue
        try:
            check_letters("by", f"brun{char}")
        except ReleaseError:
            continue
        accepted.add(char)
    plain = {unicodedata.normalize("NFKD", char) for char in accepted}
    base = {one for text in plain for one in text if not unicodedata.combining(one)}
    assert base - set(LATIN_LETTERS) - {one.upper() for one in LATIN_LETTERS} <= set(map(chr, range(128))) | {
        "’",
        "ẞ",
        "·",
    }
    assert len(accepted) > 500, "accented letters, and their compatibility forms, which are compared as plain ones"


@pytest.mark.parametrize("letter", ["օ", "о", "ο", "ᴏ", "ⲟ", "ዐ", "〇", "ɑ", "ı", "ꓳ", "𐐬"])
def test_letters_that_look_latin_are_named_and_refused(letter: str) -> None:
    with pytest.raises(ReleaseError, match="which is not used in Portuguese names"):
        check_letters("by", f"brun{letter}")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("bruno", "BRUNO"),
        ("bruno", "brunó"),
        ("bruno", "brun\uff4f"),
        ("bruno", "𝐛𝐫𝐮𝐧𝐨"),
        ("Bruno", "8runo"),
        ("bruno lima", "bruno  lima."),
        ("Ana O'Neill", "ana o’neill"),
        ("Bruno Lima", "Brun0 Lima".replace("0", "o")),
        ("OTTO", "0TT0"),
        ("Iara", "lara"),
        ("Al Silva", "A1 Silva"),
        ("Bernardo", "Bemardo"),
        ("Strauß", "STRAUSS"),
        ("Dr. Ana", "ana"),
        ("Dra. Ana Lima", "Profª. Ana Lima"),
        ("Sr. Prof. Bruno", "Sra. Bruno"),
        ("D. Ana", "Ana"),
        ("Ana", "Ana Lima"),
        ("Lima, Ana", "Ana Maria Lima"),
        ("Dr.Ana", "Ana de Souza"),
        ("dr ana-lima", "AnaLima"),
        ("Dr. lara", "Iara"),
        ("Ana Lima", "A. Lima"),
        ("Ana Lima", "Ana L."),
        ("Ana Lima", "A.L."),
        ("Ana Lima", "Lima A"),
        ("Ana Lima", "alima"),
        ("Ana Maria Lima", "amlima"),
        ("Ana Lima", "Anna Lyma"),
        ("Bruno Sousa", "Bruno Souza"),
        ("Tiago", "Thiago"),
        ("Luís", "Luiz"),
        ("Ana de Lima", "Ana da Lima"),
        ("Ana Lima", "Ana Llma"),
        ("Ana Rita", "Ana Rlta"),
        ("Bia Z", "Bia 2"),
        ("Giana", "6iana"),
        ("Vivian", "Uiuian"),
        ("Walter", "VValter"),
        ("ana", "ana1"),
        ("Ana", "4na"),
        ("Sargento Ana", "Ana Lima"),
        ("1º Sgt Ana", "2º Ten. Ana Lima"),
        ("Delegada Ana Lima", "Cap. Ana Lima"),
        ("Ana Maria Lima", "Ana M. Lima"),
        ("Ana Maria Souza", "AMS"),
        ("Ana Maria Souza", "ams"),
        ("Ana Maria Souza", "A.M.S."),
        ("Ana Maria Souza", "Dra. A. M. S."),
        ("Ana Maria Souza", "AM"),
        ("Ana Maria Souza", "A.S."),
        ("Ana Maria Souza", "MS"),
        ("Ana Maria Souza", "AM Souza"),
        ("Ana Maria Souza", "Ana MS"),
        ("Ana Maria de Souza", "AMdS"),
        ("Ana Maria de Souza Lima", "AMSL"),
        ("Sgt Ana Maria Souza", "AMS"),
        ("Ângela Maria Souza", "ams"),
    ],
)
def test_names_that_read_as_one_are_one_person(one: str, other: str) -> None:
    assert same_person(one, other)
    assert same_person(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Iara", "Lara"),
        ("Ana", "Bia"),
        ("Ana Lima", "Ana Silva"),
        ("Ana Lima", "Dr. Bia Lima"),
        ("Carla Souza", "Carlos Souza"),
        ("João Pereira", "José Pereira"),
        ("Clara Lima", "Dara Lima"),
        ("Ana Maria Lima", "Ana Costa Lima"),
        ("Sgt Silva", "Sgt Souza"),
        ("A. Lima", "B. Lima"),
        ("Marcos", "Marcelo"),
        ("Paula Reis", "Paulo Reis"),
        ("alima", "blima"),
        ("Ana Maria Souza", "AMT"),
        ("Ana Maria Souza", "SMA"),
        ("Ana Maria Souza", "AMSL"),
        ("Ana Maria Souza", "Bruno MS"),
    ],
)
def test_other_names_are_other_persons(one: str, other: str) -> None:
    assert not same_person(one, other)


@given(LATIN)
def test_case_and_spaces_make_no_second_person(name: str) -> None:
    assert same_person(name, f"  {name} ")
    assert same_person(name.casefold(), name)
    assert not same_person(name.replace(" ", ""), name.replace(" ", "") + "xo")
