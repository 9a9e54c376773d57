"""Routes of administrators: registered people."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from pydantic import Field

from pipeline.app.people.administration import Administration
from pipeline.domain.people import AccountStatus
from pipeline.domain.times import format_utc
from pipeline.http_api.callers import CallerOf, ServiceOf
from pipeline.http_api.messages import AnswerBody, RequestBody
from pipeline.http_api.problems import with_body

router = APIRouter(prefix="/people", tags=["people"])
_MOST: Final = 1000


class PeopleQuestion(RequestBody):
    """A page of people."""

    limit: int = Field(default=100, description="People of the page.", ge=1, le=_MOST)
    offset: int = Field(default=0, description="People to skip: next_offset of the page before.", ge=0, le=1_000_000)


class PersonAnswer(AnswerBody):
    """A registered person, without their documents."""

    login: str
    name: str
    institution: str
    sector: str
    status: AccountStatus
    roles: list[str] = Field(description="Those that count now.")
    registered_until: str
    left: bool


class PeopleAnswer(AnswerBody):
    """A page of people, by login."""

    people: list[PersonAnswer]
    next_offset: int | None = Field(description="Of the next page; null when this is the last one.")
    found: int


@router.post("/search", responses=with_body())
def search(body: PeopleQuestion, caller: CallerOf, service: ServiceOf) -> PeopleAnswer:
    """List the people whose registration you may manage."""
    found, end, now_ms = Administration(caller.registry).people(), body.offset + body.limit, service.now_ms
    people = [
        PersonAnswer(
            login=one.login,
            name=one.name,
            institution=one.institution,
            sector=one.sector,
            status=one.status,
            roles=[role.value for role in one.roles_at(now_ms)],
            registered_until=format_utc(one.validity.until_ms),
            left=one.left_ms is not None,
        )
        for one in found[body.offset : end]
    ]
    return PeopleAnswer(people=people, next_offset=end if len(found) > end else None, found=len(found))
