"""Files of disclosures: the recipient's document, the build with its progress, the released file and its report."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path as FilePath
from tempfile import TemporaryDirectory
from typing import Annotated, Final
from urllib.parse import unquote

from fastapi import APIRouter, Depends, Header, Path, Request
from starlette.responses import FileResponse, Response, StreamingResponse

from pipeline.app.access.own_operations import require_own
from pipeline.app.release.permitted_releases import StoredFile
from pipeline.console.pages import gone_to, render
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
from pipeline.console.release_words import STAGES
from pipeline.console.sections import RELEASES
from pipeline.console.visits import Visit, opened_for
from pipeline.domain.operation import Operation
from pipeline.http_api.problems import InvalidRequest

router = APIRouter(route_class=ReleaseRoute, include_in_schema=False, prefix=RELEASES.path)
_ROUND_S: Final = 1.0
_LONGEST_NAME: Final = 100
FileOf = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]


async def sent_file(request: Request) -> bytes:
    """The file that a request consists of.

    Raises:
        InvalidRequest: it is empty.
    """
    content = await request.body()
    if not content:
        raise InvalidRequest("file", "is empty", "Choose the scanned document")
    return content


@router.post(f"{PAGE_OF_ONE}/document")
def declare(
    visit: VisitOfReleases,
    year: YearOf,
    running: RunningOf,
    content: Annotated[bytes, Depends(sent_file)],
    x_file_name: Annotated[str, Header(max_length=1024)] = "",
) -> Response:
    """Store the recipient's document with the register."""
    number = number_at(year, running)
    with _as_file(x_file_name, content) as path:
        releases_of(visit).declare(number, path)
    return gone_to(visit.request, address_of(number))


@router.post(f"{PAGE_OF_ONE}/document/copy")
def document(visit: VisitOfReleases, year: YearOf, running: RunningOf) -> Response:
    """The recipient's document, which the second person reads."""
    return _download(releases_of(visit).declaration(number_at(year, running)))


@router.post(f"{PAGE_OF_ONE}/build")
def build(visit: VisitOfReleases, year: YearOf, running: RunningOf) -> Response:
    """Begin to build the video."""
    number, form = number_at(year, running), visit.form
    require_own(visit.caller.registry, (Operation.DISCLOSURE,))
    basis = releases_of(visit).show(number).disclosure.request.basis
    visit.service.releases.build(
        opened_for(visit, basis.purpose.value),
        number,
        rebuild=form.text("rebuild"),
        windscreens=bool(form.text("windscreens")),
        locale=visit.reader.locale,
    )
    return gone_to(visit.request, address_of(number))


@router.get(f"{PAGE_OF_ONE}/progress")
def progress(visit: VisitOfReleases, year: YearOf, running: RunningOf) -> StreamingResponse:
    """How far the build is, as server-sent events: parts of the page, and its end."""
    number = number_at(year, running)
    return StreamingResponse(
        progress_of(visit, number), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )


@router.post(f"{PAGE_OF_ONE}/files/{{sha256}}/video")
def video(visit: VisitOfReleases, year: YearOf, running: RunningOf, sha256: FileOf) -> Response:
    """The released file, to be handed over."""
    return _download(_released(visit, number_at(year, running), sha256, ""))


@router.post(f"{PAGE_OF_ONE}/files/{{sha256}}/report")
def report(visit: VisitOfReleases, year: YearOf, running: RunningOf, sha256: FileOf) -> Response:
    """The report of a released file."""
    return _download(_released(visit, number_at(year, running), sha256, ".html"))


async def progress_of(visit: Visit, number: str, round_s: float = _ROUND_S) -> AsyncIterator[str]:
    """The text of the stream: each change of the state of a build as a part of the page; ``finished`` at its end.

    Args:
        visit: of the person; number: of the disclosure; round_s: seconds between two readings of the state.
    """
    builds, said = visit.service.releases.builds, None
    while True:
        state = builds.state(number)
        if state is None or not state.running:
            yield "event: finished\ndata: finished\n\n"
            return
        if said is None or state != said:
            said = state
            text = render("part_progress.html", visit.reader, build=state, stages=STAGES)
            lines = "\n".join(f"data: {line}" for line in text.splitlines() if line.strip())
            yield f"{lines}\n\n"
        await asyncio.sleep(round_s)


def _released(visit: Visit, number: str, sha256: str, suffix: str) -> StoredFile:
    require_own(visit.caller.registry, (Operation.DISCLOSURE,))
    basis = releases_of(visit).show(number).disclosure.request.basis
    return releases_of(visit, basis.purpose.value).file(number, sha256, suffix)


def _download(file: StoredFile) -> FileResponse:
    return FileResponse(file.path, filename=file.name, media_type="application/octet-stream")


@contextmanager
def _as_file(encoded_name: str, content: bytes) -> Iterator[FilePath]:
    """A file with what was sent, under the name that it has at the person's."""
    name = unquote(encoded_name, errors="replace").replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(char for char in name if char.isprintable())[-_LONGEST_NAME:].strip().lstrip(".")
    with TemporaryDirectory() as folder:
        path = FilePath(folder) / (name or "document")
        path.write_bytes(content)
        yield path
