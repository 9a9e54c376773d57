"""What can be asked of the event store, and the answers, whoever answers.

A question is a value: the store, the socket of a running process and whoever asks use the same one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, ClassVar, Final, Generic, TypeVar

import msgspec

from pipeline.domain.events import Event, Kind, PlateReadEvent
from pipeline.domain.route import Trail
from pipeline.errors import StoreError

MOST_ROWS: Final = 100_000
"""Most events in one answer; further ones by `offset`."""

A = TypeVar("A")


class CameraSummary(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the store knows of a camera.

    Attributes:
        camera_id: the camera.
        last_seen_ms: time of its newest event, milliseconds since 1970 UTC.
        events: number of events per kind.
        state: the last state it reported, "" when it reported none; detail: why.
        state_since_ms: when it took that state, None when it reported none.
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
        meetings: how often the two met; share: of the other one's passages, 0 to 1.
        cameras: at how many cameras they met.
        first_ts_ms, last_ts_ms: first and last meeting, milliseconds since 1970 UTC.
    """

    plate: str
    plate_key: str
    meetings: int
    share: float
    cameras: int
    first_ts_ms: int
    last_ts_ms: int


class TrafficCount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many of a class began at a camera in the minute, hour or day from `start_ms` (since 1970 UTC) on."""

    start_ms: int
    camera_id: str
    label: str
    count: int


class TrafficSpeed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How fast a class was at a camera in the minute, hour or day from `start_ms` (since 1970 UTC) on.

    Attributes:
        tracks: how many tracks ended then.
        unit: ``m/s`` for those of a calibrated camera, else ``px/s``; the two never stand in one row.
        mean, median, p85: of the tracks' speeds; the last is what 85 % stay below, the traffic engineer's V85.
    """

    start_ms: int
    camera_id: str
    label: str
    tracks: int
    unit: str
    mean: float
    median: float
    p85: float


class TrailPage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Trails of some plates, in the order of their keys.

    Attributes:
        trails: of these plates.
        after: what to ask for next as `Trails.after`; None when these were the last.
    """

    trails: list[Trail]
    after: str | None = None


class Interval(StrEnum):
    """Lengths of time that traffic is added up over."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"

    @property
    def ms(self) -> int:
        """Milliseconds."""
        return {Interval.MINUTE: 60_000, Interval.HOUR: 3_600_000, Interval.DAY: 86_400_000}[self]


