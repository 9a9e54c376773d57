"""What the filled pages of the console are given: a text in each field that people, cameras or outsiders can fill."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from pipeline.console.problem_pages import ShownProblem
from pipeline.console.reader import Reader
from pipeline.console.sections import SECTIONS
from pipeline.console.visits import Form
from pipeline.domain.operation import Operation

READER = Reader()
AT = "2026-11-23T12:00:00.000Z"


@dataclass(frozen=True)
class Filled:
    """What several pages are given, with a text in each field that people, cameras or outsiders can fill."""

    text: str
    frame: dict[str, Any]
    form: Form
    problem: ShownProblem
    note: SimpleNamespace
    answer: SimpleNamespace
    camera: SimpleNamespace


def filled(text: str) -> Filled:
    person = SimpleNamespace(name=text, login=text, institution=text, sector=text)
    frame: dict[str, Any] = {
        "person": person,
        "sections": SECTIONS,
        "section": "plates",
        "csrf": "c",
        "path": "/console/plates",
        "now_ms": 1_795_435_470_000,
        "unseen": 1,
        "institution": text,
        "operations": frozenset(Operation),
        "Operation": Operation,
    }
    form = Form(
        {
            name: [text]
            for name in ("purpose", "case", "search", "plates", "start", "end", "cameras", "person", "camera")
        }
    )
    problem = ShownProblem(422, text, text, text, text, text, foreign=True)
    note = SimpleNamespace(text=text, limits=True)
    answer = SimpleNamespace(notes=[note], complete=False)
    camera = SimpleNamespace(
        camera_id=text, location=text, institution=text, sector=text, stopped=text, last_event=AT, state=text,
        state_since=AT, events={"alert": 1},
    )  # fmt: skip
    return Filled(text, frame, form, problem, note, answer, camera)
