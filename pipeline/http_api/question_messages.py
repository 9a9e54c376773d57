"""Bodies of questions to the event store and of their answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import Any, Final, Self, TypedDict
from uuid import UUID

import msgspec
from pydantic import Field

from pipeline.app.questions import SURE, Answer, NoteCode
from pipeline.domain.events import Kind
from pipeline.domain.plate import check_question
from pipeline.domain.purpose import Purpose
from pipeline.domain.times import parse_range
from pipeline.errors import ViapublicaError
from pipeline.http_api.messages import AnswerBody, RequestBody
from pipeline.http_api.problems import InvalidRequest

MOST_PLATES: Final = 10
"""Plates of one question; one about more is a search in bulk, which another person approves before."""
_MOST_ROWS: Final = 1000
_MOST_OFFSET: Final = 99_000
_TIME: Final = "ISO 8601, such as 2026-11-22T08:00-03:00"


class Scope(TypedDict):
    """Fields of a question about a time range and some cameras, in pages."""

    start_ms: int | None
    end_ms: int | None
    camera_ids: tuple[str, ...]
    limit: int
    offset: int


class Asked(RequestBody):
    """What every question states."""

    purpose: Purpose = Field(description="What the answer is for; the closed list of the law.")
    case: str = Field(
        default="", description="Number of the case or order, where the purpose needs one.", max_length=64
    )


class PagedQuestion(Asked):
    """A question about a time range and some cameras, in pages."""

    start: str | None = Field(default=None, description=f"Begin, included: {_TIME}.", max_length=40)
    end: str | None = Field(default=None, description=f"End, not included: {_TIME}.", max_length=40)
    cameras: list[str] = Field(
        default=[], description="Only these; none for all that you may ask about.", max_length=1000
    )
    limit: int = Field(default=100, description="Rows of the page.", ge=1, le=_MOST_ROWS)
    offset: int = Field(default=0, description="Rows to skip: next_offset of the page before.", ge=0, le=_MOST_OFFSET)

    def scope(self, zone: tzinfo | None) -> Scope:
        """The fields of the question.

        Raises:
            InvalidRequest: a time is none, or the end does not follow the begin.
        """
        try:
            start_ms, end_ms = parse_range(self.start, self.end, zone)
        except ViapublicaError as error:
            raise InvalidRequest("start, end", error.problem, error.fix) from None
        return {
            "start_ms": start_ms,
            "end_ms": end_ms,
            "camera_ids": tuple(self.cameras),
            "limit": self.limit,
            "offset": self.offset,
        }


class PlatesQuestion(PagedQuestion):
    """Where some vehicles were read."""

    plates: list[str] = Field(
        description="One or a few; ABC1234 and its converted form ABC1C34 are one vehicle.",
        min_length=1,
        max_length=MOST_PLATES,
    )
    errors: int = Field(default=0, description="1: also reads with one wrong character.", ge=0, le=1)
    min_confidence: float = Field(default=SURE, description="Least confidence of a read.", ge=0, le=1)

    def checked_plates(self) -> tuple[str, ...]:
        """The plates.

        Raises:
            InvalidRequest: one is none; it is named by its place.
        """
        return tuple(_checked_plate(f"plates.{place}", text) for place, text in enumerate(self.plates))


class RouteQuestion(PagedQuestion):
    """The way of one vehicle from camera to camera."""

    plate: str = Field(description="The vehicle.", max_length=20)
    min_confidence: float = Field(default=SURE, description="Least confidence of the reads.", ge=SURE, le=1)

    def checked_plate(self) -> str:
        """The plate.

        Raises:
            InvalidRequest: it is none.
        """
        return _checked_plate("plate", self.plate)


class EventsQuestion(PagedQuestion):
    """Events of one kind."""

    kind: Kind = Field(description="Kind of the events; plate reads of all vehicles are a search in bulk.")


class NoteAnswer(AnswerBody):
    """A remark on an answer."""

    code: NoteCode
    text: str
    limits: bool = Field(description="Rows may be missing because of it.")
    items: list[str] = Field(description="What it names: cameras, plates.")

    @classmethod
    def all_of(cls, answer: Answer[Any]) -> list[Self]:
        """The notes of an answer."""
        return [
            cls(code=note.code, text=note.text, limits=note.limits, items=list(note.items)) for note in answer.notes
        ]


class RouteRead(AnswerBody):
    """When and where a vehicle was read."""

    ts_ms: int = Field(description="Milliseconds since 1970 UTC.")
    camera_id: str
    plate: str
    event_id: UUID


class QuestionAnswer(AnswerBody):
    """A page of an answer."""

    rows: list[dict[str, Any]] = Field(description="As in the reference of events, newest first.")
    next_offset: int | None = Field(description="Of the next page; null when this is the last one.")
    complete: bool = Field(description="False when a note, a further page or cameras left out make rows be missing.")
    notes: list[NoteAnswer] = Field(description="What limits the answer.")
    left_out_cameras: int = Field(description="Registered cameras that no rule permits to ask about for this purpose.")

    @classmethod
    def of(
        cls, answer: Answer[Any], rows: Callable[[Any], Any], *, left_out: int, page: PagedQuestion | None = None
    ) -> Self:
        """The page of an answer.

        Args:
            answer: from the store; rows: of its value; left_out: cameras; page: the question, None without pages.
        """
        found = [_plain(row) for row in rows(answer.value)]
        more = page is not None and any(note.code is NoteCode.LIMIT for note in answer.notes)
        return cls(
            rows=found,
            next_offset=page.offset + page.limit if page is not None and more else None,
            complete=answer.complete and not more and not left_out,
            notes=NoteAnswer.all_of(answer),
            left_out_cameras=left_out,
        )


class RouteAnswer(QuestionAnswer):
    """A page of the way of a vehicle."""

    only_read: RouteRead | None = Field(description="The only read of the vehicle; null where there are more or none.")
    unlocated: list[str] = Field(description="Cameras without coordinates: legs to and from them have no distance.")


def _plain(row: Any) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(row)
    return plain


def _checked_plate(place: str, text: str) -> str:
    try:
        return check_question(text[:40])
    except ViapublicaError as error:
        raise InvalidRequest(place, "is not a plate", error.fix) from None
