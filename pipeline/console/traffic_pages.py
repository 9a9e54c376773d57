"""Pages of traffic: counts, speeds and occupancy over time, a typical week, two periods, and files of them."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Depends
from starlette.responses import Response

from pipeline.app.access.own_operations import require_own
from pipeline.app.noted_exports import note_download
from pipeline.app.people.permitted_questions import PermittedAnswer
from pipeline.app.permitted_open_traffic import open_traffic_archive
from pipeline.app.questions import LineFigures, RangedQuestion, Speeds, Traffic, ZoneFigures
from pipeline.console.answer_file import CSV, PARQUET, FileHead, csv_file, parquet_file
from pipeline.console.pages import section_page
from pipeline.console.problem_pages import PageRoute
from pipeline.console.sections import TRAFFIC
from pipeline.console.traffic_figures import HEIGHT, LITTLE_SEEN, WIDTH, chart, compared, summed, typical_week
from pipeline.console.traffic_words import (
    CLASSES,
    DAYS,
    DRAWN,
    FIGURES,
    INTERVALS,
    KM_H,
    PURPOSES,
    VIEWS,
    Figure,
    View,
)
from pipeline.console.visits import Form, Visit, checked, visit_of
from pipeline.domain.operation import Operation
from pipeline.domain.purpose import Purpose
from pipeline.domain.requester import Requester
from pipeline.http_api.problems import InvalidRequest
from pipeline.http_api.question_routes import questions_of
from pipeline.http_api.traffic_routes import LinesQuestion, TrafficQuestion, ZonesQuestion, interval_ms

router = APIRouter(route_class=PageRoute, include_in_schema=False, prefix=TRAFFIC.path)
VisitOfTraffic = Annotated[Visit, Depends(visit_of(TRAFFIC))]
_MOST_ROWS: Final = 10_000
_SHOWN_ROWS: Final = 500


@dataclass(frozen=True, slots=True)
class Found:
    """An answer as the page shows it: its kind, the answer, its rows as mappings, newest first."""

    figure: Figure
    answer: PermittedAnswer[Any]
    rows: list[dict[str, Any]]

    @property
    def complete(self) -> bool:
        """Whether nothing is known that makes figures be missing."""
        return self.answer.answer.complete and not self.answer.left_out


@router.get("")
def traffic(visit: VisitOfTraffic) -> Response:
    """The form of a question."""
    return _shown(visit, None, None)


@router.post("")
def asked(visit: VisitOfTraffic) -> Response:
    """Ask, and show the figures below the form."""
    first = _found(visit, visit.form.text("start"), visit.form.text("end"))
    second = None
    if _view(visit.form) is View.COMPARISON:
        second = _found(visit, visit.form.text("start2"), visit.form.text("end2"))
    return _shown(visit, first, second)


@router.post("/csv")
def csv_download(visit: VisitOfTraffic) -> Response:
    """Ask again, and send the figures for spreadsheets, with the person's name; the export is recorded."""
    return _file(visit, "csv")


@router.post("/parquet")
def parquet_download(visit: VisitOfTraffic) -> Response:
    """The same for programs."""
    return _file(visit, "parquet")


def _file(visit: Visit, kind: str) -> Response:
    require_own(visit.caller.registry, (Operation.EXPORT,))
    found, form = _found(visit, visit.form.text("start"), visit.form.text("end")), visit.form
    if not found.rows:
        raise InvalidRequest("file", "would be empty: there are no figures then", "Choose another time range")
    body = _body(form, form.text("start"), form.text("end"))
    requester = Requester(user=visit.caller.registry.requester.user, purpose=body["purpose"], case=body["case"])
    opened = visit.service.registry.held_by(visit.caller.credential, body["purpose"], body["case"])
    name = f"viapublica-{visit.request.state.request_id}.{kind}"
    note_download(opened, visit.service.stores, name, found.answer.answer.value, requester)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    head = FileHead(
        visit.caller.person, Purpose(body["purpose"]), body["case"], name, visit.service.now_ms, found.complete
    )
    if kind == "parquet":
        answer = found.answer.answer
        content, media = parquet_file(answer.value, answer.cameras, visit.reader, head), PARQUET
    else:
        content, media = csv_file(found.rows, list(found.rows[0]), visit.reader, head), CSV
    return Response(content, HTTPStatus.OK, headers, media)


