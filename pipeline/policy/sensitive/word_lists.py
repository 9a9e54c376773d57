"""Word lists of the package: words about people, names of places, and the words that decide what is meant.

They are text files in the folder ``words``, for people who know the law and not this program: sections in brackets,
entries separated by commas, ``o/a`` for both endings, ``#`` for comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

from pipeline.domain.camera import Surroundings
from pipeline.domain.sensitive_category import SensitiveCategory
from pipeline.policy.sensitive.spelling import folded, tokens

SMALL: Final = frozenset("a as ao aos da das de del do dos e el la las los of o os s the y".split())
"""Words that do not count within an expression."""
LEAST_FOLDED: Final = 4
"""Characters of a word from which on signs that resemble one another are one: shorter words are too alike."""
_LEAST_INSIDE: Final = 6
"""Characters of a word from which on it is found within a longer one (``portadaigreja``)."""
_MOST_REMEMBERED: Final = 20_000
_SMALL_READ: Final = frozenset(folded(word) for word in SMALL if len(word) > 1)
_SECTION: Final = re.compile(r"\[(.+)\]")


Entry = tuple[str, str, SensitiveCategory]
"""Section, expression and category."""


@dataclass(frozen=True, slots=True, eq=False)
class PeopleWords:
    """Words that say something sensitive about people, each with its category.

    Attributes:
        entries: what the others are made of.
        plain: of one word; read: the same as `folded`, those of few letters in `short`.
        inside: those that are found within longer words, as read.
        whole: expressions of several words, without spaces.
        expressions: the same without small words, as read.
        pairs: the same as sorted folded words without small ones: any order of words is found.
        beside, beside_read: words that count only beside a word for a person, plain and as read.
        keys: plain words that count only as headings and names of fields.
    """

    entries: tuple[Entry, ...]
    plain: Mapping[str, SensitiveCategory]
    read: Mapping[str, SensitiveCategory]
    short: Mapping[str, SensitiveCategory]
    inside: Mapping[str, SensitiveCategory]
    whole: Mapping[str, SensitiveCategory]
    expressions: Mapping[str, SensitiveCategory]
    pairs: Mapping[tuple[str, ...], SensitiveCategory]
    beside: Mapping[str, SensitiveCategory]
    beside_read: Mapping[str, SensitiveCategory]
    keys: Mapping[str, SensitiveCategory]

    def with_words(self, words: Mapping[str, SensitiveCategory]) -> PeopleWords:
        """The same with further entries; none is ever removed or changed."""
        return _people([*self.entries, *(("people", entry, category) for entry, category in words.items())])


@dataclass(frozen=True, slots=True)
class PlaceWords:
    """Names of sensitive places, each with the place.

    Attributes:
        plain: as written; folded: as read, those of few letters in `short`; inside: those found within longer words.
        beginnings: of words that no other place has, as read; initials: letters that count with dots alone.
    """

    plain: Mapping[str, Surroundings]
    folded: Mapping[str, Surroundings]
    short: Mapping[str, Surroundings]
    inside: Mapping[str, Surroundings]
    beginnings: Mapping[str, Surroundings]
    initials: Mapping[str, Surroundings]


@cache
def people_words() -> PeopleWords:
    """The package's words about people."""
    return _people(
        [
            (section, entry, category)
            for category in SensitiveCategory
            for section, entry in _entries(f"people/{category.value}.txt")
        ]
    )


@cache
def place_words() -> PlaceWords:
    """The package's names of places."""
    plain: dict[str, Surroundings] = {}
    beginnings: dict[str, Surroundings] = {}
    initials: dict[str, Surroundings] = {}
    for place in Surroundings:
        for section, entry in _entries(f"places/{place.value}.txt"):
            if section == "beginnings":
                beginnings[folded(_spaced(entry))] = place
            elif section == "initials":
                initials[_spaced(entry)] = place
            else:
                parts = _spaced(entry).split()
                plain.setdefault("".join(parts), place)
                plain.setdefault("".join(part for part in parts if part not in SMALL), place)
    every = plain | {f"{letters}.": place for letters, place in initials.items()}
    read = {folded(word): place for word, place in every.items() if len(folded(word)) >= LEAST_FOLDED}
    inside = {folded(word): place for word, place in every.items() if len(folded(word)) >= _LEAST_INSIDE}
    short = {folded(word): place for word, place in plain.items() if len(folded(word)) < LEAST_FOLDED}
    return PlaceWords(every, read, short, inside, beginnings, initials)


