"""Brazilian license plates: layouts, and the search key shared by both forms of a converted plate."""

from __future__ import annotations

import re
import string
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pipeline.errors import StoreError


class Layout(StrEnum):
    """Syntax of a plate's text."""

    BR_OLD = "br_old"
    """LLLNNNN, issued until 2020, still valid."""
    BR_MERCOSUL = "br_mercosul"
    """LLLNLNN, CONTRAN resolution 969/2022."""
    OTHER = "other"
    """Anything else: foreign, diplomatic, official or misread plates. Stored, never discarded."""


CLOSE_UP_WIDTH: Final = 0.62
"""Width of a plate from which its image is a close-up, as a fraction of the image's width."""

_OLD = re.compile(r"[A-Z]{3}[0-9]{4}")
_MERCOSUL = re.compile(r"[A-Z]{3}[0-9][A-Z][0-9]{2}")
_CHARACTERS = string.ascii_uppercase + string.digits
_DIGIT_OF = {chr(ord("A") + digit): str(digit) for digit in range(10)}
_LONGEST: Final = 64
"""Letters and digits of what may still be a plate to search for; the longest real ones have some ten."""
_NOT_PLATE_CHARACTER = re.compile(r"[^A-Z0-9]")
_WRITTEN_PLATE: Final = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z .-]{0,14}[0-9A-Za-z])?")
_LONGEST_OTHER: Final = 10
"""Letters and digits of the longest plates of other layouts: German ones have up to nine."""
_WORD: Final = re.compile(r"[A-Z]{6}")
"""More letters in a row than plates have: a word."""
_WILDCARDS: Final = frozenset("*?%_")
_BRAZILIAN_LENGTH: Final = 7
_LETTER_OF: Final = {"0": "O", "1": "I", "2": "Z", "5": "S", "6": "G", "8": "B"}
_DIGIT_LIKE: Final = {letter: digit for digit, letter in _LETTER_OF.items()} | {"Q": "0", "D": "0", "L": "1"}


def normalize(text: str) -> str:
    """Upper case, letters and digits only: ``abc-1234`` becomes ``ABC1234``."""
    return _NOT_PLATE_CHARACTER.sub("", text.upper())


def may_be_plate(text: str) -> bool:
    """Whether a text may be on a plate: a Brazilian layout, or a few letters and digits without words.

    Args:
        text: as read; spaces, dots and hyphens may separate its characters.
    """
    if not _WRITTEN_PLATE.fullmatch(text):
        return False
    characters = normalize(text)
    if layout_of(characters) is not Layout.OTHER:
        return True
    has_digit = any(character.isdigit() for character in characters)
    return has_digit and len(characters) <= _LONGEST_OTHER and not _WORD.search(characters)


def check_characters(text: str) -> str:
    """The same text, if it has only letters and digits that plates have: others would fall out of the search.

    Raises:
        StoreError: it has one of another alphabet, or with an accent.
    """
    foreign = next((char for char in text if not char.isascii() and unicodedata.category(char)[0] in "LMN"), None)
    if foreign is not None:
        name = unicodedata.name(foreign, f"U+{ord(foreign):04X}").lower()
        raise StoreError(
            f"plate {text[:20]!r}",
            f"holds {foreign!r} ({name}), which is read on no plate",
            "Type it with the letters A to Z and the digits 0 to 9",
        )
    return text


def check_plate(text: str) -> str:
    """The same text, if it can be a plate to search for or to erase, in any writing.

    Raises:
        StoreError: it has no letter or digit, or more than 64; or one that plates do not have.
    """
    check_characters(text)
    characters = normalize(text)
    if not characters:
        raise StoreError(f"plate {text!r}", "has no letter or digit", "Write it like ABC1D23 or ABC-1234")
    if len(characters) > _LONGEST:
        raise StoreError(f"plate {text[:20]!r}…", f"has more than {_LONGEST} letters and digits", "Check the text")
    return text


