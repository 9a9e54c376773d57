"""Names of persons in a register: written in one way, and never two names that read as one."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import Final

from pipeline.errors import ReleaseError

LATIN_LETTERS: Final = {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th"}
"""Letters of European names that are no ASCII letter with accents, and what they are compared as."""
_PUNCTUATION: Final = frozenset(" -'.,’\u00b7()")
_ALIKE: Final = str.maketrans({"I": "l", "1": "l", "0": "O", "5": "S", "8": "B"})
"""ASCII characters that many typefaces draw alike (Unicode TS 39). Case matters: Iara is not Lara."""
_TITLES: Final = frozenset(
    "dr dra sr sra srta srs sras senhor senhora dom dona d prof profa doutor doutora professor professora".split()
)
"""Forms of address before a name, which make no other person of it."""
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
    """Whether two names read as one, or can be of one person.

    They differ in case, accents, punctuation, titles or confusable characters only, or one has all words of the other:
    "Dr. Ana Lima", "ana lima" and "Ana" can be one person, who must not be the second one.
    """
    if _keys(one) & _keys(other):
        return True
    (spelled, drawn), (other_spelled, other_drawn) = _words(one), _words(other)
    return _contained(spelled, other_spelled) or _contained(drawn, other_drawn)


def _is_allowed(char: str) -> bool:
    return (char.isascii() and char.isalnum()) or char in _PUNCTUATION or char.lower() in LATIN_LETTERS


def _keys(name: str) -> set[tuple[str, str]]:
    """What the name is compared by: as it is spelled, and as it appears."""
    base = _base(name)
    return {("spelled", _letters(base.casefold())), ("drawn", _letters(_drawn(base)))}


def _words(name: str) -> tuple[list[str], list[str]]:
    """The words of a name without titles, as they are spelled and as they appear."""
    words = re.findall(r"[^\W_]+", re.sub("['’]", "", _base(name)))
    named = [word for word in words if word.casefold() not in _TITLES] or words
    return [word.casefold() for word in named], [_drawn(word) for word in named]


def _contained(one: list[str], other: list[str]) -> bool:
    """Whether all words of one are among those of the other, also when they are joined there."""
    fewer, more = sorted((one, other), key=len)
    return not Counter(fewer) - Counter(more) or "".join(one) == "".join(other)


def _base(name: str) -> str:
    return "".join(LATIN_LETTERS.get(char.lower(), char) for char in _without_accents(name))


def _drawn(base: str) -> str:
    drawn = base.translate(_ALIKE)
    for pair, single in _PAIRS_ALIKE:
        drawn = drawn.replace(pair, single)
    return drawn


def _letters(text: str) -> str:
    """Letters and digits only; the whole text where it has none."""
    return "".join(char for char in text if char.isalnum()) or text


def _without_accents(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name))
    return "".join(char for char in decomposed if not unicodedata.combining(char))
