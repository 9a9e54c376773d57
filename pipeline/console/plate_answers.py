"""Answers about plates as a page shows them: rows, a timeline, and a map of the cameras that were asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from pipeline.app.people.permitted_questions import PermittedAnswer
from pipeline.app.questions import RouteAnswer
from pipeline.console.camera_map import CameraMap, Place, camera_map, located
from pipeline.console.plate_questions import Search
from pipeline.console.timeline import Timeline, timeline
from pipeline.domain.events import BaseEvent
from pipeline.domain.route import Leg, ReadSummary, without_standing

READ_HERE: Final = "read"
ASKED_HERE: Final = "asked"
"""Kinds of places of the map."""


@dataclass(frozen=True, slots=True)
class Found:
    """An answer.

    Attributes:
        search: what was searched for; answer: of the event store.
        next_offset: of the next page; None on the last one.
    """

    search: Search
    answer: PermittedAnswer[Any]
    next_offset: int | None

    @property
    def values(self) -> list[msgspec.Struct]:
        """What was found, as it came; a route has its legs."""
        value = self.answer.answer.value
        return value if isinstance(value, list) else list(value.legs)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """What the table shows; what one camera read again and again on a route is one row."""
        values = self.values
        if self.search is Search.ROUTE:
            values = list(without_standing([one for one in values if isinstance(one, Leg)]))
        return [msgspec.to_builtins(one) for one in values]

    @property
    def only_read(self) -> ReadSummary | None:
        """The only read of a vehicle, of which there is no route."""
        value = self.answer.answer.value
        return value.only_read if isinstance(value, RouteAnswer) else None

    @property
    def complete(self) -> bool:
        """Whether nothing is known that makes rows be missing."""
        return self.answer.answer.complete and not self.answer.left_out and self.next_offset is None

    def moments(self) -> list[tuple[str, int]]:
        """Camera and time of each read that rows are made of, in the order of time."""
        return sorted(set(self._moments()), key=lambda one: one[1])

    def drawn(self) -> Timeline | None:
        """The reads on a timeline."""
        return timeline(self.moments())

    def map(self) -> CameraMap | None:
        """The cameras that were asked, those that read something first, with the ways between reads."""
        known = located(self.answer.cameras)
        numbers: dict[str, int] = {}
        for camera_id, _ in self.moments():
            numbers[camera_id] = numbers.get(camera_id, 0) + 1
        places = [Place(one, known[one], READ_HERE, str(numbers[one])) for one in numbers if one in known]
        places += [Place(one, at, ASKED_HERE) for one, at in known.items() if one not in numbers]
        unlocated = {one.camera_id for one in self.answer.cameras} - known.keys()
        return camera_map(places, self._ways(), unlocated)

    def _moments(self) -> Iterator[tuple[str, int]]:
        if (only := self.only_read) is not None:
            yield only.camera_id, only.ts_ms
        for one in self.values:
            if isinstance(one, Leg):
                yield one.from_camera_id, one.from_ts_ms
                yield one.to_camera_id, one.to_ts_ms
            elif isinstance(one, BaseEvent):
                yield one.camera_id, one.ts_ms

    def _ways(self) -> list[tuple[str, str]]:
        return [(one.from_camera_id, one.to_camera_id) for one in self.values if isinstance(one, Leg)]
