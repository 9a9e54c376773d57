"""Pages of disclosures: the register, a new request, one disclosure with its decision and delivery, monthly sheet."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from pipeline.app.access.own_operations import require_own
from pipeline.console.catalogues import source
from pipeline.console.pages import gone_to, section_page
from pipeline.console.problem_pages import shown
from pipeline.console.release_visits import (
    PAGE_OF_ONE,
    ReleaseRoute,
    RunningOf,
    VisitOfReleases,
    YearOf,
    address_of,
    number_at,
    releases_of,
)
from pipeline.console.release_words import ACTIONS, BASES, STAGES, STANDINGS, STATES, STYLES, steps_of
from pipeline.console.sections import RELEASES
from pipeline.console.visits import Visit
from pipeline.domain.disclosure import EVIDENCE, Content, DisclosureState, LegalBasis, ReleaseStyle, Request
from pipeline.domain.operation import Operation
from pipeline.domain.purpose import Purpose
from pipeline.domain.redaction import OverlayText
from pipeline.domain.times import parse_range
from pipeline.errors import PolicyError, ViapublicaError
from pipeline.http_api.problems import InvalidRequest

router = APIRouter(route_class=ReleaseRoute, include_in_schema=False, prefix=RELEASES.path)
_FAILED: Final = source("O vídeo não foi produzido")
_SPREADSHEET: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("")
def releases(visit: VisitOfReleases) -> Response:
    """All disclosures."""
    return _list_page(visit)


@router.post("")
def filtered(visit: VisitOfReleases) -> Response:
    """Disclosures of a state or a month."""
    return _list_page(visit)


@router.post("/sheet")
def sheet(visit: VisitOfReleases) -> Response:
    """The monthly sheet as a file."""
    made = releases_of(visit).sheet(visit.form.text("month"))
    headers = {"Content-Disposition": f'attachment; filename="{made.name}"'}
    return Response(made.content, HTTPStatus.OK, headers, _SPREADSHEET)


@router.get("/new")
def new(visit: VisitOfReleases) -> Response:
    """The form of a request."""
    require_own(visit.caller.registry, (Operation.DISCLOSURE,))
    return _new_page(visit)


@router.post("/new")
def enter(visit: VisitOfReleases) -> Response:
    """Enter a request, which gets its number; the recording that it asks for is held."""
    require_own(visit.caller.registry, (Operation.DISCLOSURE,))
    wanted = _request(visit)
    purpose = Purpose.REQUISITION if wanted.basis.requisitions else Purpose.PRESERVATION
    entered = releases_of(visit, purpose.value).request(wanted)
    return gone_to(visit.request, address_of(entered.number))


@router.get(PAGE_OF_ONE)
def one(visit: VisitOfReleases, year: YearOf, running: RunningOf) -> Response:
    """One disclosure with what can be done next."""
    return _one_page(visit, number_at(year, running))


@router.post(f"{PAGE_OF_ONE}/approval")
def approve(visit: VisitOfReleases, year: YearOf, running: RunningOf) -> Response:
    """Approve it as the second person."""
    number = number_at(year, running)
    releases_of(visit).approve(number, visit.form.text("reasons"))
    return gone_to(visit.request, address_of(number))


@router.post(f"{PAGE_OF_ONE}/refusal")
def refuse(visit: VisitOfReleases, year: YearOf, running: RunningOf) -> Response:
    """Refuse it, or withdraw its approval."""
    number = number_at(year, running)
    releases_of(visit).refuse(number, visit.form.text("reasons"))
    return gone_to(visit.request, address_of(number))


@router.post(f"{PAGE_OF_ONE}/delivery")
def deliver(visit: VisitOfReleases, year: YearOf, running: RunningOf) -> Response:
    """Record that the newest file was handed over."""
    number = number_at(year, running)
    releases_of(visit).deliver(number)
    return gone_to(visit.request, address_of(number))


def _list_page(visit: Visit) -> Response:
    form = visit.form
    state = form.one_of("state", DisclosureState)
    found = releases_of(visit).list(state, form.text("month") or None)
    values: dict[str, Any] = {
        "found": tuple(reversed(found)),
        "form": form,
        "states": STATES,
        "bases": BASES,
        "this_month": visit.reader.month(visit.service.now_ms),
        "address_of": address_of,
    }
    return section_page("releases.html", visit, RELEASES.name, **values)


def _new_page(visit: Visit) -> Response:
    service = visit.service
    values: dict[str, Any] = {
        "form": visit.form,
        "bases": BASES,
        "styles": {one.value: STYLES[one.value] for one in ReleaseStyle},
        "cameras": service.stores.cameras or {},
        "institution_name": service.stores.institution.name,
    }
    return section_page("release_new.html", visit, RELEASES.name, **values)


def _one_page(visit: Visit, number: str) -> Response:
    found = releases_of(visit).show(number)
    served, disclosure = visit.service.releases, found.disclosure
    build = served.builds.state(disclosure.number)
    failed = None
    if build is not None and build.ended is not None and not build.done:
        end = build.ended
        error = PolicyError(end.subject, end.text, end.fix, policy=end.policy, portuguese=end.portuguese)
        failed = replace(shown(error, visit.reader, visit.request.state.request_id), title=visit.reader.worded(_FAILED))
    values: dict[str, Any] = {
        "found": disclosure,
        "base": address_of(disclosure.number),
        "journal": found.journal,
        "files": list(zip(disclosure.files, found.standings, strict=True))[::-1],
        "steps": steps_of(disclosure),
        "build": build,
        "build_failed": failed,
        "can_build": served.settings.can_build and not disclosure.request.content.is_file,
        "nothing_recorded": found.nothing_recorded,
        "EVIDENCE": EVIDENCE,
        "DisclosureState": DisclosureState,
        "words": {
            "bases": BASES,
            "states": STATES,
            "styles": STYLES,
            "standings": STANDINGS,
            "stages": STAGES,
            "actions": ACTIONS,
        },
    }
    return section_page("release.html", visit, RELEASES.name, **values)


def _request(visit: Visit) -> Request:
    form = visit.form
    basis = form.choice("basis", LegalBasis)
    try:
        begin_ms, end_ms = parse_range(form.text("start") or None, form.text("end") or None, visit.service.stores.zone)
    except ViapublicaError as error:
        raise InvalidRequest("start, end", error.problem, error.fix) from None
    return Request(
        requested_by=visit.caller.person.name,
        recipient=form.text("recipient"),
        basis=basis,
        purpose=form.text("purpose"),
        content=Content(camera_id=form.text("camera"), begin_ms=begin_ms, end_ms=end_ms),
        recipient_document=form.text("document"),
        style=form.text("style") or ReleaseStyle.FILL.value,
        overlay=OverlayText(form.text("institution"), form.text("place"), form.text("date")),
    )
