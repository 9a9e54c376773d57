"""Questions about what the event store can know of a time range: stored times, interruptions, uncertain reads.

They say how far the answer to another question can be trusted, above all an empty one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, Final, TypeAlias

import msgspec

from pipeline.domain.events import Kind
from pipeline.store.questions import Plates, Question, RangedQuestion

NO_LIFE_SIGN: Final = "no-life-sign"
"""`Interruption.state` where a streaming camera stopped sending life signs without an end being reported."""
NOT_KNOWN: Final = "not-known"
"""`Interruption.state` where a camera was streaming and no life signs are stored, as of older versions."""
NOT_FINISHED: Final = "not-finished"
"""`Interruption.state` of a recorded video from its first frame on, while its analysis has not reached its end."""


class Interruption(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A time in which a camera delivered no video, or more frames than could be analyzed, or may have.

    Attributes:
        camera_id: the camera; state: as it was reported, such as ``backing-off`` or ``overloaded``, else
            `NO_LIFE_SIGN`, `NOT_KNOWN` or `NOT_FINISHED`; detail: the reason.
        start_ms, end_ms: milliseconds since 1970 UTC, cut to the range asked about; None as an end: it lasts.
    """

    camera_id: str
    state: str
    detail: str
    start_ms: int
    end_ms: int | None


class LostData(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Data that the store has lost.

    Attributes:
        table: of the rows; day: of their times, ISO 8601, in UTC; "" where it is not known.
    """

    table: str
    day: str


class Coverage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is stored that bears on an answer.

    Attributes:
        first_ms: time of the oldest stored event of the kinds asked about, to the second; None when there is none.
        interruptions: of the cameras in the range, oldest first.
        more_interruptions: there were more than are listed.
    """

    first_ms: int | None
    interruptions: list[Interruption]
    more_interruptions: bool = False


class CoverageOf(RangedQuestion[Coverage], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is stored of these kinds, and how these cameras were interrupted in the range."""

    kinds: tuple[Kind, ...]


class LossAlert(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Alerts of one rule that events of a camera, or of all, were lost or refused, and are missing from answers.

    Attributes:
        camera_id: of the alerts; rule: see `pipeline.domain.events.AlertRule`.
        ts_ms: of the newest one, milliseconds since 1970 UTC; detail: of that one.
        alerts: how many there were.
    """

    camera_id: str
    rule: str
    ts_ms: int
    detail: str
    alerts: int


class LossAlertsOf(RangedQuestion[list[LossAlert]], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The alerts that say that events of the range may be missing, by time, with those of the engine itself."""


class LostDataOf(RangedQuestion[list[LostData]], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The days of the range of which rows of these kinds were lost, because files of the store were damaged."""

    kinds: tuple[Kind, ...]


class CorruptPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Stored rows whose files no longer have the checksums that they were written with.

    Attributes:
        table: of the rows; part: of the table, "" for all of it; day: of their times, ISO 8601, in UTC, or "".
        problem: as the database words it.
    """

    table: str
    part: str
    day: str
    problem: str


class CorruptParts(Question[list[CorruptPart] | None], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parts of the store whose checksums are wrong; all of its files are read. None: the server compares none."""

    timeout_s: ClassVar[float] = 1800.0


class FrozenParts(Question[int], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Number of tables whose parts the store has just linked into its folder ``shadow/NAME``, for a backup.

    Parts are never written again, so the links stay as they are; the caller deletes that folder.
    """

    timeout_s: ClassVar[float] = 600.0
    name: str


class ActiveCameras(RangedQuestion[list[str]], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The cameras with an event of any kind or analyzed recorded video in the range, by id."""


class UncertainReads(Question[int], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Number of plate reads that `of` leaves out because of its `min_confidence`; without plates, of all plates."""

    of: Plates


class PlatesNotSeen(Question[list[str]], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The plates or patterns of a question without any read in its whole range, as they were written there."""

    of: Plates


class WaitingPlace(Enum):
    """Where events wait on their way into the event store."""

    SPOOL = "spool"
    KAFKA = "kafka"


@dataclass(frozen=True, slots=True)
class WaitingEvents:
    """Events in one place.

    Attributes:
        place: where; name: of the sink or consumer group.
        events: how many; None where that cannot be found out now.
    """

    place: WaitingPlace
    name: str
    events: int | None


@dataclass(frozen=True, slots=True)
class WantedEvents:
    """The kinds, time range and cameras that a question is about, as in `RangedQuestion`; `without` some cameras."""

    kinds: tuple[Kind, ...]
    start_ms: int | None
    end_ms: int | None
    camera_ids: tuple[str, ...] = ()
    without: frozenset[str] = frozenset()

    def wants(self, kind: str, camera_id: str, ts_ms: int) -> bool:
        """Whether the answer may lack an event of these."""
        if kind not in self.kinds or camera_id in self.without:
            return False
        if self.camera_ids and camera_id not in self.camera_ids:
            return False
        return (self.start_ms is None or ts_ms >= self.start_ms) and (self.end_ms is None or ts_ms < self.end_ms)


WaitingOf: TypeAlias = Callable[[WantedEvents], Sequence[WaitingEvents]]
"""Finds the events that wait."""
