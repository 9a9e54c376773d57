"""Notes on waiting events: accepted, of a question's range, and in no event store yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from pipeline.domain.language import Language
from pipeline.store.annotated_answer import first_of
from pipeline.store.answer import Note, NoteCode
from pipeline.store.coverage_questions import WaitingEvents, WaitingPlace

_TEXTS: Final = {
    WaitingPlace.SPOOL: "not stored yet, in spools of the data folder: {events} of this time range ({names})",
    WaitingPlace.KAFKA: "not stored yet, in Kafka: {events}; is viapublica kafka ingest running? ({names})",
}
_UNKNOWN: Final = {
    WaitingPlace.SPOOL: "spools of the data folder cannot be read, so events may wait there: {names}",
    WaitingPlace.KAFKA: "the Kafka brokers did not answer within a second, so events may wait there: {names}",
}


def waiting_notes(waiting: Sequence[WaitingEvents], language: Language) -> Iterator[Note]:
    """A note for each kind of place where events wait, and where that is not known."""
    for place in WaitingPlace:
        there = [one for one in waiting if one.place is place]
        unknown = tuple(one.name for one in there if one.events is None)
        if unknown:
            text = language.text(_UNKNOWN[place], names=first_of(unknown, "further place", language, ", "))
            yield Note(code=NoteCode.WAITING, text=text, limits=True, items=unknown)
        counts = {one.name: one.events for one in there if one.events}
        if counts:
            text = language.text(
                _TEXTS[place],
                events=language.counted(sum(counts.values()), "event"),
                names=first_of(tuple(counts), "further place", language, ", "),
            )
            yield Note(code=NoteCode.WAITING, text=text, limits=True, items=tuple(counts))
