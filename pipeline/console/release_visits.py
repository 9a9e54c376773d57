"""Shared parts of the pages of releases: the visit, the disclosures of its person, addresses and cases."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import Depends, Path, Request

from pipeline.app.release.permitted_releases import PermittedReleases
from pipeline.console.problem_pages import PageRoute
from pipeline.console.sections import RELEASES
from pipeline.console.visits import Visit, opened_for, visit_of
from pipeline.domain.disclosure import number_of
from pipeline.errors import RecordError, ReleaseError

VisitOfReleases = Annotated[Visit, Depends(visit_of(RELEASES))]
YearOf = Annotated[int, Path(ge=1970, le=9999)]
RunningOf = Annotated[int, Path(ge=1, le=999_999)]
PAGE_OF_ONE: Final = "/{year}/{running}"


class ReleaseRoute(PageRoute):
    """A route of disclosures, where an error of the register or of files is about what was asked for."""

    def status_of(self, error: Exception, request: Request) -> HTTPStatus | None:
        """See `PageRoute`."""
        if not isinstance(error, (ReleaseError, RecordError)):
            return None
        return HTTPStatus.NOT_FOUND if request.method == "GET" else HTTPStatus.CONFLICT


def releases_of(visit: Visit, purpose: str = "") -> PermittedReleases:
    """The disclosures, for the person of a visit; see `opened_for`."""
    return visit.service.releases.releases(opened_for(visit, purpose))


def address_of(number: str) -> str:
    """The page of a disclosure."""
    return f"{RELEASES.path}/{number}"


def number_at(year: int, running: int) -> str:
    """The number of a disclosure at an address."""
    return number_of(year, running)
