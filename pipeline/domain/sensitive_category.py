"""Categories of sensitive personal data (LGPD art. 5 II; decree 18.743/2014 art. 12)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class SensitiveCategory(StrEnum):
    """What a text, a label or a place may reveal about a person, and no data of this program may."""

    RACE = "race-or-ethnicity"
    RELIGION = "religion-or-belief"
    POLITICS = "political-opinion"
    UNION = "union-membership"
    HEALTH = "health"
    SEX_LIFE = "sex-life"
    BIOMETRIC = "biometric-or-genetic"

    @property
    def in_words(self) -> str:
        """In English, for messages."""
        return self.value.replace("-", " ")

    @property
    def in_portuguese(self) -> str:
        """In the words of LGPD art. 5 II."""
        return _PORTUGUESE[self]

    @property
    def article(self) -> str:
        """The rule that forbids it; the decree's art. 12 does not name genetic and biometric data."""
        lgpd = "LGPD art. 5 II"
        return lgpd if self is SensitiveCategory.BIOMETRIC else f"{lgpd}, decree 18.743/2014 art. 12"


_PORTUGUESE: Final = {
    SensitiveCategory.RACE: "origem racial ou étnica",
    SensitiveCategory.RELIGION: "convicção religiosa ou filosófica",
    SensitiveCategory.POLITICS: "opinião política",
    SensitiveCategory.UNION: "filiação a sindicato",
    SensitiveCategory.HEALTH: "dado referente à saúde",
    SensitiveCategory.SEX_LIFE: "dado referente à vida sexual",
    SensitiveCategory.BIOMETRIC: "dado genético ou biométrico",
}
