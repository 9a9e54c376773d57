"""Open data of traffic from an event store: flows across lines in the folder of `pipeline.dataset.open_traffic`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from pipeline import __version__
from pipeline.app.audit.audited_operation import audit_of_stores
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.noted_exports import note_export
from pipeline.app.queries import EventQueries
from pipeline.app.questions import MOST_ROWS, LineFigure, LineFigures, NoteCode
from pipeline.config.settings import Config
from pipeline.dataset.license_id import spdx_license
from pipeline.dataset.open_traffic import Flow, OpenPlace, OpenSummary, OpenTerms, write_open_traffic
from pipeline.dataset.table_files import check_empty
from pipeline.domain.extras import require
from pipeline.domain.operation import Operation
from pipeline.domain.times import format_utc
from pipeline.errors import ViapublicaError
from pipeline.policy.scope import LEAST_COUNT
from pipeline.policy.sensitive.screen import TextKind

__all__ = ["LEAST_COUNT", "OpenSummary", "OpenTrafficRequest", "export_open_traffic"]

_SHORTEST_MS: Final = 900_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTrafficRequest:
    """What to publish.

    Attributes:
        folder: of the data.
        question: about lines, with its time range, cameras and intervals; directions and classes apart.
        every: length of an interval, as typed.
        license: SPDX identifier; least: smallest count that is published.
    """

    folder: Path
    question: LineFigures
    every: str
    license: str
    least: int


def export_open_traffic(config: Config, queries: EventQueries, request: OpenTrafficRequest) -> OpenSummary:
    """Write the flows of a time range for everyone.

    Args:
        config: names store, cameras and institution; queries: the event store, asked by the person.
        request: what to publish.

    Raises:
        RefusedAccess: the person may not export.
        PolicyError: a text says something sensitive about people.
        ViapublicaError: intervals or counts are too small to publish, there is nothing to publish, the folder is not
            empty, or the store cannot answer.
    """
    stores = ConfiguredStores.of_config(config)
    question, spdx = request.question, spdx_license(request.license)
    with audit_of_stores(stores, queries.requester).refusals(Operation.EXPORT):
        stores.screen.check("folder", request.folder.name, TextKind.PLACE)
    _check(request, spdx)
    check_empty(request.folder)
    require("pyarrow")
    if question.end_ms is None:
        question = msgspec.structs.replace(question, end_ms=time.time_ns() // 1_000_000)
    notes: dict[str, None] = {}
    by_class = list(_flows(queries, question, notes))
    totals = list(_flows(queries, msgspec.structs.replace(question, by_class=False), notes))
    if not by_class:
        why = "; ".join(notes) or "nothing crossed a line then"
        raise ViapublicaError("open data", f"would be empty: {why}", "Choose another time range or other cameras")
    note_export(stores, request.folder, by_class, queries.requester)
    flows, sums = ([Flow(*msgspec.structs.astuple(one)) for one in part] for part in (by_class, totals))
    places = _places(config, {flow.camera_id for flow in flows}, stores.sensitive())
    terms = _terms(config, request, question, tuple(notes), spdx)
    return write_open_traffic(request.folder, flows, sums, places, terms)


def _check(request: OpenTrafficRequest, spdx: str) -> None:
    if request.question.start_ms is None:
        raise ViapublicaError("--from", "is missing", "Give the start of the time range, such as --from 2026-11-01")
    if request.question.every_ms < _SHORTEST_MS:
        fix = "Write --every 15m, 1h, 6h or 1d"
        raise ViapublicaError(f"--every {request.every}", "is too short for everyone to see", fix)
    if request.least < LEAST_COUNT:
        fix = f"Leave it out, or write --min-cell {LEAST_COUNT} or more"
        raise ViapublicaError(f"--min-cell {request.least}", f"is below {LEAST_COUNT}", fix)
    if not spdx:
        raise ViapublicaError(f"--license {request.license}", "is not in the SPDX list", "Write CC-BY-4.0 or CC0-1.0")


def _flows(queries: EventQueries, question: LineFigures, notes: dict[str, None]) -> Iterator[LineFigure]:
    offset = 0
    while True:
        answer = queries.ask(msgspec.structs.replace(question, limit=MOST_ROWS, offset=offset))
        notes.update((note.text, None) for note in answer.notes if note.limits and note.code is not NoteCode.LIMIT)
        yield from answer.value
        if len(answer.value) < MOST_ROWS:
            return
        offset += MOST_ROWS


def _places(config: Config, present: set[str], sensitive: frozenset[str]) -> list[OpenPlace]:
    configured = {camera.id: camera for camera in config.cameras}
    found = []
    for camera_id in sorted(present):
        camera = configured.get(camera_id)
        known = ("", None, None) if camera is None else (camera.name, camera.latitude, camera.longitude)
        # Of a camera that is no longer configured it is not known what its place reveals.
        found.append(OpenPlace(camera_id, *known, sensitive=camera is None or camera_id in sensitive))
    return found


def _terms(
    config: Config, request: OpenTrafficRequest, question: LineFigures, notes: tuple[str, ...], spdx: str
) -> OpenTerms:
    begin, end = format_utc(question.start_ms or 0), format_utc(question.end_ms or 0)
    institution = config.institution or "an institution that its configuration does not name"
    return OpenTerms(
        title=f"Traffic flows of {institution}, {begin[:10]} to {end[:10]}",
        institution=institution,
        license=spdx,
        begin=begin,
        end=end,
        every=request.every,
        least=request.least,
        notes=notes,
        program=f"viapublica {__version__}",
        created=f"{datetime.now(UTC):%Y-%m-%d}",
    )
