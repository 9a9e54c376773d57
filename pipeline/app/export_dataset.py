"""Datasets for research from an event store: questions day by day, then the folder of `pipeline.dataset`."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from pipeline import __version__
from pipeline.analytics.calibration import Calibration
from pipeline.app.audit.audited_operation import audit_of_stores
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.noted_exports import note_export
from pipeline.app.queries import open_queries
from pipeline.app.questions import MOST_ROWS, Events, NoteCode
from pipeline.config.camera_settings import CameraSettings
from pipeline.config.settings import Config
from pipeline.dataset.license_id import spdx_license
from pipeline.dataset.table_files import check_empty
from pipeline.dataset.write_dataset import (
    DatasetCamera,
    DatasetSummary,
    DatasetTerms,
    ToGround,
    write_dataset,
)
from pipeline.domain.events import CountEvent, Event, Kind, TrackEvent
from pipeline.domain.extras import require
from pipeline.domain.labels import VEHICLES, Label
from pipeline.domain.operation import Operation
from pipeline.domain.requester import Requester
from pipeline.domain.times import DAY_MS, HOUR_MS, format_utc
from pipeline.errors import ViapublicaError
from pipeline.policy.sensitive.screen import TextKind

__all__ = ["DatasetRequest", "DatasetSummary", "export_dataset", "spdx_license"]

_VEHICLES = frozenset(label.word for label in VEHICLES)
E_ = TypeVar("E_", bound=Event)


@dataclass(frozen=True, slots=True)
class DatasetRequest:
    """What to export.

    Attributes:
        folder: of the dataset.
        start_ms, end_ms: time range, milliseconds since 1970 UTC; the end is not included.
        camera_ids: only these; all when empty.
        license: SPDX identifier; title: of the dataset, "" for one of institution and range.
        least: threshold of rare cells.
        as_csv: CSV tables instead of Parquet.
    """

    folder: Path
    start_ms: int
    end_ms: int
    camera_ids: tuple[str, ...]
    license: str
    title: str
    least: int
    as_csv: bool


def export_dataset(
    config: Config, request: DatasetRequest, requester: Requester, progress: Callable[[int, int], None]
) -> DatasetSummary:
    """Write the tracks of vehicles, the counts and their terms into a folder.

    Args:
        config: names store, cameras and institution.
        request: what to export.
        requester: the person or program that asks.
        progress: called with the days done, and all days.

    Raises:
        PolicyError: the title says something sensitive about people.
        ViapublicaError: there is nothing to export, the folder is not empty, or the store cannot answer.
    """
    stores = ConfiguredStores.of_config(config)
    with audit_of_stores(stores, requester).refusals(Operation.EXPORT):
        stores.screen.check("title", request.title, TextKind.REASON)
        stores.screen.check("license", request.license, TextKind.KEY)
        stores.screen.check("folder", request.folder.name, TextKind.PLACE)
    check_empty(request.folder)
    if not request.as_csv:
        require("pyarrow")
    notes: dict[str, None] = {}
    tracks: list[TrackEvent] = []
    counts: list[CountEvent] = []
    days = list(_days(request))
    with open_queries(stores, requester, UTC) as store:

        def events(kind: Kind, day: tuple[int, int]) -> Iterator[Event]:
            offset = 0
            while True:
                question = _question(request, kind, day, MOST_ROWS, offset)
                answer = store.ask(question)
                yield from answer.value
                if len(answer.value) < MOST_ROWS:
                    return
                offset += MOST_ROWS

        for kind in (Kind.TRACK, Kind.COUNT):
            whole = store.ask(_question(request, kind, (request.start_ms, request.end_ms), 1))
            notes.update((note.text, None) for note in whole.notes if note.limits and note.code != NoteCode.LIMIT)
        for done, day in enumerate(days):
            progress(done, len(days))
            tracks += [track for track in _of(TrackEvent, events(Kind.TRACK, day)) if track.label in _VEHICLES]
            counts += _of(CountEvent, events(Kind.COUNT, day))
        progress(len(days), len(days))
    if not tracks and not counts:
        why = "; ".join(notes) or "no camera sent tracks or counts then"
        raise ViapublicaError("dataset", f"would be empty: {why}", "Choose another time range or other cameras")
    present = {event.camera_id for event in (*tracks, *counts)}
    cameras = [_camera(camera) for camera in config.cameras if camera.id in present]
    unknown = sorted(present - {camera.camera_id for camera in cameras})
    if unknown:
        notes[f"{', '.join(unknown)}: no longer configured; name, place and calibration are not known."] = None
    terms = _terms(config, request, tuple(notes))
    note_export(stores, request.folder, [*tracks, *counts], requester)
    return write_dataset(request.folder, tracks, counts, cameras, terms, as_csv=request.as_csv)


def _question(request: DatasetRequest, kind: Kind, span: tuple[int, int], limit: int, offset: int = 0) -> Events:
    cameras = request.camera_ids
    return Events(kind=kind, start_ms=span[0], end_ms=span[1], camera_ids=cameras, limit=limit, offset=offset)


def _days(request: DatasetRequest) -> Iterator[tuple[int, int]]:
    """The range in parts of at most a day, as far as it lies in the past."""
    start, last_ms = request.start_ms, min(request.end_ms, time.time_ns() // 1_000_000 + DAY_MS)
    while start < last_ms:
        end = min(last_ms, (start // DAY_MS + 1) * DAY_MS)
        yield start, end
        start = end


def _hours(request: DatasetRequest) -> range:
    """The hours that the range touches, as far as they have begun."""
    last_ms = min(request.end_ms, time.time_ns() // 1_000_000)
    return range(request.start_ms // HOUR_MS, -(-last_ms // HOUR_MS))


def _of(kind: type[E_], events: Iterator[Event]) -> list[E_]:
    return [event for event in events if isinstance(event, kind)]


def _camera(camera: CameraSettings) -> DatasetCamera:
    ground = None if camera.calibration is None else _to_ground(camera.calibration)
    place = camera.latitude, camera.longitude
    return DatasetCamera(camera.id, camera.name, camera.scope.value, *place, camera.analyze_fps, ground)


def _to_ground(calibration: Calibration) -> ToGround:
    def meters(points: Sequence[tuple[float, float]]) -> list[tuple[float | None, float | None]]:
        found = calibration.to_ground(points, 1, 1).tolist() if points else []
        return [(x, y) if math.isfinite(x) and math.isfinite(y) else (None, None) for x, y in found]

    return meters


def _terms(config: Config, request: DatasetRequest, notes: tuple[str, ...]) -> DatasetTerms:
    begin, end = format_utc(request.start_ms), format_utc(request.end_ms)
    institution = config.institution or "an institution that its configuration does not name"
    return DatasetTerms(
        title=request.title or f"Traffic of {institution}, {begin[:10]} to {end[:10]}",
        institution=institution,
        license=request.license,
        begin=begin,
        end=end,
        least=request.least,
        classes=tuple(sorted(label.word for label in VEHICLES | {Label.PERSON})),
        hours=_hours(request),
        notes=notes,
        program=f"viapublica {__version__}",
        created=f"{datetime.now(UTC):%Y-%m-%d}",
    )
