"""Questions to the event store and their answers, as values: the same in a process and over its local endpoint.

`pipeline.store.answers.registry` lists them with the functions that answer them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Generic, TypeVar, get_args

import msgspec

from pipeline.domain.events import AlertEvent, Event, Kind, PlateReadEvent
from pipeline.domain.requester import Requester
from pipeline.domain.route import DrivingLimits, GeoPoint, Leg, ReadSummary, VehicleReads
from pipeline.errors import StoreError

MOST_ROWS: Final = 100_000
"""Most events in one answer; further ones by `offset`."""
SURE: Final = 0.5
"""Least confidence of the plate reads that answers are made of: most reads below are misread."""

A = TypeVar("A")


class CameraSummary(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The stored state of a camera.

    Attributes:
        camera_id: the camera.
        last_seen_ms: time of its newest event, milliseconds since 1970 UTC.
        events: number of events per kind.
        state: the last state it reported, "" when it reported none, ``no-life-sign`` when it streamed and its life
            signs stopped; detail: the reason.
        state_since_ms: when it entered that state, None when it reported none.
    """

    camera_id: str
    last_seen_ms: int
    events: dict[Kind, int]
    state: str = ""
    detail: str = ""
    state_since_ms: int | None = None


class Companion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A plate that was seen with another one.

    Attributes:
        plate: its text as read last; plate_key: see `pipeline.domain.plate.plate_key`.
        meetings: number of times the two met; share: of the other one's passages, 0 to 1.
        cameras: number of cameras where they met.
        first_ts_ms, last_ts_ms: first and last meeting, milliseconds since 1970 UTC.
    """

    plate: str
    plate_key: str
    meetings: int
    share: float
    cameras: int
    first_ts_ms: int
    last_ts_ms: int


class VehicleReadsPage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Reads of some vehicles, in the order of their keys.

    Attributes:
        vehicles: with all their reads.
        after: `ReadsByVehicle.after` of the next page; None on the last one.
    """

    vehicles: list[VehicleReads]
    after: str | None = None


class RouteAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The route of a vehicle.

    Attributes:
        legs: between consecutive reads, oldest first.
        only_read: the read, where there is no second one to make a leg with.
        unlocated: cameras on the route without coordinates, sorted; legs to and from them have no distance.
    """

    legs: list[Leg]
    only_read: ReadSummary | None = None
    unlocated: tuple[str, ...] = ()


class ClonesAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Possible clones.

    Attributes:
        legs: that no vehicle can drive, newest first.
        unlocated: cameras without coordinates, sorted; their reads were not compared.
    """

    legs: list[Leg]
    unlocated: tuple[str, ...] = ()


