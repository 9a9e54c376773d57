"""HTML report of a redacted video: facts, timeline, masks, verification, and the limits of all that.

It contains no pixel of any video, loads no resources, and can be printed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from pipeline.anonymize.redaction_masks import MANUAL, MaskPlan, MaskSpan
from pipeline.anonymize.video_detections import VideoDetections
from pipeline.domain.extras import missing_package
from pipeline.domain.labels import Label
from pipeline.domain.language import ENGLISH, Language

if TYPE_CHECKING:
    from jinja2 import Template

_TEMPLATE: Final = Path(__file__).parent / "templates" / "report.html.j2"
_WIDTH: Final = 1000.0
"""Of the timeline."""
_LANE: Final = 9.0
_MAX_LANES: Final = 60
_TICKS: Final = 8
_MAX_KEY_FRAMES: Final = 6
_FRAME: Final = "{time} (frame {frame})"
_WORST_FRAME: Final = "{time} (frame {frame}), most of which is masked"
_KINDS: Final = {Label.PERSON: "person", Label.FACE: "face", Label.PLATE: "plate"}


class Bar(NamedTuple):
    """A rectangle of the timeline or of a key frame."""

    kind: str
    x: float
    y: float
    width: float
    height: float
    text: str = ""


class Tick(NamedTuple):
    """A time under the timeline."""

    x: float
    text: str
    anchor: str


class KeyFrame(NamedTuple):
    """The masks and the detections of one frame."""

    text: str
    masks: Sequence[Bar]
    detections: Sequence[Bar]


class CheckRow(NamedTuple):
    """One check and its result; `passed` is None where the row only informs."""

    name: str
    result: str
    passed: bool | None


@dataclass(frozen=True)
class ReportTexts:
    """The texts of the report; all of them are escaped.

    Attributes:
        title, institution: of the header.
        facts: of the release; made_with: software and models. Rows of name and value.
        masked: what was masked, in a sentence.
        problems: why the video must not be released.
        checks: rows; residual: (object, from, to, frames, score); regions: (decision, from, to, box, reason).
        limits: what the report does not show.
        worst_frame: number of the frame of which the largest share is masked; None for none.
        unplated: near vehicles without a masked plate: (from, to, frame, box).
        recall: of the verification detectors on the original, in a sentence.
        exempted: number of exempted regions, in words.
    """

    title: str
    institution: str
    facts: Sequence[tuple[str, str]]
    made_with: Sequence[tuple[str, str]]
    masked: str
    problems: Sequence[str]
    checks: Sequence[CheckRow]
    residual: Sequence[Sequence[str]]
    regions: Sequence[Sequence[str]]
    limits: Sequence[str]
    recall: str = ""
    exempted: str = ""
    worst_frame: int | None = None
    unplated: Sequence[Sequence[str]] = ()


def render_report(texts: ReportTexts, plan: MaskPlan, detections: VideoDetections, language: Language = ENGLISH) -> str:
    """The report as HTML."""
    lanes = _lanes(plan.spans, detections, language)
    height = max((bar.y + bar.height for bar in lanes), default=0.0) + 24
    return _template().render(
        text=language.text,
        language=language.code,
        report={
            **texts.__dict__,
            "lanes": lanes,
            "ticks": _ticks(detections),
            "timeline_height": height,
            "key_frames": _key_frames(plan, detections, texts.worst_frame, language),
            "width": detections.width,
            "height": detections.height,
            "stroke": max(1.0, detections.width / 500),
        },
    )


def clock(seconds: float) -> str:
    """Minutes and seconds of a position in the video."""
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


def _lanes(spans: Sequence[MaskSpan], detections: VideoDetections, language: Language) -> list[Bar]:
    """Bars packed into as few rows as possible, label by label."""
    since = detections.times_s - detections.times_s[0]
    whole_s = max(float(since[-1]), 1e-3)
    bars: list[Bar] = []
    row = 0
    for label in (Label.PERSON, Label.FACE, Label.PLATE, MANUAL):
        ends: list[float] = []
        for span in sorted((s for s in spans if s.label is label), key=lambda s: s.first):
            begin, end = float(since[span.first]), float(since[span.last])
            lane = next((n for n, last in enumerate(ends) if last < begin), len(ends))
            ends[lane : lane + 1] = [end]
            if row + lane >= _MAX_LANES:
                continue
            x, width = _WIDTH * begin / whole_s, max(_WIDTH * (end - begin) / whole_s, 1.5)
            kind = _KINDS.get(label, "windscreen")
            shown = {"object": language.noun(kind), "begin": clock(begin), "end": clock(end)}
            text = language.text("{object}, {begin} to {end}", **shown)
            bars.append(Bar(kind, round(x, 1), (row + lane) * _LANE, round(width, 1), _LANE - 2, text))
        row += len(ends)
    return bars


def _ticks(detections: VideoDetections) -> list[Tick]:
    whole_s = float(detections.times_s[-1] - detections.times_s[0])
    anchors = ["start", *["middle"] * (_TICKS - 1), "end"]
    return [
        Tick(round(_WIDTH * n / _TICKS, 1), clock(whole_s * n / _TICKS), anchor) for n, anchor in enumerate(anchors)
    ]


def _key_frames(plan: MaskPlan, detections: VideoDetections, worst: int | None, language: Language) -> list[KeyFrame]:
    """The worst frame, then the one with the most masks in each of a few equal parts of the video."""
    counts = np.array([len(plan.at(number)) for number in range(len(detections))])
    parts = np.array_split(np.arange(len(detections)), min(_MAX_KEY_FRAMES, len(detections)))
    chosen = [int(part[counts[part].argmax()]) for part in parts if counts[part].any()]
    shown = [_key_frame(number, plan, detections, _FRAME, language) for number in chosen if number != worst]
    if worst is None or not counts[worst]:
        return shown
    return [_key_frame(worst, plan, detections, _WORST_FRAME, language), *shown]


def _key_frame(number: int, plan: MaskPlan, detections: VideoDetections, text: str, language: Language) -> KeyFrame:
    masks = plan.at(number)
    found = detections.per_frame[number]
    personal = np.isin(found.labels, list(_KINDS)) & (found.scores >= 0.25)
    return KeyFrame(
        language.text(text, time=clock(float(detections.times_s[number] - detections.times_s[0])), frame=number),
        [_box(box, Label(int(label))) for box, label in zip(masks.boxes, masks.labels, strict=True)],
        [_box(box, Label.PERSON) for box in found.boxes[personal]],
    )


def _box(box: np.ndarray, label: Label) -> Bar:
    x1, y1, x2, y2 = (round(float(value), 1) for value in box)
    return Bar(_KINDS.get(label, "windscreen"), x1, y1, round(x2 - x1, 1), round(y2 - y1, 1))
