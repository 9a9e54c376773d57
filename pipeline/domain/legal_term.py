"""Enumerations of the law's terms: identifier, title in English and Portuguese, article."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final, Self

_ACTS: Final = (
    ("decree 18.743/2014", "Decreto 18.743/2014"),
    ("law 11.766/2022", "Lei 11.766/2022"),
    ("rule of this program, for", "regra deste programa, para o cumprimento de:"),
    ("rule of this program", "regra deste programa"),
    (" sole paragraph", " parágrafo único"),
    (" and ", " e "),
)
"""Parts of a citation in English and Portuguese."""


class LegalTerm(StrEnum):
    """A term of the law. Members are written as value, English title, Portuguese title, article.

    Attributes:
        english: title, lower case; portuguese: the law's own word where it has one.
        law: the article in English, such as ``decree 18.743/2014 art. 6 I``; see `portuguese_citation`.
    """

    english: str
    portuguese: str
    law: str

    def __new__(cls, value: str, english: str = "", portuguese: str = "", law: str = "") -> Self:
        """A member as it is written; of a value alone, the member that has it."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.english = english
        member.portuguese = portuguese
        member.law = law
        return member


def portuguese_citation(law: str) -> str:
    """A citation in Portuguese: ``decree 18.743/2014 art. 5 §3`` becomes ``Decreto 18.743/2014 art. 5º, § 3º``."""
    for english, portuguese in _ACTS:
        law = law.replace(english, portuguese)
    # Articles and paragraphs up to the ninth are ordinals.
    law = re.sub(r"(\b(?:arts?\.|and|to) |§)([1-9])(?![\d.º])", r"\1\2º", law)
    return re.sub(r",? §", ", § ", law)