def check_question(text: str, *, like: bool = False, any_plate: bool = False) -> str:
    """The same text, if a question about it can have an answer other than "no".

    Args:
        text: a plate in any writing; with `like` a pattern of ``*`` (any text) and ``?`` (one character).
        like: whether wildcards are allowed.
        any_plate: also foreign, official and misread plates, whose layouts are unknown.

    Raises:
        StoreError: no letter, digit or wildcard, or too many; a letter of another alphabet; a wildcard in a plate; no
            Brazilian layout.
    """
    check_characters(text)
    found = _WILDCARDS & set(text)
    if found and not like:
        raise StoreError(
            f"plate {text[:20]!r}",
            "contains a wildcard, but --like is missing",
            "Add --like: * is any text, ? one character",
        )
    if found - {"*", "?"}:
        raise StoreError(
            f"plate {text[:20]!r}",
            "holds % or _, which are no wildcards here",
            "Write * for any text, ? for one character",
        )
    if not (found or check_plate(text)) or any_plate or "*" in text:
        return text
    characters = _NOT_PLATE_CHARACTER.sub("", text.upper().replace("?", "0")) if found else normalize(text)
    if len(characters) != _BRAZILIAN_LENGTH:
        raise StoreError(
            f"plate {text!r}",
            f"has {len(characters)} characters, and a Brazilian plate has {_BRAZILIAN_LENGTH}",
            _ANY_PLATE,
        )
    if not found and layout_of(characters) is Layout.OTHER:
        near = _with_letters_and_digits_in_place(characters)
        raise StoreError(
            f"plate {text!r}",
            "has neither Brazilian layout, ABC1234 or ABC1D23",
            f"Did you mean {near}? {_ANY_PLATE}" if near else _ANY_PLATE,
        )
    return text


_ANY_PLATE: Final = "Check it, or add --any-plate for a foreign, official or misread plate"


def check_erased_plate(text: str, *, any_plate: bool = False) -> str:
    """The same text, if an erasure of it can concern a vehicle: a whole plate, no pattern.

    Args:
        text: a plate in any writing.
        any_plate: also foreign, official and misread plates, whose layouts are unknown.

    Raises:
        StoreError: no letter or digit, or too many; a wildcard; no Brazilian layout.
    """
    if _WILDCARDS & set(text):
        raise StoreError(
            f"plate {text[:20]!r}",
            "holds a wildcard, and an erasure is of one whole plate",
            "Find the plates with viapublica plates --like, and erase each",
        )
    return check_question(text, any_plate=any_plate)


def _with_letters_and_digits_in_place(characters: str) -> str:
    """Seven characters, similar ones exchanged so that they have a Brazilian layout; "" if that is impossible."""
    for layout in ("LLLDDDD", "LLLDLDD"):
        pairs = zip(characters, layout, strict=True)
        text = "".join((_LETTER_OF if place == "L" else _DIGIT_LIKE).get(char, char) for char, place in pairs)
        if layout_of(text) is not Layout.OTHER:
            return text
    return ""


def layout_of(text: str) -> Layout:
    """The layout of a plate's text (normalized first)."""
    text = normalize(text)
    if _OLD.fullmatch(text):
        return Layout.BR_OLD
    if _MERCOSUL.fullmatch(text):
        return Layout.BR_MERCOSUL
    return Layout.OTHER


def plate_key(text: str) -> str:
    """The key under which a plate is stored, searched, listed and erased.

    CONTRAN resolution 969/2022 lets an owner convert ABC1234 into ABC1C34 (fifth character: digit n becomes the n-th
    letter from A). Both forms are one vehicle, so both have the key ABC1C34. All other texts are their own key.
    """
    text = normalize(text)
    if _OLD.fullmatch(text):
        return text[:4] + chr(ord("A") + int(text[4])) + text[5:]
    return text


def plate_forms(text: str) -> tuple[str, ...]:
    """The texts that this vehicle's plate may have: two if it was, or may be, converted to the Mercosul layout."""
    key = plate_key(text)
    if _MERCOSUL.fullmatch(key) and key[4] in _DIGIT_OF:
        return key, key[:4] + _DIGIT_OF[key[4]] + key[5:]
    return (key,)


def keys_near(text: str) -> frozenset[str]:
    """The keys of reads of this plate with at most one misread character.

    One character is substituted, in either form of the plate: of ABC1234, the misread AB01234 no longer has the old
    layout and is its own key, while ABC1834 has the key ABC1I34. Missing and extra characters are not considered.
    """
    near = {plate_key(text)}
    for form in plate_forms(text):
        for place in range(len(form)):
            near.update(plate_key(form[:place] + other + form[place + 1 :]) for other in _CHARACTERS)
    return frozenset(near)


@dataclass(frozen=True, slots=True)
class PlateRead:
    """A plate's text with its confidence.

    Attributes:
        text: upper case, letters and digits, as read; not empty.
        layout: syntax of the text.
        confidence: probability of the *weakest* character, 0 to 1: one wrong character is a wrong plate.
        characters: probability of each character of `text`.
        votes: number of crops combined.
    """

    text: str
    layout: Layout
    confidence: float
    characters: tuple[float, ...]
    votes: int = 1

    @property
    def key(self) -> str:
        """See `plate_key`."""
        return plate_key(self.text)
