"""Lists of plates in XLSX are read as those in CSV, and all lines that hold no plate are named at once."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import pytest
from openpyxl import Workbook

from pipeline.domain.plate_list import read_plate_list
from pipeline.errors import StoreError

Rows = Sequence[Sequence[Any]]


def xlsx(sheets: Mapping[str, Rows]) -> bytes:
    workbook = Workbook()
    workbook.remove(workbook.active)
    for title, rows in sheets.items():
        sheet = workbook.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def test_plates_and_other_columns_are_found_by_heading() -> None:
    data = xlsx(
        {
            "lista": [
                ["Caso", "Placa", "motivo", "desde"],
                [17, "ABC1D23", "roubo", date(2026, 11, 22)],
                [],
                [18.0, "xyz-9a99", None, datetime(2026, 11, 22, 8, 30)],
            ]
        }
    )
    found = read_plate_list(data, "lista.xlsx")
    assert (found.plates, found.columns) == (("ABC1D23", "xyz-9a99"), ("Caso", "motivo", "desde"))
    assert found.about("ABC1D23", "ABC1D23") == {"Caso": "17", "motivo": "roubo", "desde": "2026-11-22"}
    assert found.about("XYZ9A99", "XYZ9A99") == {"Caso": "18", "motivo": "", "desde": "2026-11-22 08:30:00"}


def test_a_single_column_needs_no_heading_and_comments_are_skipped() -> None:
    assert read_plate_list(xlsx({"x": [["# furtados"], ["ABC1D23"], [], ["FRI3E00"]]}), "x").plates == (
        "ABC1D23",
        "FRI3E00",
    )


def test_of_several_sheets_the_one_with_the_heading_is_read_and_two_are_refused() -> None:
    plates: Rows = [["placa"], ["ABC1D23"]]
    one = xlsx({"notas": [["lista de novembro"]], "empty": [], "lista": plates})
    assert read_plate_list(one, "x").plates == ("ABC1D23",)
    for sheets, problem in (
        ({"a": plates, "b": [["Placa"], ["FRI3E00"]]}, "several sheets with a column of plates: a, b"),
        ({"a": [["ABC1D23"]], "b": [["FRI3E00"]]}, "several sheets, and no column called placa: a, b"),
    ):
        with pytest.raises(StoreError, match=problem):
            read_plate_list(xlsx(sheets), "x")


def test_all_rows_without_a_plate_are_named_at_once() -> None:
    rows: Rows = [["placa", "motivo"], ["ABC1D23", "a"], ["XYZ99", "b"], [None, "c"], ["ABC1D2?", "d"]]
    text = b"placa;motivo\nABC1D23;a\nXYZ99;b\n;c\nABC1D2?;d\n"
    for data in (xlsx({"lista": rows}), text):
        with pytest.raises(StoreError) as caught:
            read_plate_list(data, "lista")
        assert caught.value.subject == "lista"
        first, *lines = caught.value.problem.splitlines()
        assert first == "3 lines cannot be asked about:"
        assert [line[:7] for line in lines] == ["line 3:", "line 4:", "line 5:"]
        assert "'XYZ99' has 5 characters" in lines[0]
        assert "--any-plate" in caught.value.fix
        assert "--like" in caught.value.fix


def test_a_long_list_of_wrong_lines_is_cut_and_counted() -> None:
    with pytest.raises(StoreError) as caught:
        read_plate_list(b"X1\n" * 60, "lista")
    assert caught.value.problem.startswith("60 lines")
    assert caught.value.problem.endswith("and 10 further lines")


def test_files_that_are_no_spreadsheet_or_grow_beyond_measure_are_refused() -> None:
    for content, problem in (
        ({"content.xml": 10}, "not one of XLSX"),
        ({"xl/huge.xml": 210_000_000}, "210 MB unpacked"),
    ):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, size in content.items():
                packed.writestr(name, b" " * size)
        with pytest.raises(StoreError, match=problem):
            read_plate_list(stream.getvalue(), "lista.xlsx")
    with pytest.raises(StoreError, match="damaged spreadsheet"):
        read_plate_list(xlsx({"a": [["ABC1D23"]]})[:-40], "lista.xlsx")
