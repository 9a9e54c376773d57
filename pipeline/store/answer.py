"""Answers with what limits them: each comes with notes, and says whether anything may be missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

import msgspec

from pipeline.domain.camera import Camera

A = TypeVar("A")


class NoteCode(StrEnum):
    """The reasons for notes, for programs."""

    LIMIT = "limit"
    FUTURE = "future"
    RETENTION = "retention"
    LOST = "lost-data"
    ERASED = "erased-on-request"
    UNKNOWN_ERASURES = "erasures-unknown"
    FIRST_DATA = "first-data"
    NO_PLATES = "plates-not-read"
    INTERRUPTED = "interrupted"
    NOT_KNOWN = "coverage-not-known"
    EVENTS_LOST = "events-lost"
    WAITING = "events-waiting"
    OVERLOADED = "overloaded"
    SILENT = "silent"
    UNCERTAIN = "uncertain-reads"
    UNCERTAIN_ONLY = "seen-only-uncertainly"
    NOT_SEEN = "not-seen"
    NO_MATCH = "read-without-match"
    SIMILAR = "similar-plates"
    LOW_RATE = "low-rate"
    UNUSABLE = "unusable-images"
    SEARCHED = "searched"
    WITHHELD = "reads-withheld"
    LEFT_OUT = "cameras-left-out"
    SENSITIVE = "small-counts-withheld"
    UNDECLARED = "no-declarations"
    COUNTS = "counts-are-tracks"
    HITS = "hits-elsewhere"
    NO_AREAS = "no-areas-drawn"
    AREAS_CHANGED = "areas-changed"


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """A remark on an answer.

    Attributes:
        code: the reason; text: a sentence for people.
        limits: rows may be missing because of it.
        items: what it names, complete: cameras, plates.
    """

    code: NoteCode
    text: str
    limits: bool = False
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer(Generic[A]):
    """The answer to a question.

    Attributes:
        value: what was found; notes: what limits it.
        cameras: the declared cameras, for their names and places.
        evaluation: no people are registered where it was asked, so that access was not decided on.
    """

    value: A
    notes: tuple[Note, ...] = ()
    cameras: Mapping[str, Camera] = field(default_factory=dict)
    evaluation: bool = False

    def camera_label(self, camera_id: str) -> str:
        """A camera's id with its name, where it has one: ``av-paulista-900 (Av. Paulista, 900)``."""
        camera = self.cameras.get(camera_id)
        return f"{camera_id} ({camera.name})" if camera is not None and camera.name else camera_id

    @property
    def complete(self) -> bool:
        """Whether nothing is known that could make rows be missing."""
        return not any(note.limits for note in self.notes)
