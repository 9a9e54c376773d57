"""Notes on answers: limit, retention, lost data, and the extent of a search that found nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar, cast

from pipeline.domain.event_kinds import SPECS
from pipeline.domain.events import Kind
from pipeline.domain.language import Language
from pipeline.domain.times import DAY_MS, format_time
from pipeline.store.annotated_answer import AnswerContext, Ask, check_cameras, check_text, first_of, page_of, rows_of
from pipeline.store.answer import Answer, Note, NoteCode
from pipeline.store.camera_notes import (
    OF_PLATES,
    SHORTEST_MS,
    cameras_without_plates,
    interruptions,
    losses,
    never_sent,
    silent_cameras,
    small_counts,
    undeclared,
    withheld,
    without_life_sign,
    without_states_that_ended,
)
from pipeline.store.coverage_questions import (
    Coverage,
    CoverageOf,
    LossAlert,
    LossAlertsOf,
    LostData,
    LostDataOf,
    WantedEvents,
)
from pipeline.store.plate_notes import low_rates, plate_notes
from pipeline.store.questions import (
    MOST_ROWS,
    Cameras,
    CameraSummary,
    Count,
    Events,
    ListedPlateAlerts,
    PagedQuestion,
    Question,
    RangedQuestion,
)
from pipeline.store.schema.tables import TABLES
from pipeline.store.traffic_notes import areas_notes
from pipeline.store.traffic_questions import LineFigures, Speeds, Traffic, ZoneFigures
from pipeline.store.waiting_notes import waiting_notes

A = TypeVar("A")
_LIMIT: Final = "the list ends after {rows}, and there are more: use --offset {offset}"
_LIMIT_HIGHER: Final = (
    "the list ends after {rows}, and there are more: use --limit (at most {most}) or --offset {offset}"
)
_COUNTS: Final = (
    "counts are tracks that began: a vehicle that is lost and found again counts twice, and parked ones may"
)

_HITS: Final = "alerts of listed plates are not among them: viapublica hotlist hits"
_ERASED: Final = "erasures on request concern this time range, so data may be missing"
"""It names no vehicle: an answer must not say what was erased."""
_UNKNOWN_ERASURES: Final = (
    "the data was restored without its register: what was erased on request between {since} and {until} may be in this "
    "answer"
)
_UNKNOWN_ERASURES_BEFORE: Final = (
    "the data was restored without its register: what was erased on request before {until} may be in this answer"
)

_OF_KIND: Final[Mapping[type[RangedQuestion[Any]], Kind]] = {
    ListedPlateAlerts: Kind.ALERT,
    Traffic: Kind.COUNT,
    Speeds: Kind.TRACK,
    LineFigures: Kind.LINE_COUNT,
    ZoneFigures: Kind.ZONE_STATE,
}


def annotated(ask: Ask, question: Question[A], context: AnswerContext) -> Answer[A]:
    """The answer to a question, checked before and with notes.

    Args:
        ask: asks the store.
        question: of any type; notes come with those about a time range.
        context: what is known beside the store.

    Raises:
        StoreError: the question makes no sense, names an unknown camera, or cannot be answered now.
    """
    check_text(question)
    cameras = context.cameras or {}
    if not isinstance(question, RangedQuestion):
        value = ask(question)
        if isinstance(question, Cameras):
            value = cast("A", without_states_that_ended(cast("list[CameraSummary]", value), context))
        lost: list[LostData] = ask(LostDataOf(kinds=(question.kind,) if isinstance(question, Count) else tuple(Kind)))
        return Answer(
            value,
            (*_lost_data(lost, context.language), *_never_seen(value, context), *_unknown_erasures(context)),
            cameras,
        )
    check_cameras(ask, question, context)
    value, more = page_of(ask, question)
    return Answer(value, tuple(_notes(ask, question, context, rows_of(value), more)), cameras)


def _never_seen(value: object, context: AnswerContext) -> Iterator[Note]:
    """Configured cameras that a list of the stored ones lacks, or that went silent."""
    if isinstance(value, list) and all(isinstance(row, CameraSummary) for row in value):
        yield from without_life_sign(value, context)
        missing = sorted(set(context.cameras or {}) - {row.camera_id for row in value})
        if missing:
            yield never_sent(missing, "configured camera", context.language)


def _notes(
    ask: Ask, question: RangedQuestion[Any], context: AnswerContext, rows: Sequence[Any], more: bool
) -> Iterator[Note]:
    kinds, now_ms = _kinds(question), context.clock_ms()
    now_ms -= now_ms % 1000  # questions of many people within a second are then one
    end_ms = now_ms if question.end_ms is None else min(question.end_ms, now_ms)
    coverage = ask(CoverageOf(kinds=kinds, start_ms=question.start_ms, end_ms=end_ms, camera_ids=question.camera_ids))
    alerts: list[LossAlert] = ask(
        LossAlertsOf(start_ms=question.start_ms, end_ms=question.end_ms, camera_ids=question.camera_ids)
    )
    if isinstance(question, PagedQuestion) and more:
        yield _limit(question, context.language)
    yield from _times(question, context, kinds, coverage)
    lost: list[LostData] = ask(LostDataOf(kinds=kinds, start_ms=question.start_ms, end_ms=question.end_ms))
    yield from _lost_data(lost, context.language)
    yield from cameras_without_plates(question, context, rows)
    if Kind.PLATE_READ in kinds:
        yield from undeclared(context)
        yield from withheld(ask, question, context)
    yield from small_counts(question, context, kinds)
    yield from interruptions(question, context, coverage)
    yield from losses(alerts, question, context)
    without = frozenset(context.withheld) if isinstance(question, OF_PLATES) else frozenset[str]()
    wanted = WantedEvents(kinds, question.start_ms, question.end_ms, question.camera_ids, without)
    yield from waiting_notes(context.waiting(wanted), context.language)
    if context.erased(wanted):
        yield Note(code=NoteCode.ERASED, text=context.language.text(_ERASED), limits=True)
    yield from _unknown_erasures(context)
    yield from low_rates(question, context, kinds)
    if not rows:
        yield from silent_cameras(ask, question, context)
    yield from plate_notes(ask, question, context, rows)
    if isinstance(question, Events) and question.kind is Kind.ALERT:
        yield Note(code=NoteCode.HITS, text=context.language.text(_HITS))
    if isinstance(question, LineFigures | ZoneFigures):
        yield from areas_notes(question, context, rows)
    if isinstance(question, Traffic) and rows:
        yield Note(code=NoteCode.COUNTS, text=context.language.text(_COUNTS))
    if not rows:
        yield _searched(question, context, kinds, coverage)


def _unknown_erasures(context: AnswerContext) -> Iterator[Note]:
    if (unknown := context.unknown_erasures) is not None:
        since, until = (format_time(at_ms, context.zone) for at_ms in (unknown.since_ms, unknown.until_ms))
        text = context.language.text(
            _UNKNOWN_ERASURES if unknown.since_ms else _UNKNOWN_ERASURES_BEFORE, since=since, until=until
        )
        yield Note(code=NoteCode.UNKNOWN_ERASURES, text=text)


def _kinds(question: RangedQuestion[Any]) -> tuple[Kind, ...]:
    """The kinds of events that an answer is made of."""
    if isinstance(question, OF_PLATES):
        return (Kind.PLATE_READ,)
    if isinstance(question, Events) and question.kind is not None:
        return (question.kind,)
    kind = _OF_KIND.get(type(question))
    return tuple(Kind) if kind is None else (kind,)


def _limit(question: PagedQuestion[Any], language: Language) -> Note:
    after = question.offset + question.limit
    text = language.text(
        _LIMIT_HIGHER if question.limit < MOST_ROWS else _LIMIT,
        rows=language.counted(question.limit, "row"),
        most=f"{MOST_ROWS:,}".replace(",", "." if language.decimal == "," else ","),
        offset=after,
    )
    return Note(code=NoteCode.LIMIT, text=text, limits=True)


def _times(
    question: RangedQuestion[Any], context: AnswerContext, kinds: Sequence[Kind], coverage: Coverage
) -> Iterator[Note]:
    """The part of the range that the store cannot hold: the future, expired days, the time before its first event."""
    now_ms, start_ms, language = context.clock_ms(), question.start_ms, context.language
    if start_ms is None:
        return
    if start_ms > now_ms:
        text = language.text(
            "the time range begins in the future, at {time}", time=language.time(start_ms, context.zone)
        )
        yield Note(code=NoteCode.FUTURE, text=text, limits=True)
        return
    horizon_ms = start_ms
    for kind in kinds:
        days = context.retention.days(TABLES[kind])
        oldest_ms = now_ms - (days or 0) * DAY_MS
        # A store that still holds more says itself how far back it goes.
        if days is not None and start_ms < oldest_ms - DAY_MS and not _holds(coverage, oldest_ms - 2 * DAY_MS):
            horizon_ms = max(horizon_ms, oldest_ms)
            text = language.text(
                "{data} before {time} are no longer stored (retention: {days})",
                data=language.text(SPECS[kind].retention_about),
                time=language.time(oldest_ms, context.zone),
                days=language.counted(days, "day"),
            )
            yield Note(code=NoteCode.RETENTION, text=text, limits=True)
        yield from _retention_of_groups(question, context, kind)
    if coverage.first_ms is None:
        text = language.text("the event store holds no {data} at all", data=_data(kinds, language))
        yield Note(code=NoteCode.FIRST_DATA, text=text, limits=True)
    elif coverage.first_ms > horizon_ms + SHORTEST_MS and horizon_ms == start_ms:
        text = language.text(
            "the oldest stored {data} are from {time}; nothing before that was searched",
            data=_data(kinds, language),
            time=language.time(coverage.first_ms, context.zone),
        )
        yield Note(code=NoteCode.FIRST_DATA, text=text, limits=True)


def _retention_of_groups(question: RangedQuestion[Any], context: AnswerContext, kind: Kind) -> Iterator[Note]:
    """Groups of cameras whose rows of the range are no longer stored, although those of others are."""
    language, table = context.language, TABLES[kind]
    of_all = context.retention.days(table)
    for group in context.retention.groups:
        days = group.days(table)
        concerned = not question.camera_ids or not set(question.camera_ids).isdisjoint(group.cameras)
        if days is None or not concerned or (of_all is not None and days >= of_all):
            continue
        oldest_ms = context.clock_ms() - days * DAY_MS
        if question.start_ms is not None and question.start_ms < oldest_ms - DAY_MS:
            text = language.text(
                "{data} before {time} are no longer stored (retention: {days})",
                data=f"{language.text(SPECS[kind].retention_about)} ({group.name})",
                time=language.time(oldest_ms, context.zone),
                days=language.counted(days, "day"),
            )
            yield Note(code=NoteCode.RETENTION, text=text, limits=True, items=group.cameras)


def _data(kinds: Sequence[Kind], language: Language) -> str:
    """What an answer is made of, in the plural."""
    if len(kinds) > 1:
        return language.text("events")
    return language.text(SPECS[kinds[0]].retention_about)


def _lost_data(lost: Sequence[LostData], language: Language) -> Iterator[Note]:
    """What the store has lost of the range and kinds."""
    for table in sorted({one.table for one in lost}):
        days = [one.day for one in lost if one.table == table]
        named = [day or language.text("an unknown day") for day in days]
        text = language.text(
            "part of the data in {table} of {days} (UTC) was lost, because files of the store were damaged",
            table=table,
            days=first_of(named, "further day", language, ", "),
        )
        yield Note(code=NoteCode.LOST, text=text, limits=True, items=tuple(days))


def _holds(coverage: Coverage, ms: int) -> bool:
    return coverage.first_ms is not None and coverage.first_ms < ms


def _searched(question: RangedQuestion[Any], context: AnswerContext, kinds: Sequence[Kind], coverage: Coverage) -> Note:
    """The extent of a search that found nothing."""
    language, about = context.language, _data(kinds, context.language)
    starts = [ms for ms in (question.start_ms, coverage.first_ms) if ms is not None]
    if starts and question.end_ms is not None and max(starts) >= question.end_ms:
        text = language.text("searched: nothing, because no {data} of this time range are stored", data=about)
        return Note(code=NoteCode.SEARCHED, text=text)
    where = language.counted(len(question.camera_ids), "camera")
    text = language.text(
        "searched: {data} {start} {end}, {cameras}",
        data=about,
        start=language.text("from {time}", time=language.time(max(starts), context.zone))
        if starts
        else language.text("of any time"),
        end=language.text("to now")
        if question.end_ms is None
        else language.text("to {time}", time=language.time(question.end_ms, context.zone)),
        cameras=where if question.camera_ids else language.text("all cameras"),
    )
    return Note(code=NoteCode.SEARCHED, text=text)
