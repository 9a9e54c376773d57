"""Languages of documents and notes: sentences, nouns, numbers and times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Final

from pipeline.domain.plural import counted
from pipeline.domain.times import local_time


@dataclass(frozen=True, slots=True)
class Language:
    """A language. English sentences are the keys of all others.

    Attributes:
        code: of HTML, such as ``en``.
        texts: sentence by English sentence; a sentence that is not in it stays English.
        nouns: singular and plural by English noun.
        decimal: decimal separator.
        date: form of dates, as in `strftime`.
    """

    code: str = "en"
    texts: Mapping[str, str] = field(default_factory=dict)
    nouns: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    decimal: str = "."
    date: str = "%Y-%m-%d"

    def text(self, english: str, **values: object) -> str:
        """A sentence; `values` replace its ``{names}``."""
        return self.texts.get(english, english).format(**values)

    def number(self, value: float, digits: int = 1) -> str:
        """A decimal number."""
        return f"{value:.{digits}f}".replace(".", self.decimal)

    def counted(self, count: int, noun: str) -> str:
        """A count and its noun, see `pipeline.domain.plural.counted`."""
        if noun not in self.nouns:
            return counted(count, noun)
        return f"{count} {self.nouns[noun][count != 1]}"

    def noun(self, noun: str) -> str:
        """One of something."""
        return self.nouns[noun][0] if noun in self.nouns else noun

    def listed(self, counts: Mapping[str, int], none: str) -> str:
        """Counts by noun; the sentence `none` where there is nothing."""
        return ", ".join(self.counted(count, noun) for noun, count in counts.items()) or self.text(none)

    def time(self, ts_ms: int, zone: tzinfo | None = None) -> str:
        """Local time to the second with its offset, see `pipeline.domain.times.format_time`."""
        local = local_time(ts_ms, zone)
        return f"{local:{self.date} %H:%M:%S} {local.isoformat(timespec='seconds')[19:]}"


ENGLISH: Final = Language()


def portuguese(texts: Mapping[str, str], nouns: Mapping[str, tuple[str, str]]) -> Language:
    """Portuguese of Brazil, with the sentences of one kind of document."""
    return Language("pt-BR", texts, nouns, ",", "%d/%m/%Y")
