"""Routes of hot-lists: entries are made, searched and ended; hits are searched, by the people that an entry names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from http import HTTPStatus
from typing import Any, Final, Self

from fastapi import APIRouter
from pydantic import Field

from pipeline.app.hotlists.permitted_hot_lists import (
    HitsWanted,
    HotListService,
    ListDefaults,
    ListEntry,
    list_hits,
    permitted_hot_lists,
)
from pipeline.domain.events import Severity
from pipeline.domain.times import format_utc
from pipeline.http_api.asked_questions import AskedQuestions
from pipeline.http_api.callers import Caller, CallerOf, ServiceOf
from pipeline.http_api.messages import AnswerBody
from pipeline.http_api.problems import responses, with_body
from pipeline.http_api.question_messages import Asked, PagedQuestion, QuestionAnswer
from pipeline.http_api.service import Service

router = APIRouter(prefix="/hot-lists", tags=["hot-lists"], responses=with_body())
_CONFLICTS: Final = responses(HTTPStatus.CONFLICT)
_LIST: Final = "Name of a list; empty for all."


class NewEntry(Asked):
    """An entry; its case is that of the request."""

    list: str = Field(description="Name of the list: stolen.", min_length=1, max_length=40)
    plate: str = Field(description="The vehicle, in both forms of a converted plate.", min_length=1, max_length=20)
    authority: str = Field(description="Body that searches for the vehicle.", max_length=200)
    reason: str = Field(description="Why it is searched for.", max_length=400)
    severity: Severity = Field(default=Severity.WARNING, description="Of the alerts.")
    start: str = Field(default="0s", description="When it begins.", max_length=40)
    until: str = Field(description="When it ends by itself, at most 180 days later.", max_length=40)
    seen_by: Sequence[str] = Field(
        default=(), description="Logins and institutions that see its hits; empty for the person.", max_length=20
    )
    any_plate: bool = Field(default=False, description="The plate has no Brazilian layout.")


class EntriesQuestion(Asked):
    """The entries that the person made, or whose hits they see."""

    list: str = Field(default="", description=_LIST, max_length=40)
    plate: str = Field(default="", description="Of this vehicle only.", max_length=20)
    ended: bool = Field(default=False, description="Also entries that have ended.")


class EndedEntries(Asked):
    """The end of entries before their time."""

    entries: Sequence[int] = Field(description="Their numbers.", min_length=1, max_length=100)
    reason: str = Field(description="Why the search ends: found.", min_length=1, max_length=400)


class HitsQuestion(PagedQuestion):
    """Passages of listed vehicles."""

    list: str = Field(default="", description=_LIST, max_length=40)
    entry: int | None = Field(default=None, description="Of this entry only.", ge=1, le=2**31 - 1)
    route: bool = Field(default=False, description="With the route on the day before each hit: a query of a journey.")


class EntryAnswer(AnswerBody):
    """An entry of a hot-list."""

    entry: int
    list: str
    plate: str = Field(description="Empty 30 days after its end.")
    authority: str
    case: str
    reason: str
    severity: Severity
    start: str
    until: str = Field(description="When it ends, or ended.")
    seen_by: Sequence[str]
    entered_by: str

    @classmethod
    def of(cls, one: ListEntry) -> Self:
        """As it is answered."""
        return cls(
            entry=one.entry_id,
            list=one.list_name,
            plate=one.plate,
            authority=one.authority,
            case=one.case_number,
            reason=one.reason,
            severity=one.severity,
            start=format_utc(one.validity.from_ms),
            until=format_utc(one.end_of()),
            seen_by=list(one.viewers),
            entered_by=one.entered_by,
        )


class EntriesAnswer(AnswerBody):
    """Entries of hot-lists."""

    entries: Sequence[EntryAnswer]


class ListsAnswer(AnswerBody):
    """The hot-lists as they are compared now; no plate."""

    entries: dict[str, int] = Field(description="Number of entries that count now, by list.")
    plates: int = Field(description="Number of different vehicles.")
    not_begun: int
    ended: int
    ending: int = Field(description="Number of entries that end within seven days.")
    accepted_per_day: float = Field(description="False alarms that the installation accepts.")
    reads_per_day: int
    threshold: dict[str, Any] = Field(description="Least probability of a match, and what follows from it.")


@router.post("/entries", responses=_CONFLICTS)
def add(body: NewEntry, caller: CallerOf, service: ServiceOf) -> EntryAnswer:
    """Search for a plate; another person has approved it before."""
    given = ListDefaults(
        list_name=body.list,
        authority=body.authority,
        case_number=body.case,
        reason=body.reason,
        until=body.until,
        begin=body.start,
        severity=body.severity,
        viewers=tuple(body.seen_by),
        any_plate=body.any_plate,
        zone=service.stores.zone,
    )
    with hot_lists_of(body, caller, service) as lists:
        return EntryAnswer.of(lists.add(given.entry({"plate": body.plate})))


@router.post("/entries/search")
def entries(body: EntriesQuestion, caller: CallerOf, service: ServiceOf) -> EntriesAnswer:
    """List the entries that you made, or whose hits you see."""
    with hot_lists_of(body, caller, service) as lists:
        found = lists.entries(body.list, body.plate, ended=body.ended)
    return EntriesAnswer(entries=[EntryAnswer.of(one) for one in found])


@router.post("/entries/end", responses=_CONFLICTS)
def end(body: EndedEntries, caller: CallerOf, service: ServiceOf) -> EntriesAnswer:
    """End entries before their time; it needs no second person."""
    with hot_lists_of(body, caller, service) as lists:
        return EntriesAnswer(entries=[EntryAnswer.of(one) for one in lists.end(body.entries, body.reason)])


@router.post("/state")
def state(body: Asked, caller: CallerOf, service: ServiceOf) -> ListsAnswer:
    """Show how many plates are searched for, and the threshold of matches."""
    with hot_lists_of(body, caller, service) as lists:
        return ListsAnswer(**asdict(lists.state()))


@router.post("/hits/search")
def hits(body: HitsQuestion, caller: CallerOf, service: ServiceOf) -> QuestionAnswer:
    """List passages of listed vehicles, newest first: of the entries that name you, no others."""
    wanted = HitsWanted(list_name=body.list, entry=body.entry, route=body.route, **body.scope(service.stores.zone))
    asked = AskedQuestions(body, caller, service)
    with hot_lists_of(body, caller, service) as lists:
        answer = list_hits(lists, asked, wanted)
    return QuestionAnswer.of(answer, lambda value: value, left_out=asked.left_out)


@contextmanager
def hot_lists_of(body: Asked, caller: Caller, service: Service) -> Iterator[HotListService]:
    """The hot-lists, in the name of the person of a request."""
    opened = service.registry.held_by(caller.credential, body.purpose.value, body.case)
    with permitted_hot_lists(opened, service.register, service.stores) as lists:
        yield lists
