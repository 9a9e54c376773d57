"""Hits of hot-lists: alerts of listed plates with their entries, for the people that the entries name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

import msgspec

from pipeline.app.questions import MOST_ROWS, Answer, Events, ListedPlateAlerts, RangedQuestion, Route
from pipeline.domain.alert_figures import Figure, decode_figures
from pipeline.domain.events import AlertEvent, Event, IncidentPhase, Severity
from pipeline.domain.hot_list import ListEntry
from pipeline.domain.route import GeoPoint, without_standing
from pipeline.domain.times import DAY_MS, format_utc

if TYPE_CHECKING:
    from pipeline.app.hotlists.hot_list_service import HotListService

__all__ = ["HitsWanted", "ListHit", "hit_alerts", "list_hits"]

A = TypeVar("A")
ROUTE_MS: Final = DAY_MS
"""How far the route to a hit goes back."""
_PASSAGES: Final = frozenset({IncidentPhase.NONE, IncidentPhase.BEGUN, IncidentPhase.UPDATED})
"""Phases of alerts that say that a plate was read."""
_MOST_ENTRIES: Final = 1000
"""Entries that a question names; of more, the alerts of all entries are read, and only theirs are shown."""


class Asks(Protocol):
    """Answers questions to the event store in the name of the person."""

    def ask(self, question: RangedQuestion[A], /) -> Answer[A]:
        """The answer, see `EventQueries.ask`."""
        ...


class ListHit(msgspec.Struct, frozen=True, kw_only=True):
    """A passage of a listed vehicle at a camera.

    Attributes:
        entry: number of the entry; list, case, authority: of it; plate: "" when it was removed after its end.
        camera_id, stream_id, track_id, ts_ms: where and when the plate was read.
        x1, y1, x2, y2: box of the plate then, pixels of the image.
        probability: that it was this plate; severity: of the alert.
        incident: its id, which the passages of one journey share; see `viapublica alerts show --hits`.
        route: cameras and times (UTC) at which the vehicle was read on the day before, up to this hit, oldest first;
            "" where it was not asked for, or was read nowhere else.
    """

    entry: int
    list: str
    plate: str
    case: str
    authority: str
    camera_id: str
    ts_ms: int
    stream_id: str
    track_id: int
    x1: float
    y1: float
    x2: float
    y2: float
    probability: float
    severity: Severity
    incident: str = ""
    route: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HitsWanted:
    """The hits that are asked for.

    Attributes:
        list_name: of one list, "" for all; entry: of one entry, None for all.
        start_ms, end_ms, camera_ids, limit, offset: see `pipeline.store.questions.PagedQuestion`.
        route: whether the route to each hit is asked for as well, which is a query of a journey.
        locations: coordinates of cameras.
    """

    list_name: str = ""
    entry: int | None = None
    start_ms: int | None = None
    end_ms: int | None = None
    camera_ids: tuple[str, ...] = ()
    limit: int = 100
    offset: int = 0
    route: bool = False
    locations: Mapping[str, GeoPoint] = field(default_factory=dict)


def list_hits(service: HotListService, queries: Asks, wanted: HitsWanted) -> Answer[list[ListHit]]:
    """The hits of entries that name the person who asks, newest first; of others, nothing is shown.

    Raises:
        RefusedAccess: the person may review no alerts, or may not query journeys.
        StoreError: the event store cannot answer.
        AuditUnavailable: the audit takes no record.
    """
    entries = service.watched(wanted.list_name)
    if wanted.entry is not None:
        entries = {number: one for number, one in entries.items() if number == wanted.entry}
    if not entries:
        return Answer([], evaluation=service.evaluation)
    question = ListedPlateAlerts(
        entries=tuple(entries) if len(entries) <= _MOST_ENTRIES else (),
        start_ms=wanted.start_ms,
        end_ms=wanted.end_ms,
        camera_ids=wanted.camera_ids,
        limit=MOST_ROWS,
    )
    answer = queries.ask(question)
    found = list(_hits(answer.value, entries))[wanted.offset : wanted.offset + wanted.limit]
    if wanted.route:
        found = [msgspec.structs.replace(one, route=_route(queries, one, wanted)) for one in found]
    return Answer(found, answer.notes, answer.cameras, answer.evaluation)


def hit_alerts(service: HotListService, queries: Asks) -> Callable[[Events], Answer[list[Event]]]:
    """Asks for the alerts of listed plates as `queries` asks for all others: those of entries that name the person.

    Raises:
        RefusedAccess: the person may review no alerts.
    """
    entries = service.watched("")

    def ask(question: Events) -> Answer[list[Event]]:
        if not entries:
            return Answer([], evaluation=service.evaluation)
        answer = queries.ask(
            ListedPlateAlerts(
                entries=tuple(entries) if len(entries) <= _MOST_ENTRIES else (),
                start_ms=question.start_ms,
                end_ms=question.end_ms,
                camera_ids=question.camera_ids,
                limit=question.limit,
                offset=question.offset,
            )
        )
        own: list[Event] = [alert for alert in answer.value if _entry(alert, entries) is not None]
        return Answer(own, answer.notes, answer.cameras, answer.evaluation)

    return ask


def _entry(alert: AlertEvent, entries: Mapping[int, ListEntry]) -> ListEntry | None:
    return entries.get(round(decode_figures(alert.figures).get(Figure.ENTRY, 0)))


def _hits(alerts: Iterable[AlertEvent], entries: Mapping[int, ListEntry]) -> Iterator[ListHit]:
    for alert in alerts:
        figures = decode_figures(alert.figures)
        entry = _entry(alert, entries)
        if entry is not None and alert.phase in _PASSAGES:
            yield ListHit(
                entry=entry.entry_id,
                list=entry.list_name,
                plate=entry.plate,
                case=entry.case_number,
                authority=entry.authority,
                camera_id=alert.camera_id,
                ts_ms=alert.ts_ms,
                stream_id=alert.stream_id,
                track_id=alert.track_id,
                x1=alert.x1,
                y1=alert.y1,
                x2=alert.x2,
                y2=alert.y2,
                probability=figures.get(Figure.PROBABILITY, 0.0),
                severity=alert.severity,
                incident=alert.incident,
            )


def _route(queries: Asks, hit: ListHit, wanted: HitsWanted) -> str:
    if not hit.plate:
        return ""
    question = Route(
        plate=hit.plate,
        start_ms=hit.ts_ms - ROUTE_MS,
        end_ms=hit.ts_ms + 1,
        locations=dict(wanted.locations),
        limit=MOST_ROWS,
    )
    legs = without_standing(queries.ask(question).value.legs)
    reads = [(leg.from_camera_id, leg.from_ts_ms) for leg in legs[:1]] + [
        (leg.to_camera_id, leg.to_ts_ms) for leg in legs
    ]
    return " → ".join(f"{camera_id} {format_utc(ts_ms)}" for camera_id, ts_ms in reads)
