"""Words of a text as a person reads them: without accents, disguised letters, and signs between letters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from pipeline.policy.person_names import LATIN_LETTERS

_ALIKE: Final = str.maketrans(
    "аеорсухіјѕкмтнвԁɡԛԝьαεορικντυχηβ" + "ıłøđħŧðþ",
    "aeopcyxijskmthbdgqwbaeopikvtuxnb" + "ilodhtdp",
)
"""Cyrillic, Greek and other letters that are drawn like Latin ones."""
_SAME: Final = str.maketrans("0134567829@$!|€lyzkjv", "oieasgtbsgasiieiisciu")
"""Letters, digits and signs that are read as one another; ``j`` is written ``i`` in Latin."""
_TOKEN: Final = re.compile(r"[a-z0-9@$!|€]+")
_REPEATED: Final = re.compile(r"(.)\1+")
_FRAGMENT: Final = 3
"""Longest part of a word that is taken to pieces (``ig-re-ja``)."""
_LETTER_NAME: Final = re.compile(r"(?:LATIN|NEGATIVE|REGIONAL INDICATOR|SQUARED LATIN)\b.* ([A-Z])")
"""Of letters and symbols that show one Latin letter: ``LATIN LETTER SMALL CAPITAL A``."""
_OTHER_LATIN: Final = frozenset("ªºıħŧĸŋ")
_MOST_REMEMBERED: Final = 20_000
"""Words; names of streets share most of theirs."""
_INVISIBLE: Final = frozenset({"Mn", "Me", "Cf", "Cc"})
_BREAKS: Final = frozenset(".,;:!?()\n")


@dataclass(frozen=True)
class Word:
    """A word of a text.

    Attributes:
        plain: in lower case, without accents; digits and signs that stand for letters are as written.
        begin, end: its place in the text.
        number: of the first token it is made of; count: of its tokens.
        capital: whether it begins with a capital letter.
        after_break: whether a comma, a stop or the like is between it and the word before.
    """

    plain: str
    begin: int
    end: int
    number: int
    count: int = 1
    capital: bool = False
    after_break: bool = False

    @cached_property
    def folded(self) -> str:
        """See `folded`."""
        return folded(self.plain)


def foreign_letter(text: str) -> str:
    """The Unicode name of the first letter that Portuguese, Spanish and English do not use; "" when there is none.

    Thousands of letters are drawn like Latin ones, and a list of them is never complete: what may be written is listed.
    """
    for sign in text:
        if sign.isascii() or not sign.isalpha() or sign in _OTHER_LATIN or sign.lower() in LATIN_LETTERS:
            continue
        plain = unicodedata.normalize("NFKD", sign)
        if any(char.isalpha() and not char.isascii() for char in plain) and not _letter_drawn(sign):
            return unicodedata.name(sign, f"U+{ord(sign):04X}")
    return ""


@lru_cache(maxsize=_MOST_REMEMBERED)
def folded(word: str) -> str:
    """A word as it is read: one sign for those that resemble one another, none twice in a row."""
    written = _REPEATED.sub(r"\1", word).replace("rn", "m").replace("vv", "w").replace("ph", "f")
    return written.translate(_SAME)


def tokens(text: str) -> list[Word]:
    """The words of a text, in order: runs of letters and digits."""
    plain: list[str] = []
    place: list[int] = []
    for at, sign in enumerate(text):
        for char in _plain(sign):
            plain.append(char)
            place.append(at)
    joined = "".join(plain)
    found: list[Word] = []
    before = 0
    for match in _TOKEN.finditer(joined):
        begin, end = place[match.start()], place[match.end() - 1] + 1
        broken = any(sign in _BREAKS for sign in text[before:begin])
        found.append(Word(match[0], begin, end, len(found), 1, text[begin].isupper(), broken))
        before = end
    return found


def camel_parts(text: str, word: Word) -> Iterator[Word]:
    """The parts of a word with capitals inside: ``motoristaGay``."""
    written = text[word.begin : word.end]
    cuts = [match.start() for match in re.finditer(r"(?<=[^\W\d_A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", written)]
    if not cuts:
        return
    for begin, end in zip([0, *cuts], [*cuts, len(written)], strict=True):
        part = "".join(_TOKEN.findall("".join(map(_plain, written[begin:end]))))
        if part:
            yield Word(part, word.begin + begin, word.begin + end, word.number, 1, capital=written[begin].isupper())


def single_letters(words: Sequence[Word]) -> Iterator[Word]:
    """Single letters in a row as one word: ``g a y``, ``H.I.V.``"""
    yield from _rows(words, longest=1, least=2)


def rows_of_parts(words: Sequence[Word]) -> Iterator[Word]:
    """Each row of short parts as one: a word that is taken to pieces."""
    for row in _rows(words, longest=_FRAGMENT, least=3):
        if row.count < len(row.plain):
            yield row


def _rows(words: Sequence[Word], *, longest: int, least: int) -> Iterator[Word]:
    row: list[Word] = []
    for word in [*words, None]:
        if word is not None and len(word.plain) <= longest:
            row.append(word)
            continue
        if len(row) >= least:
            yield joined(row)
        row = []


def joined(group: Sequence[Word]) -> Word:
    """Consecutive words as one."""
    first, last = group[0], group[-1]
    return Word("".join(word.plain for word in group), first.begin, last.end, first.number, len(group), first.capital)


@lru_cache(maxsize=_MOST_REMEMBERED)
def _plain(sign: str) -> str:
    """A character in lower case and plain letters; "" for what is invisible; symbols stand for their names."""
    if letter := _letter_drawn(sign):
        return letter
    if unicodedata.category(sign) == "So":
        sign = f" {unicodedata.name(sign, '')} "
    decomposed = unicodedata.normalize("NFKD", sign).casefold().translate(_ALIKE)
    return "".join(char for char in decomposed if unicodedata.category(char) not in _INVISIBLE or char in "\n\t")


def _letter_drawn(sign: str) -> str:
    """The Latin letter that a symbol or a phonetic letter shows: ``🅰``, ``🇦``, ``ᴀ``."""
    if sign.isascii():
        return ""
    match = _LETTER_NAME.fullmatch(unicodedata.name(sign, ""))
    return match[1].lower() if match is not None else ""
