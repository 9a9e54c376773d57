"""Breakdown and intervals of `viapublica traffic`, from its options."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from pipeline.app.open_traffic import LEAST_COUNT
from pipeline.domain.times import DAY_MS, HOUR_MS, MINUTE_MS
from pipeline.errors import ViapublicaError

_UNITS_MS: Final = {"m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS}
_EVERY: Final = re.compile(r"([1-9][0-9]{0,4})([mhd])")


class Place(StrEnum):
    """Where traffic is counted."""

    CAMERA = "camera"
    LINE = "line"
    ZONE = "zone"


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Figures that are apart: the place, and directions and classes or their sums."""

    place: Place
    direction: bool
    by_class: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDataOptions:
    """Open data instead of an answer."""

    folder: Annotated[
        Path | None,
        typer.Option(
            "--open-data",
            help="Flows for everyone into this new folder: CSV, Parquet, dictionary, terms; small counts left out.",
        ),
    ] = None
    license_: Annotated[str, typer.Option("--license", help="License of the open data, an SPDX identifier.")] = (
        "CC-BY-4.0"
    )
    least: Annotated[int, typer.Option("--min-cell", min=1, help="Smallest count in the open data, 10 or more.")] = (
        LEAST_COUNT
    )

    def check(self, apart: Breakdown, others: bool) -> None:
        """Require that what was asked can be published.

        Args:
            apart: of the question; others: another form of answer was asked for as well.

        Raises:
            ViapublicaError: it cannot.
        """
        if apart != Breakdown(Place.LINE, direction=True, by_class=True):
            fix = "Write --by line,direction,class: zones and tracks are about few people at a time"
            raise ViapublicaError("--open-data", "has crossings of lines only", fix)
        if others:
            fix = "Leave --json, --csv, --xlsx and --parquet out"
            raise ViapublicaError("--open-data", "is a form of its own", fix)


def breakdown(by: str, *, speeds: bool) -> Breakdown:
    """The meaning of --by.

    Args:
        by: words with commas; speeds: --speeds was given.

    Raises:
        ViapublicaError: an unknown word, or words that contradict one another.
    """
    words = [word.strip() for word in by.split(",") if word.strip()]
    known = [*(place.value for place in Place), "direction", "class"]
    if not words or (unknown := [word for word in words if word not in known]):
        wrong = f"{unknown[0]!r} is unknown" if words else "is empty"
        raise ViapublicaError(f"--by {by}", wrong, f"Choose among {', '.join(known)}, with commas in between")
    places = [Place(word) for word in words if word in set(Place)]
    direction = "direction" in words
    if len(set(places)) > 1:
        raise ViapublicaError(f"--by {by}", "names two places", "Ask about camera, line and zone one after the other")
    place = places[0] if places else Place.LINE if direction else Place.CAMERA
    if direction and place is not Place.LINE:
        raise ViapublicaError(f"--by {by}", "only lines have directions", "Write --by line,direction")
    if speeds and place is not Place.CAMERA:
        fix = "Leave --speeds out: lines show their speeds" if place is Place.LINE else "Write --by line for speeds"
        raise ViapublicaError(f"--speeds --by {by}", "cannot be combined", fix)
    return Breakdown(place, direction, "class" in words)


def interval_ms(every: str) -> int:
    """The meaning of --every, milliseconds.

    Raises:
        ViapublicaError: it is no length of time, or does not divide a day.
    """
    match = _EVERY.fullmatch(every.strip())
    length_ms = int(match[1]) * _UNITS_MS[match[2]] if match else 0
    if not length_ms or length_ms > DAY_MS or DAY_MS % length_ms:
        raise ViapublicaError(f"--every {every}", "does not divide a day", "Write 1m, 5m, 15m, 1h, 6h or 1d")
    return length_ms
