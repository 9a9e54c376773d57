"""Names of cameras that suggest a sensitive place in view, in Portuguese, Spanish and English."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from pipeline.domain.camera import Surroundings
from pipeline.policy.sensitive.spelling import Word, folded, joined, rows_of_parts, tokens
from pipeline.policy.sensitive.word_lists import LEAST_FOLDED, SMALL, place_words

_MOST_WORDS: Final = 4


def suggested_surroundings(*texts: str) -> dict[str, Surroundings]:
    """Words in the id and name of a camera that suggest a sensitive place, with the place.

    A suggestion only: a street can be named after a church that is not there. It is asked about, never concluded.
    """
    found: dict[str, Surroundings] = {}
    for text in texts:
        for group, place in places_in(text):
            found.setdefault(" ".join(word.plain for word in group), place)
    return found


def places_in(text: str) -> Iterator[tuple[Sequence[Word], Surroundings]]:
    """The words of each name of a sensitive place in a text, with the place; none twice."""
    words = list(_words(text))
    taken: set[int] = set()
    for count in range(1, _MOST_WORDS + 1):
        for begin in range(len(words) - count + 1):
            at = range(begin, begin + count)
            group = words[begin : begin + count]
            if taken.isdisjoint(at) and (place := _place_of([word.plain for word in group])) is not None:
                taken.update(at)
                yield group, place


def _place_of(words: list[str]) -> Surroundings | None:
    if len(words) == 1:
        return _place(words[0])
    if words[0] in SMALL or words[-1] in SMALL:
        return None
    known = place_words()
    if (place := known.plain.get("".join(words))) is not None:
        return place
    read = folded("".join(word for word in words if word not in SMALL))
    return known.folded.get(read) if len(read) >= LEAST_FOLDED else None


def _place(word: str) -> Surroundings | None:
    known = place_words()
    letters = re.sub(r"[^a-z]", "", word)
    as_written = known.plain.get(word) or known.plain.get(word.removesuffix("s"))
    if as_written is None and re.search("[@$!|€]", word):
        as_written = known.short.get(folded(word))
    if as_written is not None or not letters:
        return as_written
    for form in dict.fromkeys((folded(word), folded(word.strip("0123456789")), folded(letters))):
        if len(form) >= LEAST_FOLDED and (place := _read(form)) is not None:
            return place
    return known.plain.get(letters) if word.strip("0123456789") == letters else None


def _read(form: str) -> Surroundings | None:
    """Of a word as it is read: whole, by its beginning, or within."""
    known = place_words()
    found = known.folded.get(form)
    found = found or next((at for beginning, at in known.beginnings.items() if form.startswith(beginning)), None)
    return found or next((at for inside, at in known.inside.items() if inside in form), None)


def _words(text: str) -> Iterator[Word]:
    """The words of a text; single letters in a row are one word, and rows of short parts follow as one."""
    words = tokens(text)
    fragments: list[Word] = []
    for word in [*words, None]:
        if word is not None and len(word.plain) == 1 and not word.plain.isdigit():
            fragments.append(word)
            continue
        if len(fragments) > 1:
            one = joined(fragments)
            yield replace(one, plain=f"{one.plain}.") if one.plain in place_words().initials else one
        else:
            yield from fragments
        fragments.clear()
        if word is not None:
            yield word
    yield from rows_of_parts(words)
