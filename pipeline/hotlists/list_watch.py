"""Plate votes of one camera compared with the searched plates: alerts, one for each passage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Protocol

import msgspec

from pipeline.domain.alert_figures import Figure, encode_figures
from pipeline.domain.event_identity import UNIDENTIFIED, identified
from pipeline.domain.events import AlertEvent, AlertRule, Event, IncidentPhase
from pipeline.domain.plate_watch import VotedCharacters
from pipeline.domain.vehicle_incidents import VehicleIncidents
from pipeline.hotlists.list_index import ListIndex, ListMatch
from pipeline.hotlists.passages import Passages


class SearchedPlates(Protocol):
    """The lists as they are now."""

    def index(self) -> ListIndex | None:
        """Their index; None while they are not checked."""
        ...

    def may_alert(self, camera_id: str, match: ListMatch) -> bool:
        """Put a hit into the audit; whether it may be alerted."""
        ...


class ListWatch:
    """Implements `pipeline.domain.plate_watch.PlateWatch` for one session of a camera.

    Args:
        camera_id, stream_id: camera and session.
        lists: the lists, which change while the camera runs.
        passages: of all cameras.
        clock_ms: milliseconds since 1970 UTC, for the validity of entries.
        journeys: incidents of all live cameras; None for recorded video, in which each passage is one.
    """

    def __init__(
        self,
        camera_id: str,
        stream_id: str,
        lists: SearchedPlates,
        passages: Passages,
        clock_ms: Callable[[], int],
        *,
        journeys: VehicleIncidents | None = None,
    ) -> None:
        self._camera_id = camera_id
        self._stream_id = stream_id
        self._lists = lists
        self._passages = passages
        self._clock_ms = clock_ms
        self._journeys = journeys

    def check(self, voted: VotedCharacters) -> Sequence[Event]:
        """See the protocol."""
        index = self._lists.index()
        if index is None:
            return []
        return [
            self._alert(match, voted)
            for match in index.matches(voted.seen, self._clock_ms())
            if self._begins(match, voted)
        ]

    def _begins(self, match: ListMatch, voted: VotedCharacters) -> bool:
        """Whether a match is the first one of a passage, and may be alerted; it then counts as alerted."""
        entry_id = match.searched.entry_id
        if self._passages.is_known(self._camera_id, entry_id, voted.ts_ms):
            return False
        if not self._lists.may_alert(self._camera_id, match):
            return False
        self._passages.begin(self._camera_id, entry_id, voted.ts_ms)
        return True

    def _alert(self, match: ListMatch, voted: VotedCharacters) -> AlertEvent:
        """It names the entry, never its plate."""
        x1, y1, x2, y2 = (round(float(value), 1) for value in voted.box)
        figures = {Figure.ENTRY: match.searched.entry_id, Figure.PROBABILITY: match.probability}
        alert = AlertEvent(
            event_id=UNIDENTIFIED,
            camera_id=self._camera_id,
            ts_ms=voted.ts_ms,
            rule=AlertRule.LISTED_PLATE.value,
            severity=match.searched.severity,
            stream_id=self._stream_id,
            first_ts_ms=voted.first_ts_ms,
            label=voted.vehicle,
            track_id=voted.track_id,
            x1=x1,
            y1=y1,
            x2=x2,
            y2=y2,
            figures=encode_figures(figures),
        )
        if self._journeys is not None:
            return self._journeys.add(match.searched.entry_id, alert)
        own = self._incident(match, voted)
        return identified(msgspec.structs.replace(alert, incident=own, phase=IncidentPhase.BEGUN))

    def _incident(self, match: ListMatch, voted: VotedCharacters) -> str:
        """The passage in recorded video as an incident of its own: the same in every analysis."""
        said = f"{self._camera_id} {self._stream_id} {voted.ts_ms} {match.searched.entry_id}"
        return sha256(f"listed-plate {said}".encode()).hexdigest()[:24]
