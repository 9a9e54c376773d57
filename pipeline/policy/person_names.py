"""Names of persons in a register: written in one way, and never two names that read as one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from pipeline.errors import ReleaseError

LATIN_LETTERS: Final = {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th"}
"""Letters of European names that are no ASCII letter with accents, and what they are compared as."""
_PUNCTUATION: Final = frozenset(" -'.,’\u00b7()")
_ALIKE: Final = str.maketrans(
    {
        "I": "l",
        "i": "l",
        "1": "l",
        "0": "O",
        "5": "S",
        "8": "B",
        "2": "Z",
        "6": "G",
        "9": "g",
        "3": "E",
        "4": "A",
        "7": "T",
    }
    | {"u": "v", "U": "V"}
)
"""ASCII characters that many typefaces draw alike (Unicode TS 39), and digits that people type for letters."""
_PAIRS_ALIKE: Final = (("rn", "m"), ("nn", "m"), ("vv", "w"), ("VV", "W"), ("cl", "d"))
_SOUNDS: Final = (("ph", "f"), ("y", "i"), ("w", "v"), ("k", "c"), ("qu", "c"), ("z", "s"), ("h", ""))
"""Letters that Portuguese speakers write for one another: Sousa and Souza, Tiago and Thiago, Lima and Lyma."""
_TITLES: Final = frozenset(
    """
    dr dra sr sra srta srs sras senhor senhora dom dona d prof profa doutor doutora professor professora eng engenheiro
    engenheira adv advogado advogada sd soldado cb cabo sgt sargento sargenta subten subtenente ten tenente cap capitao
    capita maj major cel coronel com comandante del delegado delegada insp inspetor inspetora perito perita agente
    des desembargador desembargadora juiz juiza proc procurador procuradora promotor promotora dir diretor diretora
    coord coordenador coordenadora secretario secretaria chefe gerente analista operador operadora
    """.split()
)
"""Forms of address, ranks and offices before a name, which make no other person of it."""
_PARTICLES: Final = frozenset("de da do das dos e di del van von".split())
_NUMBER: Final = re.compile(r"\d+[oa]?")
"""As in "1º Ten."."""


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

    Either each word of the shorter name can be a word of the other one, or both are equal when they are written without
    spaces or like a login. Words can be the same if they differ in case, accents, confusable characters, digits, or
    spelling of the same sound, or if one is the initial of the other. So are initials without dots, in
    their order and with some left out. Titles, ranks and particles do not count: "Dr. Ana Lima", "ana lima", "A. Lyma",
    "alima", "AL" and "Ana" can be one person, who must not be the second one.
    """
    words, others = _words(one), _words(other)
    if _contained(*sorted((words, others), key=len)):
        return True
    if _same_word("".join(words), "".join(others)):
        return True
    if _abbreviates(words, _all_words(other)) or _abbreviates(others, _all_words(one)):
        return True
    fewer, more = sorted((words, others), key=len)
    return len(fewer) == 1 and any(_same_word(fewer[0], login) for login in _logins(more))


def _is_allowed(char: str) -> bool:
    return (char.isascii() and char.isalnum()) or char in _PUNCTUATION or char.lower() in LATIN_LETTERS


def _words(name: str) -> list[str]:
    """The words of a name that make it another person's."""
    words = _all_words(name)
    named = [word for word in words if word.casefold() not in _TITLES | _PARTICLES and not _NUMBER.fullmatch(word)]
    return named or words or [name]


def _all_words(name: str) -> list[str]:
    return re.findall(r"[^\W_]+", re.sub("['’]", "", _base(name)))


def _contained(fewer: list[str], more: list[str]) -> bool:
    """Whether each word of one can be another word of the other."""
    if not fewer:
        return True
    first, *rest = fewer
    return any(
        _contained(rest, more[:number] + more[number + 1 :])
        for number, word in enumerate(more)
        if _same_word(first, word) or _is_initial(first, word)
    )


def _logins(words: list[str]) -> Iterator[str]:
    """A name of several words as logins are made of it: from initials and one whole word."""
    if len(words) > 1:
        yield words[0][0] + words[-1]
        yield "".join(word[0] for word in words[:-1]) + words[-1]
        yield words[0] + words[-1][0]


def _same_word(one: str, other: str) -> bool:
    if _sound(one) == _sound(other):
        return True
    # A capital I is drawn like a small L, and not like a capital one: Iara is not Lara.
    conflict = any({a, b} == {"I", "L"} for a, b in zip(one, other, strict=False))
    return not conflict and _drawn(one) == _drawn(other)


def _is_initial(one: str, other: str) -> bool:
    shorter, longer = sorted((one.casefold(), other.casefold()), key=len)
    return len(shorter) == 1 and longer.startswith(shorter)


def _abbreviates(words: list[str], others: list[str]) -> bool:
    """Whether each word of one is a word of the other, or nothing but initials of its words; in their order."""
    if not words:
        return True
    first, *rest = words
    if any(_same_word(first, word) and _abbreviates(rest, others[number + 1 :]) for number, word in enumerate(others)):
        return True
    left = others
    for letter in first.casefold():
        number = next((n for n, word in enumerate(left) if word.casefold().startswith(letter)), None)
        if number is None:
            return False
        left = left[number + 1 :]
    return _abbreviates(rest, left)


def _sound(word: str) -> str:
    """How a word is spoken, roughly; digits are not."""
    spoken = word.casefold()
    for written, sound in _SOUNDS:
        spoken = spoken.replace(written, sound)
    spoken = re.sub(r"\d+", "", spoken)
    return re.sub(r"(.)\1+", r"\1", spoken) or word.casefold()


def _base(name: str) -> str:
    return "".join(LATIN_LETTERS.get(char.lower(), char) for char in _without_accents(name))


def _drawn(word: str) -> str:
    drawn = word.translate(_ALIKE)
    for pair, single in _PAIRS_ALIKE:
        drawn = drawn.replace(pair, single)
    return drawn.casefold()


def _without_accents(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name))
    return "".join(char for char in decomposed if not unicodedata.combining(char))
