"""A dataset in a folder: tables, dictionary, terms, manifest and checksums, written together or not at all."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.dataset.dictionary import TABLES
from pipeline.dataset.parquet_file import write_parquet
from pipeline.dataset.rare_cells import Cell, cell_of, common_cells, rounded_up
from pipeline.dataset.table_files import (
    check_empty,
    files_of,
    whole_folder,
    write_checksums,
    write_csv,
    write_dictionary,
)
from pipeline.dataset.texts import citation, readme
from pipeline.domain.events import CountEvent, TrackEvent
from pipeline.domain.times import HOUR_MS, MINUTE_MS
from pipeline.domain.trajectory import decode_trajectory
from pipeline.storage.file_hash import file_sha256

ToGround = Callable[[Sequence[tuple[float, float]]], list[tuple[float | None, float | None]]]
"""Positions in meters of points relative to the image; None at or above the horizon."""


@dataclass(frozen=True, slots=True)
class DatasetCamera:
    """A camera of the dataset; `to_ground` is None without a ground calibration."""

    camera_id: str
    name: str
    scope: str
    latitude: float | None
    longitude: float | None
    analyze_fps: float | None
    to_ground: ToGround | None


@dataclass(frozen=True, slots=True)
class DatasetTerms:
    """What a dataset says about itself.

    Attributes:
        title, institution, license: as published; license is an SPDX identifier.
        begin, end: of the time range, ISO 8601.
        least: threshold of rare cells.
        classes: of objects, all that can be counted.
        hours: of the range, by their numbers since 1970 UTC.
        notes: what limits the data, a sentence each.
        program: name and version of this program.
        created: day of the export, ISO 8601.
    """

    title: str
    institution: str
    license: str
    begin: str
    end: str
    least: int
    classes: tuple[str, ...]
    hours: range
    notes: tuple[str, ...]
    program: str
    created: str


@dataclass(frozen=True, slots=True)
class DatasetSummary:
    """What was written: rows by table, and what the threshold withheld, rounded up to tens."""

    folder: Path
    rows: dict[str, int]
    withheld_tracks: int
    withheld_cells: int


def write_dataset(
    folder: Path,
    tracks: Sequence[TrackEvent],
    counts: Sequence[CountEvent],
    cameras: Sequence[DatasetCamera],
    terms: DatasetTerms,
    *,
    as_csv: bool = False,
) -> DatasetSummary:
    """Write a dataset.

    Args:
        folder: of the dataset; must not exist, or be empty.
        tracks, counts: all of the range.
        cameras: those that the tracks and counts are of.
        terms: of publication.
        as_csv: CSV tables instead of Parquet.

    Raises:
        ViapublicaError: the folder is not empty, or the disk does not take it.
        MissingComponent: Parquet, and the package pyarrow is not installed.
    """
    check_empty(folder)
    cells = common_cells(tracks, counts, terms.least)
    shown = sorted(
        (track for track in tracks if cell_of(track) in cells), key=lambda track: (track.camera_id, track.first_ts_ms)
    )
    tables: dict[str, Iterator[Sequence[Any]]] = {
        "tracks": _track_rows(shown),
        "points": _point_rows(shown, {camera.camera_id: camera for camera in cameras}),
        "counts": _count_rows(event for event in counts if cell_of(event) in cells),
        "hours": _hour_rows(sorted(camera.camera_id for camera in cameras), terms, cells),
        "cameras": _camera_rows(cameras),
    }
    withheld = ({*map(cell_of, tracks)} | {*map(cell_of, counts)}) - cells
    with whole_folder(folder) as partial:
        rows = {name: _write_table(partial, name, rows_of, terms, as_csv=as_csv) for name, rows_of in tables.items()}
        summary = DatasetSummary(folder, rows, rounded_up(len(tracks) - len(shown)), rounded_up(len(withheld)))
        _write_texts(partial, terms, summary)
    return summary


def _track_rows(tracks: Sequence[TrackEvent]) -> Iterator[Sequence[Any]]:
    for number, track in enumerate(tracks, 1):
        speeds = track.path_px, track.speed_px_s, track.speed_m_s
        yield number, track.camera_id, track.label, track.first_ts_ms, track.ts_ms, track.frames, *speeds


def _point_rows(tracks: Sequence[TrackEvent], cameras: dict[str, DatasetCamera]) -> Iterator[Sequence[Any]]:
    for number, track in enumerate(tracks, 1):
        points = decode_trajectory(track.trajectory)
        places = [(point.x, point.y) for point in points]
        camera = cameras.get(track.camera_id)
        to_ground = None if camera is None else camera.to_ground
        ground = [(None, None)] * len(points) if to_ground is None else to_ground(places)
        for point, meters in zip(points, ground, strict=True):
            yield number, track.first_ts_ms + point.offset_ms, point.x, point.y, *meters


def _count_rows(counts: Iterable[CountEvent]) -> Iterator[Sequence[Any]]:
    """One row per camera, minute and class: a minute in which a camera reconnected has a count of each connection."""
    sums: Counter[tuple[str, int, str]] = Counter()
    for event in counts:
        sums[event.camera_id, event.ts_ms // MINUTE_MS * MINUTE_MS, event.label] += event.count
    for key in sorted(sums):
        yield *key, sums[key]


def _hour_rows(cameras: Sequence[str], terms: DatasetTerms, cells: frozenset[Cell]) -> Iterator[Sequence[Any]]:
    """A flag for every camera, class and hour of the range: an empty hour is like a withheld one."""
    for camera_id in cameras:
        for hour in terms.hours:
            for label in terms.classes:
                yield camera_id, hour * HOUR_MS, label, (camera_id, label, hour) not in cells


def _camera_rows(cameras: Sequence[DatasetCamera]) -> Iterator[Sequence[Any]]:
    for camera in sorted(cameras, key=lambda camera: camera.camera_id):
        place = camera.latitude, camera.longitude
        calibrated = camera.to_ground is not None
        yield camera.camera_id, camera.name, camera.scope, *place, calibrated, camera.analyze_fps


def _write_table(folder: Path, name: str, rows: Iterator[Sequence[Any]], terms: DatasetTerms, *, as_csv: bool) -> int:
    columns = TABLES[name]
    if as_csv:
        return write_csv(folder / f"{name}.csv", columns, rows)
    about = {"title": terms.title, "license": terms.license, "program": terms.program, "table": name}
    return write_parquet(folder / f"{name}.parquet", columns, rows, about)


def _write_texts(folder: Path, terms: DatasetTerms, summary: DatasetSummary) -> None:
    write_dictionary(folder / "dictionary.csv", TABLES)
    (folder / "README.md").write_text(readme(terms, summary), encoding="utf-8")
    (folder / "CITATION.cff").write_text(citation(terms, _identifier(folder)), encoding="utf-8")
    files = files_of(folder)
    manifest = {
        "title": terms.title, "institution": terms.institution, "license": terms.license, "program": terms.program,
        "created": terms.created, "begin": terms.begin, "end": terms.end, "rare_cell_threshold": terms.least,
        "rows": summary.rows, "withheld": {
            "tracks_at_most": summary.withheld_tracks, "cells_at_most": summary.withheld_cells,
        },
        "notes": list(terms.notes), "files": files,
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    write_checksums(folder)


def _identifier(folder: Path) -> str:
    """A digest of the tables, by which a copy of the dataset is recognized."""
    tables = sorted(path for path in folder.iterdir() if path.stem in TABLES)
    return "sha256:" + hashlib.sha256("".join(map(file_sha256, tables)).encode()).hexdigest()
