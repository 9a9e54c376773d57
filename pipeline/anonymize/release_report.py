"""One page per release, for whoever answers for it: masks, a timeline, what was checked, and what that does not say.

The page holds no pixel of any video, loads nothing, and prints.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from pipeline.anonymize.redaction_masks import BY_HAND, CoverPlan, Span
from pipeline.anonymize.video_detections import Sightings
from pipeline.domain.extras import missing_package
from pipeline.domain.labels import Label

if TYPE_CHECKING:
    from jinja2 import Template

_TEMPLATE: Final = Path(__file__).parent / "templates" / "report.html.j2"
_WIDTH: Final = 1000.0
"""Of the timeline."""
_LANE: Final = 9.0
_MOST_LANES: Final = 60
_TICKS: Final = 8
MOST_MASKS: Final = 6
_KINDS: Final = {Label.PERSON: "person", Label.FACE: "face", Label.PLATE: "plate"}


class Bar(NamedTuple):
    """A rectangle of the timeline or of a mask."""

    kind: str
    x: float
    y: float
    width: float
    height: float
    words: str = ""


class Tick(NamedTuple):
    """A time under the timeline."""

    x: float
    words: str
    anchor: str


class Mask(NamedTuple):
    """A key frame: what is covered in it, and where somebody was seen."""

    words: str
    covers: Sequence[Bar]
    seen: Sequence[Bar]


class CheckRow(NamedTuple):
    """One check and what it gave; `good` is None where there is nothing to pass."""

    what: str
    result: str
    good: bool | None


@dataclass(frozen=True)
class Texts:
    """What the page says besides images; all of it is escaped.

    Attributes:
        title, institution: at its head.
        facts: of the release; made_with: software and models. Rows of name and value.
        covered: how many of what, in a sentence.
        problems: why it must not leave.
        checks: rows; residues: (what, from, to, frames, score); by_hand: (what, from, to, place, why).
        limits: what the page does not say.
        eyes: what those who checked see at all, in a sentence.
        left_bare: how many places were left as they are by decision.
    """

    title: str
    institution: str
    facts: Sequence[tuple[str, str]]
    made_with: Sequence[tuple[str, str]]
    covered: str
    problems: Sequence[str]
    checks: Sequence[CheckRow]
    residues: Sequence[Sequence[str]]
    by_hand: Sequence[Sequence[str]]
    limits: Sequence[str]
    eyes: str = ""
    left_bare: int = 0


def render(texts: Texts, plan: CoverPlan, sightings: Sightings) -> str:
    """The page as HTML."""
    lanes = _lanes(plan.spans, sightings)
    height = max((bar.y + bar.height for bar in lanes), default=0.0) + 24
    return _template().render(
        page={
            **texts.__dict__,
            "covered_words": texts.covered,
            "lanes": lanes,
            "ticks": _ticks(sightings),
            "timeline_height": height,
            "masks": _masks(plan, sightings),
            "width": sightings.width,
            "height": sightings.height,
            "stroke": max(1.0, sightings.width / 500),
        }
    )


def clock(seconds: float) -> str:
    """Minutes and seconds of a video."""
    minutes, rest = divmod(max(seconds, 0.0), 60)
    return f"{int(minutes)}:{rest:04.1f}"


@cache
def _template() -> Template:
    try:
        from jinja2 import Environment
    except ImportError as error:
        raise missing_package("jinja2", f"cannot be imported: {error}") from error

    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))


def _lanes(spans: Sequence[Span], sightings: Sightings) -> list[Bar]:
    """Bars packed into as few rows as hold them, kind by kind."""
    since = sightings.times_s - sightings.times_s[0]
    whole_s = max(float(since[-1]), 1e-3)
    bars: list[Bar] = []
    row = 0
    for label in (Label.PERSON, Label.FACE, Label.PLATE, BY_HAND):
        ends: list[float] = []
        for span in sorted((s for s in spans if s.label is label), key=lambda s: s.first):
            begin, end = float(since[span.first]), float(since[span.last])
            lane = next((n for n, last in enumerate(ends) if last < begin), len(ends))
            ends[lane : lane + 1] = [end]
            if row + lane >= _MOST_LANES:
                continue
            x, width = _WIDTH * begin / whole_s, max(_WIDTH * (end - begin) / whole_s, 1.5)
            kind = _KINDS.get(label, "windscreen")
            words = f"{kind}, {clock(begin)} to {clock(end)}"
            bars.append(Bar(kind, round(x, 1), (row + lane) * _LANE, round(width, 1), _LANE - 2, words))
        row += len(ends)
    return bars


def _ticks(sightings: Sightings) -> list[Tick]:
    whole_s = float(sightings.times_s[-1] - sightings.times_s[0])
    anchors = ["start", *["middle"] * (_TICKS - 1), "end"]
    return [
        Tick(round(_WIDTH * n / _TICKS, 1), clock(whole_s * n / _TICKS), anchor) for n, anchor in enumerate(anchors)
    ]


def _masks(plan: CoverPlan, sightings: Sightings) -> list[Mask]:
    """Of as many stretches of the video, the frame with the most covers."""
    counts = np.array([len(plan.of(number)) for number in range(len(sightings))])
    parts = np.array_split(np.arange(len(sightings)), min(MOST_MASKS, len(sightings)))
    chosen = [int(part[counts[part].argmax()]) for part in parts if counts[part].any()]
    return [_mask(number, plan, sightings) for number in chosen]


def _mask(number: int, plan: CoverPlan, sightings: Sightings) -> Mask:
    covers = plan.of(number)
    found = sightings.found[number]
    personal = np.isin(found.labels, list(_KINDS)) & (found.scores >= 0.25)
    return Mask(
        f"{clock(float(sightings.times_s[number] - sightings.times_s[0]))} (frame {number})",
        [_box(box, Label(int(label))) for box, label in zip(covers.boxes, covers.labels, strict=True)],
        [_box(box, Label.PERSON) for box in found.boxes[personal]],
    )


def _box(box: np.ndarray, label: Label) -> Bar:
    x1, y1, x2, y2 = (round(float(value), 1) for value in box)
    return Bar(_KINDS.get(label, "windscreen"), x1, y1, round(x2 - x1, 1), round(y2 - y1, 1))
