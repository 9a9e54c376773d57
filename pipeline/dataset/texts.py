"""Readme and citation of a dataset."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.dataset.write_dataset import DatasetSummary, DatasetTerms


def readme(terms: DatasetTerms, summary: DatasetSummary) -> str:
    """The page that explains the dataset to its reader."""
    rows = "\n".join(f"| {name} | {count:,} |" for name, count in summary.rows.items())
    notes = "\n".join(f"- {note}" for note in terms.notes) or "- None is known."
    return f"""# {terms.title}

Published by {terms.institution} on {terms.created} under {terms.license}. Time range: {terms.begin} to {terms.end}.
Made with {terms.program}.

| table | rows |
| --- | ---: |
{rows}

`dictionary.csv` explains every column with its unit. Times are UTC. `manifest.json` has the parameters; check the files
with `sha256sum -c SHA256SUMS`. `CITATION.cff` says how to cite.

## Method

A neural network detects vehicles in the frames that are analyzed (`analyze_fps` of the camera, or all); detections are
joined to tracks. Points are the middle of the lower edge of an object's box, one or two per second. A track is not
always one vehicle: tracks break where a vehicle is hidden, and parked vehicles can get several. Detection misses
vehicles, most of all small, dark and hidden ones. Do not compare cameras that are analyzed at different rates.

## Privacy

The dataset has no images, no plates and no persons' tracks; persons are only counted. Tracks are numbered anew and
cannot be joined over cameras. Where fewer than {terms.least} tracks of a class began in one hour at one camera, neither
they nor their counts are in the dataset: at most {summary.withheld_tracks:,} tracks in
{summary.withheld_cells:,} hours and classes, rounded up to tens. The table hours flags such hours as withheld, and
empty hours too, so that nothing distinguishes them; do not read them as zero. The threshold counts tracks, of which one
vehicle can have several: a parked vehicle alone can reach it.

## What limits the data

{notes}
"""


def citation(terms: DatasetTerms, identifier: str) -> str:
    """The dataset in the Citation File Format 1.2."""
    quoted = {name: json.dumps(value, ensure_ascii=False) for name, value in (
        ("title", terms.title), ("institution", terms.institution), ("license", terms.license),
    )}  # fmt: skip
    return f"""cff-version: 1.2.0
message: Please cite this dataset with the fields below.
type: dataset
title: {quoted["title"]}
authors:
  - name: {quoted["institution"]}
license: {quoted["license"]}
date-released: {terms.created}
version: {json.dumps(f"{terms.begin}/{terms.end}")}
abstract: {json.dumps(f"Tracks and counts from {terms.begin} to {terms.end}.")}
identifiers:
  - type: other
    value: {json.dumps(identifier)}
    description: SHA-256 of the digests of the tables
"""