@cache
def context_words(section: str) -> frozenset[str]:
    """Words of one section of ``context.txt``, plain; those of several words are joined by blanks."""
    found = (_spaced(entry) for at, entry in _entries("context.txt") if at == section)
    return frozenset(form for word in found for form in (word, f"{word}s") if form)


@cache
def read_context(section: str) -> frozenset[str]:
    """The same words as they are read (`folded`): ``m0t0rista`` is a person too."""
    return frozenset(
        form
        for word in context_words(section)
        if len(form := " ".join(map(folded, word.split()))) >= (2 if section == "between" else LEAST_FOLDED)
    )


@lru_cache(maxsize=_MOST_REMEMBERED)
def is_context(word: str, section: str) -> bool:
    """Whether a plain word is in a section of ``context.txt``, in any spelling."""
    return word in context_words(section) or folded(word) in read_context(section)


@lru_cache(maxsize=_MOST_REMEMBERED)
def is_small(word: str) -> bool:
    """Whether a plain word does not count within an expression, in any spelling."""
    return word in SMALL or (len(word) > 1 and folded(word) in _SMALL_READ)


@cache
def near_words() -> tuple[frozenset[str], tuple[str, ...]]:
    """Everyday words that are like a word about people and are not it (``frente`` and ``crente``), and beginnings."""
    entries = list(_entries("near.txt"))
    words = frozenset(_spaced(entry) for section, entry in entries if section == "words")
    return words, tuple(_spaced(entry) for section, entry in entries if section == "beginnings")


def _people(entries: Sequence[Entry]) -> PeopleWords:
    plain: dict[str, SensitiveCategory] = {}
    whole: dict[str, SensitiveCategory] = {}
    pairs: dict[tuple[str, ...], SensitiveCategory] = {}
    beside: dict[str, SensitiveCategory] = {}
    keys: dict[str, SensitiveCategory] = {}
    for section, entry, category in entries:
        words = _spaced(entry).split()
        if section == "people beside a person":
            beside.setdefault(" ".join(words), category)
        elif section == "keys":
            keys.setdefault(words[0], category)
        elif len(words) == 1:
            plain.setdefault(words[0], category)
        else:
            whole.setdefault("".join(words), category)
            whole.setdefault("".join(word for word in words if word not in SMALL), category)
            pairs.setdefault(tuple(sorted(folded(word) for word in words if word not in SMALL)), category)
    every = {folded(word): category for word, category in reversed(plain.items())}
    joined = {folded(word): category for word, category in whole.items()}
    return PeopleWords(
        tuple(entries),
        plain,
        {word: category for word, category in every.items() if len(word) >= LEAST_FOLDED},
        {word: category for word, category in every.items() if len(word) < LEAST_FOLDED},
        {word: category for word, category in (every | joined).items() if len(word) > _LEAST_INSIDE},
        whole,
        joined,
        pairs,
        beside,
        {folded(word): category for word, category in beside.items() if len(folded(word)) > LEAST_FOLDED},
        keys,
    )


def _entries(name: str) -> Iterator[tuple[str, str]]:
    """Sections and entries of a file, both genders of an entry apart."""
    section = ""
    text = files(__package__).joinpath("words", *name.split("/")).read_text(encoding="utf-8")
    for line in (written.split("#", 1)[0].strip() for written in text.splitlines()):
        if match := _SECTION.fullmatch(line):
            section = match[1]
            continue
        for entry in filter(None, (part.strip() for part in line.split(","))):
            yield section, entry.replace("/a", "", 1) if "/a" in entry else entry
            if "/a" in entry:
                head, _, rest = entry.partition("/a")
                yield section, (head[:-1] if head[-1] in "oe" else head) + "a" + rest


def _spaced(entry: str) -> str:
    return " ".join(word.plain for word in tokens(entry))
