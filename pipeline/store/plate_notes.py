"""Notes on the plates of a question: uncertain reads, plates not seen, similar plates, low frame rates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import msgspec

from pipeline.domain.camera import LEAST_FPS, LEAST_TRACK_FPS, Camera
from pipeline.domain.events import Kind
from pipeline.domain.language import Language
from pipeline.domain.plate import normalize
from pipeline.policy.scope import why_no_plates
from pipeline.store.annotated_answer import AnswerContext, Ask, first_of
from pipeline.store.answer import Note, NoteCode
from pipeline.store.coverage_questions import PlatesNotSeen, UncertainReads
from pipeline.store.questions import Clones, Convoy, Events, Plates, RangedQuestion, ReadsByVehicle, Route
from pipeline.store.traffic_questions import Speeds, Traffic

_OF_VEHICLES: Final = (Convoy, Route, Clones, ReadsByVehicle)
_MOST_NEAR: Final = 50
"""Plates not seen for which reads of similar plates are searched: each has some 250 of them."""
_LONGEST_NEAR: Final = 10
_LISTED: Final = "left out: {reads} with a confidence below {confidence}; use --min-confidence 0"
_ONLY: Final = "seen only uncertainly: {reads} with a confidence below {confidence}; use --min-confidence 0"
_ONLY_UNUSED: Final = (
    "seen only uncertainly: {reads} with a confidence below {confidence}, not used here, because most of such reads "
    "are wrong; viapublica plates {plates} --min-confidence 0 lists them"
)
_UNUSED: Final = "not used here: {reads} with a confidence below {confidence}, because most of such reads are wrong"
_OF_PLATES: Final = {
    NoteCode.NOT_SEEN: "not seen: {number} of {all}: {plates}",
    NoteCode.UNCERTAIN_ONLY: "seen only uncertainly: {number} of {all}: {plates}",
    NoteCode.NO_MATCH: "read in this time range, but no stored read fulfills the conditions of this search: {plates}",
    NoteCode.SIMILAR: "plates that differ by one character were read, use --errors 1 of viapublica plates: {plates}",
}
_LOW_RATES: Final = {
    LEAST_FPS: "fewer than {least} frames per second are analyzed of {cameras}, so plates of passing vehicles are "
    "missed: {names}",
    LEAST_TRACK_FPS: "fewer than {least} frames per second are analyzed of {cameras}, so passing vehicles are missed: "
    "{names}",
}


def plate_notes(ask: Ask, question: RangedQuestion[Any], context: AnswerContext, rows: Sequence[Any]) -> Iterator[Note]:
    """The notes on the plates that a question names or is about."""
    of = _reads_of(question)
    if of is None:
        return
    language = context.language
    if of.plates and (len(of.plates) > 1 or not rows):
        yield from _unseen(ask, question, of, rows, language)
    if count := ask(UncertainReads(of=of)):
        listed = isinstance(question, Plates | Events)
        read = bool(rows) or bool(of.plates and not listed and _are_read(ask, of))
        only = bool(of.plates) and not read
        text = language.text(
            (_ONLY if only else _LISTED) if listed else _ONLY_UNUSED if only else _UNUSED,
            reads=language.counted(count, "further read" if read else "read"),
            confidence=_confidence(of, language),
            plates=" ".join(of.plates),
        )
        # Of a search for named plates each read counts; an empty answer is a "no" only if nothing was left out.
        yield Note(code=NoteCode.UNCERTAIN, text=text, limits=bool(of.plates) or not rows)


def low_rates(question: RangedQuestion[Any], context: AnswerContext, kinds: Sequence[Kind]) -> Iterator[Note]:
    """Cameras of which so few frames are analyzed that vehicles pass unseen."""
    if isinstance(question, Traffic | Speeds):
        yield from _low(question, context, LEAST_TRACK_FPS, bool)
    elif Kind.PLATE_READ in kinds:
        yield from _low(question, context, LEAST_FPS, lambda camera: not why_no_plates(camera))


def _low(
    question: RangedQuestion[Any],
    context: AnswerContext,
    least: float,
    concerns: Callable[[Camera], bool],
) -> Iterator[Note]:
    asked = question.camera_ids or tuple(context.cameras or ())
    found = [camera for name in asked if (camera := (context.cameras or {}).get(name)) is not None]
    low = {one.camera_id: one.analyze_fps for one in found if one.analyzed_below(least) and concerns(one)}
    if low:
        language = context.language
        shown = [f"{name} ({fps:g})".replace(".", language.decimal) for name, fps in low.items()]
        text = language.text(
            _LOW_RATES[least],
            least=f"{least:g}",
            cameras=language.counted(len(low), "camera"),
            names=first_of(shown, "further camera", language, ", "),
        )
        yield Note(code=NoteCode.LOW_RATE, text=text, limits=True, items=tuple(low))


def _reads_of(question: RangedQuestion[Any]) -> Plates | None:
    """The plate reads that a question is about; None for a question about none."""
    if isinstance(question, Plates):
        return question
    if isinstance(question, Events):
        if question.kind not in {None, Kind.PLATE_READ}:
            return None
    elif not isinstance(question, _OF_VEHICLES):
        return None
    plate = getattr(question, "plate", "")
    return Plates(
        plates=(plate,) if plate else (),
        min_confidence=question.min_confidence,
        start_ms=question.start_ms,
        end_ms=question.end_ms,
        camera_ids=question.camera_ids,
    )


def _are_read(ask: Ask, of: Plates) -> bool:
    """Whether certain reads of the plates exist, though they answer nothing here."""
    return len(ask(PlatesNotSeen(of=of))) < len(of.plates)


def _unseen(
    ask: Ask, question: RangedQuestion[Any], of: Plates, rows: Sequence[Any], language: Language
) -> Iterator[Note]:
    """Plates without a read, those with uncertain ones alone, and those of which similar plates were read."""
    missing: list[str] = ask(PlatesNotSeen(of=of))
    never: list[str] = ask(PlatesNotSeen(of=_narrowed(of, missing, min_confidence=0.0))) if missing else []
    if len(of.plates) > 1:
        yield from _named(NoteCode.NOT_SEEN, never, of, language)
        uncertain = _without(missing, never)
        yield from _named(NoteCode.UNCERTAIN_ONLY, uncertain, of, language, limits=True)
    elif isinstance(question, _OF_VEHICLES):
        if missing:
            yield from _named(NoteCode.NOT_SEEN, never, of, language)
        elif not rows and not isinstance(question, Route):  # a route names the single read that it has
            yield from _named(NoteCode.NO_MATCH, of.plates, of, language)
    short = [plate for plate in never if len(normalize(plate)) <= _LONGEST_NEAR]
    if short and not of.like and not of.errors and len(short) <= _MOST_NEAR:
        without: list[str] = ask(PlatesNotSeen(of=_narrowed(of, short, errors=1)))
        yield from _named(NoteCode.SIMILAR, _without(short, without), of, language)


def _without(plates: Sequence[str], others: Sequence[str]) -> list[str]:
    left_out = set(others)
    return [plate for plate in plates if plate not in left_out]


def _narrowed(of: Plates, plates: Sequence[str], **changes: Any) -> Plates:
    return msgspec.structs.replace(of, plates=tuple(plates), **changes)


def _named(
    code: NoteCode, plates: Sequence[str], of: Plates, language: Language, *, limits: bool = False
) -> Iterator[Note]:
    if plates:
        names = ", ".join(plates)
        text = language.text(_OF_PLATES[code], number=len(plates), all=len(of.plates), plates=names)
        yield Note(code=code, text=text, limits=limits, items=tuple(plates))


def _confidence(of: Plates, language: Language) -> str:
    return f"{of.min_confidence:g}".replace(".", language.decimal)
