"""Share of an interval in which a camera saw its scene, from the states that it reported."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from pipeline.domain.ports import SourceState
from pipeline.store.answers.interruptions import interruptions
from pipeline.store.answers.sql_fragments import Rows, in_range, in_statements, is_one_of, where
from pipeline.store.coverage_questions import CoverageOf

_STILL_SEEN: Final = (SourceState.OVERLOADED.value, SourceState.LOW_RATE.value)
"""States in which fewer frames are analyzed than configured, and the scene is seen all the same."""
_FIRST_STATES: Final = "SELECT camera_id, min(ts_ms) AS first_ms FROM health {where}GROUP BY camera_id"


@dataclass(frozen=True, slots=True)
class SeenTime:
    """When cameras saw their scenes.

    Attributes:
        first_ms: of each camera that ever reported a state, when it did first.
        unseen: times in which it saw nothing, or in which nothing shows that it did; in any order, may overlap.
    """

    first_ms: dict[str, int] = field(default_factory=dict)
    unseen: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    def share(self, camera_id: str, start_ms: int, end_ms: int) -> float | None:
        """Share of a time in which a camera saw, 0 to 1; None for one that never reported a state."""
        first_ms = self.first_ms.get(camera_id)
        if first_ms is None:
            return None
        gaps = sorted([(start_ms, first_ms), *self.unseen.get(camera_id, ())])
        known_ms, seen_ms = start_ms, 0
        for begin_ms, stop_ms in [*gaps, (end_ms, end_ms)]:
            seen_ms += max(0, min(begin_ms, end_ms) - known_ms)
            known_ms = min(max(known_ms, stop_ms), end_ms)
        return seen_ms / (end_ms - start_ms)


def seen_time(rows: Rows, camera_ids: Collection[str], start_ms: int, end_ms: int) -> SeenTime:
    """When some cameras saw their scenes in a time range.

    Raises:
        StoreError: the database failed.
    """
    first_ms: dict[str, int] = {}
    unseen: dict[str, list[tuple[int, int]]] = {}
    for group in in_statements(sorted(camera_ids)):
        conditions = where([is_one_of("camera_id", group), *in_range(None, end_ms)])
        first_ms |= {row["camera_id"]: int(row["first_ms"]) for row in rows(_FIRST_STATES.format(where=conditions))}
        question = CoverageOf(kinds=(), start_ms=start_ms, end_ms=end_ms, camera_ids=tuple(group))
        for one in interruptions(rows, question)[0]:
            if one.state not in _STILL_SEEN:
                stop_ms = end_ms if one.end_ms is None else one.end_ms
                unseen.setdefault(one.camera_id, []).append((one.start_ms, stop_ms))
    return SeenTime(first_ms, unseen)
