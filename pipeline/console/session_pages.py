"""Pages of log-ins, log-outs and preferences."""

from __future__ import annotations

import re
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response

from pipeline.app.people.identity import SessionCredential
from pipeline.console.catalogues import Tongue
from pipeline.console.pages import is_htmx, page, section_page, seen
from pipeline.console.problem_pages import LOG_IN, PageRoute, into, log_in_page, shown
from pipeline.console.reader import LANGUAGE_COOKIE, THEME_COOKIE, Theme
from pipeline.console.sections import SECTIONS
from pipeline.console.visits import FormOf, ReaderOf, VisitOf, checked
from pipeline.errors import ViapublicaError
from pipeline.http_api import session_routes
from pipeline.http_api.callers import ServiceOf, session_of
from pipeline.http_api.problems import RequestRefused

router = APIRouter(route_class=PageRoute, include_in_schema=False)
START: Final = "/console/"
_PAGE: Final = re.compile(r"/console/(?!directory/)[a-z0-9/-]{0,200}")
_FIELDS: Final = ("login", "password", "code", "passkey")
_PREFERENCE_S: Final = 400 * 86_400
"""As long as browsers store cookies."""


@router.get("/")
@router.get("/console")
def front() -> Response:
    """The address of the server alone: the console."""
    return seen(START)


@router.get("/console/")
def start(visit: VisitOf) -> Response:
    """The first section that the person sees."""
    first = next((one for one in SECTIONS if one.is_open_to(visit.operations)), None)
    return section_page("nothing.html", visit, "") if first is None else seen(first.path)


@router.get(LOG_IN)
def log_in_form(request: Request, reader: ReaderOf) -> Response:
    """The form of a log-in."""
    return log_in_page(request, reader, problem=None)


@router.post(LOG_IN)
def log_in(
    request: Request,
    service: ServiceOf,
    reader: ReaderOf,
    form: FormOf,
    earlier: Annotated[SessionCredential | None, Depends(session_of)],
) -> Response:
    """Log in; the person goes on where they were."""
    answer = Response()
    try:
        body = checked(session_routes.LogIn, {name: form.fields.get(name, [""])[0] for name in _FIELDS})
        opened = session_routes.log_in(body, request, answer, service, earlier)
    except (ViapublicaError, RequestRefused) as error:
        problem = shown(error, reader, request.state.request_id)
        return log_in_page(request, reader, problem=problem, status=problem.status, login=form.text("login"))
    if is_htmx(request):
        going_on: Response = page("part_logged_in.html", reader, headers=into("#dialog"), csrf=opened.csrf_token)
    else:
        going_on = seen(_wanted_page(form.text("path")))
    going_on.headers.append("set-cookie", answer.headers["set-cookie"])
    return going_on


@router.post("/console/logout")
def log_out(visit: VisitOf) -> Response:
    """Log out."""
    caller, directories = visit.caller, visit.service.directories
    directory = directories.log_out_address(caller.registry, caller.person.login, LOG_IN)
    answer = page("logged_out.html", visit.reader, path=LOG_IN, problem=None, directory=directory)
    session_routes.log_out(visit.caller, visit.service, answer)
    return answer


@router.post("/console/preferences")
def prefer(service: ServiceOf, form: FormOf) -> Response:
    """Choose language and theme, before or after a log-in; the browser stores them."""
    answer = seen(_wanted_page(form.text("path")))
    for cookie, kind, field in ((LANGUAGE_COOKIE, Tongue, "language"), (THEME_COOKIE, Theme, "theme")):
        if form.text(field) in {one.value for one in kind}:
            answer.set_cookie(
                cookie,
                form.text(field),
                max_age=_PREFERENCE_S,
                path="/console/",
                secure=service.encrypted,
                httponly=True,
                samesite="strict",
            )
    return answer


def _wanted_page(path: str) -> str:
    """A page of the console that a form names; its start where it names none: no form leads to another site."""
    return path if _PAGE.fullmatch(path) and path not in {LOG_IN, "/console/logout"} else START
