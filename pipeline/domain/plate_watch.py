"""Comparison of plate votes with lists of searched plates, while the vehicles are in view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pipeline.domain.events import Event
from pipeline.domain.ports import CharacterProbabilities


@dataclass(frozen=True, slots=True, eq=False)
class VotedCharacters:
    """The vote over the crops of one plate, at the time when it is certain, or final.

    Attributes:
        seen: probabilities of the vote.
        track_id: the vehicle's track, or the plate's own where no vehicle was found around it.
        vehicle: word of the vehicle's label, or "".
        first_ts_ms, ts_ms: times of the first and the newest crop, milliseconds since 1970 UTC.
        box: xyxy of the plate in the newest crop's frame, pixels of the image.
    """

    seen: CharacterProbabilities
    track_id: int
    vehicle: str
    first_ts_ms: int
    ts_ms: int
    box: tuple[float, float, float, float]


class PlateWatch(Protocol):
    """Watches the plates of one session of one camera. One thread at a time."""

    def check(self, voted: VotedCharacters) -> Sequence[Event]:
        """Alerts about a vote, each once for a passage of a vehicle; called again while it stays in view.

        A vote that matches nothing leaves no trace.
        """
        ...
