"""Screen of free texts: what a name, note, reason or title may not say about people (LGPD art. 5 II, decree art. 12).

Words about people are refused. Names of places are landmarks in names of cameras and in addresses, and refused where a
text says that a person or a vehicle goes there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

from pipeline.domain.camera import Surroundings
from pipeline.domain.sensitive_category import SensitiveCategory
from pipeline.errors import PolicyError
from pipeline.policy.sensitive.people import is_person, people_words_in
from pipeline.policy.sensitive.places import places_in
from pipeline.policy.sensitive.spelling import Word, foreign_letter, tokens
from pipeline.policy.sensitive.word_lists import (
    SMALL,
    PeopleWords,
    context_words,
    is_context,
    people_words,
    read_context,
)
from pipeline.policy.spelled_plates import plates_in_words

_MOST_BEFORE: Final = 5
"""Words between "Rua" or "Associação" and the word that is part of the name."""
_OF_PLACE: Final = {
    Surroundings.TEMPLE: SensitiveCategory.RELIGION,
    Surroundings.CLINIC: SensitiveCategory.HEALTH,
    Surroundings.UNION_HALL: SensitiveCategory.UNION,
    Surroundings.PARTY_OFFICE: SensitiveCategory.POLITICS,
    Surroundings.COMMUNITY_CENTER: SensitiveCategory.SEX_LIFE,
}
"""What a visit reveals. Schools and shelters reveal none of the law's categories; they matter for cameras alone."""
_GUIDE: Final = "docs/reference/sensitive-texts.md"


class TextKind(StrEnum):
    """What a text is for; decides what it may say."""

    PLACE = "place"
    """Name of a camera, an area, a place or a file: landmarks are its purpose."""
    BODY = "body"
    """Name of an institution or a recipient: "Sindicato dos Rodoviários" may receive images."""
    PERSON = "person"
    """Name of a person: many are words of the lists."""
    NOTE = "note"
    """Stands beside a vehicle: a cell of a list of plates."""
    REASON = "reason"
    """Purpose, reason, grounds, case, title."""
    KEY = "key"
    """Heading, label, name of a field."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A word for which a text is refused.

    Attributes:
        written: as it stands in the text, from `begin` to `end`.
        category: what it reveals; None for a letter that the screen cannot read.
        place: whether it is a place that a person or a vehicle is said to go to.
    """

    written: str
    begin: int
    end: int
    category: SensitiveCategory | None
    place: bool = False


@dataclass(frozen=True, slots=True)
class TextException:
    """An expression that a city may use although it has a word of the lists: the name of a street or of a body.

    Attributes:
        text: at least two words; only where it stands as a whole.
        reason: why it reveals nothing about a person.
        by, confirmed_by: two persons.
    """

    text: str
    reason: str
    by: str
    confirmed_by: str


class TextScreen:
    """The lists of the package, with the words and exceptions of a city.

    Args:
        words: further words about people; those of the package always count.
        exceptions: see `TextException`.
    """

    def __init__(
        self, words: Mapping[str, SensitiveCategory] | None = None, exceptions: Iterable[TextException] = ()
    ) -> None:
        self._words: PeopleWords = people_words().with_words(words) if words else people_words()
        self._exceptions = [[word.folded for word in tokens(one.text)] for one in exceptions]

    def findings(self, text: str, kind: TextKind) -> list[Finding]:
        """The words for which a text of this kind is refused, in their order; none where it may be used."""
        if not text.strip():
            return []
        if name := foreign_letter(text):
            return [Finding(name, 0, len(text), None)]
        single = tokens(text)
        found = [*self._people(text, kind, single), *_places(text, kind, single)]
        allowed = self._excepted(single)
        unique: dict[tuple[int, int], Finding] = {}
        for one in sorted(found, key=lambda one: (one.begin, -one.end)):
            if not any(begin <= one.begin and one.end <= end for begin, end in allowed):
                unique.setdefault((one.begin, one.end), one)
        return list(unique.values())

    def check(self, what: str, text: str, kind: TextKind) -> None:
        """Refuse a text that says something sensitive about people, and a reason or a body that names a plate.

        Registers and the audit, where these stand, are never changed: an erased plate would remain in them.

        Args:
            what: the field, for the message; text: its content; kind: see `TextKind`.

        Raises:
            PolicyError: it does; the message names the word, its place, the category, the article and what to do.
        """
        if kind in {TextKind.REASON, TextKind.BODY} and plates_in_words(text):
            raise PolicyError(
                what,
                "names a plate, which could not be erased from here",
                "Cite the number of the case or request",
                policy="plate-in-text",
            )
        if found := self.findings(text, kind):
            raise PolicyError(what, *_message(found[0], kind), policy="sensitive-text")

    def _people(self, text: str, kind: TextKind, single: Sequence[Word]) -> Iterable[Finding]:
        about_person = any(map(is_person, single))
        habit = _has_any(single, "habit")
        misspelled = kind is not TextKind.PERSON or about_person
        for word, category in people_words_in(text, self._words, misspelled=misspelled):
            if not _is_name(word, kind, single, about_person=about_person, habit=habit):
                yield Finding(text[word.begin : word.end], word.begin, word.end, category)
        if kind is TextKind.KEY:
            for word in single:
                if (of_key := self._words.keys.get(word.plain)) is not None:
                    yield Finding(text[word.begin : word.end], word.begin, word.end, of_key)

    def _excepted(self, single: Sequence[Word]) -> list[tuple[int, int]]:
        """Spans of the text that an exception allows."""
        read = [word.folded for word in single]
        return [
            (single[at].begin, single[at + len(phrase) - 1].end)
            for phrase in self._exceptions
            for at in range(len(read) - len(phrase) + 1)
            if read[at : at + len(phrase)] == phrase
        ]


