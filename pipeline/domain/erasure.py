"""Erasures as the register holds them: what was requested, what was erased where, what is left."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

ERASURE_NUMBER_EXAMPLE: Final = "E2026/000001"
_NUMBER: Final = re.compile(r"[Ee]?([0-9]{4})[/-]([0-9]{1,9})")
CORRUPT_RECORD: Final = "corrupt_record"
"""Stands among kinds of events for bytes that are no event any more and may have been one that is wanted."""


@dataclass(frozen=True, slots=True)
class HoldOverride:
    """A second person's decision that an erasure reaches what holds preserve.

    Attributes:
        hold_ids: of the holds; they stay in force for everything else.
        reason: of the decision; by: the second person.
    """

    hold_ids: tuple[str, ...]
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class ErasureRequest:
    """A requested erasure. It holds no plate.

    Attributes:
        by: the person who erases.
        reason: the request or finding that it answers, as the institution files it; may be empty.
        fingerprint: keyed hash of the vehicle's plate; "" for a place and time.
        camera_ids: places; empty for all.
        begin_ms, end_ms: milliseconds since 1970 UTC, the end not part of it; None is open.
        override: the decision on holds in its way; None without one.
    """

    by: str
    reason: str = ""
    fingerprint: str = ""
    camera_ids: tuple[str, ...] = ()
    begin_ms: int | None = None
    end_ms: int | None = None
    override: HoldOverride | None = None


class LeftNote(NamedTuple):
    """What an erasure leaves, and what to do about it: in English for terminals, in Portuguese for the document."""

    english: str
    portuguese: str


@dataclass(frozen=True, slots=True)
class EventNumbers:
    """How many different events an erasure is about, however many copies there are.

    Attributes:
        by_kind: values of `Kind`, and `CORRUPT_RECORD`; without those of which there are none.
        places: number of tables, spools and files that hold them.
    """

    by_kind: Mapping[str, int] = field(default_factory=dict)
    places: int = 0


@dataclass(frozen=True, slots=True)
class ErasedNumber:
    """What was erased in one place.

    Attributes:
        kind: ``table``, ``spool``, ``file``, ``video`` or ``preview``.
        where, name: the place.
        number: copies of events, of video and previews files; left: counted again afterwards.
        held: files that holds preserve.
        spans: times of erased video files, which are deleted whole: milliseconds since 1970 UTC, from and to.
    """

    kind: str
    where: str
    name: str
    number: int
    left: int
    held: int = 0
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ErasureResult:
    """What an erasure did.

    Attributes:
        erased: by place.
        held: recorded video that holds preserve; left: what is out of reach, with what to do.
        events: the different events among the copies.
    """

    erased: tuple[ErasedNumber, ...]
    held: tuple[LeftNote, ...] = ()
    left: tuple[LeftNote, ...] = ()
    events: EventNumbers = EventNumbers()


class ErasureOutcome(NamedTuple):
    """The result of an erasure, in a word and by numbers.

    Attributes:
        word: ``erased``, ``incomplete`` (something is left, or preserved by holds), ``nothing-found``, ``refused``, or
            ``not-finished``.
        erased: copies of events, and files.
        left: of them, those that are still there; held: files that holds preserve.
    """

    word: str
    erased: int = 0
    left: int = 0
    held: int = 0


@dataclass(frozen=True, slots=True)
class ErasureRecord:
    """An erasure in the register.

    Attributes:
        number: such as ``E2026/000001``.
        begun_ms: when it began; finished_ms: when it ended, None where it did not: it has to be repeated.
        document: the proof, canonical JSON as it is signed; "" before the end.
        signature: CMS over the document, DER; empty where it is not signed.
        grounds: why the request was refused, so that nothing was erased; "" for an erasure.
    """

    number: str
    begun_ms: int
    begun_by: str
    finished_ms: int | None
    request: Mapping[str, Any]
    document: str
    signature: bytes
    grounds: str = ""

    @property
    def outcome(self) -> ErasureOutcome:
        """What the proof states."""
        if self.grounds or self.finished_ms is None:
            return ErasureOutcome("refused" if self.grounds else "not-finished")
        result = json.loads(self.document)["result"]
        erased, left, held = (sum(one[of] for one in result["erased"]) for of in ("number", "left", "held"))
        erased -= left
        if held or left or result["held"]:
            return ErasureOutcome("incomplete", erased, left, held)
        return ErasureOutcome("erased" if erased else "nothing-found", erased)


def erasure_number(year: int, running: int) -> str:
    """``E2026/000001``."""
    return f"E{year:04d}/{running:06d}"


def read_erasure_number(text: str) -> str:
    """The number in the register's form, from ``E2026/1``, ``e2026-000001`` or ``2026/1``; any other text as it is."""
    found = _NUMBER.fullmatch(text.strip())
    return erasure_number(int(found[1]), int(found[2])) if found else text.strip()
