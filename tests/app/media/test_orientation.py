"""A file that shows plates only when it is turned is read so, and that is said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.app.media.analyze_file import FileDecoding, PlateRow
from pipeline.app.media.orientation import upright_rows
from pipeline.decode.input_options import InputOptions
from pipeline.decode.media_files import MediaFile

FILE = MediaFile(Path("hanging.mp4"), is_clip=True)
LEVEL = PlateRow("hanging.mp4", 0, "BRA2E19", "br_mercosul", 0.95, 10, 10, 110, 40)


def rows_and_notes(
    plates: dict[int, PlateRow], decoding: FileDecoding | None = None
) -> tuple[list[PlateRow], list[str]]:
    """Of a file that shows these plates at these rotations."""
    notes: list[str] = []

    def reads_of(_: MediaFile, how: FileDecoding) -> Iterator[PlateRow]:
        if how.options.rotate in plates:
            yield plates[how.options.rotate]

    rows = list(
        upright_rows(
            FILE, decoding=decoding or FileDecoding(), reads_of=reads_of, note=lambda _, text: notes.append(text)
        )
    )
    return rows, notes


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_file_is_turned_to_where_it_shows_a_plate(degrees: int) -> None:
    rows, notes = rows_and_notes({degrees: LEVEL})
    assert rows == [LEVEL]
    assert notes == [f"shows plates only when turned by {degrees}°, and was read so"]


def test_a_file_that_shows_plates_as_it_is_is_not_turned() -> None:
    assert rows_and_notes({0: LEVEL, 180: LEVEL._replace(plate="ABC1234")}) == ([LEVEL], [])


@pytest.mark.parametrize("row", [LEVEL._replace(layout="other"), LEVEL._replace(confidence=0.7), LEVEL._replace(x2=30)])
def test_what_may_be_an_accident_turns_no_file(row: PlateRow) -> None:
    assert rows_and_notes({180: row}) == ([], [])


def test_a_rotation_that_was_stated_is_final() -> None:
    decoding = replace(FileDecoding(), options=InputOptions(rotate=90))
    assert rows_and_notes({180: LEVEL}, decoding) == ([], [])
