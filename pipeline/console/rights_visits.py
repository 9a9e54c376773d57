"""Shared parts of the pages of rights: the visit, files that a use case writes into a folder, a camera's period."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated
from zipfile import ZIP_DEFLATED, ZipFile

from fastapi import Depends, Request
from starlette.responses import Response

from pipeline.console.problem_pages import PageRoute
from pipeline.console.sections import RIGHTS
from pipeline.console.visits import Visit, visit_of
from pipeline.domain.times import check_range, parse_time
from pipeline.errors import RecordError, ReleaseError, ViapublicaError
from pipeline.http_api.problems import InvalidRequest

VisitOfRights = Annotated[Visit, Depends(visit_of(RIGHTS))]


class RightsRoute(PageRoute):
    """A route of rights, where an error of the register or of holds is about what was asked for."""

    def status_of(self, error: Exception, request: Request) -> HTTPStatus | None:  # noqa: ARG002 - of `PageRoute`
        """See `PageRoute`."""
        return HTTPStatus.CONFLICT if isinstance(error, (ReleaseError, RecordError)) else None


def span_of(visit: Visit) -> tuple[int, int]:
    """The period of the fields ``start`` and ``end``, milliseconds since 1970 UTC.

    Raises:
        InvalidRequest: one is no time, or they are no period.
    """
    zone = visit.service.stores.zone
    try:
        begin_ms, end_ms = (parse_time(visit.form.text(name), zone) for name in ("start", "end"))
        check_range("start, end", begin_ms, end_ms)
    except ViapublicaError as error:
        raise InvalidRequest("start, end", error.problem, error.fix) from None
    return begin_ms, end_ms


def written_file(write: Callable[[Path], Path]) -> Response:
    """The file that a use case writes into a folder, as a download; the folder is removed.

    Args:
        write: writes into a folder, and names the file.
    """
    with TemporaryDirectory() as folder:
        path = write(Path(folder))
        return _download(path.name, path.read_bytes())


def written_files(name: str, write: Callable[[Path], tuple[Path, ...]]) -> Response:
    """The files that a use case writes into a folder, as a ZIP file; see `written_file`.

    Args:
        name: of the ZIP file; write: writes into a folder, and names the files.
    """
    packed = BytesIO()
    with TemporaryDirectory() as folder, ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for path in write(Path(folder)):
            archive.write(path, path.name)
    return _download(name, packed.getvalue())


def _download(name: str, content: bytes) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, HTTPStatus.OK, headers, "application/octet-stream")
