"""Log-in by the directory of an institution: the way there, the way back, and the one-time code."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response

from pipeline.console.pages import page, seen
from pipeline.console.problem_pages import PageRoute, ShownProblem, log_in_page, shown
from pipeline.console.reader import Reader
from pipeline.console.visits import FormOf, ReaderOf
from pipeline.errors import NotLoggedIn, ViapublicaError
from pipeline.http_api.callers import ServiceOf, client_address, cookie_of, set_own_cookie, set_session
from pipeline.http_api.problems import RequestRefused
from pipeline.http_api.request_guard import DIRECTORY_RETURN
from pipeline.http_api.service import Service
from pipeline.http_api.session_routes import second_factor

router = APIRouter(route_class=PageRoute, include_in_schema=False)
CODE: Final = "/console/directory/code"
_COOKIE: Final = "viapublica-directory"
_COOKIE_S: Final = 600


@router.get("/console/directory/to/{name}")
def leave(
    name: Annotated[str, Path(max_length=41)], request: Request, service: ServiceOf, reader: ReaderOf
) -> Response:
    """Send the browser to a directory."""
    try:
        service.limits.log_in(client_address(request))
        browser, address = service.directories.begin(name)
    except (ViapublicaError, RequestRefused) as error:
        return _refused(error, request, reader)
    answer = seen(address)
    _set_browser(answer, service, browser)
    return answer


@router.get(DIRECTORY_RETURN)
def come_back(request: Request, service: ServiceOf, reader: ReaderOf) -> Response:
    """Take the directory's answer, and go on to an address without it."""
    try:
        service.directories.finish(
            _browser(request, service),
            state=_single(request, "state"),
            code=_single(request, "code"),
            issuer=_single(request, "iss") or None,
        )
    except (ViapublicaError, RequestRefused) as error:
        return _refused(error, request, reader)
    return seen(CODE)


@router.post("/console/directory/logout/{name}")
def logged_out(
    name: Annotated[str, Path(max_length=41)], request: Request, service: ServiceOf, form: FormOf
) -> Response:
    """Take a directory's word that a person logged out there (OpenID Connect Back-Channel Logout)."""
    address = client_address(request)
    service.limits.check_address(address)
    try:
        service.directories.logged_out(service.registry, name, form.text("logout_token"))
    except NotLoggedIn as error:
        service.limits.unknown(address)
        raise RequestRefused(HTTPStatus.BAD_REQUEST, f"{error.subject}: {error.problem}", error.fix) from None
    return Response()


@router.get(CODE)
def code_form(service: ServiceOf, reader: ReaderOf) -> Response:
    """The form of the one-time code."""
    return _code_page(service, reader)


@router.post(CODE)
def log_in(request: Request, service: ServiceOf, reader: ReaderOf, form: FormOf) -> Response:
    """Log in the person that the directory recognized.

    The session's cookie is set here: it is one that no browser sends with a request that another site begins, as the
    directory's way back is.
    """
    address = client_address(request)
    try:
        service.limits.log_in(address)
        opened = service.registry.held_by(None)
        factor = second_factor(request, service, form.text("code")[:16], form.text("passkey")[:16_384])
        signed_in = service.directories.sign_in(opened, _browser(request, service), factor, address)
    except NotLoggedIn as error:
        problem = shown(error, reader, request.state.request_id)
        return _code_page(service, reader, problem)
    answer = seen("/console/")
    set_session(answer, service, signed_in.token)
    _set_browser(answer, service, "")
    request.state.account = signed_in.person.login
    return answer


def _code_page(service: Service, reader: Reader, problem: ShownProblem | None = None) -> Response:
    values: dict[str, Any] = {"action": CODE, "path": CODE, "passkeys": service.passkeys.are_possible}
    status = HTTPStatus.OK if problem is None else problem.status
    return page("directory_code.html", reader, status=status, problem=problem, **values)


def _refused(error: Exception, request: Request, reader: Reader) -> Response:
    problem = shown(error, reader, request.state.request_id)
    return log_in_page(request, reader, problem=problem, status=problem.status)


def _single(request: Request, name: str) -> str:
    """A parameter of the directory's answer; "" where it is absent or stands twice."""
    found: list[Any] = request.query_params.getlist(name)
    return str(found[0]) if len(found) == 1 else ""


def _browser(request: Request, service: Service) -> str:
    return cookie_of(request, service, _COOKIE)


def _set_browser(answer: Response, service: Service, browser: str) -> None:
    """Give the browser its id for this log-in; "" takes it back. The directory's way back has to send it (Lax)."""
    set_own_cookie(answer, service, _COOKIE, browser, samesite="lax", max_age_s=_COOKIE_S)
