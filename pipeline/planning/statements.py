"""Sentences of a plan with the numbers in them, for any language."""

from __future__ import annotations

import math
from typing import Final

from pipeline.domain.language import Language

_TWO_DIGITS: Final = 100
_WHOLE: Final = 10_000


def short(value: float, language: Language, *, exact: bool = True) -> str:
    """A number with two significant digits below 100 and three above; small whole ones as they are.

    Args:
        value: the number.
        language: has the separators.
        exact: the number is known, so that whole ones are small below 10,000, else below 100.
    """
    if value == int(value) and value < (_WHOLE if exact else _TWO_DIGITS):
        digits = f"{int(value):,}"
    elif value < _TWO_DIGITS:
        digits = f"{value:.{max(0, 1 - math.floor(math.log10(value)))}f}"
    else:
        scale = 10 ** (len(str(int(value))) - 3)
        digits = f"{round(value / scale) * scale:,}"
    return digits.translate(str.maketrans(",.", ".,")) if language.decimal == "," else digits


class Statement:
    """A sentence.

    Args:
        text: in English, with ``{names}``; the key of translations.
        values: numbers are written with two significant digits.
    """

    def __init__(self, text: str, **values: float | str | Statement) -> None:
        self._text = text
        self._values = values

    def in_words(self, language: Language) -> str:
        """The sentence in a language."""
        return language.text(self._text, **{name: _word(value, language) for name, value in self._values.items()})


def _word(value: float | str | Statement, language: Language) -> str:
    if isinstance(value, Statement):
        return value.in_words(language)
    return value if isinstance(value, str) else short(value, language)
