"""Names of persons in a register: written in one way, and never two names that read as one."""

from __future__ import annotations

import unicodedata
from typing import Final

from pipeline.errors import ReleaseError

LATIN_LETTERS: Final = {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th"}
"""Letters of European names that are no ASCII letter with accents, and what they are compared as."""
_PUNCTUATION: Final = frozenset(" -'.,’\u00b7()")
_ALIKE: Final = str.maketrans({"I": "l", "1": "l", "0": "O", "5": "S", "8": "B"})
"""ASCII characters that many typefaces draw alike (Unicode TS 39). Case matters: Iara is not Lara."""
_PAIRS_ALIKE: Final = (("rn", "m"), ("vv", "w"), ("cl", "d"))


def check_letters(what: str, name: str) -> None:
    """Check that a name has letters of one script only, so that no letter of another one can stand in for them.

    Thousands of letters are drawn like Latin ones, and a list of them is never complete. What may be written is listed
    instead: ASCII letters with any accents, those of `LATIN_LETTERS`, digits, and the punctuation of names.

    Raises:
        ReleaseError: it has another character, or no letter.
    """
    base = _without_accents(name)
    other = next((char for char in base if not _is_allowed(char)), None)
    if other is not None:
        called = unicodedata.name(other, f"U+{ord(other):04X}")
        raise ReleaseError(
            what, f"{name!r} contains {called}, which is not used in Portuguese names", "Type it in Latin letters"
        )
    if not any(char.isalpha() for char in base):
        raise ReleaseError(what, f"{name!r} contains no letter", "Give the person's name")


def same_person(one: str, other: str) -> bool:
    """Whether two names read as one: they differ in case, accents, punctuation or confusable characters only."""
    return bool(_keys(one) & _keys(other))


def _is_allowed(char: str) -> bool:
    return (char.isascii() and char.isalnum()) or char in _PUNCTUATION or char.lower() in LATIN_LETTERS


def _keys(name: str) -> set[tuple[str, str]]:
    """What the name is compared by: as it is spelled, and as it appears."""
    base = "".join(LATIN_LETTERS.get(char.lower(), char) for char in _without_accents(name))
    drawn = base.translate(_ALIKE)
    for pair, single in _PAIRS_ALIKE:
        drawn = drawn.replace(pair, single)
    return {("spelled", _letters(base.casefold())), ("drawn", _letters(drawn))}


def _letters(text: str) -> str:
    """Letters and digits only; the whole text where it has none."""
    return "".join(char for char in text if char.isalnum()) or text


def _without_accents(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name))
    return "".join(char for char in decomposed if not unicodedata.combining(char))