def _is_name(word: Word, kind: TextKind, single: Sequence[Word], *, about_person: bool, habit: bool) -> bool:
    """Whether a word about people is part of a name: of a street, a body, or a person called so."""
    if kind is TextKind.KEY:
        return False
    if kind in {TextKind.PERSON, TextKind.BODY} and word.plain in context_words("surname"):
        return word.capital and not about_person and sum(one.capital for one in single) > 1
    if kind is TextKind.PERSON:
        return False
    if kind in {TextKind.NOTE, TextKind.REASON} and (habit or not word.capital):
        return False
    if kind in {TextKind.PLACE, TextKind.BODY} and about_person:
        return False
    return _named_after(word.number, single, ("street", "body"))


def _named_after(number: int, single: Sequence[Word], sections: Sequence[str]) -> bool:
    """Whether a name begins before a word: "Rua dos", "Associação Beneficente"."""
    for before in reversed(single[max(0, number - _MOST_BEFORE) : number]):
        if is_person(before):
            return False
        if any(is_context(before.plain, section) for section in sections):
            return True
        if before.plain not in SMALL and not before.capital and not before.plain.isdigit():
            return False
    return False


def _places(text: str, kind: TextKind, single: Sequence[Word]) -> Iterable[Finding]:
    if kind not in {TextKind.NOTE, TextKind.REASON}:
        return
    habit = _has_any(single, "habit")
    visit = any(map(is_person, single)) or _has_any(single, "visit")
    incident = _has_any(single, "incident")
    for group, place in places_in(text):
        category = _OF_PLACE.get(place)
        landmark = _named_after(group[0].number, single, ("street", "spot", "near"))
        allowed = not habit and (landmark or (not visit and (incident or kind is TextKind.REASON)))
        if category is not None and not allowed:
            yield Finding(text[group[0].begin : group[-1].end], group[0].begin, group[-1].end, category, place=True)


def _has_any(single: Sequence[Word], section: str) -> bool:
    plain, read = context_words(section), read_context(section)
    for count in (1, 2, 3):
        for at in range(len(single) - count + 1):
            group = single[at : at + count]
            if " ".join(word.plain for word in group) in plain or " ".join(word.folded for word in group) in read:
                return True
    return False


def _message(found: Finding, kind: TextKind) -> tuple[str, str]:
    """Problem and fix."""
    if found.category is None:
        return (
            f"contains {found.written}, which no text in Portuguese, Spanish or English has",
            "Type it in Latin letters",
        )
    where = f"{found.written!r} at character {found.begin + 1}"
    about = f"{found.category.in_words} ({found.category.article})"
    if found.place:
        return (
            f"says with {where} that a person or vehicle goes to a place that reveals {about}",
            f"Leave the place out, or give it as an address or landmark: 'em frente a …', 'Rua …'. See {_GUIDE}",
        )
    fix = {
        TextKind.PLACE: "Name the place by its address, and declare `surroundings` for a camera",
        TextKind.KEY: "No data of this kind may be stored; remove it",
    }.get(kind, "State the fact without it: date, place, vehicle, number of the case")
    return (
        f"says with {where} something about {about}",
        f"{fix}. A name that only reads so needs an exception: {_GUIDE}",
    )


@cache
def standard_screen() -> TextScreen:
    """The screen without additions of a city."""
    return TextScreen()
