"""Searched plates for tests."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.domain.events import Severity
from pipeline.domain.hot_list import SearchedPlate
from pipeline.domain.people import Validity
from pipeline.hotlists.list_index import ListIndex
from pipeline.hotlists.settings import HotListSettings


def searched(entry_id: int, plate: str, from_ms: int = 0, until_ms: int = 10**13) -> SearchedPlate:
    return SearchedPlate(
        entry_id=entry_id, plate=plate, severity=Severity.CRITICAL, validity=Validity(from_ms, until_ms)
    )


def index_of(plates: Sequence[str], settings: HotListSettings | None = None) -> ListIndex:
    """Entries 1, 2 … of plates."""
    return ListIndex([searched(number, plate) for number, plate in enumerate(plates, 1)], settings or HotListSettings())
