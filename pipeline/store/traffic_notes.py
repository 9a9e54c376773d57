"""Notes on traffic figures: cameras without lines or zones, and areas that were drawn anew within the time range."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from pipeline.store.annotated_answer import AnswerContext, first_of
from pipeline.store.answer import Note, NoteCode
from pipeline.store.traffic_questions import LineFigure, LineFigures, ZoneFigure, ZoneFigures

_NO_LINES: Final = "no line is drawn for {cameras}: {names}"
_NO_ZONES: Final = "no zone is drawn for {cameras}: {names}"
_CHANGED: Final = (
    "the traffic areas of {camera} were changed within this time range; each version has rows of its own: {versions}"
)


def areas_notes(
    question: LineFigures | ZoneFigures, context: AnswerContext, rows: Sequence[LineFigure | ZoneFigure]
) -> Iterator[Note]:
    """Why cameras are missing from an answer, and why an interval may have two rows."""
    language, lines = context.language, isinstance(question, LineFigures)
    declared = context.cameras or {}
    asked = [name for name in question.camera_ids or sorted(declared) if name in declared]
    without = [name for name in asked if not (declared[name].areas.lines if lines else declared[name].areas.zones)]
    if without and (question.camera_ids or not rows):
        cameras = language.counted(len(without), "camera")
        names = first_of(without, "further camera", language, ", ")
        text = (
            language.text(_NO_LINES, cameras=cameras, names=names)
            if lines
            else language.text(_NO_ZONES, cameras=cameras, names=names)
        )
        yield Note(code=NoteCode.NO_AREAS, text=text, limits=True, items=tuple(without))
    versions: dict[str, dict[str, None]] = {}
    for row in sorted(rows, key=lambda row: row.start_ms):
        versions.setdefault(row.camera_id, {})[row.areas] = None
    for camera_id, of_camera in versions.items():
        if len(of_camera) > 1:
            text = language.text(_CHANGED, camera=camera_id, versions=", ".join(of_camera))
            yield Note(code=NoteCode.AREAS_CHANGED, text=text, items=tuple(of_camera))