class Question(msgspec.Struct, Generic[A], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question with an answer of type `A`."""

    answer: ClassVar[Any]
    """The type `A`, for decoders."""


class _Ranged(Question[A], Generic[A], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """About a time range, milliseconds since 1970 UTC, start included, end not, None for open; some cameras, or all."""

    start_ms: int | None = None
    end_ms: int | None = None
    camera_ids: tuple[str, ...] = ()


class _Paged(_Ranged[A], Generic[A], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """And about `limit` rows after skipping `offset`."""

    limit: int = 100
    offset: int = 0


class Plates(_Paged[list[PlateReadEvent]], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Reads of some vehicles, newest first, each in both forms of a converted plate.

    Attributes:
        plates: in any writing; with `like` patterns where ``*`` stands for any text and ``?`` for one character,
            compared with the plate as read and with its key.
        like: whether they are patterns.
        errors: 1 also finds reads with one wrong character (see `pipeline.domain.plate.keys_near`); 0 does not.
    """

    answer: ClassVar[Any] = list[PlateReadEvent]
    plates: tuple[str, ...]
    like: bool = False
    errors: int = 0


class Events(_Paged[list[Event]], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Events of one kind, or of all (None), newest first."""

    answer: ClassVar[Any] = list[Event]
    kind: Kind | None = None


class Cameras(Question[list[CameraSummary]], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every camera with at least one event, by id."""

    answer: ClassVar[Any] = list[CameraSummary]


class Count(Question[int], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Number of different events of a kind."""

    answer: ClassVar[Any] = int
    kind: Kind


class Convoy(_Paged[list[Companion]], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Plates that were seen with this one, those that met it most often first.

    Two plates meet when a camera reads both within `within_ms`. Meetings at one camera less than `apart_ms` after the
    one before it are the same meeting: two vehicles that stand in a queue meet once.

    Attributes:
        plate: in any writing.
        within_ms: 1 ms to 1 hour; apart_ms: 0 to 1 day.
        meetings: how many at least.
    """

    answer: ClassVar[Any] = list[Companion]
    plate: str
    within_ms: int = 10_000
    meetings: int = 2
    apart_ms: int = 300_000


class Trails(_Ranged[TrailPage], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where and when plates were seen, oldest first: of one plate, or of all that more than one camera saw.

    Attributes:
        plate: in any writing; "" for all, which come in pages of whole plates.
        within_ms: of all plates only those that changed the camera within this time; None for any.
        after: the page that follows this key (`TrailPage.after`).
        reads: about how many reads a page is made of.
    """

    answer: ClassVar[Any] = TrailPage
    plate: str = ""
    within_ms: int | None = None
    after: str = ""
    reads: int = 200_000


class Traffic(_Paged[list[TrafficCount]], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Counts per camera, class and time, newest first.

    Attributes:
        by: the length of time.
        utc_offset_ms: where days and hours begin: milliseconds that local time is ahead of UTC.
    """

    answer: ClassVar[Any] = list[TrafficCount]
    by: Interval = Interval.HOUR
    utc_offset_ms: int = 0


class Speeds(_Paged[list[TrafficSpeed]], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Speeds per camera, class and time (when the track ended), newest first; fields as in `Traffic`."""

    answer: ClassVar[Any] = list[TrafficSpeed]
    by: Interval = Interval.HOUR
    utc_offset_ms: int = 0


QUESTIONS: Final[dict[str, type[Question[Any]]]] = {
    "plates": Plates,
    "events": Events,
    "cameras": Cameras,
    "count": Count,
    "convoy": Convoy,
    "trails": Trails,
    "traffic": Traffic,
    "speeds": Speeds,
}
"""All questions, by the name they have on the wire."""


class EventQueries(ABC):
    """Whoever answers questions. No event shows or counts twice, however often it was delivered."""

    @abstractmethod
    def ask(self, question: Question[A]) -> A:
        """The answer.

        Raises:
            StoreError: the question makes no sense, or nobody can answer it now.
        """

    @abstractmethod
    def close(self) -> None:
        """Give back connections."""

    def plates(
        self,
        *plates: str,
        start_ms: int | None = None,
        end_ms: int | None = None,
        camera_ids: Sequence[str] = (),
        like: bool = False,
        errors: int = 0,
        limit: int = 100,
        offset: int = 0,
    ) -> list[PlateReadEvent]:
        """Short for `Plates`."""
        return self.ask(
            Plates(
                plates=plates,
                start_ms=start_ms,
                end_ms=end_ms,
                camera_ids=tuple(camera_ids),
                like=like,
                errors=errors,
                limit=limit,
                offset=offset,
            )
        )

    def events(
        self,
        kind: Kind | None = None,
        *,
        start_ms: int | None = None,
        end_ms: int | None = None,
        camera_ids: Sequence[str] = (),
        limit: int = 100,
        offset: int = 0,
    ) -> list[Event]:
        """Short for `Events`."""
        return self.ask(
            Events(
                kind=kind,
                start_ms=start_ms,
                end_ms=end_ms,
                camera_ids=tuple(camera_ids),
                limit=limit,
                offset=offset,
            )
        )

    def cameras(self) -> list[CameraSummary]:
        """Short for `Cameras`."""
        return self.ask(Cameras())

    def count(self, kind: Kind) -> int:
        """Short for `Count`."""
        return self.ask(Count(kind=kind))


def check_page(limit: int, offset: int) -> None:
    """Refuse a page that makes no sense.

    Raises:
        StoreError: a negative number, or more than `MOST_ROWS` at once.
    """
    check_between("limit", limit, 0, MOST_ROWS, "Ask for pages with limit and offset.")
    check_between("offset", offset, 0, 2**63 - 1)


def check_between(name: str, value: int, least: int, most: int, fix: str = "") -> None:
    """Refuse a number that makes no sense.

    Raises:
        StoreError: `value` is not between `least` and `most`.
    """
    if not least <= value <= most:
        raise StoreError(name, f"{value} is not between {least} and {most}", fix)
