"""Shared parts of the pages of people and institutions: the visit, the use cases of its person, dates of forms."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request

from pipeline.app.people.administration import Administration
from pipeline.console.problem_pages import PageRoute
from pipeline.console.sections import PEOPLE
from pipeline.console.visits import Visit, moment_ms, visit_of
from pipeline.domain.people import Validity
from pipeline.errors import ConfigError, RegistryError

VisitOfPeople = Annotated[Visit, Depends(visit_of(PEOPLE))]


class RegistryRoute(PageRoute):
    """A route of the registry, where a page of an unknown entry is not found."""

    def status_of(self, error: Exception, request: Request) -> HTTPStatus | None:
        """See `PageRoute`."""
        return HTTPStatus.NOT_FOUND if isinstance(error, RegistryError) and request.method == "GET" else None


class CameraRoute(RegistryRoute):
    """A route of cameras, where an error of the configuration is about what was asked for."""

    def status_of(self, error: Exception, request: Request) -> HTTPStatus | None:
        """See `PageRoute`."""
        if isinstance(error, ConfigError):
            return HTTPStatus.NOT_FOUND if request.method == "GET" else HTTPStatus.CONFLICT
        return super().status_of(error, request)


def administration_of(visit: Visit) -> Administration:
    """People and institutions, for the person of a visit."""
    return Administration(visit.caller.registry)


def address_of(login: str) -> str:
    """The page of a person."""
    return f"{PEOPLE.path}/accounts/{quote(login, safe='')}"


def period_of(visit: Visit) -> Validity:
    """The period of the fields ``since``, now where it is empty, and ``until``.

    Raises:
        InvalidRequest: one is no day.
    """
    since_ms = moment_ms(visit, "since") if visit.form.text("since") else visit.service.now_ms
    return Validity(since_ms, moment_ms(visit, "until"))
