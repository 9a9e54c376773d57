"""Answers with what limits them: each comes with notes, and says whether anything may be missing.

An empty answer alone is never a "no": the store may hold less than was asked about.
"""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any, Final, Protocol, TypeVar

import msgspec

from pipeline.domain.camera import Camera
from pipeline.domain.language import ENGLISH, Language
from pipeline.errors import StoreError
from pipeline.storage.unknown_erasures import UnknownErasures
from pipeline.store.coverage_questions import ActiveCameras, WaitingOf, WantedEvents
from pipeline.store.questions import (
    MOST_ROWS,
    ClonesAnswer,
    PagedQuestion,
    Question,
    RangedQuestion,
    RouteAnswer,
)
from pipeline.store.retention_settings import RetentionSettings

A = TypeVar("A")
_MOST_NAMED: Final = 10
_MOST_CAMERAS: Final = 1_000


MOST_NAMED: Final = 5
"""Cameras or days that one note names."""


@dataclass(frozen=True, slots=True)
class AnswerContext:
    """What is known where questions are asked, beside the store.

    Attributes:
        cameras: those configured; None where no configuration is known.
        retention: days that each table is retained.
        zone: of times in notes; None for the machine's own.
        clock_ms: milliseconds since 1970 UTC.
        withheld: cameras whose stored plates no answer uses, with the reason, as they are declared now.
        declared: cameras whose declaration is known here: of all others no answer uses plates. None for any.
        sensitive: cameras with sensitive surroundings, of which no answer has single tracks or small counts.
        sinks: names of those known, which alerts may be about.
        undeclared: no declaration of a camera is known where the question is asked, as beside a copied store.
        language: of the notes.
        waiting: finds accepted events of a question that are not in the store yet.
        erased: whether events of a question may have been erased on request.
        unknown_erasures: erasures that restored data may lack, as a person accepted; None where all are known.
    """

    cameras: Mapping[str, Camera] | None = None
    retention: RetentionSettings = field(default_factory=RetentionSettings)
    zone: tzinfo | None = None
    clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    withheld: Mapping[str, str] = field(default_factory=dict)
    declared: Collection[str] | None = None
    sensitive: Collection[str] = frozenset()
    sinks: Collection[str] = ()
    undeclared: bool = False
    language: Language = ENGLISH
    waiting: WaitingOf = lambda _wanted: ()
    erased: Callable[[WantedEvents], bool] = lambda _wanted: False
    unknown_erasures: UnknownErasures | None = None


class Ask(Protocol):
    """Asks a question of the store."""

    def __call__(self, question: Question[A], /) -> A:
        """The answer, without notes."""
        ...


def first_of(texts: Sequence[str], noun: str, language: Language, separator: str) -> str:
    """The first few of some texts, and the number of the others."""
    shown = separator.join(texts[:MOST_NAMED])
    if len(texts) <= MOST_NAMED:
        return shown
    rest = language.counted(len(texts) - MOST_NAMED, noun)
    return language.text("{shown}{separator}and {rest}", shown=shown, separator=separator, rest=rest)


def check_text(question: Question[Any]) -> None:
    """Refuse text that is no Unicode, as a terminal with another encoding passes it on.

    Raises:
        StoreError: the question holds some.
    """
    try:
        msgspec.json.encode(question)
    except UnicodeEncodeError as error:
        raise StoreError(
            f"text {str(error.object)[:40]!a}", "is not UTF-8", "Set the terminal to UTF-8 and type it again"
        ) from None


def check_cameras(ask: Ask, question: RangedQuestion[Any], context: AnswerContext) -> None:
    """Refuse cameras that are neither configured nor in the store.

    Raises:
        StoreError: naming the first one, with the names that are like it; or there are too many.
    """
    if len(question.camera_ids) > _MOST_CAMERAS:
        raise StoreError(
            "camera",
            f"{len(question.camera_ids):,} cameras are too many in one question, which takes {_MOST_CAMERAS:,}",
            "Leave the cameras out to ask about all, or ask in parts",
        )
    configured = context.cameras or {}
    foreign = [camera_id for camera_id in question.camera_ids if camera_id not in configured]
    if not foreign:
        return
    stored: list[str] = ask(ActiveCameras(camera_ids=tuple(foreign)))
    unknown = next((camera_id for camera_id in foreign if camera_id not in stored), None)
    if unknown is None:
        return
    everywhere: list[str] = ask(ActiveCameras())
    known = sorted({*configured, *everywhere})
    raise StoreError(
        f"camera {unknown[:64]!r}", "is neither configured nor in the event store", similar_cameras(unknown, known)
    )


def page_of(ask: Ask, question: Question[A]) -> tuple[A, bool]:
    """The answer to a question, and whether rows follow those of its page."""
    if not isinstance(question, PagedQuestion):
        return ask(question), False
    limit = question.limit
    one_more = msgspec.structs.replace(question, limit=limit + 1) if 0 <= limit < MOST_ROWS else question
    value = ask(one_more)
    found = len(rows_of(value))
    more = found > limit or limit == MOST_ROWS == found
    return (_cut(value, limit) if found > limit else value), more


def _cut(value: A, limit: int) -> A:
    """The value without the row that was asked for beyond the page."""
    cut: Any
    if isinstance(value, RouteAnswer):  # oldest first: the page is its end
        cut = msgspec.structs.replace(value, legs=value.legs[len(value.legs) - limit :])
    elif isinstance(value, ClonesAnswer):
        cut = msgspec.structs.replace(value, legs=value.legs[:limit])
    else:
        cut = rows_of(value)[:limit]
    return cut  # type: ignore[no-any-return]


def rows_of(value: Any) -> Sequence[Any]:
    """The rows of an answer's value."""
    if isinstance(value, RouteAnswer | ClonesAnswer):
        return value.legs
    return value if isinstance(value, list) else []


def similar_cameras(unknown: str, known: Sequence[str]) -> str:
    """A hint at the known cameras whose ids are like an unknown one, else at all."""
    by_small = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(unknown.casefold(), by_small, n=3, cutoff=0.7)
    if near:
        return f"Did you mean {' or '.join(by_small[name] for name in near)}?"
    if not known:
        return "The event store holds no camera yet"
    more = f" and {len(known) - _MOST_NAMED} more" if len(known) > _MOST_NAMED else ""
    return f"Known are {', '.join(known[:_MOST_NAMED])}{more}"
