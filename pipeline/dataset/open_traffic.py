"""Open data of traffic: crossings of lines, with dictionary, license, manifest and checksums, nothing about anyone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from pipeline.dataset.dictionary import Column
from pipeline.dataset.open_cells import published
from pipeline.dataset.parquet_file import write_parquet
from pipeline.dataset.table_files import files_of, whole_folder, write_checksums, write_csv, write_dictionary

ALL: Final = "all"
"""Stands as class of the sum of all classes."""
TABLES: Final[dict[str, tuple[Column, ...]]] = {
    "flows": (
        Column("start_time", "timestamp[ms, UTC]", "", "Begin of the interval"),
        Column("camera", "string", "", "Id of the camera, see places"),
        Column("line", "string", "", "Name of the line, see places"),
        Column("direction", "string", "", "Name of the direction"),
        Column("object_class", "string", "", "Class of the road users; all for their sum"),
        Column("count", "int32", "road users", "Crossings; no row for none, for few, or for what would reveal few"),
        Column("speeds", "int32", "road users", "Those with a known speed; empty for few, and at sensitive places"),
        Column("mean_m_s", "float32", "m/s", "Mean of their speeds at the line; empty as speeds"),
        Column("p85_m_s", "float32", "m/s", "85th percentile of their speeds; empty as speeds"),
        Column("headway_s", "float32", "s", "Mean time since the road user before; empty at sensitive places"),
        Column("seen", "float32", "", "Share of the interval in which the camera saw; empty where it is not known"),
        Column("drawing", "string", "", "Version of the line; figures of two versions are not comparable"),
    ),
    "places": (
        Column("camera", "string", "", "Id of the camera"),
        Column("name", "string", "", "Its name"),
        Column("latitude", "float32", "degrees", "WGS 84; empty where it is not declared"),
        Column("longitude", "float32", "degrees", "WGS 84; empty where it is not declared"),
        Column("line", "string", "", "Name of the line"),
        Column("sensitive", "bool", "", "Whether the place reveals something about people: counts only"),
    ),
}


class Flow(NamedTuple):
    """Crossings of a line in a direction and interval, of a class or of all; fields as in the table flows."""

    start_ms: int
    camera_id: str
    line: str
    direction: str
    label: str
    number: int
    speeds: int
    mean_m_s: float | None
    p85_m_s: float | None
    headway_s: float | None
    seen: float | None
    areas: str


@dataclass(frozen=True, slots=True)
class OpenPlace:
    """A camera of the open data; `sensitive`: of its flows only counts are published."""

    camera_id: str
    name: str
    latitude: float | None
    longitude: float | None
    sensitive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTerms:
    """What open data say about themselves.

    Attributes:
        title, institution, license: as published; license is an SPDX identifier.
        begin, end: of the time range, ISO 8601; every: length of an interval, as asked.
        least: smallest count that is published.
        notes: what limits the data, a sentence each.
        program: name and version of this program; created: day of the export, ISO 8601.
    """

    title: str
    institution: str
    license: str
    begin: str
    end: str
    every: str
    least: int
    notes: tuple[str, ...]
    program: str
    created: str


@dataclass(frozen=True, slots=True)
class OpenSummary:
    """What was written: rows by table, and in how many cells something was left out."""

    folder: Path
    rows: dict[str, int]
    withheld_cells: int


def write_open_traffic(
    folder: Path,
    by_class: Sequence[Flow],
    totals: Sequence[Flow],
    places: Sequence[OpenPlace],
    terms: OpenTerms,
) -> OpenSummary:
    """Write open data of traffic.

    Args:
        folder: must not exist, or be empty.
        by_class: flows of each class; totals: the same of all classes, for their speeds.
        places: the cameras that the flows are of.
        terms: of publication.

    Raises:
        ViapublicaError: the disk does not take it.
        MissingComponent: the package pyarrow is not installed.
    """
    sensitive = {place.camera_id for place in places if place.sensitive}
    rows, withheld = _published(by_class, totals, terms.least, sensitive)
    lines = sorted({(row[1], row[2]) for row in rows})
    of_places = {place.camera_id: place for place in places}
    tables = {"flows": rows, "places": [_place_row(of_places[camera_id], line) for camera_id, line in lines]}
    with whole_folder(folder) as partial:
        about = {"title": terms.title, "license": terms.license, "program": terms.program}
        for name, table in tables.items():
            write_csv(partial / f"{name}.csv", TABLES[name], iter(table))
            write_parquet(partial / f"{name}.parquet", TABLES[name], table, about | {"table": name})
        summary = OpenSummary(folder, {name: len(table) for name, table in tables.items()}, withheld)
        write_dictionary(partial / "dictionary.csv", TABLES)
        (partial / "README.md").write_text(_readme(terms, summary), encoding="utf-8")
        manifest = _manifest(terms, summary) | {"files": files_of(partial)}
        text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
        (partial / "manifest.json").write_text(text, encoding="utf-8")
        write_checksums(partial)
    return summary


def _published(
    by_class: Sequence[Flow], totals: Sequence[Flow], least: int, sensitive: set[str]
) -> tuple[list[tuple[Any, ...]], int]:
    """The rows of the table flows, and the number of cells of which something is left out."""
    cells: dict[tuple[Any, ...], dict[str, Flow]] = {}
    for flow in by_class:
        cells.setdefault(_cell(flow), {})[flow.label] = flow
    sums = {_cell(flow): flow for flow in totals}
    rows: list[tuple[Any, ...]] = []
    withheld = 0
    for cell, flows in sorted(cells.items(), key=lambda item: item[0]):
        counts = {label: flow.number for label, flow in flows.items()}
        shown = published(counts, least)
        withheld += len(shown.classes) < sum(number > 0 for number in counts.values())
        every = [flows[label] for label in sorted(shown.classes)]
        if shown.total:
            every.append(_total(sums.get(cell), list(flows.values())))
        rows += [_row(flow, least, sensitive=flow.camera_id in sensitive) for flow in every]
    return rows, withheld


def _cell(flow: Flow) -> tuple[Any, ...]:
    return flow.start_ms, flow.camera_id, flow.line, flow.direction, flow.areas


def _total(whole: Flow | None, flows: Sequence[Flow]) -> Flow:
    """The flow of all classes; without speeds where events came between the two questions."""
    number = sum(flow.number for flow in flows)
    if whole is not None and whole.number == number:
        return whole._replace(label=ALL)
    return flows[0]._replace(label=ALL, number=number, speeds=0, mean_m_s=None, p85_m_s=None, headway_s=None)


def _row(flow: Flow, least: int, *, sensitive: bool) -> tuple[Any, ...]:
    if sensitive:
        flow = flow._replace(headway_s=None)
    if sensitive or flow.speeds < least:
        return *flow[:6], None, None, None, *flow[9:]
    return tuple(flow)


def _place_row(place: OpenPlace, line: str) -> tuple[Any, ...]:
    return place.camera_id, place.name, place.latitude, place.longitude, line, place.sensitive


def _manifest(terms: OpenTerms, summary: OpenSummary) -> dict[str, Any]:
    return {
        "title": terms.title,
        "institution": terms.institution,
        "license": terms.license,
        "program": terms.program,
        "created": terms.created,
        "begin": terms.begin,
        "end": terms.end,
        "interval": terms.every,
        "least_count": terms.least,
        "rows": summary.rows,
        "withheld_cells": summary.withheld_cells,
        "notes": list(terms.notes),
    }


def _readme(terms: OpenTerms, summary: OpenSummary) -> str:
    """The page that explains the data to their reader."""
    rows = "\n".join(f"| {name} | {count:,} |" for name, count in summary.rows.items())
    notes = "\n".join(f"- {note}" for note in terms.notes) or "- None is known."
    return f"""# {terms.title}

Published by {terms.institution} on {terms.created} under {terms.license}. Time range: {terms.begin} to {terms.end}, in
intervals of {terms.every}. Made with {terms.program}.

| table | rows |
| --- | ---: |
{rows}

Each table is there as CSV and as Parquet. `dictionary.csv` explains every column with its unit. Times are UTC.
`manifest.json` has the parameters; check the files with `sha256sum -c SHA256SUMS`.

## Method

A neural network detects road users in the images of fixed cameras; detections are joined to tracks, and a track that
crosses a line counts once in its direction. Small, dark and hidden road users are missed.

## Privacy

The data have no images, no plates, no tracks and no single crossings. A count below {terms.least} is not published, and
neither is what would reveal it: the total less the published classes is that of two classes at least, with
{terms.least} road users at least. Something is left out of {summary.withheld_cells:,} intervals of a line and
direction. A missing row means none or few: do not read it as zero. At places that reveal something about people there
are counts only, of minutes with ten road users or more.

## What limits the data

{notes}
"""
