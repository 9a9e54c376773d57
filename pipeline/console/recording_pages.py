"""Pages of recorded video: a timeline of segments, gaps, holds and alerts of a camera, and its images through masks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse
from pydantic import Field
from starlette.responses import Response

from pipeline.app.questions import Events
from pipeline.app.recorded_view import LONGEST_PLAY_MS, CameraRecording, RecordedPlay, recorded_timeline
from pipeline.console.live_pages import live_turn
from pipeline.console.live_video import view_messages
from pipeline.console.pages import section_page
from pipeline.console.problem_pages import PageRoute, ShownProblem, shown
from pipeline.console.recording_timeline import WIDTH, RecordingTimeline, recording_timeline
from pipeline.console.sections import RECORDINGS
from pipeline.console.visits import Visit, checked, opened_for, visit_of
from pipeline.domain.alert_sentences import alert_sentence
from pipeline.domain.camera import CAMERA_ID
from pipeline.domain.events import AlertEvent, Kind
from pipeline.domain.purpose import Purpose
from pipeline.domain.times import DAY_MS, MINUTE_MS, parse_time
from pipeline.errors import PolicyError, StoreError, ViapublicaError
from pipeline.http_api.problems import InvalidRequest
from pipeline.http_api.question_messages import Asked
from pipeline.http_api.question_routes import questions_of

router = APIRouter(route_class=PageRoute, include_in_schema=False, prefix=RECORDINGS.path)
PURPOSES: Final = (
    Purpose.CITY_SERVICES,
    Purpose.EVENTS,
    Purpose.CRISIS,
    Purpose.VIOLENCE_PREVENTION,
    Purpose.MUNICIPAL_PROPERTY,
    Purpose.POLICING,
    Purpose.CRIMINAL_INVESTIGATION,
    Purpose.INTELLIGENCE,
    Purpose.REQUISITION,
    Purpose.PROCEEDING,
    Purpose.SUBJECT_REQUEST,
    Purpose.PRESERVATION,
    Purpose.ACCIDENTAL_CAPTURE,
    Purpose.PUBLIC_INTEREST,
    Purpose.RESEARCH,
    Purpose.PUBLIC_HEALTH,
)
"""Those for which stored video may be retrieved; a test compares them with the access rules."""
_BEFORE_MS: Final = 30 * MINUTE_MS
"""Begin of the timeline before the wanted moment, and its end after it."""
_LEAD_MS: Final = 10_000
"""The video begins so long before the wanted moment."""
_MOST_ALERTS: Final = 200

VisitOfRecordings = Annotated[Visit, Depends(visit_of(RECORDINGS))]


class RecordingQuestion(Asked):
    """Recorded video of a camera around a moment."""

    camera: str = Field(pattern=CAMERA_ID.pattern)
    at: str = Field(min_length=1, max_length=40)

    def moment_ms(self, visit: Visit) -> int:
        """The moment, milliseconds since 1970 UTC.

        Raises:
            InvalidRequest: it is none, or lies in the future.
        """
        try:
            at_ms = int(self.at) if self.at.isdecimal() else parse_time(self.at, visit.service.stores.zone)
        except ViapublicaError as error:
            raise InvalidRequest("at", error.problem, error.fix) from None
        if at_ms > visit.service.now_ms + DAY_MS:
            raise InvalidRequest("at", "lies in the future", "Give the time of a recording")
        return at_ms


@dataclass(frozen=True, slots=True)
class Recorded:
    """Recorded video as the page shows it.

    Attributes:
        recording: of the camera around `at_ms`; play_ms: begin of the video.
        drawn: the timeline; alerts: time and sentence of each; problem: why alerts are not shown, None where they are.
    """

    recording: CameraRecording
    at_ms: int
    play_ms: int
    drawn: RecordingTimeline
    alerts: list[tuple[int, str]]
    problem: ShownProblem | None


@router.get("")
def recordings(visit: VisitOfRecordings) -> Response:
    """The form of camera and moment."""
    return _page(visit, None)


@router.post("")
def show(visit: VisitOfRecordings) -> Response:
    """The timeline around a moment, and the video from shortly before it on."""
    question = _question(visit)
    at_ms = question.moment_ms(visit)
    begin_ms, end_ms = at_ms - _BEFORE_MS, at_ms + _BEFORE_MS
    opened = opened_for(visit, question.purpose.value)
    found = recorded_timeline(opened, visit.service.stores, question.camera, begin_ms, end_ms)
    alerts, problem = _alerts(visit, question, begin_ms, end_ms)
    drawn = recording_timeline(found, [at for at, _ in alerts], begin_ms, end_ms, at_ms)
    return _page(visit, Recorded(found, at_ms, at_ms - _LEAD_MS, drawn, alerts, problem))


@router.post("/video")
def video(visit: VisitOfRecordings) -> StreamingResponse:
    """Recorded video as it happened, from a moment on, for the script of the page."""
    question = _question(visit)
    begin_ms = question.moment_ms(visit)
    opened = opened_for(visit, question.purpose.value)
    end_ms = min(begin_ms + LONGEST_PLAY_MS, visit.service.now_ms)
    return view_messages(
        visit,
        [question.camera],
        live_turn(visit),
        lambda width: RecordedPlay(
            opened, visit.service.stores, question.camera, begin_ms=begin_ms, end_ms=end_ms, width=width
        ),
    )


def _question(visit: Visit) -> RecordingQuestion:
    return checked(RecordingQuestion, {name: visit.form.text(name) for name in ("purpose", "case", "camera", "at")})


def _alerts(
    visit: Visit, question: RecordingQuestion, begin_ms: int, end_ms: int
) -> tuple[list[tuple[int, str]], ShownProblem | None]:
    asked = Events(kind=Kind.ALERT, camera_ids=(question.camera,), start_ms=begin_ms, end_ms=end_ms, limit=_MOST_ALERTS)
    try:
        answer = questions_of(question, visit.caller, visit.service, visit.reader.locale).ask(asked).answer
    except (PolicyError, StoreError) as error:
        return [], shown(error, visit.reader, visit.request.state.request_id)
    found = [one for one in answer.value if isinstance(one, AlertEvent)]
    return [(one.ts_ms, alert_sentence(one, visit.reader.locale)) for one in reversed(found)], None


def _page(visit: Visit, found: Recorded | None) -> Response:
    values: dict[str, Any] = {"purposes": PURPOSES, "form": visit.form, "found": found, "width": WIDTH}
    return section_page("recordings.html", visit, RECORDINGS.name, **values)