@router.post("/open-data")
def open_data(visit: VisitOfTraffic) -> Response:
    """Crossings of lines for everyone, as an archive: small counts and what would reveal them are left out."""
    require_own(visit.caller.registry, (Operation.EXPORT,))
    form = visit.form
    question = checked(LinesQuestion, _body(form, form.text("start"), form.text("end")))
    content = open_traffic_archive(
        questions_of(question, visit.caller, visit.service),
        visit.service.release_settings.config,
        LineFigures(**_fields(question, visit)),
        every=question.every.value,
    )
    headers = {"Content-Disposition": 'attachment; filename="viapublica-open-traffic.zip"'}
    return Response(content, HTTPStatus.OK, headers, "application/zip")


def _figure(form: Form) -> Figure:
    return form.one_of("figure", Figure) or Figure.LINES


def _view(form: Form) -> View:
    return form.one_of("view", View) or View.TABLE


def _body(form: Form, start: str, end: str) -> dict[str, Any]:
    return {
        "purpose": form.text("purpose"),
        "case": form.text("case"),
        "start": start or "24h",
        "end": end or None,
        "cameras": form.lines("cameras"),
        "every": "1h" if _view(form) is View.WEEK else form.text("every") or "1h",
    }


def _fields(question: TrafficQuestion, visit: Visit) -> dict[str, Any]:
    return question.asked(visit.service.stores.zone) | {"limit": _MOST_ROWS, "offset": 0}


def _found(visit: Visit, start: str, end: str) -> Found:
    form, figure = visit.form, _figure(visit.form)
    body = _body(form, start, end)
    by_direction, by_class = bool(form.text("by_direction")), bool(form.text("by_class"))
    question: TrafficQuestion
    asked_for: RangedQuestion[Any]
    if figure in {Figure.LINES, Figure.LINE_SPEEDS}:
        question = checked(LinesQuestion, body)
        asked_for = LineFigures(by_direction=by_direction, by_class=by_class, **_fields(question, visit))
    elif figure is Figure.ZONES:
        question = checked(ZonesQuestion, body)
        asked_for = ZoneFigures(by_class=by_class, **_fields(question, visit))
    else:
        question = checked(TrafficQuestion, body)
        kind = Traffic if figure is Figure.TRACKS else Speeds
        asked_for = kind(**_fields(question, visit))
    asking = questions_of(question, visit.caller, visit.service, visit.reader.locale)
    answer: PermittedAnswer[Any] = asking.ask(asked_for)
    return Found(figure, answer, [msgspec.to_builtins(row) for row in answer.answer.value])


def _shown(visit: Visit, found: Found | None, second: Found | None) -> Response:
    """The page with the form as it was sent."""
    form, view = visit.form, _view(visit.form)
    values: dict[str, Any] = {
        "form": form,
        "purposes": PURPOSES,
        "purpose": form.text("purpose") or PURPOSES[0].value,
        "figures": FIGURES,
        "views": VIEWS,
        "intervals": INTERVALS,
        "figure": _figure(form),
        "view": view,
        "Figure": Figure,
        "View": View,
        "found": found,
        "second": second,
        "may_export": Operation.EXPORT in visit.operations,
        "classes": CLASSES,
        "days": DAYS,
        "width": WIDTH,
        "height": HEIGHT,
        "little": LITTLE_SEEN,
        "km_h": KM_H,
        "drawn": DRAWN[_figure(form)],
        "rows": [],
        "more": 0,
        "chart": None,
        "week": (),
        "compared": (),
    }
    if found is not None:
        values |= _drawn(visit, found, second, view)
    return section_page("traffic.html", visit, TRAFFIC.name, **values)


def _drawn(visit: Visit, found: Found, second: Found | None, view: View) -> dict[str, Any]:
    how = DRAWN[found.figure]
    if second is not None:
        return {"compared": compared(found.rows, second.rows, how.place, how.value, add=how.add)}
    by_time = summed(found.rows, how.value, add=how.add)
    if view is View.WEEK:
        return {"week": typical_week(by_time, visit.service.stores.zone)}
    every = interval_ms(visit.form.text("every") or "1h")
    return {
        "rows": found.rows[:_SHOWN_ROWS],
        "more": max(len(found.rows) - _SHOWN_ROWS, 0),
        "chart": chart(by_time, every),
    }
