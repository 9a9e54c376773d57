"""Words of a text that say something sensitive about people, however they are spelled."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import Final

from pipeline.domain.sensitive_category import SensitiveCategory
from pipeline.policy.sensitive.spelling import (
    Word,
    camel_parts,
    folded,
    joined,
    rows_of_parts,
    single_letters,
    tokens,
)
from pipeline.policy.sensitive.word_lists import (
    LEAST_FOLDED,
    PeopleWords,
    context_words,
    is_context,
    is_small,
    near_words,
    people_words,
)

_MOST_WORDS: Final = 4
_LEAST_JOINED: Final = 6
_LEAST_MISSPELLED: Final = 5
_TWO_ERRORS: Final = 9
"""Characters of a word from which on it may be two letters away from one of the list."""
_LEAST_EXPRESSION: Final = 8
_TWO_ERRORS_OF_SEVERAL: Final = 13
"""Characters of an expression from which on it may be two letters away from one of the list."""
_MOST_REMEMBERED: Final = 20_000
"""Words whose verdict is remembered: names of streets share most of theirs."""
_MOST_BETWEEN: Final = 6
"""Words between a word for a person and what is said about the person."""


def people_words_in(
    text: str, words: PeopleWords | None = None, *, misspelled: bool = True
) -> Iterator[tuple[Word, SensitiveCategory]]:
    """Each word of a text that says something sensitive about people, with its category.

    Args:
        text: any.
        words: the lists; the package's by default.
        misspelled: also find words that are a letter or two away from one of the lists.
    """
    known = people_words() if words is None else words
    single = tokens(text)
    yield from _phrases(single, known, misspelled=misspelled)
    for word in single:
        category = _of_single(word.plain, known, misspelled)
        if category is not None:
            yield word, category
        else:
            yield from ((part, of) for part in camel_parts(text, word) if (of := _of_word(part.plain, known)))
    for row in (*single_letters(single), *rows_of_parts(single)):
        if (of_row := _of_row(row.plain, known)) is not None:
            yield row, of_row
    yield from _beside(single, known)


def is_person(word: Word) -> bool:
    """Whether a word is one for a person: ``motorista``."""
    return is_context(word.plain, "person")


@lru_cache(maxsize=_MOST_REMEMBERED)
def _of_single(plain: str, known: PeopleWords, misspelled: bool) -> SensitiveCategory | None:
    return _of_word(plain, known) or (_misspelled(plain, known) if misspelled else None)


def _of_word(plain: str, known: PeopleWords) -> SensitiveCategory | None:
    letters = plain.strip("0123456789")
    if not letters or _is_near(letters):
        return None
    for form in dict.fromkeys((plain, letters, plain.removesuffix("s"), letters.removesuffix("s"))):
        if (category := known.plain.get(form)) is not None:
            return category
    for form in dict.fromkeys((folded(plain), folded(letters), folded(re.sub("[^a-z]", "", plain)))):
        if (category := known.read.get(form) or known.read.get(form.removesuffix("s"))) is not None:
            return category
        if (category := known.short.get(form)) is not None:
            return category
        for inside, category in known.inside.items():
            if inside in form:
                return category
    backwards = plain[::-1]
    return known.plain.get(backwards) if len(backwards) >= _LEAST_JOINED else None


def _of_row(plain: str, known: PeopleWords) -> SensitiveCategory | None:
    """Of single letters or short parts put together, with other ones around them."""
    if (category := _of_word(plain, known)) is not None:
        return category
    form = folded(plain)
    return next((of for word, of in known.read.items() if len(word) > LEAST_FOLDED and word in form), None)


def _phrases(
    single: Sequence[Word], known: PeopleWords, *, misspelled: bool
) -> Iterator[tuple[Word, SensitiveCategory]]:
    """Expressions of several words in any order, and words that were divided."""
    for count in range(2, _MOST_WORDS + 1):
        for begin in range(len(single) - count + 1):
            group = single[begin : begin + count]
            if is_small(group[0].plain) or is_small(group[-1].plain):
                continue
            category = _expression(group, known) or (_misspelled_expression(group, known) if misspelled else None)
            if category is not None:
                yield joined(group), category


def _expression(group: Sequence[Word], known: PeopleWords) -> SensitiveCategory | None:
    read = tuple(sorted(word.folded for word in group if not is_small(word.plain)))
    whole = "".join(word.plain for word in group)
    found = known.pairs.get(read) or known.whole.get(whole)
    if found is None and len(whole) >= LEAST_FOLDED:
        found = known.plain.get(whole)
    return found or (known.read.get(folded(whole)) if len(folded(whole)) >= _LEAST_JOINED else None)


def _misspelled_expression(group: Sequence[Word], known: PeopleWords) -> SensitiveCategory | None:
    significant = [word.folded for word in group if not is_small(word.plain)]
    form = "".join(significant)
    if len(significant) < 2 or len(form) < _LEAST_EXPRESSION:
        return None
    return _like_expression(form, known)


@lru_cache(maxsize=_MOST_REMEMBERED)
def _like_expression(form: str, known: PeopleWords) -> SensitiveCategory | None:
    from rapidfuzz import process  # here: commands without texts need not import it
    from rapidfuzz.distance import OSA

    most = 2 if len(form) >= _TWO_ERRORS_OF_SEVERAL else 1
    found = process.extractOne(form, known.expressions.keys(), scorer=OSA.distance, score_cutoff=most)
    return None if found is None else known.expressions[found[0]]


def _beside(single: Sequence[Word], known: PeopleWords) -> Iterator[tuple[Word, SensitiveCategory]]:
    """Words with other meanings that stand beside a word for a person."""
    for at, word in enumerate(single):
        category = known.beside.get(word.plain) or known.beside.get(word.plain.removesuffix("s"))
        category = category or known.beside_read.get(word.folded)
        if category is not None and (_after_person(single, at) or _before_person(single, at)):
            yield word, category
    for at in range(len(single) - 1):
        pair = f"{single[at].plain} {single[at + 1].plain}"
        if (category := known.beside.get(pair)) is not None and _after_person(single, at):
            yield joined(single[at : at + 2]), category


def _after_person(single: Sequence[Word], at: int) -> bool:
    for before in reversed(single[max(0, at - _MOST_BETWEEN) : at]):
        if is_person(before):
            return True
        if not is_context(before.plain, "between") and not before.plain.isdigit():
            return False
    return False


def _before_person(single: Sequence[Word], at: int) -> bool:
    if at + 1 >= len(single) or single[at + 1].after_break or not is_person(single[at + 1]):
        return False
    return at == 0 or single[at].after_break or is_context(single[at - 1].plain, "between")


def _misspelled(plain: str, known: PeopleWords) -> SensitiveCategory | None:
    form = folded(plain)
    if len(form) < _LEAST_MISSPELLED or plain.isdigit() or _is_near(plain):
        return None
    from rapidfuzz import process  # here: commands without texts need not import it
    from rapidfuzz.distance import OSA

    most = 2 if len(form) >= _TWO_ERRORS else 1
    for word, _, _ in process.extract(form, known.read.keys(), scorer=OSA.distance, score_cutoff=most, limit=5):
        if len(word) >= _LEAST_MISSPELLED and (word[0] == form[0] or len(word) != len(form) or word[:2] == form[1::-1]):
            return known.read[word]
    return None


def _is_near(plain: str) -> bool:
    near, beginnings = near_words()
    known = plain in near or plain.removesuffix("s") in near or plain in context_words("between")
    return known or plain.startswith(beginnings) or (len(plain) > LEAST_FOLDED and folded(plain) in _folded_near())


@cache
def _folded_near() -> frozenset[str]:
    return frozenset(folded(word) for word in near_words()[0] if len(word) > LEAST_FOLDED)
