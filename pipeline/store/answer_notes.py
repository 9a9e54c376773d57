"""Notes on answers: limit, retention, interruptions, cameras without plates, uncertain reads, plates not seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

from pipeline.domain.camera import Camera
from pipeline.domain.event_kinds import SPECS
from pipeline.domain.events import ENGINE_ID, Kind
from pipeline.domain.plural import counted
from pipeline.domain.ports import SourceState
from pipeline.domain.times import format_duration, format_time
from pipeline.policy.scope import why_no_plates
from pipeline.store.annotated_answer import (
    Answer,
    AnswerContext,
    Ask,
    Note,
    NoteCode,
    check_cameras,
    check_text,
    page_of,
    rows_of,
)
from pipeline.store.coverage_questions import (
    ActiveCameras,
    Coverage,
    CoverageOf,
    Interruption,
    LostData,
    LostDataOf,
    PlatesNotSeen,
    UncertainReads,
)
from pipeline.store.questions import (
    MOST_ROWS,
    CameraSummary,
    Clones,
    Convoy,
    Count,
    Events,
    PagedQuestion,
    Plates,
    Question,
    RangedQuestion,
    ReadsByVehicle,
    Route,
    Speeds,
    Traffic,
    Withheld,
    WithheldReads,
)
from pipeline.store.schema.tables import TABLES

A = TypeVar("A")
_DAY_MS: Final = 86_400_000
_SHORTEST_MS: Final = 1_000
"""Shorter interruptions are not mentioned."""
_MOST_NAMED: Final = 5
_OF_PLATES: Final = (Plates, Convoy, Route, Clones, ReadsByVehicle)
_PHRASES: Final = {
    SourceState.ENDED.value: "was not running",
    SourceState.FAILED.value: "failed",
    SourceState.OVERLOADED.value: "had frames dropped, because the machine was overloaded,",
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
        lost: list[LostData] = ask(LostDataOf(kinds=(question.kind,) if isinstance(question, Count) else tuple(Kind)))
        return Answer(value, (*_lost_data(lost), *_never_seen(value, cameras)), cameras)
    check_cameras(ask, question, context)
    value, more = page_of(ask, question)
    return Answer(value, tuple(_notes(ask, question, context, rows_of(value), more)), cameras)


def _never_seen(value: object, cameras: Mapping[str, Camera]) -> Iterator[Note]:
    """Configured cameras that a list of the stored ones lacks."""
    if isinstance(value, list) and all(isinstance(row, CameraSummary) for row in value):
        missing = sorted(set(cameras) - {row.camera_id for row in value})
        if missing:
            text = f"{counted(len(missing), 'configured camera')} never sent an event: {', '.join(missing)}"
            yield Note(code=NoteCode.SILENT, text=text, limits=True, items=tuple(missing))


def _notes(
    ask: Ask, question: RangedQuestion[Any], context: AnswerContext, rows: Sequence[Any], more: bool
) -> Iterator[Note]:
    kinds = _kinds(question)
    coverage = ask(
        CoverageOf(kinds=kinds, start_ms=question.start_ms, end_ms=question.end_ms, camera_ids=question.camera_ids)
    )
    if isinstance(question, PagedQuestion) and more:
        yield _limit(question)
    yield from _times(question, context, kinds, coverage)
    lost: list[LostData] = ask(LostDataOf(kinds=kinds, start_ms=question.start_ms, end_ms=question.end_ms))
    yield from _lost_data(lost)
    yield from _cameras_without_plates(question, context, rows)
    if Kind.PLATE_READ in kinds:
        yield from _undeclared(context)
        yield from _withheld(ask, question)
    yield from _interruptions(question, context, coverage)
    if isinstance(question, Plates) and len(question.plates) > 1:
        not_seen: list[str] = ask(PlatesNotSeen(of=question))
        yield from _not_seen(not_seen, question)
    if not rows:
        yield from _silent_cameras(ask, question, context)
    yield from _uncertain(ask, question)
    if not rows:
        yield _searched(question, context, kinds, coverage)


def _kinds(question: RangedQuestion[Any]) -> tuple[Kind, ...]:
    """The kinds of events that an answer is made of."""
    if isinstance(question, _OF_PLATES):
        return (Kind.PLATE_READ,)
    if isinstance(question, Traffic):
        return (Kind.COUNT,)
    if isinstance(question, Speeds):
        return (Kind.TRACK,)
    if isinstance(question, Events) and question.kind is not None:
        return (question.kind,)
    return tuple(Kind)


def _limit(question: PagedQuestion[Any]) -> Note:
    after, verb = question.offset + question.limit, "is" if question.limit == 1 else "are"
    higher = f"--limit (at most {MOST_ROWS:,}) or " if question.limit < MOST_ROWS else ""
    return Note(
        code=NoteCode.LIMIT,
        text=f"only {counted(question.limit, 'row')} {verb} listed, and there are more: use {higher}--offset {after}",
        limits=True,
    )


def _times(
    question: RangedQuestion[Any], context: AnswerContext, kinds: Sequence[Kind], coverage: Coverage
) -> Iterator[Note]:
    """The part of the range that the store cannot hold: the future, expired days, the time before its first event."""
    now_ms, start_ms = context.clock_ms(), question.start_ms
    if start_ms is None:
        return
    if start_ms > now_ms:
        text = f"the time range begins in the future, at {format_time(start_ms, context.zone)}"
        yield Note(code=NoteCode.FUTURE, text=text, limits=True)
        return
    horizon_ms = start_ms
    for kind in kinds:
        days = context.retention.days(TABLES[kind])
        oldest_ms = now_ms - (days or 0) * _DAY_MS
        # A store that still holds more says itself how far back it goes.
        if days is not None and start_ms < oldest_ms - _DAY_MS and not _holds(coverage, oldest_ms - 2 * _DAY_MS):
            horizon_ms = max(horizon_ms, oldest_ms)
            text = f"{SPECS[kind].retention_about} before {format_time(oldest_ms, context.zone)} are no longer stored"
            yield Note(code=NoteCode.RETENTION, text=f"{text} (retention: {counted(days, 'day')})", limits=True)
    if coverage.first_ms is None:
        names = " or ".join(SPECS[kind].retention_about for kind in kinds) if len(kinds) < len(Kind) else "events"
        yield Note(code=NoteCode.FIRST_DATA, text=f"the event store holds no {names} at all", limits=True)
    elif coverage.first_ms > horizon_ms + _SHORTEST_MS and horizon_ms == start_ms:
        text = f"the oldest stored event of this kind is of {format_time(coverage.first_ms, context.zone)}"
        yield Note(code=NoteCode.FIRST_DATA, text=f"{text}; nothing before it was searched", limits=True)


def _lost_data(lost: Sequence[LostData]) -> Iterator[Note]:
    """What the store has lost of the range and kinds."""
    for table in sorted({one.table for one in lost}):
        days = [one.day for one in lost if one.table == table]
        named = ", ".join(day or "an unknown day" for day in days[:_MOST_NAMED])
        more = f" and {counted(len(days) - _MOST_NAMED, 'further day')}" if len(days) > _MOST_NAMED else ""
        text = f"part of the data in {table} of {named}{more} (UTC) was lost, because files of the store were damaged"
        yield Note(code=NoteCode.LOST, text=text, limits=True, items=tuple(days))


def _holds(coverage: Coverage, ms: int) -> bool:
    return coverage.first_ms is not None and coverage.first_ms < ms


def _cameras_without_plates(
    question: RangedQuestion[Any], context: AnswerContext, rows: Sequence[Any]
) -> Iterator[Note]:
    if not isinstance(question, _OF_PLATES) or context.cameras is None:
        return
    named = bool(question.camera_ids)
    asked = question.camera_ids or tuple(context.cameras)
    reasons = {
        camera_id: reason
        for camera_id in asked
        if (camera := context.cameras.get(camera_id)) is not None and (reason := why_no_plates(camera))
    }
    if not reasons or (rows and not named):
        return
    shown = "; ".join(f"{camera_id}: {reason}" for camera_id, reason in list(reasons.items())[:_MOST_NAMED])
    rest = f"; and {len(reasons) - _MOST_NAMED} more" if len(reasons) > _MOST_NAMED else ""
    yield Note(
        code=NoteCode.NO_PLATES,
        text=f"plates are never read by {counted(len(reasons), 'camera')}: {shown}{rest}",
        limits=named or len(reasons) == len(asked),
        items=tuple(reasons),
    )


def _undeclared(context: AnswerContext) -> Iterator[Note]:
    """A store without declarations of its cameras, such as a copied one, cannot say which plates to withhold."""
    if context.undeclared:
        decides = "no plate is withheld" if context.cameras is None else "only the configuration decides"
        text = f"the data folder has no declarations of cameras, so {decides}: copy its folder declarations too"
        yield Note(code=NoteCode.UNDECLARED, text=text)


def _withheld(ask: Ask, question: RangedQuestion[Any]) -> Iterator[Note]:
    """Reads that are stored and in no answer. The number is of all vehicles: of one it would reveal its place."""
    of = Withheld(start_ms=question.start_ms, end_ms=question.end_ms, camera_ids=question.camera_ids)
    found: list[WithheldReads] = ask(of)
    if found:
        shown = [f"{one.camera_id}: {counted(one.reads, 'read')} of all vehicles, {one.reason}" for one in found]
        rest = f"; and {counted(len(found) - _MOST_NAMED, 'further camera')}" if len(found) > _MOST_NAMED else ""
        yield Note(
            code=NoteCode.WITHHELD,
            text=f"stored reads are withheld: {'; '.join(shown[:_MOST_NAMED])}{rest}",
            limits=True,
            items=tuple(one.camera_id for one in found),
        )


def _interruptions(question: RangedQuestion[Any], context: AnswerContext, coverage: Coverage) -> Iterator[Note]:
    """A note on lost video and one on dropped frames, each with the cameras that lost most."""
    now_ms = context.clock_ms()
    groups: dict[NoteCode, dict[str, list[tuple[int, Interruption]]]] = {}
    for one in coverage.interruptions:
        length_ms = min(now_ms if one.end_ms is None else one.end_ms, now_ms) - one.start_ms
        if length_ms >= _SHORTEST_MS and _concerns(one.camera_id, question, context):
            code = NoteCode.OVERLOADED if one.state == SourceState.OVERLOADED.value else NoteCode.INTERRUPTED
            groups.setdefault(code, {}).setdefault(one.camera_id, []).append((length_ms, one))
    for code, cameras in groups.items():
        most_first = sorted(cameras.items(), key=lambda item: -sum(length for length, _ in item[1]))
        texts = [_interruption(camera_id, parts) for camera_id, parts in most_first[:_MOST_NAMED]]
        if len(cameras) > _MOST_NAMED:
            texts.append(f"and {counted(len(cameras) - _MOST_NAMED, 'further camera')}")
        yield Note(code=code, text="; ".join(texts), limits=True, items=tuple(sorted(cameras)))


def _interruption(camera_id: str, parts: Sequence[tuple[int, Interruption]]) -> str:
    longest = max(parts, key=lambda part: part[0])[1]
    phrase = _PHRASES.get(longest.state, "delivered no video")
    total = format_duration(sum(length_ms for length_ms, _ in parts))
    times = f" in {counted(len(parts), 'interruption')}" if len(parts) > 1 else ""
    why = f" ({longest.detail[:200]})" if longest.detail and longest.state != SourceState.ENDED.value else ""
    return f"{camera_id} {phrase} for {total}{times} of this time range{why}"


def _concerns(camera_id: str, question: RangedQuestion[Any], context: AnswerContext) -> bool:
    if question.camera_ids:
        return camera_id in question.camera_ids
    if context.cameras is None:
        return camera_id != ENGINE_ID
    camera = context.cameras.get(camera_id)
    return camera is not None and not (isinstance(question, _OF_PLATES) and why_no_plates(camera))


def _not_seen(plates: Sequence[str], question: Plates) -> Iterator[Note]:
    if plates:
        text = f"not seen: {len(plates)} of {len(question.plates)}: {', '.join(plates)}"
        yield Note(code=NoteCode.NOT_SEEN, text=text, items=tuple(plates))


def _silent_cameras(ask: Ask, question: RangedQuestion[Any], context: AnswerContext) -> Iterator[Note]:
    """Cameras without any event in the range: they may not have been running."""
    asked = question.camera_ids or tuple(context.cameras or ())
    active = ask(ActiveCameras(start_ms=question.start_ms, end_ms=question.end_ms, camera_ids=question.camera_ids))
    silent = sorted(camera_id for camera_id in set(asked) - set(active) if _concerns(camera_id, question, context))
    if not asked and not active:
        text = "no camera has sent any event in this time range"
        yield Note(code=NoteCode.SILENT, text=text, limits=True)
    if silent:
        names = ", ".join(silent[:_MOST_NAMED]) + (" …" if len(silent) > _MOST_NAMED else "")
        text = f"{counted(len(silent), 'camera')} sent no event of any kind in this time range: {names}"
        yield Note(code=NoteCode.SILENT, text=text, limits=True, items=tuple(silent))


def _uncertain(ask: Ask, question: RangedQuestion[Any]) -> Iterator[Note]:
    if not isinstance(question, (*_OF_PLATES, Events)):
        return
    if isinstance(question, Events) and question.kind not in {None, Kind.PLATE_READ}:
        return
    if isinstance(question, Plates):
        of = question
    else:
        plate = getattr(question, "plate", "")
        of = Plates(
            plates=(plate,) if plate else (),
            min_confidence=question.min_confidence,
            start_ms=question.start_ms,
            end_ms=question.end_ms,
            camera_ids=question.camera_ids,
        )
    if count := ask(UncertainReads(of=of)):
        lists = isinstance(question, Plates | Events)
        way = "--min-confidence 0 lists them" if lists else "they are not used here, because most are misread"
        text = f"{counted(count, 'further read')} with a confidence below {of.min_confidence:g}: {way}"
        yield Note(code=NoteCode.UNCERTAIN, text=text)


def _searched(question: RangedQuestion[Any], context: AnswerContext, kinds: Sequence[Kind], coverage: Coverage) -> Note:
    """The extent of a search that found nothing."""
    about = SPECS[kinds[0]].retention_about if len(kinds) == 1 else "events"
    starts = [ms for ms in (question.start_ms, coverage.first_ms) if ms is not None]
    if starts and question.end_ms is not None and max(starts) >= question.end_ms:
        text = f"searched: nothing, because no {about} of this time range are stored"
        return Note(code=NoteCode.SEARCHED, text=text)
    start = f"from {format_time(max(starts), context.zone)}" if starts else "of any time"
    end = "now" if question.end_ms is None else format_time(question.end_ms, context.zone)
    where = counted(len(question.camera_ids), "camera") if question.camera_ids else "all cameras"
    return Note(code=NoteCode.SEARCHED, text=f"searched: {about} {start} to {end}, {where}")
