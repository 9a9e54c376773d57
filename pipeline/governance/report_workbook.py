"""Sections of a report as a workbook (XLSX): a sheet of facts, and one for each section."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Final

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.domain.printable_document import Section
from pipeline.domain.spreadsheet_text import spreadsheet_text

_LONGEST_NAME: Final = 31
_NOT_IN_NAMES: Final = re.compile(r"[\[\]:*?/\\]")
_WIDEST: Final = 60


def render_workbook(title: str, facts: Sequence[tuple[str, str]], sections: Sequence[Section]) -> bytes:
    """The XLSX file.

    Args:
        title: of the report; facts: name and value, above everything; sections: a sheet each.
    """
    workbook = Workbook()
    first = workbook.active
    if not isinstance(first, Worksheet):  # a new workbook has one
        raise TypeError("no worksheet")
    first.title = "Resumo"
    _write(first, ("Relatório", title), [*facts, *((one.title, f"{len(one.rows)} linhas") for one in sections)])
    for number, section in enumerate(sections, start=1):
        name = f"{number} {_NOT_IN_NAMES.sub(' ', section.title)}"[:_LONGEST_NAME]
        sheet = workbook.create_sheet(name)
        _write(sheet, section.head if section.rows else (section.title,), section.rows or [(section.none,)])
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def _write(sheet: Worksheet, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    for number, row in enumerate((head, *rows), start=1):
        for column, value in enumerate(row, start=1):
            cell = sheet.cell(row=number, column=column)
            if not isinstance(cell, Cell):  # nothing is merged here
                raise TypeError("no cell")
            cell.value = value if isinstance(value, int) else spreadsheet_text(str(value))
            if not isinstance(value, int):  # never a formula
                cell.data_type, cell.number_format, cell.quotePrefix = "s", "@", True
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if number == 1:
                cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="DDEBEA")
    for column in range(1, len(head) + 1):
        widths = (len(str(row[column - 1])) for row in (head, *rows) if column <= len(row))
        sheet.column_dimensions[get_column_letter(column)].width = min(_WIDEST, max(widths, default=10) + 2)
    sheet.freeze_panes = "A2"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
