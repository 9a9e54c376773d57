"""Errors as pages, or as parts of a page: what is wrong, the rule, and what can be done."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.responses import Response

from pipeline.console.catalogues import source
from pipeline.console.pages import is_htmx, page
from pipeline.console.problem_words import in_portuguese
from pipeline.console.reader import Reader
from pipeline.errors import NotLoggedIn, PolicyError, ViapublicaError
from pipeline.http_api.problems import RequestRefused, status_of, without_plates
from pipeline.http_api.service import Service

_TITLES: Final = {
    HTTPStatus.UNAUTHORIZED: source("Sessão encerrada"),
    HTTPStatus.FORBIDDEN: source("Acesso negado"),
    HTTPStatus.NOT_FOUND: source("Página não encontrada"),
    HTTPStatus.CONFLICT: source("Não foi possível registrar"),
    HTTPStatus.UNPROCESSABLE_ENTITY: source("Confira o que foi digitado"),
    HTTPStatus.TOO_MANY_REQUESTS: source("Muitas solicitações"),
    HTTPStatus.SERVICE_UNAVAILABLE: source("Indisponível no momento"),
}
_OTHER: Final = source("O pedido não pôde ser atendido")
LOG_IN: Final = "/console/login"


@dataclass(frozen=True, slots=True)
class ShownProblem:
    """An error as a person reads it.

    Attributes:
        status: of HTTP; title: its kind in words.
        text, fix: what is wrong and what can be done, without plates.
        policy: identifier of the rule that refused, "" for none; request_id: names the request in the log.
        foreign: whether the text is English on a Portuguese page, so that screen readers speak it so.
    """

    status: int
    title: str
    text: str
    fix: str
    policy: str
    request_id: str
    foreign: bool


def shown(error: Exception, reader: Reader, request_id: str, status: HTTPStatus | None = None) -> ShownProblem:
    """An error in the words of a reader; with its usual status where none is given."""
    usual, subject, text, fix, policy, translated = _parts(error)
    status = status or usual
    foreign = False
    if reader.is_portuguese and translated:
        subject, text, fix = "", translated, ""
    elif reader.is_portuguese and (known := in_portuguese(text)):
        subject, text, fix = "", known, in_portuguese(fix)
    else:
        foreign = reader.is_portuguese
    if subject:
        text = f"{subject}: {text}"
    title = reader.worded(_TITLES.get(status, _OTHER))
    return ShownProblem(int(status), title, without_plates(text), without_plates(fix), policy, request_id, foreign)


def _parts(error: Exception) -> tuple[HTTPStatus, str, str, str, str, str]:
    """Status, subject, text, fix, policy, and the whole in Portuguese where it is known."""
    if isinstance(error, PolicyError):
        return status_of(error), error.subject, error.problem, error.fix, error.policy, error.portuguese
    if isinstance(error, ViapublicaError):
        return status_of(error), error.subject, error.problem, error.fix, "", ""
    if isinstance(error, RequestRefused):
        return HTTPStatus(error.status_code), "", error.detail, error.fix, "", ""
    text = "The address or a field cannot be used"
    return HTTPStatus.UNPROCESSABLE_ENTITY, "", text, "", "", ""


def problem_page(request: Request, error: Exception, status: HTTPStatus | None = None) -> Response:
    """The answer to an error: of a script's request the part of the page for messages, else a page.

    Args:
        request: that failed; error: why; status: of the answer, None for the usual one.

    Without a session it is the log-in, after which the person goes on: a script shows it over the page, so that nothing
    that was typed is lost.
    """
    service: Service = request.app.state.service
    reader = Reader.of_cookies(request.cookies, service.stores.zone)
    problem = shown(error, reader, request.state.request_id, status)
    if isinstance(error, NotLoggedIn):
        return log_in_page(request, reader, problem=None, status=HTTPStatus.UNAUTHORIZED)
    if is_htmx(request):
        return page("part_problem.html", reader, status=problem.status, headers=into("#notices"), problem=problem)
    return page("problem.html", reader, status=problem.status, problem=problem, path=request.url.path)


def log_in_page(
    request: Request, reader: Reader, *, problem: ShownProblem | None, status: int = HTTPStatus.OK, login: str = ""
) -> Response:
    """The log-in: a page, or over the page whose script asks for it.

    Args:
        request: what the person wanted; reader: of the page.
        problem: of an earlier attempt; status: of the answer; login: as typed.
    """
    values: dict[str, Any] = {"problem": problem, "login": login, "path": request.url.path, "action": LOG_IN}
    service: Service = request.app.state.service
    values["passkeys"] = service.passkeys.are_possible
    if is_htmx(request):
        return page("part_log_in.html", reader, status=status, headers=into("#dialog"), **values)
    return page("log_in.html", reader, status=status, directories=service.directories.choices, **values)


def into(target: str) -> dict[str, str]:
    """Headers by which htmx puts an answer into an element, whatever the form named."""
    return {"HX-Retarget": target, "HX-Reswap": "innerHTML", "HX-Reselect": ".part"}


class PageRoute(APIRoute):
    """A route whose errors are pages."""

    def status_of(self, error: Exception, request: Request) -> HTTPStatus | None:  # noqa: ARG002 - for others
        """The status of an error; None for the usual one."""
        return None

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """See `APIRoute`."""
        handler = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await handler(request)
            except (ViapublicaError, RequestRefused, RequestValidationError) as error:
                return problem_page(request, error, self.status_of(error, request))

        return answered
