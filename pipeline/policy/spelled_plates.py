"""Plates that a text spells with spaces, signs, words or single letters between its characters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

_PLATE: Final = re.compile(r"(?=([a-z]{3}[0-9][a-z0-9][0-9]{2}))")
"""Both Brazilian layouts, also where they overlap."""
_IN_WORDS: Final = re.compile(r"(?<![^\W_])[A-Za-z]{3}[\W_]{0,3}[0-9][A-Za-z0-9][0-9]{2}(?![^\W_])")
_NUMBERED: Final = re.compile(
    r"[A-Za-z]{3}[\W_]+(?:19|20)[0-9]{2}|(?:art|cam|dec|doc|dvr|fls|inq|ipl|lei|nvr|res|rua|sei|tel)[\W_]+[0-9]{4}",
    re.IGNORECASE,
)
"""Words that stand before a number: of an inquiry, a law, a device."""
_OF_YEAR: Final = re.compile(r"\s?[/.-]\s?[0-9]{2,4}(?![0-9])")
"""Follows the number of a case: ``XYZ 1234/2026``."""
_SEPARATOR: Final = re.compile(r"[\W_]+")
_DIGITS: Final = {
    word: str(number) for number, word in enumerate("zero one two three four five six seven eight nine".split())
}


def spells_plate(text: str) -> bool:
    """Whether a text has a plate in it, also one whose characters are separated: ``SQR/1A09``, ``S.Q.R.1.A.0.9``."""
    return _PLATE.search(_SEPARATOR.sub("", text).casefold()) is not None


def spelling_words(words: Sequence[str]) -> set[int]:
    """Indexes of the words that spell a plate.

    A plate begins where a word begins. It is spelled by consecutive words (``ABC 1 D 23``, ``AB C1D23``, ``the 1234``),
    or by single letters and numbers with other words between them (``a camera b camera c 1234``). Digits may be
    written as English words.

    Args:
        words: of a text, in order.
    """
    found: set[int] = set()
    folded = [word.casefold() for word in words]
    every = list(enumerate(folded))
    spread = [(index, word) for index, word in every if len(word) == 1 or word in _DIGITS or not word.isalpha()]
    for parts in (every, spread):
        for read in (parts, [(index, _DIGITS.get(word, word)) for index, word in parts]):
            found.update(_spelling(read))
    return found


def _spelling(parts: Sequence[tuple[int, str]]) -> Iterator[int]:
    """Indexes of parts whose joined text has a plate that begins where a part begins."""
    starts: dict[int, int] = {}
    ends: list[int] = []
    length = 0
    for number, (_, word) in enumerate(parts):
        starts[length] = number
        length += len(word)
        ends.append(length)
    for match in _PLATE.finditer("".join(word for _, word in parts)):
        if match.start() not in starts:
            continue
        first = starts[match.start()]
        last = next(number for number, end in enumerate(ends) if end >= match.end(1))
        yield from (index for index, _ in parts[first : last + 1])


def plates_in_words(text: str) -> list[str]:
    """The Brazilian plates that a text for people names as one word or two: ``ABC1D23``, ``ABC-1234``, ``abc 1234``.

    A year, or a number after such a word as ``SEI`` or ``IPL``, is none; nor is one apart that a year follows:
    ``PAD 1234/2026``.
    """
    found = [match for match in _IN_WORDS.finditer(text) if not _NUMBERED.fullmatch(match[0])]
    return [match[0] for match in found if match[0].isalnum() or not _is_of_year(match, text)]


def _is_of_year(match: re.Match[str], text: str) -> bool:
    return match[0][-3].isdigit() and _OF_YEAR.match(text, match.end()) is not None