class Question(msgspec.Struct, Generic[A], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question with an answer of type `A`."""

    timeout_s: ClassVar[float] = 60.0
    """Seconds that another process waits for the answer."""
    withheld: dict[str, str] = msgspec.field(default_factory=dict)
    """Cameras whose plates the answer may not use, with the reason, as the process that asks knows them declared; the
    one that answers adds those that it knows."""
    declared: tuple[str, ...] | None = None
    """Cameras whose declaration the process that asks knows: of all others the answer uses no plates. None for any."""
    sensitive: tuple[str, ...] = ()
    """Cameras with sensitive surroundings, of which the answer has no single track and no small count, as the process
    that asks knows them declared; the one that answers adds those that it knows."""
    subjects: tuple[str, ...] = ()
    """Names of sinks, which alerts may be about; others are replaced in the answer."""

    @classmethod
    def answer_type(cls) -> Any:
        """The type `A`, for decoders."""
        return get_args(cls.__orig_bases__[0])[0]  # type: ignore[attr-defined]


class RangedQuestion(Question[A], Generic[A], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """About a time range, milliseconds since 1970 UTC, start included, end not, None for open; some cameras, or all."""

    start_ms: int | None = None
    end_ms: int | None = None
    camera_ids: tuple[str, ...] = ()


class PagedQuestion(RangedQuestion[A], Generic[A], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same, with an answer of `limit` rows after skipping `offset`."""

    limit: int = 100
    offset: int = 0


class Plates(PagedQuestion[list[PlateReadEvent]], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Reads of some vehicles, newest first, each in both forms of a converted plate.

    Attributes:
        plates: in any writing; with `like` patterns where ``*`` stands for any text and ``?`` for one character,
            compared with the plate as read and with its key.
        like: whether they are patterns.
        errors: 1 also finds reads with one wrong character (see `pipeline.domain.plate.keys_near`); 0 does not.
        min_confidence: least confidence of a read, 0 to 1.
    """

    plates: tuple[str, ...]
    like: bool = False
    errors: int = 0
    min_confidence: float = SURE


class Events(PagedQuestion[list[Event]], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Events of one kind, or of all (None), newest first; of plate reads those with `min_confidence`."""

    kind: Kind | None = None
    min_confidence: float = SURE


class ListedPlateAlerts(PagedQuestion[list[AlertEvent]], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Alerts of plates on hot-lists, newest first; no other question shows them. They name entries, not plates.

    Attributes:
        entries: numbers of entries; empty for all.
    """

    entries: tuple[int, ...] = ()


class WithheldReads(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Stored reads of a camera that no answer uses, because its plates may not be read.

    `reads` are those of all vehicles; None for sensitive surroundings, where the number is not reported.
    """

    camera_id: str
    reads: int | None
    reason: str


class Withheld(RangedQuestion[list[WithheldReads]], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Cameras of which reads in a time range are stored that no answer uses, by id."""


class Cameras(Question[list[CameraSummary]], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every camera with at least one event, by id; the program itself, which sends alerts too, is none."""


class Count(Question[int], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Number of different events of a kind."""

    kind: Kind


class Convoy(PagedQuestion[list[Companion]], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Plates that were seen with this one, those that met it most often first.

    Two plates meet when a camera reads both within `within_ms`. Meetings at one camera less than `apart_ms` after the
    one before it are the same meeting: two vehicles that stand in a queue meet once.

    Attributes:
        plate: in any writing.
        within_ms: 1 ms to 1 hour; apart_ms: 0 to 1 day.
        meetings: the least number of meetings.
        min_confidence: least confidence of the reads, 0 to 1.
    """

    plate: str
    min_confidence: float = SURE
    within_ms: int = 10_000
    meetings: int = 2
    apart_ms: int = 300_000


class ReadsByVehicle(RangedQuestion[VehicleReadsPage], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The reads of one vehicle, or of every vehicle that more than one camera saw, oldest first.

    Attributes:
        plate: in any writing; "" for all vehicles, which come in pages of whole vehicles.
        within_ms: leaves out vehicles that never changed the camera within this time; None for any time.
        after: the key that the page follows (`VehicleReadsPage.after`).
        reads: about the number of reads on a page.
        min_confidence: least confidence of the reads, 0 to 1.
    """

    plate: str = ""
    min_confidence: float = SURE
    within_ms: int | None = None
    after: str = ""
    reads: int = 200_000


class Route(PagedQuestion[RouteAnswer], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The newest `limit` legs of a vehicle's route after skipping `offset`, oldest first.

    Attributes:
        plate: in any writing.
        locations: coordinates of cameras, by id.
        min_confidence: least confidence of the reads, 0 to 1.
    """

    plate: str
    min_confidence: float = SURE
    locations: Mapping[str, GeoPoint]


class Clones(PagedQuestion[ClonesAnswer], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Legs that no vehicle can drive, newest first: two vehicles bear one plate, or a plate was misread.

    Attributes:
        plate: in any writing; "" for all plates.
        locations: coordinates of cameras, by id; None for a camera known to have none.
        limits: what a vehicle can do.
        min_confidence: least confidence of the reads, 0 to 1.
    """

    timeout_s: ClassVar[float] = 900.0
    min_confidence: float = SURE
    plate: str = ""
    locations: Mapping[str, GeoPoint | None]
    limits: DrivingLimits = DrivingLimits()


class QueryBackend(ABC):
    """Answers questions: a database in this process, or the process that owns it.

    No event is shown or counted twice, however often it was delivered. Programs ask through
    `pipeline.app.queries.EventQueries`, not here.

    Attributes:
        is_of_run: whether another process owns the store, which fills it.
    """

    is_of_run: bool = False

    @abstractmethod
    def ask(self, question: Question[A], requester: Requester) -> A:
        """The answer.

        Raises:
            StoreError: the question makes no sense, or cannot be answered now.
        """

    @abstractmethod
    def close(self) -> None:
        """Give back connections; may be called twice."""


def check_page(limit: int, offset: int) -> None:
    """Refuse a page that makes no sense.

    Raises:
        StoreError: a negative number, or more than `MOST_ROWS` at once.
    """
    check_between("limit", limit, 0, MOST_ROWS, "Ask for pages with limit and offset.")
    check_between("offset", offset, 0, 2**63 - 1)


def check_between(name: str, value: float, least: float, most: float, fix: str = "") -> None:
    """Refuse a number that makes no sense.

    Raises:
        StoreError: `value` is not between `least` and `most`.
    """
    if not least <= value <= most:
        raise StoreError(name, f"{value} is not between {least} and {most}", fix)
