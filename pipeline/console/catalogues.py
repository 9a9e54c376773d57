"""Texts of the console by language: Portuguese is the source, translations are gettext catalogues of the package."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from gettext import NullTranslations
from importlib.resources import files
from io import BytesIO
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

DOMAIN: Final = "console"


class Tongue(StrEnum):
    """Languages of the console, by the code of HTML."""

    PORTUGUESE = "pt-BR"
    ENGLISH = "en"

    @property
    def babel(self) -> str:
        """The locale of dates and numbers."""
        return self.value.replace("-", "_")


def source(text: str) -> str:
    """A text of the catalogues that is written down in one place and shown in another one."""
    return text


@cache
def translations(tongue: Tongue) -> NullTranslations:
    """The catalogue of a language; empty for the source language."""
    if tongue is Tongue.PORTUGUESE:
        return NullTranslations()
    stored = files("pipeline.console") / "locales" / tongue.value / "LC_MESSAGES" / f"{DOMAIN}.po"
    compiled = BytesIO()
    with stored.open("rb") as file:
        write_mo(compiled, read_po(file, locale=tongue.babel))
    compiled.seek(0)
    return Translations(compiled, domain=DOMAIN)
