"""Terminal output of an erasure: its time range, places, numbers and JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import tzinfo
from typing import TYPE_CHECKING, Final, NoReturn

from pipeline.app.erasure.erase import Erasure, Selection
from pipeline.app.erasure.erased_place import ErasedPlace
from pipeline.cli.common.console import err, print_json, print_table, say
from pipeline.domain.erasure import CORRUPT_RECORD, ErasureOutcome, EventNumbers, LeftNote
from pipeline.domain.events import Kind
from pipeline.domain.plural import counted
from pipeline.domain.times import format_time
from pipeline.errors import ViapublicaError

if TYPE_CHECKING:
    from pipeline.app.erasure.proof import ProvenErasure

_NOUNS: Final = {
    Kind.PLATE_READ.value: "read",
    Kind.TRACK.value: "track",
    Kind.COUNT.value: "count",
    Kind.LINE_COUNT.value: "line count",
    Kind.ZONE_STATE.value: "zone state",
    Kind.ALERT.value: "alert",
    Kind.HEALTH.value: "camera state",
    CORRUPT_RECORD: "corrupt record",
}
_FILES: Final = {"video": "video file", "preview": "preview", "damaged": "damaged part"}
_MOST_SPANS: Final = 5
"""Times of video files that a sentence names; the table names all."""


def print_range(selection: Selection, zone: tzinfo | None) -> None:
    """The requested time range."""
    times_ms = (selection.start_ms, selection.end_ms)
    if times_ms != (None, None):
        times = (format_time(at_ms, zone) if at_ms is not None else "open" for at_ms in times_ms)
        say(err, f"time range: {' to '.join(times)}")


def print_erased(
    erasure: Erasure, places: Sequence[ErasedPlace], done: ProvenErasure | None, disclosed: Sequence[str]
) -> None:
    """The erasure as a JSON object; `done` is None for a dry run, which names the disclosures itself."""
    print_json(
        {
            "erased": done is not None,
            "events": asdict(erasure.events),
            "places": [asdict(one) for one in (done.places if done else places)],
            "held": [note.english for note in erasure.held],
            "out_of_reach": [*erasure.out_of_reach, *(done.disclosed if done else disclosed)],
            "proof": {"number": done.number, "files": list(map(str, done.documents))} if done else None,
        }
    )


def print_places(found: Sequence[ErasedPlace], title: str, zone: tzinfo | None, erasure: Erasure | None = None) -> None:
    """A table of the places.

    Args:
        found, title: the places, and the line above them.
        zone: of times; None for the machine's own.
        erasure: whose held and unreachable data is named below.
    """
    rows = [(place.kind, place.name, place.events, _remainder(place), place.where) for place in found]
    notes = [
        f"Whole files: recorded video of {place.name} from {span}" for place in found for span in _spans(place, zone)
    ]
    notes += [] if erasure is None else [f"Held: {note.english}" for note in erasure.held]
    notes += [] if erasure is None else [f"Out of reach: {what}" for what in erasure.out_of_reach]
    print_table(title, ["kind", "name", "copies", "proof", "where"], rows, "\n".join(notes))


def numbers_in_words(events: EventNumbers, found: Sequence[ErasedPlace], zone: tzinfo | None) -> str:
    """``1 read, 1 track, in 4 places``, or ``5 counts, in 1 place, and 3 video files (...) and 2 previews``.

    Args:
        events: the different ones; found: the places.
        zone: of the times of video files, which are deleted whole; None for the machine's own.
    """
    files = Counter[str]()
    for place in found:
        files[place.kind] += place.events
    kinds = [counted(events.by_kind[kind], noun) for kind, noun in _NOUNS.items() if kind in events.by_kind]
    numbers = [", ".join([*kinds, f"in {counted(events.places, 'place')}"])] * bool(kinds)
    spans = [span for place in found for span in _spans(place, zone)]
    if len(spans) > _MOST_SPANS:
        spans[_MOST_SPANS:] = [f"{len(spans) - _MOST_SPANS} further times"]
    of_files = {"video": f" (whole files: {'; '.join(spans)})"} if spans else {}
    numbers += [counted(files[kind], noun) + of_files.get(kind, "") for kind, noun in _FILES.items() if files[kind]]
    return " and ".join(numbers) or "nothing"


def outcome_in_words(outcome: ErasureOutcome) -> str:
    """``erased``, ``nothing found``, or ``incomplete: 0 erased, 0 left, 8 files preserved by holds``."""
    if outcome.word != "incomplete":
        return "not finished: erase again" if outcome.word == "not-finished" else outcome.word.replace("-", " ")
    held = f", {counted(outcome.held, 'file')} preserved by holds" if outcome.held else ""
    return f"incomplete: {outcome.erased} erased, {outcome.left} left{held}"


def left_in_words(found: Sequence[ErasedPlace]) -> str:
    """``0 left``, or ``0 left, 1 file preserved by holds``."""
    held = sum(place.held for place in found)
    left = f"{sum(place.left or 0 for place in found)} left"
    return f"{left}, {counted(held, 'file')} preserved by holds" if held else left


def fail_for_holds(command: str, held: Sequence[LeftNote]) -> NoReturn:
    """Fail because holds preserve video, previews or events, each named.

    Raises:
        ViapublicaError: always.
    """
    notes = "; ".join(note.english for note in held)  # each with the command that releases its hold
    raise ViapublicaError(command, f"all else is erased, but holds preserve: {notes}")


def _remainder(place: ErasedPlace) -> str:
    """What is left of a place, ``0 left`` or ``1 held``; before the erasure what is held."""
    held = f"{place.held} held" if place.held else ""
    left = f"{place.left} left" if place.left is not None and (place.left or not held) else ""
    return ", ".join(filter(None, (left, held)))


def _spans(place: ErasedPlace, zone: tzinfo | None) -> list[str]:
    return [f"{format_time(begin_ms, zone)} to {format_time(end_ms, zone)}" for begin_ms, end_ms in place.spans]
