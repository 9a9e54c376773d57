"""Routes of traffic figures: crossings of lines, occupancy of zones, tracks and speeds per camera."""

from __future__ import annotations

from datetime import tzinfo
from enum import StrEnum
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from pydantic import Field

from pipeline.app.people.permitted_questions import PermittedQuestions
from pipeline.app.questions import LineFigures, RangedQuestion, Speeds, Traffic, ZoneFigures
from pipeline.domain.times import find_zone, utc_offsets
from pipeline.errors import ViapublicaError
from pipeline.http_api.callers import Caller, CallerOf, ServiceOf
from pipeline.http_api.problems import InvalidRequest, with_body
from pipeline.http_api.question_messages import PagedQuestion, QuestionAnswer
from pipeline.http_api.service import Service

A = TypeVar("A")
router = APIRouter(prefix="/queries", tags=["traffic"], responses=with_body())


class Interval(StrEnum):
    """Length of the time that figures are summed over."""

    MINUTE = "1m"
    FIVE_MINUTES = "5m"
    QUARTER = "15m"
    HOUR = "1h"
    SIX_HOURS = "6h"
    DAY = "1d"


_MS: Final = {
    Interval.MINUTE: 60_000,
    Interval.FIVE_MINUTES: 300_000,
    Interval.QUARTER: 900_000,
    Interval.HOUR: 3_600_000,
    Interval.SIX_HOURS: 6 * 3_600_000,
    Interval.DAY: 24 * 3_600_000,
}


def interval_ms(every: str) -> int:
    """The length of an interval, milliseconds.

    Args:
        every: value of an `Interval`.
    """
    return _MS[Interval(every)]


class TrafficQuestion(PagedQuestion):
    """Figures per interval."""

    every: Interval = Field(default=Interval.HOUR, description="Length of an interval.")
    zone: str = Field(
        default="",
        description="Zone of hours and days, such as America/Sao_Paulo; by default the server's.",
        max_length=64,
    )

    def asked(self, zone: tzinfo | None) -> dict[str, Any]:
        """The fields of the question.

        Raises:
            InvalidRequest: a time or zone is none.
        """
        own = self._zone() or zone
        scope = self.scope(own)
        offsets = utc_offsets(scope["start_ms"], scope["end_ms"], own)
        return {**scope, "every_ms": _MS[self.every], "utc_offsets": offsets}

    def _zone(self) -> ZoneInfo | None:
        try:
            return find_zone(self.zone) if self.zone else None
        except ViapublicaError as error:
            raise InvalidRequest("zone", error.problem, error.fix) from None


class LinesQuestion(TrafficQuestion):
    """Traffic across lines."""

    by_direction: bool = Field(default=True, description="Directions apart, or their sum.")
    by_class: bool = Field(default=True, description="Classes apart, or their sum.")


class ZonesQuestion(TrafficQuestion):
    """Occupancy of zones."""

    by_class: bool = Field(default=True, description="Classes apart, or their sum with its level of service.")


@router.post("/lines")
def lines(body: LinesQuestion, caller: CallerOf, service: ServiceOf) -> QuestionAnswer:
    """Count crossings of lines, with speeds and headways, newest first."""
    question = LineFigures(by_direction=body.by_direction, by_class=body.by_class, **body.asked(service.stores.zone))
    return _answer(question, body, caller, service)


@router.post("/zones")
def zones(body: ZonesQuestion, caller: CallerOf, service: ServiceOf) -> QuestionAnswer:
    """Show occupancy, queue, density and level of service of zones, newest first."""
    return _answer(ZoneFigures(by_class=body.by_class, **body.asked(service.stores.zone)), body, caller, service)


@router.post("/traffic")
def traffic(body: TrafficQuestion, caller: CallerOf, service: ServiceOf) -> QuestionAnswer:
    """Count the tracks that began, per camera and class, newest first."""
    return _answer(Traffic(**body.asked(service.stores.zone)), body, caller, service)


@router.post("/speeds")
def speeds(body: TrafficQuestion, caller: CallerOf, service: ServiceOf) -> QuestionAnswer:
    """Show mean, median and 85th percentile of speeds, per camera and class, newest first."""
    return _answer(Speeds(**body.asked(service.stores.zone)), body, caller, service)


def _answer(
    question: RangedQuestion[list[A]], body: TrafficQuestion, caller: Caller, service: Service
) -> QuestionAnswer:
    opened = service.registry.held_by(caller.credential, body.purpose.value, body.case)
    found = PermittedQuestions(opened, service.stores, service.store, body.purpose, body.case).ask(question)
    return QuestionAnswer.of(found.answer, lambda value: value, left_out=found.left_out, page=body)
