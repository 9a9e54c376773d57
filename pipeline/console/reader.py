"""The person who reads a page: language, theme, time zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Final

from babel.dates import format_datetime
from babel.numbers import format_decimal, format_percent

from pipeline.console.catalogues import Tongue, translations
from pipeline.domain.legal_term import LegalTerm, portuguese_citation
from pipeline.domain.locale import Locale
from pipeline.domain.times import local_time, offset_text, zone_name

LANGUAGE_COOKIE: Final = "viapublica-language"
THEME_COOKIE: Final = "viapublica-theme"


class Theme(StrEnum):
    """Colours of the pages."""

    SYSTEM = "system"
    """As the browser is set."""
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Reader:
    """How a page is shown.

    Attributes:
        tongue: of its texts; theme: of its colours.
        zone: of its times, that of the institution; None for the machine's own.
    """

    tongue: Tongue = Tongue.PORTUGUESE
    theme: Theme = Theme.SYSTEM
    zone: tzinfo | None = None

    @classmethod
    def of_cookies(cls, cookies: Mapping[str, str], zone: tzinfo | None) -> Reader:
        """The reader that a browser's preferences describe; unknown values count as none."""
        tongue = next((one for one in Tongue if one.value == cookies.get(LANGUAGE_COOKIE)), Tongue.PORTUGUESE)
        theme = next((one for one in Theme if one.value == cookies.get(THEME_COOKIE)), Theme.SYSTEM)
        return cls(tongue, theme, zone)

    @property
    def is_portuguese(self) -> bool:
        """Whether the reader reads Portuguese."""
        return self.tongue is Tongue.PORTUGUESE

    @property
    def locale(self) -> Locale | None:
        """The locale of sentences that the program words itself; None for English."""
        return Locale.PT_BR if self.is_portuguese else None

    @property
    def zone_name(self) -> str:
        """The zone of all times of a page."""
        return zone_name(self.zone)

    def worded(self, portuguese: str, **values: object) -> str:
        """A text in the reader's language; `values` replace its ``%(names)s``."""
        found = translations(self.tongue).gettext(portuguese)
        return found % values if values else found

    def term(self, term: LegalTerm) -> str:
        """The title of a term of the law."""
        return term.portuguese if self.is_portuguese else term.english

    def law(self, citation: str) -> str:
        """A citation of a law."""
        return portuguese_citation(citation) if self.is_portuguese else citation

    def time(self, ts_ms: int) -> str:
        """A moment to the second, in the zone of the page."""
        form = "dd/MM/yyyy HH:mm:ss" if self.is_portuguese else "yyyy-MM-dd HH:mm:ss"
        return format_datetime(self._local(ts_ms), form)

    def field_time(self, ts_ms: int) -> str:
        """A moment for a field of a form, in the zone of the page."""
        return f"{self._local(ts_ms):%Y-%m-%dT%H:%M:%S}"

    def clock(self, ts_ms: int) -> str:
        """The time of day of a moment."""
        return format_datetime(self._local(ts_ms), "HH:mm:ss")

    def month(self, ts_ms: int) -> str:
        """The month of a moment for forms, such as ``2026-11``."""
        return f"{self._local(ts_ms):%Y-%m}"

    def day(self, ts_ms: int) -> str:
        """The day of a moment."""
        return format_datetime(self._local(ts_ms), "dd/MM/yyyy" if self.is_portuguese else "yyyy-MM-dd")

    def offset(self, ts_ms: int) -> str:
        """The offset from UTC at a moment, such as ``UTC-03:00``."""
        return offset_text(self._local(ts_ms))

    def iso(self, ts_ms: int) -> str:
        """A moment for programs, ISO 8601 with its offset."""
        return self._local(ts_ms).isoformat(timespec="milliseconds")

    def number(self, value: float) -> str:
        """A number with the separators of the language."""
        return format_decimal(value, locale=self.tongue.babel)

    def percent(self, value: float) -> str:
        """A fraction in per cent."""
        return format_percent(value, "#,##0.0 %", locale=self.tongue.babel)

    def _local(self, ts_ms: int) -> datetime:
        return local_time(ts_ms, self.zone)
