"""Requests for pages: the person, how they read, and the form that they sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import parse_qs

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError

from pipeline.app.access.own_operations import own_operations, require_own
from pipeline.app.people.identity import SessionCredential
from pipeline.app.people.open_registry import OpenRegistry
from pipeline.console.reader import Reader
from pipeline.console.sections import Section
from pipeline.domain.operation import Operation
from pipeline.domain.times import parse_time
from pipeline.errors import ViapublicaError
from pipeline.http_api.callers import CSRF_HEADER, Caller, ServiceOf, csrf_token, recognized, session_of
from pipeline.http_api.problems import InvalidRequest, RequestRefused
from pipeline.http_api.service import Service

B = TypeVar("B", bound=BaseModel)
E = TypeVar("E", bound=StrEnum)
CSRF_FIELD: Final = "csrf"
_MOST_FIELDS: Final = 200
_LONGEST_CASE: Final = 64
_NO_FORMS: Final = frozenset({"application/octet-stream", "application/json"})
"""Kinds of a body that is taken as it is: files, and what the drawing page sends."""


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form, as typed.

    Attributes:
        fields: every value by name; fields that were left empty are in it.
    """

    fields: Mapping[str, list[str]]

    def text(self, name: str) -> str:
        """The value of a field without spaces around it; "" where it is absent."""
        return self.fields.get(name, [""])[0].strip()

    def lines(self, name: str) -> list[str]:
        """The words of a field that takes several: separated by line ends, commas or semicolons."""
        parts = self.text(name).replace(",", "\n").replace(";", "\n").splitlines()
        return [part.strip() for part in parts if part.strip()]

    def chosen(self, name: str) -> list[str]:
        """All values of a field that may be sent several times."""
        return [value for value in self.fields.get(name, []) if value]

    def one_of(self, name: str, options: Iterable[E]) -> E | None:
        """The option whose value a field has; None where it has none of them."""
        return next((one for one in options if one.value == self.text(name)), None)

    def choice(self, name: str, options: Iterable[E], subject: str = "") -> E:
        """The option that a field must name.

        Args:
            name: of the field; options: those of its list; subject: what an error calls it, "" for the name.

        Raises:
            InvalidRequest: it names none of them.
        """
        found = self.one_of(name, options)
        if found is None:
            raise InvalidRequest(subject or name, "is none of the list", "Choose one")
        return found


@dataclass(frozen=True, slots=True)
class Visit:
    """A request of a person who is logged in.

    Attributes:
        request: from the browser; service: the installation.
        reader: of the page; caller: the person; operations: that their roles include.
        csrf: token for the forms of the page; form: that was sent, empty of a page that is only opened.
    """

    request: Request
    service: Service
    reader: Reader
    caller: Caller
    operations: frozenset[Operation]
    csrf: str
    form: Form


def checked(kind: type[B], values: Mapping[str, Any]) -> B:
    """The body of a request to the API, from the fields of a form.

    Raises:
        InvalidRequest: a field cannot be used; it is named, its value is not repeated.
    """
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        found = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_input=False)[:5]]
        raise InvalidRequest("form", "; ".join(found), "Correct the field") from None


def moment_ms(visit: Visit, field: str) -> int:
    """The time that a field names, of a day its begin in the zone of the institution, milliseconds since 1970 UTC.

    Raises:
        InvalidRequest: it is none.
    """
    try:
        return parse_time(visit.form.text(field), visit.service.stores.zone)
    except ViapublicaError as error:
        raise InvalidRequest(field, error.problem, error.fix) from None


async def sent_form(request: Request) -> Form:
    """The form of a request; empty where its body is none, as of a file.

    Raises:
        InvalidRequest: it is none.
    """
    if request.method in {"GET", "HEAD"} or request.headers.get("content-type") in _NO_FORMS:
        return Form({})
    try:
        text = (await request.body()).decode("utf-8")
        return Form(parse_qs(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict"))
    except ValueError:
        raise InvalidRequest("form", "cannot be read", "Send it again") from None


FormOf = Annotated[Form, Depends(sent_form)]


def reader_of(request: Request, service: ServiceOf) -> Reader:
    """How the person of a request reads."""
    return Reader.of_cookies(request.cookies, service.stores.zone)


ReaderOf = Annotated[Reader, Depends(reader_of)]


def visit(
    request: Request,
    service: ServiceOf,
    reader: ReaderOf,
    session: Annotated[SessionCredential | None, Depends(session_of)],
    form: FormOf,
) -> Visit:
    """Recognize the person of a session; forms name its CSRF token, and files that are sent have it in a header.

    Raises:
        NotLoggedIn: there is no valid session.
        RequestRefused: the token is missing or wrong, or there are too many requests.
    """
    caller = recognized(request, service, session, form.text(CSRF_FIELD) or request.headers.get(CSRF_HEADER, ""))
    if session is None:
        raise RequestRefused(HTTPStatus.FORBIDDEN, "Pages are for sessions of a browser")
    return Visit(request, service, reader, caller, own_operations(caller.registry), csrf_token(session.session), form)


VisitOf = Annotated[Visit, Depends(visit)]


def visit_of(section: Section) -> Callable[[Visit], Visit]:
    """A dependency: the visit of a person who may see a section; others are refused, which is audited."""

    def permitted(visit: VisitOf) -> Visit:
        require_own(visit.caller.registry, section.operations)
        return visit

    return permitted


def opened_for(visit: Visit, purpose: str = "") -> OpenRegistry:
    """The registry for the person of a visit, with a purpose, and the case of the form."""
    return visit.service.registry.held_by(visit.caller.credential, purpose, visit.form.text("case")[:_LONGEST_CASE])
