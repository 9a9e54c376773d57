"""Index of searched plates by the texts that may be on them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from pipeline.domain.hot_list import SearchedPlate
from pipeline.domain.plate import plate_forms, plate_key
from pipeline.domain.ports import CharacterProbabilities
from pipeline.hotlists.false_alarms import Threshold, threshold
from pipeline.hotlists.plate_probability import probable_plates
from pipeline.hotlists.settings import HotListSettings


class ListMatch(NamedTuple):
    """An entry whose plate a vote is.

    Attributes:
        searched: the entry; probability: that the vehicle is that of the entry.
    """

    searched: SearchedPlate
    probability: float


class ListIndex:
    """The searched plates of an installation, as of one moment; it is never changed.

    The few texts that a vote may be are looked up in the list, so the cost does not depend on its length.

    Args:
        searched: entries; settings: of the threshold.
    """

    def __init__(self, searched: Iterable[SearchedPlate], settings: HotListSettings) -> None:
        by_text: dict[str, list[SearchedPlate]] = defaultdict(list)
        self.entries = 0
        self._by_key: set[str] = set()
        for one in searched:
            self.entries += 1
            self._by_key.add(plate_key(one.plate))
            for text in plate_forms(one.plate):
                by_text[text].append(one)
        self._by_text = dict(by_text)
        self.threshold: Threshold = threshold(settings.false_alarms_per_day, settings.reads_per_day, len(self._by_key))

    @property
    def plates(self) -> int:
        """Number of different vehicles."""
        return len(self._by_key)

    def matches(self, seen: CharacterProbabilities, now_ms: int) -> list[ListMatch]:
        """The entries that count now and whose plate a vote is, with at least the threshold's probability.

        Args:
            seen: a vote, or the output for a single crop; now_ms: milliseconds since 1970 UTC.
        """
        if not self._by_text:
            return []
        found: dict[int, ListMatch] = {}
        for text, probability in probable_plates(seen, self.threshold.probability).items():
            for one in self._by_text.get(text, ()):
                if one.validity.includes(now_ms):
                    before = found[one.entry_id].probability if one.entry_id in found else 0.0
                    found[one.entry_id] = ListMatch(one, before + probability)
        return list(found.values())
